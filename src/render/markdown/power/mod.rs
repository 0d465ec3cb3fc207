//! Forecasts and calendars as Markdown that GitHub renders: the verdict first, then figures, charts, and the rest folded away.

pub mod beside;
mod calendar;
mod chart;
mod forecast;

use super::foot::instant;
use super::inert::{code, is_plain_argument, sentence, words};
use super::{Document, Section};
use crate::render::power::{headline, standing, tally};
use crate::report::{Forecast, Power, Powered};

/// All that is recorded as a document; experiments as a table where there are many.
#[must_use]
pub fn power(power: &Power, all: bool) -> Document {
    let mut sections = Vec::new();
    let title = match power.experiments.as_slice() {
        [only] if !all => {
            sections.extend(forecast::sections(only, power.what_if.as_ref()));
            format!("### {}", titled(only))
        }
        [] if !all => {
            power.surfaces.iter().for_each(|surface| sections.extend(calendar::sections(surface)));
            "### Capacity".to_owned()
        }
        several if all => {
            sections.extend(forecast::overview(several));
            format!("### {}", words(&tally(several)))
        }
        several => {
            for one in several {
                sections.push(Section { holds: ("heading", "headings"), text: format!("#### {}", titled(one)) });
                sections.extend(forecast::sections(one, power.what_if.as_ref()));
            }
            format!("### {}", words(&tally(several)))
        }
    };
    Document { title, sections, foot: foot(power, all) }
}

/// "🔴 `fresh-first` is underpowered: `skip-rate` needs 41 days, and 28 are planned".
fn titled(forecast: &Forecast) -> String {
    let (name, why) = (code(&forecast.id), spaced(&sentence(&headline(forecast))));
    let sign = sign(forecast.verdict);
    match forecast.verdict {
        Powered::Watched => format!("{sign} {name} has nothing to show: {why}"),
        Powered::Unknown => format!("{sign} What {name} can find is unknown: {why}"),
        verdict => format!("{sign} {name} is {}: {why}", standing(verdict)),
    }
}

fn sign(verdict: Powered) -> &'static str {
    match verdict {
        Powered::Powered => "🟢",
        Powered::Underpowered => "🔴",
        Powered::Unknown => "🟡",
        Powered::Watched => "⚪",
    }
}

/// A percent's sign never begins a line.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut digit = false;
    for letter in text.chars() {
        if letter == '%' && digit {
            out.push('\u{a0}');
        }
        digit = letter.is_ascii_digit();
        out.push(letter);
    }
    out
}

fn foot(power: &Power, all: bool) -> String {
    let ids: Vec<&str> = power.experiments.iter().filter(|_| !all).map(|forecast| forecast.id.as_str()).collect();
    let mut parts = vec![format!("With allot {}, as of {}", words(&power.tool), instant(&power.at))];
    if ids.iter().all(|id| is_plain_argument(id)) && ids.len() <= 5 && power.what_if.is_none() {
        let all = if all { " --all" } else { "" };
        let ids: String = ids.iter().map(|id| format!(" {id}")).collect();
        parts.push(format!("reproduce: `allot power{all}{ids}`"));
    }
    format!("<sub>{}</sub>", parts.join(" · "))
}
