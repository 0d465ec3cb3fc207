//! One experiment on the page: the effect in its own units, the verdict, why, and then every figure that it rests on.

use super::escape::{PEN, escaped};
use super::{breakdowns, class, lift, mark, plot, statistics, tables};
use crate::render::results::pen::capital;
use crate::render::results::verdict::headline;
use crate::render::results::{Kept, method, story};
use crate::results::{Advice, Results};

/// The article with its number on the page, and the level of its heading.
pub fn article(results: &Results, kept: Kept<'_>, number: usize, level: usize) -> String {
    let page = Page { results, kept, number, level };
    let parts = [
        page.head(),
        page.reasons(),
        page.effects(),
        lift::section(&page),
        tables::trust(&page),
        tables::metrics(&page),
        breakdowns::section(&page),
        page.method(),
        statistics::section(&page),
        page.foot(),
    ];
    format!("<article id=\"e{number}\" aria-labelledby=\"e{number}-title\">\n{}</article>\n", parts.concat())
}

/// What every part of an article is made from.
pub struct Page<'a> {
    pub results: &'a Results,
    kept: Kept<'a>,
    number: usize,
    level: usize,
}

impl Page<'_> {
    /// An id of its own on the whole page.
    pub fn id(&self, part: &str) -> String {
        format!("e{}-{part}", self.number)
    }

    /// A heading so many levels below that of the article.
    pub fn heading(&self, below: usize, text: &str) -> String {
        let level = (self.level + below).min(6);
        format!("<h{level}>{text}</h{level}>\n")
    }

    /// A section with its heading, which names it.
    pub fn section(&self, part: &str, title: &str, body: &str) -> String {
        let (id, level) = (self.id(part), (self.level + 1).min(6));
        format!("<section aria-labelledby=\"{id}\">\n<h{level} id=\"{id}\">{title}</h{level}>\n{body}</section>\n")
    }

    fn head(&self) -> String {
        let results = self.results;
        let title = self.id("title");
        let level = self.level;
        let owner =
            results.owner.as_deref().map_or_else(String::new, |owner| format!(" · owned by {}", escaped(owner)));
        let phase = if results.phase > 1 { format!(" · phase {}", results.phase) } else { String::new() };
        let verdict = headline(results, PEN);
        let effect =
            story::effect(results, PEN).map_or_else(String::new, |text| format!("<p class=\"lede\">{text}</p>\n"));
        let impact = story::impact(results, PEN).map_or_else(String::new, |text| format!("<p>{text}</p>\n"));
        let hypothesis = results
            .hypothesis
            .as_deref()
            .map_or_else(String::new, |text| format!("<p class=\"aside\">What was believed: {}</p>\n", escaped(text)));
        let doubt = match results.decision.advice {
            Advice::Withheld => format!("<p class=\"aside\">{}</p>\n", story::DOUBT),
            _ => String::new(),
        };
        format!(
            "<header>\n<h{level} id=\"{title}\">{}</h{level}>\n<p class=\"kicker\">on {}{owner}{phase} · look {}, {}</p>\n{effect}\
             <p class=\"verdict {}\">{}<span>{}</span></p>\n{doubt}{impact}{hypothesis}</header>\n",
            escaped(&results.experiment),
            escaped(&results.surface),
            results.look.number,
            story::moment(&results.at, PEN),
            class(verdict.mark),
            mark(verdict.mark),
            verdict.words
        )
    }

    fn reasons(&self) -> String {
        let list =
            |items: Vec<String>| items.iter().map(|item| format!("<li>{}</li>\n", capital(item))).collect::<String>();
        let side = |title: &str, items: Vec<String>| match items.is_empty() {
            true => String::new(),
            false => format!("<div>{}<ul>\n{}</ul></div>\n", self.heading(2, title), list(items)),
        };
        let body = format!(
            "<div class=\"pair\">\n{}{}</div>\n",
            side("Why", story::reasons(self.results, PEN)),
            side("What to do next", story::next(self.results, self.kept, PEN))
        );
        self.section("reasons", "The decision", &body)
    }

    fn effects(&self) -> String {
        let plots: String = self
            .results
            .treatments
            .iter()
            .enumerate()
            .map(|(at, treatment)| plot::forest(self, at, treatment))
            .collect();
        let note = "<p class=\"aside\">Dots are estimates, lines their intervals. The upright line is no effect; a dashed line is a \
                    guardrail’s limit, and what is shaded lies beyond it. A hollow dot decides nothing.</p>\n";
        self.section("effects", "Effects on every metric", &format!("{plots}{note}"))
    }

    fn method(&self) -> String {
        let results = self.results;
        let said: String = method::decided(results, self.kept, PEN).join(" ");
        let list: String = results
            .metrics
            .iter()
            .map(|metric| {
                let mut said = method::metric(results, metric, PEN);
                for treatment in &results.treatments {
                    let Some(outcome) = treatment.outcomes.iter().find(|outcome| outcome.metric == metric.id) else {
                        continue;
                    };
                    let own = method::outcome(results, metric, outcome, PEN);
                    if results.treatments.len() > 1 && !own.is_empty() {
                        said.push(format!("{}:", (PEN.name)(&treatment.variant)));
                    }
                    said.extend(own);
                }
                format!(
                    "<dt>{}<span class=\"role\">{}</span></dt><dd>{}</dd>\n",
                    (PEN.name)(&metric.id),
                    method::role(metric),
                    said.join(" ")
                )
            })
            .collect();
        format!("<details>\n<summary>How this was computed</summary>\n<p>{said}</p>\n<dl>\n{list}</dl>\n</details>\n")
    }

    fn foot(&self) -> String {
        let results = self.results;
        let plan = &results.plan;
        let commit =
            plan.commit.as_deref().map_or_else(String::new, |commit| format!("Plan at {}. ", (PEN.name)(commit)));
        let locked =
            plan.locked.as_deref().map_or_else(String::new, |digest| format!("Pinned as {}. ", (PEN.name)(digest)));
        format!(
            "<footer><p>{commit}{locked}Counted by {} as {}, with allot {}.</p></footer>\n",
            escaped(&results.source.engine),
            (PEN.name)(&results.source.query),
            escaped(&results.source.tool)
        )
    }
}

/// A table that may be wider than the page.
pub fn scroll(label: &str, table: &str) -> String {
    format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">{table}</div>\n")
}
