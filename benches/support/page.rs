//! The page of simulated error rates, in Markdown.

use super::trials::{Cell, HARM_DAYS, INTERVALS, Rate, SHAPES, Shape, Told, Truth, error};

/// More misses than this, beyond what the simulation errs by, is failing: 5 % are promised.
const TOLERATED: f64 = 0.06;

/// Rates by metric and method, as `trials::daily` gives them.
pub fn daily(rates: &[(&str, Vec<Rate>)]) -> String {
    let methods = rates.first().map_or(&[][..], |(_, rates)| rates.as_slice());
    let name = |rate: &Rate| rate.what.split(':').next().unwrap_or_default().to_owned();
    let mut text = row("metric", methods.iter().map(name));
    text += &rule(methods.len());
    text += &row("*promised*", methods.iter().map(|rate| format!("*{:.1} %*", 100.0 * rate.limit)));
    for (metric, rates) in rates {
        text += &row(metric, rates.iter().map(share));
    }
    text
}

/// Rates by what they are of.
pub fn list(rates: &[Rate]) -> String {
    let mut text = row("what", ["false alarms", "promised", "trials"].map(str::to_owned)) + &rule(3);
    for rate in rates {
        let promised = format!("{:.1} %", 100.0 * rate.limit);
        text += &row(&rate.what, [share(rate), promised, thousands(u64::from(rate.trials))]);
    }
    text
}

/// For each interval and shape, from how many units on it covers.
pub fn reach(cells: &[Cell]) -> String {
    let mut text = row("interval", SHAPES.map(Shape::name)) + &rule(SHAPES.len());
    for (at, name) in INTERVALS.iter().enumerate() {
        let from = SHAPES.map(|shape| {
            let mut own: Vec<&Cell> = cells.iter().filter(|cell| cell.shape == shape).collect();
            own.sort_by_key(|cell| std::cmp::Reverse(cell.units));
            let holding = own.iter().take_while(|cell| !fails(cell, at)).last();
            holding.map_or("**not by 100,000**".to_owned(), |cell| thousands(cell.units as u64))
        });
        text += &row(name, from);
    }
    text
}

/// Coverage of each interval, by shape and number of units.
pub fn coverage(cells: &[Cell], units: &[usize]) -> String {
    let mut text = String::new();
    for (at, name) in INTERVALS.iter().enumerate() {
        text += &format!("\n### {}{}\n\n", name[..1].to_uppercase(), &name[1..]);
        text += &row("units per arm", units.iter().map(|units| thousands(*units as u64)));
        text += &rule(units.len());
        for shape in SHAPES {
            let of = |units: &usize| {
                let cell = cells.iter().find(|cell| cell.shape == shape && cell.units == *units);
                cell.map_or(String::new(), |cell| covered(cell, at))
            };
            text += &row(&shape.name(), units.iter().map(of));
        }
    }
    text
}

fn covered(cell: &Cell, at: usize) -> String {
    let (count, defined) = (cell.counts[at], cell.defined(at));
    if defined * 2 < cell.trials {
        return "undefined".to_owned();
    }
    let percent = |hits: u32| 100.0 * f64::from(hits) / f64::from(defined);
    let covered = format!("{:.1}", 100.0 - percent(count.below + count.above));
    if fails(cell, at) {
        format!("**{covered}** ({:.1}, {:.1})", percent(count.below), percent(count.above))
    } else {
        covered
    }
}

/// Whether an interval misses clearly more often than it should; one that mostly is not there does not hold either.
fn fails(cell: &Cell, at: usize) -> bool {
    let defined = cell.defined(at);
    defined * 2 < cell.trials || cell.missed(at) > TOLERATED + 3.0 * error(TOLERATED, defined)
}

/// The largest rate of wrong decisions of a kind, by numbers of success metrics and guardrails.
pub fn decisions(grid: &[u32], rates: &[(u32, u32, Truth, Rate)], wanted: &[Truth]) -> String {
    let mut text = row("", grid.iter().map(|guardrails| format!("G = {guardrails}"))) + &rule(grid.len());
    for success in grid {
        let of = |guardrails: &u32| {
            let own = rates.iter().filter(|(s, g, truth, _)| s == success && g == guardrails && wanted.contains(truth));
            let worst = own.map(|(_, _, _, rate)| rate).max_by(|a, b| a.share().total_cmp(&b.share()));
            worst.map_or("–".to_owned(), share)
        };
        text += &row(&format!("S = {success}"), grid.iter().map(of));
    }
    text
}

/// How soon harms were told, by how large they are and how the error is spent.
pub fn harms(told: &[Told]) -> String {
    let days = HARM_DAYS.map(|day| format!("by day {day}"));
    let mut text = row("harm | spending", days.into_iter().chain(["days exposed".to_owned()]));
    text += &format!("| --- {}", rule(HARM_DAYS.len() + 1));
    for own in told {
        let harm = if own.harm == 0.0 { "none".to_owned() } else { format!("{}×", own.harm) };
        let share = |hits: &u32| format!("{:.1} %", 100.0 * f64::from(*hits) / f64::from(own.trials));
        let last = own.rate().map(|rate| self::share(&rate));
        let mut cells: Vec<String> = own.by.iter().map(share).collect();
        if let (Some(cell), Some(rate)) = (cells.last_mut(), last) {
            *cell = rate;
        }
        cells.push(format!("{:.1}", own.days()));
        text += &row(&format!("{harm} | {}", own.spending), cells);
    }
    text
}

fn share(rate: &Rate) -> String {
    let share = format!("{:.2} %", 100.0 * rate.share());
    if rate.holds() { share } else { format!("**{share}**") }
}

fn row(first: &str, rest: impl IntoIterator<Item = String>) -> String {
    format!("| {first} | {} |\n", rest.into_iter().collect::<Vec<_>>().join(" | "))
}

fn rule(columns: usize) -> String {
    format!("| --- |{}\n", " ---: |".repeat(columns))
}

/// A number with commas.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
