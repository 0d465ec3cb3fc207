//! The lift by day with its interval, as a Mermaid chart that GitHub draws.

use crate::render::markdown::Section;
use crate::render::markdown::inert::{fence, label};
use crate::render::results::amounts::number;
use crate::render::results::method;
use crate::render::results::scale::{Scale, drawn};
use crate::render::results::verdict::primary;
use crate::results::Results;

/// The most points of a line.
const POINTS: usize = 28;

/// The chart of the primary metric; none where fewer than two days have an interval.
pub fn section(results: &Results) -> Option<Section> {
    let (metric, outcome) = primary(results)?;
    let scale = Scale::of_days(std::iter::once(outcome))?;
    let all = drawn(outcome);
    let days: Vec<_> = all
        .iter()
        .filter_map(|(day, lift, interval)| Some((day.day, *lift, (*interval)?)))
        // Mermaid would draw beyond its own frame what does not fit.
        .filter(|(_, lift, interval)| [*lift, interval.low, interval.high].iter().all(|value| scale.holds(*value)))
        .collect();
    let step = days.len().div_ceil(POINTS).max(1);
    // Counted from the last day, which is the one that counts.
    let mut days: Vec<_> = days.into_iter().rev().step_by(step).collect();
    days.reverse();
    if days.len() < 2 {
        return None;
    }
    let list = |value: &dyn Fn(&(u32, f64, crate::results::Interval)) -> String| {
        days.iter().map(value).collect::<Vec<_>>().join(", ")
    };
    // The chart's own language knows no minus but the hyphen.
    let percent = |value: f64| number(value * 100.0, 2).replace('−', "-").replace(',', "");
    let mut lines = format!(
        "xychart-beta\n    title \"Lift in {}, cumulative (%)\"\n    x-axis \"Day\" [{}]\n    y-axis \"Lift %\" {} --> {}\n",
        label(&metric.id),
        list(&|(day, ..)| day.to_string()),
        percent(scale.low),
        percent(scale.high)
    );
    for line in [
        list(&|(_, lift, _)| percent(*lift)),
        list(&|(.., interval)| percent(interval.high)),
        list(&|(.., interval)| percent(interval.low)),
        list(&|_| "0".to_owned()),
    ] {
        lines.push_str(&format!("    line [{line}]\n"));
    }
    let text = format!(
        "{}\n\n<sub>Middle line: the estimate. Outer lines: its interval. Flat line: no effect. {}</sub>",
        fence("mermaid", &lines),
        method::daily(&results.method)
    );
    Some(Section { holds: ("chart", "charts"), text })
}
