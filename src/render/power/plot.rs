//! A curve over days in plain characters: what is shown by then, what is declared, and where the run ends.
//!
//! Nothing in it depends on colour: reach that was measured and reach that was extrapolated have marks of their own.

use super::amounts::{below, effect};
use crate::render::text::{Style, Tone, toned};
use crate::report::{Reached, Share};

/// Rows between the axes.
const ROWS: usize = 12;
/// The most columns, so that a curve stays one on a wide screen.
const COLUMNS: usize = 84;
/// The narrowest that a plot is drawn.
const NARROWEST: usize = 20;

/// What is drawn.
pub struct Plot<'a> {
    /// One a day, in order.
    pub curve: &'a [Reached],
    /// What is declared.
    pub declared: Option<Share>,
    /// The day on which the run is planned to end.
    pub end: Option<u32>,
}

/// The marks of a plot.
struct Marks {
    measured: char,
    extrapolated: char,
    level: char,
    end: char,
    side: char,
    corner: char,
    floor: char,
}

const UNICODE: Marks =
    Marks { measured: '●', extrapolated: '○', level: '╌', end: '┊', side: '│', corner: '└', floor: '─' };
const ASCII: Marks =
    Marks { measured: '*', extrapolated: 'o', level: '-', end: ':', side: '|', corner: '+', floor: '-' };

/// The plot, a line each, in at most so many columns; nothing where there is nothing to draw or no room.
#[must_use]
pub fn lines(plot: &Plot<'_>, indent: usize, width: usize, style: Style) -> Vec<String> {
    let marks = if style == Style::Rich { UNICODE } else { ASCII };
    let Some((top, first, last)) = extent(plot.curve, plot.declared, plot.end) else { return Vec::new() };
    let labels: Vec<String> = (0..=ROWS).map(|row| effect_label(plot, top, row)).collect();
    let label = labels.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let columns = width.saturating_sub(indent + label + 2).min(COLUMNS);
    if columns < NARROWEST {
        return Vec::new();
    }
    let days = f64::from(last.saturating_sub(first)).max(1.0);
    let column = |day: u32| {
        let along = f64::from(day.saturating_sub(first)) / days * (columns - 1) as f64;
        below(along.round()).min(columns - 1)
    };
    let row = |value: f64| {
        let down = (1.0 - value / top) * ROWS as f64;
        (0.0..=ROWS as f64).contains(&down).then_some(below(down.round()))
    };
    let mut grid = vec![vec![' '; columns]; ROWS + 1];
    if let Some(line) = plot.declared.and_then(|declared| row(declared.0)).and_then(|at| grid.get_mut(at)) {
        line.iter_mut().for_each(|mark| *mark = marks.level);
    }
    let end = plot.end.filter(|end| (first..=last).contains(end));
    if let Some(at) = end.map(column) {
        grid.iter_mut().filter_map(|line| line.get_mut(at)).for_each(|mark| *mark = marks.end);
    }
    for point in plot.curve {
        let Some(at) = point.reached.and_then(|reached| row(reached.0)) else { continue };
        if let Some(mark) = grid.get_mut(at).and_then(|line| line.get_mut(column(point.days))) {
            *mark = if point.extrapolated { marks.extrapolated } else { marks.measured };
        }
    }
    let margin = " ".repeat(indent);
    let mut out: Vec<String> = grid
        .iter()
        .zip(&labels)
        .map(|(line, text)| {
            let drawn: String = line.iter().collect();
            format!("{margin}{text:>label$} {}{}", marks.side, drawn.trim_end())
        })
        .collect();
    let floor: String = std::iter::repeat_n(marks.floor, columns).collect();
    out.push(format!("{margin}{} {}{floor}", " ".repeat(label), marks.corner));
    out.push(format!("{margin}{}  {}", " ".repeat(label), axis(first, last, end, columns, &column)));
    let extrapolated = plot.curve.iter().any(|point| point.extrapolated);
    let legend = legend(plot, &marks, extrapolated);
    out.push(format!("{margin}{}  {}", " ".repeat(label), toned(&legend, Tone::Faint, style)));
    out
}

/// The top of a chart of a curve, and its first and last day; none where no point can be drawn.
#[must_use]
pub fn extent(curve: &[Reached], declared: Option<Share>, end: Option<u32>) -> Option<(f64, u32, u32)> {
    let finite = || curve.iter().filter(|point| point.reached.is_some_and(|reached| reached.0.is_finite()));
    let (first, last) = (finite().next()?.days, finite().next_back()?.days);
    let at_end = end.and_then(|end| finite().find(|point| point.days >= end)).and_then(|point| point.reached);
    let lowest = finite().filter_map(|point| point.reached).map(|reached| reached.0).fold(f64::INFINITY, f64::min);
    // The first days show next to nothing: what counts is around what is declared, and where the run ends.
    let wanted = [declared.map(|declared| declared.0 * 1.3), at_end.map(|reached| reached.0 * 2.0), Some(lowest * 2.0)];
    let top = wanted.into_iter().flatten().fold(0.0, f64::max);
    (top > 0.0 && top.is_finite() && last > first).then_some((top, first, last))
}

/// What stands beside a row: the top, the floor, and the row of what is declared.
fn effect_label(plot: &Plot<'_>, top: f64, row: usize) -> String {
    let at = |value: f64| below(((1.0 - value / top) * ROWS as f64).round());
    match plot.declared {
        Some(declared) if declared.0 > 0.0 && at(declared.0) == row => format!("{}%", effect(declared, None)),
        _ if row == 0 => format!("{}%", effect(Share(top), None)),
        _ if row == ROWS => "0%".to_owned(),
        _ => String::new(),
    }
}

/// The days below the axis: the first, the last, and the planned end, where they do not touch.
fn axis(first: u32, last: u32, end: Option<u32>, columns: usize, column: &dyn Fn(u32) -> usize) -> String {
    let mut line = vec![' '; columns];
    let mut put = |text: String, centre: usize| {
        let length = text.chars().count();
        let from = centre.saturating_sub(length / 2).min(columns.saturating_sub(length));
        let around = from.saturating_sub(1)..(from + length + 1).min(columns);
        if line.get(around).is_some_and(|there| there.iter().all(|mark| *mark == ' ')) {
            line.iter_mut().skip(from).zip(text.chars()).for_each(|(mark, letter)| *mark = letter);
        }
    };
    if let Some(end) = end {
        put(format!("end, day {end}"), column(end));
    }
    put(format!("day {first}"), 0);
    put(format!("{last}"), columns);
    line.iter().collect::<String>().trim_end().to_owned()
}

fn legend(plot: &Plot<'_>, marks: &Marks, extrapolated: bool) -> String {
    let mut parts = Vec::new();
    if plot.curve.iter().any(|point| !point.extrapolated) {
        parts.push(format!("{} shown by then", marks.measured));
    }
    if extrapolated {
        parts.push(format!("{} extrapolated", marks.extrapolated));
    }
    if plot.declared.is_some() {
        parts.push(format!("{} declared", marks.level));
    }
    parts.join("   ")
}

#[cfg(test)]
mod tests {
    use super::{Plot, ROWS, lines};
    use crate::render::text::Style;
    use crate::report::{Reached, Share};

    fn curve(first: u32, last: u32) -> Vec<Reached> {
        (1..=last)
            .map(|day| {
                let units = 1e4 * f64::from(day.saturating_sub(first));
                let reached = (day > first).then(|| Share(10.0 / f64::from(day - first).sqrt()));
                Reached { days: day, units, reached, extrapolated: day > 28 }
            })
            .collect()
    }

    #[test]
    fn a_plot_reads_without_colour() {
        let plot = Plot { curve: &curve(7, 42), declared: Some(Share(2.5)), end: Some(21) };
        let drawn = lines(&plot, 2, 60, Style::Plain);
        let text = drawn.join("\n");
        assert_eq!(drawn.len(), ROWS + 4, "{text}");
        assert!(drawn.iter().any(|line| line.trim_start().starts_with("2.5% |--") && line.contains('*')), "{text}");
        assert!(drawn.iter().any(|line| line.trim_start().starts_with("0% |")), "{text}");
        let (axis, legend) = (&drawn[ROWS + 2], &drawn[ROWS + 3]);
        assert!(axis.contains("day 8 ") && axis.contains("end, day 21") && axis.ends_with("42"), "{text}");
        assert_eq!(legend.trim_start(), "* shown by then   o extrapolated   - declared");
        let end = axis.find("end, day 21").expect("an end") + 5;
        assert!(
            drawn.iter().take(ROWS).any(|line| line.chars().skip(end - 1).take(3).any(|mark| mark == ':')),
            "{text}"
        );
        assert!(lines(&plot, 2, 60, Style::Rich).join("\n").contains('\u{25cb}'));
    }

    #[test]
    fn a_plot_stays_on_the_page() {
        for width in 0..140 {
            for (declared, end) in [(None, None), (Some(Share(2.5)), Some(21)), (Some(Share(1e-9)), Some(900))] {
                let curve = curve(7, 42);
                let plot = Plot { curve: &curve, declared, end };
                for style in [Style::Plain, Style::Rich] {
                    let drawn = lines(&plot, 2, width, style);
                    let plain = |line: &String| line.replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
                    let wide: Vec<_> =
                        drawn.iter().rev().skip(1).map(plain).filter(|line| line.chars().count() > width).collect();
                    assert!(wide.is_empty(), "{width}: {wide:?}");
                }
            }
        }
        let flat = [Reached { days: 1, units: 0.0, reached: None, extrapolated: false }; 9];
        assert!(lines(&Plot { curve: &flat, declared: None, end: None }, 0, 80, Style::Plain).is_empty());
        assert!(lines(&Plot { curve: &[], declared: None, end: None }, 0, 80, Style::Plain).is_empty());
        let odd = [f64::NAN, f64::INFINITY, 1e300, 0.0].map(|value| Reached {
            days: 3,
            units: f64::NAN,
            reached: Some(Share(value)),
            extrapolated: true,
        });
        let _ = lines(&Plot { curve: &odd, declared: Some(Share(f64::NAN)), end: Some(u32::MAX) }, 0, 80, Style::Plain);
    }
}
