//! Results as text for a terminal: the effect in its own units, a table, a small forest plot, trust, and what to do.

use super::amounts::{Amounts, confidence};
use super::pen::{PLAIN, capital, sentence};
use super::scale::Scale;
use super::verdict::{Mark, headline, known, reading};
use super::{Kept, besides, forest, method, story, trust};
use crate::render::columns::{Cell, Columns};
use crate::render::figures::count;
use crate::render::page::inline;
use crate::render::text::{Style, Tone, toned};
use crate::render::words::{plain, wrapped};
use crate::results::{Advice, Breakdown, Figure, Metric, Outcome, Results, Treatment};

const INDENT: usize = 2;

/// Results on a page of so many columns.
#[must_use]
pub fn text(results: &Results, kept: Kept<'_>, style: Style, width: usize) -> String {
    let width = width.clamp(40, 140);
    let page = Page { style, width };
    let verdict = headline(results, PLAIN);
    let mut out = vec![page.heading(&format!("{} {}", sign(verdict.mark), verdict.words))];
    let doubt = (results.decision.advice == Advice::Withheld).then(|| story::DOUBT.to_owned());
    let said = [doubt, story::effect(results, PLAIN), story::impact(results, PLAIN)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    out.push(page.paragraph(&said.join(" ")));
    let scale = Scale::of_lifts(results);
    for treatment in &results.treatments {
        out.push(page.table(results, treatment));
        if let Some(scale) = scale {
            out.push(forest::lines(results, treatment, scale, INDENT, width).join("\n"));
        }
    }
    out.push(page.list("why", &story::reasons(results, PLAIN)));
    out.push(page.trust(results));
    out.extend(page.breakdowns(results));
    out.push(page.list("next", &story::next(results, kept, PLAIN)));
    let intervals = method::intervals(&results.method, kept, PLAIN);
    out.push(page.paragraph(&format!("{intervals} {}", provenance(results))));
    out.retain(|block| !block.is_empty());
    let text = out.join("\n\n");
    format!("{}\n", text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

/// From what and when.
fn provenance(results: &Results) -> String {
    let commit = results
        .plan
        .commit
        .as_deref()
        .map_or_else(String::new, |commit| format!(", plan at {}", plain(commit.get(..10).unwrap_or(commit))));
    format!(
        "Look {} as of {}{commit}, counted by {}.",
        results.look.number,
        story::moment(&results.at, PLAIN),
        plain(&results.source.engine)
    )
}

/// A sign that needs no colour.
fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "✓",
        Mark::Bad => "✗",
        Mark::Open => "?",
        Mark::Quiet => "·",
    }
}

fn tone(mark: Mark) -> Option<Tone> {
    match mark {
        Mark::Good => Some(Tone::Good),
        Mark::Bad => Some(Tone::Bad),
        Mark::Open => Some(Tone::Strong),
        Mark::Quiet => None,
    }
}

struct Page {
    style: Style,
    width: usize,
}

impl Page {
    fn heading(&self, text: &str) -> String {
        let lines = wrapped(text, self.width);
        lines.lines().map(|line| toned(line, Tone::Strong, self.style)).collect::<Vec<_>>().join("\n")
    }

    /// Sentences, with the names in them set apart.
    fn paragraph(&self, text: &str) -> String {
        self.hung(text, "")
    }

    fn hung(&self, text: &str, mark: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let hang = INDENT + mark.chars().count();
        let lines = wrapped(text, self.width.saturating_sub(hang));
        let lines = if self.style == Style::Rich { inline(&lines) } else { lines };
        let margin = " ".repeat(hang);
        format!("{}{mark}{}", " ".repeat(INDENT), lines.replace('\n', &format!("\n{margin}")))
    }

    fn list(&self, title: &str, items: &[String]) -> String {
        if items.is_empty() {
            return String::new();
        }
        let items: Vec<String> = items.iter().map(|item| self.hung(&capital(item), "- ")).collect();
        format!("{}\n{}", toned(title, Tone::Strong, self.style), items.join("\n"))
    }

    fn trust(&self, results: &Results) -> String {
        let mut lines = vec![toned("trust", Tone::Strong, self.style)];
        for line in trust::lines(results, PLAIN) {
            lines.push(self.hung(&format!("{}: {}", line.title, line.found), &format!("{} ", sign(line.mark))));
            lines.extend(line.help.map(|help| self.hung(&sentence(&help), "  ")));
        }
        lines.join("\n")
    }

    /// The primary metric by the values of each dimension.
    fn breakdowns(&self, results: &Results) -> Vec<String> {
        let metric = besides::metrics(results).first().copied();
        let mut out = Vec::new();
        for breakdown in &results.breakdowns {
            let title = format!("by {}", (PLAIN.name)(&breakdown.dimension));
            let lines = match (besides::failed(breakdown, PLAIN), metric) {
                (Some(why), _) => self.hung(&why, ""),
                (None, Some(metric)) => self.breakdown(results, breakdown, metric),
                (None, None) => continue,
            };
            out.push(format!("{}\n{lines}", toned(&title, Tone::Strong, self.style)));
        }
        if !out.is_empty() {
            out.push(self.paragraph(&sentence(&besides::caveat(results))));
        }
        out
    }

    fn breakdown(&self, results: &Results, breakdown: &Breakdown, metric: &Metric) -> String {
        let amounts = Amounts::at(results, metric, PLAIN);
        let several = results.treatments.len() > 1;
        let mut rows: Vec<[String; 5]> = Vec::new();
        for slice in &breakdown.slices {
            for effect in besides::effects(slice, metric) {
                let (lift, around) = besides::figures(&amounts, effect, PLAIN);
                let around = if effect.contrast.interval.known().is_some() { around } else { "–".to_owned() };
                let variant = if several { format!(" with {}", plain(&effect.variant)) } else { String::new() };
                let value = slice.value.as_deref().filter(|value| !value.is_empty());
                let value = value.map_or_else(|| besides::value(slice, PLAIN), |value| plain(value).into_owned());
                let units = effect.contrast.units.0.saturating_add(effect.contrast.units.1);
                let mark = if effect.stands_out || effect.differs { "*" } else { "" };
                let note = besides::says(effect).to_owned();
                rows.push([format!("{value}{variant}"), count(units), format!("{lift}{mark}"), around, note]);
            }
        }
        let name = plain(&metric.id);
        let sets: [&[&str]; 4] = [
            &[&name, ">units", ">lift", ">interval", ""],
            &[&name, ">units", ">lift", ">interval"],
            &[&name, ">lift", ">interval"],
            &[&name, ">lift"],
        ];
        let lines = |titles: &[&str], width: usize, style: Style| {
            let rows = rows.iter().map(|[value, units, lift, around, note]| {
                let cell = |title: &str| match title {
                    ">units" => units,
                    ">lift" => lift,
                    ">interval" => around,
                    "" => note,
                    _ => value,
                };
                let cells = titles.iter().enumerate().map(|(at, title)| if at == 0 { value } else { cell(title) });
                cells.cloned().map(Cell::from).collect()
            });
            Columns { titles, gives_way: 0, rows: rows.collect() }.lines(INDENT, width, style)
        };
        let fits = |titles: &&&[&str]| {
            lines(titles, usize::MAX, Style::Plain).iter().all(|line| line.chars().count() <= self.width)
        };
        let titles = sets.iter().find(fits).or(sets.last()).copied().unwrap_or_default();
        lines(titles, self.width, self.style).join("\n")
    }

    /// The outcomes of a treatment, with as many columns as there is room for.
    fn table(&self, results: &Results, treatment: &Treatment) -> String {
        let control = results.variants.first().map_or_else(|| "control".into(), |variant| plain(&variant.id));
        let (control, variant) = (format!(">{control}"), format!(">{}", plain(&treatment.variant)));
        let alpha = treatment.outcomes.first().map_or(results.method.alpha, |outcome| outcome.alpha);
        let interval = format!("{} CI", confidence(alpha));
        let sets: [&[&str]; 3] = [
            &["metric", &control, &variant, ">lift", &interval, "verdict"],
            &["metric", ">lift", &interval, "verdict"],
            &["metric", ">lift", "verdict"],
        ];
        let rows = |titles: &[&str]| -> Vec<Vec<Cell>> {
            let pairs = results.metrics.iter().zip(&treatment.outcomes);
            pairs.map(|(metric, outcome)| row(results, metric, outcome, alpha, titles.len())).collect()
        };
        let widest = |lines: &[String]| lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        // Names are cut only where nothing else is left to leave out.
        let natural = |titles: &[&str]| {
            Columns { titles, gives_way: 0, rows: rows(titles) }.lines(INDENT, usize::MAX, Style::Plain)
        };
        let fits = |titles: &&&[&str]| widest(&natural(titles)) <= self.width;
        let titles = sets.iter().find(fits).or(sets.last()).copied().unwrap_or_default();
        let mut lines = Columns { titles, gives_way: 0, rows: rows(titles) }.lines(INDENT, self.width, self.style);
        let shown = titles.contains(&interval.as_str());
        let others: Vec<String> = treatment
            .outcomes
            .iter()
            .filter(|outcome| shown && is_other(outcome, alpha))
            .map(|outcome| confidence(outcome.alpha))
            .collect();
        if let Some(first) = others.first() {
            let levels = if others.iter().all(|other| other == first) {
                first.clone()
            } else {
                "another level, as in the page".to_owned()
            };
            lines.push(format!("{}{}", " ".repeat(INDENT), toned(&format!("* {levels}"), Tone::Faint, self.style)));
        }
        lines.join("\n")
    }
}

/// Whether an outcome has an interval of another level.
fn is_other(outcome: &Outcome, alpha: f64) -> bool {
    (outcome.alpha - alpha).abs() > 1e-9 && known(&outcome.interval).is_some()
}

/// The cells of an outcome under so many titles.
fn row(results: &Results, metric: &Metric, outcome: &Outcome, alpha: f64, columns: usize) -> Vec<Cell> {
    let amounts = Amounts::at(results, metric, PLAIN);
    let value = |figure: &Figure| figure.number().map_or_else(|| "–".to_owned(), |value| amounts.value(value));
    let lift = amounts.change(outcome);
    let other = if is_other(outcome, alpha) { "*" } else { "" };
    let interval = amounts.around(outcome).map_or_else(|| "–".to_owned(), |around| format!("{around}{other}"));
    let said = reading(metric, outcome, PLAIN);
    let words = said.words.split(": ").next().unwrap_or_default().to_owned();
    let verdict = Cell { text: format!("{} {words}", sign(said.mark)), tone: tone(said.mark) };
    let name = Cell::from(plain(&metric.id).into_owned());
    match columns {
        6 => vec![
            name,
            value(&outcome.control.mean).into(),
            value(&outcome.treatment.mean).into(),
            lift.into(),
            interval.into(),
            verdict,
        ],
        4 => vec![name, lift.into(), interval.into(), verdict],
        _ => vec![name, lift.into(), verdict],
    }
}
