//! Results as one page that needs nothing else: no script, no network, light and dark, for eyes, ears, keyboards and paper.

mod article;
mod breakdowns;
mod escape;
mod lift;
mod plot;
mod statistics;
mod tables;

use super::Kept;
use super::verdict::{Mark, effect, harm, headline, label, primary};
use crate::results::{Advice, Results};
use escape::{PEN, escaped, policy};

/// How the page looks.
const STYLE: &str = include_str!("page.css");

/// The page of one experiment, or of several with a list of them first.
#[must_use]
pub fn html(results: &[Results], kept: Kept<'_>) -> String {
    let title = match results {
        [only] => format!("Results of {}", escaped(&only.experiment)),
        several => format!("Results of {} experiments", several.len()),
    };
    let body: String = match results {
        [only] => article::article(only, kept, 1, 1),
        several => {
            let articles: String =
                several.iter().zip(1..).map(|(one, number)| article::article(one, kept, number, 2)).collect();
            format!("{}{articles}", index(several, &title))
        }
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#results\">Skip to the results</a>\n<main id=\"results\">\n{body}</main>\n</body>\n</html>\n",
        policy(STYLE)
    )
}

/// The list of experiments, each with its verdict.
fn index(results: &[Results], title: &str) -> String {
    let rows: String = results.iter().zip(1..).map(|(one, number)| row(one, number)).collect();
    format!(
        "<nav class=\"index\" aria-labelledby=\"index\">\n<h1 id=\"index\">{title}</h1>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"index\"><table>\n<thead><tr><th scope=\"col\">Experiment</th><th scope=\"col\">Effect</th>\
         <th scope=\"col\">Verdict</th></tr></thead>\n<tbody>{rows}</tbody>\n</table></div>\n</nav>\n"
    )
}

fn row(results: &Results, number: usize) -> String {
    // What was decided by is shown: the harm, where there is one that is to be believed.
    let harm = harm(results).filter(|_| !matches!(results.decision.advice, Advice::Withheld | Advice::Ship));
    let shown = harm.or(primary(results));
    format!(
        "<tr><th scope=\"row\"><a href=\"#e{number}\">{}</a></th><td>{}</td><td>{} {}</td></tr>\n",
        escaped(&results.experiment),
        shown.map_or_else(String::new, |(metric, outcome)| effect(results, metric, outcome, PEN)),
        mark(headline(results, PEN).mark),
        label(results, PEN)
    )
}

/// The sign of a verdict; its words always follow.
fn mark(mark: Mark) -> String {
    let sign = match mark {
        Mark::Good => "✓",
        Mark::Bad => "✕",
        Mark::Open => "?",
        Mark::Quiet => "·",
    };
    format!("<span class=\"mark {}\" aria-hidden=\"true\">{sign}</span>", class(mark))
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Bad => "bad",
        Mark::Open => "open",
        Mark::Quiet => "quiet",
    }
}
