//! What a metric shows by the length of its run, as a Mermaid chart that GitHub draws.

use super::forecast::{plain, subject};
use super::spaced;
use crate::render::markdown::Section;
use crate::render::markdown::inert::{fence, label, sentence};
use crate::render::power::{effect, extent};
use crate::report::{Forecast, Reached, Share};

/// The most points of a line.
const POINTS: usize = 24;

/// The chart; none where there is no curve.
pub fn of(forecast: &Forecast) -> Option<Section> {
    let (binding, what) = subject(forecast)?;
    let (top, _, _) = extent(&forecast.curve, binding.declared, forecast.days)?;
    let shown = |point: &&Reached| point.reached.is_some_and(|reached| reached.0 <= top);
    let points: Vec<&Reached> = forecast.curve.iter().filter(shown).collect();
    let step = points.len().div_ceil(POINTS).max(1);
    // Counted from the planned end, so that it is one of the points.
    let end = points.iter().position(|point| Some(point.days) == forecast.days);
    let offset = end.map_or(0, |end| end % step);
    let points: Vec<&Reached> = points.into_iter().skip(offset).step_by(step).collect();
    if points.len() < 2 {
        return None;
    }
    let list =
        |value: &dyn Fn(&Reached) -> String| points.iter().map(|point| value(point)).collect::<Vec<_>>().join(", ");
    let rounded = |share: Share| plain(Share((share.0 * 1e4).round() / 1e4));
    let mut lines = format!(
        "xychart-beta\n    title \"{}: smallest {what} shown (%)\"\n    x-axis \"Days\" [{}]\n    y-axis \"%\" 0 --> {}\n",
        label(&binding.id),
        list(&|point| point.days.to_string()),
        rounded(Share(top))
    );
    if let Some(end) = forecast.days.filter(|end| points.iter().any(|point| point.days == *end)) {
        let height = |point: &Reached| {
            let reached = point.reached.unwrap_or_default();
            if point.days == end { rounded(reached) } else { "0".to_owned() }
        };
        lines.push_str(&format!("    bar [{}]\n", list(&height)));
    }
    lines.push_str(&format!("    line [{}]\n", list(&|point| rounded(point.reached.unwrap_or_default()))));
    let mut notes = vec![format!("Falling line: the smallest {what} that a run of so many days shows.")];
    if let Some(declared) = binding.declared {
        lines.push_str(&format!("    line [{}]\n", list(&|_| rounded(declared))));
        notes.push(format!("Flat line: {}% is declared.", effect(declared, None)));
    }
    if let Some(end) = forecast.days {
        notes.push(format!("Bar: the planned end, day {end}."));
    }
    if let Some(first) = points.iter().find(|point| point.extrapolated) {
        notes.push(format!("From day {} on reach is extrapolated.", first.days));
    }
    let text = format!("{}\n\n<sub>{}</sub>", fence("mermaid", &lines), spaced(&sentence(&notes.join(" "))));
    Some(Section { holds: ("chart", "charts"), text })
}
