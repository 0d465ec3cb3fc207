//! `allot power`: what an experiment can find before it starts, and what a surface has room for.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::output::{data, width};
use super::workspace::Workspace;
use super::{Exit, Failure, Global};
use crate::decl::{Method, Share, Stage};
use crate::diag::did_you_mean;
use crate::io;
use crate::lint::Context;
use crate::model::{Catalogue, Claim, ClaimKind, Identified, Ix, Phase, Surface};
use crate::power::{Power as Answers, WhatIf};
use crate::render::power::record::{Recorder, what_if, worst_first};
use crate::render::power::schedule::Asked;
use crate::render::{markdown, power};
use crate::report::{self, Powered};

/// What an experiment can find before it starts, what would make it find more, and what a surface has room for
///
/// For each metric of an experiment: what it is tested at, the smallest effect or margin that the planned run shows, the units
/// and days that it needs, and whether that is enough; the metric that needs the most first. Without an experiment: each
/// surface as a calendar, with what runs when, how full each component is, and what could still start and find.
///
/// Figures come from `baselines/`, and what lies beyond their last measured day is marked. The exit code is 1 if an experiment
/// that was asked for has too few units, or if that cannot be told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot power fresh-first           metric by metric, with a plot and the ways out
  allot power fresh-first --what-if traffic=30%,days=42
  allot power fresh-first --what-if mde=2%,method=fixed --format markdown
  allot power --all                 every experiment that is not over, the worst first
  allot power                       the calendar of every surface
  allot power --surface home --metric minutes-listened --mde 1.5% --days 21
                                    where and from when on 21 days could detect 1.5%")]
pub struct Power {
    /// Experiments or rollouts
    #[arg(value_name = "EXPERIMENT")]
    ids: Vec<String>,
    /// Every experiment that is thought of, built, planned or live, a line each
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Suppose other figures than those declared: traffic, days, mde, power, confidence, method
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = supposed)]
    what_if: Option<WhatIf>,
    /// Only this surface
    #[arg(long, value_name = "ID", conflicts_with = "ids")]
    surface: Option<String>,
    /// The metric that a further experiment would be about, instead of the surface's own
    #[arg(long, value_name = "ID", conflicts_with_all = ["ids", "all"])]
    metric: Option<String>,
    /// The relative effect that it should detect, such as 2%
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["ids", "all"], value_parser = effect)]
    mde: Option<Share>,
    /// How many days it would run
    #[arg(long, value_name = "N", default_value_t = 28, conflicts_with_all = ["ids", "all"],
          value_parser = clap::value_parser!(u32).range(1..=LONGEST))]
    days: u32,
    /// How many days of the calendar to look at
    #[arg(long, value_name = "N", default_value_t = 84, conflicts_with_all = ["ids", "all"],
          value_parser = clap::value_parser!(u32).range(1..=1100))]
    horizon: u32,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How a forecast is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people, as wide as the terminal
    #[default]
    Text,
    /// For programs: version 1, see `allot schema output/power`
    Json,
    /// With charts that GitHub draws
    Markdown,
}

/// The longest run that is looked at, in days.
const LONGEST: i64 = 3653;
/// The most characters of Markdown: as many as a comment may have.
const MAX_COMMENT: usize = 60_000;

pub fn run(global: &Global, verb: &Power) -> Result<Exit, Failure> {
    let workspace = Workspace::open(global)?;
    let context = workspace.context();
    let answers = Answers::new(&context.catalogue, &context.locks, &context.plan);
    let nothing = WhatIf::default();
    let supposed = verb.what_if.as_ref().unwrap_or(&nothing);
    let recorder = Recorder { power: &answers, sources: &workspace.sources, what_if: supposed };
    let mut record = report::Power {
        version: report::VERSION,
        what_if: what_if(supposed),
        experiments: Vec::new(),
        surfaces: Vec::new(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        at: io::written_instant(workspace.at)?,
    };
    if verb.all {
        let surface = surfaces(&context.catalogue, verb.surface.as_deref())?;
        let chosen = current(&context).filter(|claim| claim.surface.is_none_or(|ix| surface.contains(&ix)));
        record.experiments = chosen.map(|claim| recorder.brief(claim)).collect();
        worst_first(&mut record.experiments);
    } else if verb.ids.is_empty() {
        if verb.what_if.is_some() {
            let failure = Failure::usage("`--what-if` is about an experiment, and none is named");
            return Err(failure.help("name one, or ask about all with `--all`"));
        }
        record.surfaces = calendars(&recorder, &context, verb)?;
    } else {
        for claim in asked_for(global, &context, &verb.ids)? {
            record.experiments.push(recorder.detailed(claim));
        }
    }
    data(&match verb.format {
        Format::Text => power::text(&record, verb.all, global.color.style(), width()),
        Format::Json => power::json(&record),
        Format::Markdown => markdown::power(&record, verb.all).fit(MAX_COMMENT),
    })?;
    let found = |forecast: &report::Forecast| matches!(forecast.verdict, Powered::Underpowered | Powered::Unknown);
    Ok(if record.experiments.iter().any(found) { Exit::Findings } else { Exit::Clean })
}

/// The claims that were asked for, each once.
fn asked_for<'a>(global: &Global, context: &'a Context<'_>, ids: &[String]) -> Result<Vec<&'a Claim>, Failure> {
    let catalogue = &context.catalogue;
    let mut seen = BTreeSet::new();
    let mut claims = Vec::new();
    for id in ids.iter().filter(|id| seen.insert(id.as_str())) {
        let Some(claim) = catalogue.claims.get(id) else {
            return Err(unknown("experiment or rollout", id, catalogue.claims.values()));
        };
        if catalogue.broken.contains(&claim.file) {
            let path = context.sources.path(claim.file);
            global.say(&format!("`{}` cannot be read as a whole: run `allot lint`", crate::render::plain(path)));
        }
        claims.push(claim);
    }
    Ok(claims)
}

/// Experiments that are not over.
fn current<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a Claim> {
    let over = |claim: &Claim| {
        claim.stage == Some(Stage::Tweak)
            || claim.stage == Some(Stage::Ship)
                && claim.window.is_some_and(|window| window.phase(context.today) == Phase::Over)
    };
    let experiments = context.catalogue.claims.values().filter(|claim| claim.kind == ClaimKind::Experiment);
    experiments.filter(move |claim| !over(claim))
}

/// The surfaces that are looked at: one, or all.
fn surfaces(catalogue: &Catalogue, id: Option<&str>) -> Result<Vec<Ix<Surface>>, Failure> {
    match id {
        Some(id) => match catalogue.surfaces.find(id) {
            Some(found) => Ok(vec![found]),
            None => Err(unknown("surface", id, catalogue.surfaces.values())),
        },
        None => Ok(catalogue.surfaces.values().filter_map(|item| catalogue.surfaces.find(&item.id)).collect()),
    }
}

fn calendars(recorder: &Recorder<'_>, context: &Context<'_>, verb: &Power) -> Result<Vec<report::Calendar>, Failure> {
    let catalogue = &context.catalogue;
    let metric = match &verb.metric {
        Some(id) => match catalogue.metrics.find(id) {
            Some(found) => Some(found),
            None => return Err(unknown("metric", id, catalogue.metrics.values())),
        },
        None => None,
    };
    let surfaces = surfaces(catalogue, verb.surface.as_deref())?;
    if surfaces.is_empty() {
        return Err(Failure::usage("there is no surface"));
    }
    let asked = Asked { metric, mde: verb.mde, days: verb.days, from: context.today, horizon: verb.horizon };
    Ok(surfaces
        .into_iter()
        .map(|surface| {
            let metric = asked.metric.or_else(|| recorder.power.headline(surface));
            let metric = metric.map(|ix| (ix, catalogue.metrics.at(ix).id.as_str()));
            recorder.calendar(surface, metric, asked)
        })
        .collect())
}

fn unknown<'a, T: Identified + 'a>(what: &str, id: &str, known: impl Iterator<Item = &'a T>) -> Failure {
    let known: Vec<&str> = known.map(Identified::id).collect();
    Failure::usage(format!("there is no {what} `{}`", crate::diag::shown(id))).meant(id, known)
}

/// What `--what-if` supposes.
fn supposed(text: &str) -> Result<WhatIf, String> {
    const KEYS: &[&str] = &["traffic", "days", "mde", "power", "confidence", "method"];
    let mut what_if = WhatIf::default();
    let mut seen = BTreeSet::new();
    for part in text.split(',') {
        let (key, value) = part.split_once('=').ok_or("write KEY=VALUE, as in traffic=30%,days=21")?;
        let (key, value) = (key.trim(), value.trim());
        if !seen.insert(key) {
            return Err(format!("`{key}` is given twice"));
        }
        match key {
            "traffic" => what_if.traffic = Some(share(key, value, Share::WHOLE)?),
            "days" => {
                let days = value.parse::<u32>().ok().filter(|days| (1..=LONGEST).contains(&i64::from(*days)));
                what_if.days =
                    Some(days.ok_or_else(|| format!("`days` is a number from 1 to {LONGEST}, and not `{value}`"))?);
            }
            "mde" => what_if.mde = Some(effect(value)?),
            "power" | "confidence" => {
                let share = share(key, value, Share(999_999))?;
                if key == "power" {
                    what_if.power = Some(share);
                } else {
                    what_if.confidence = Some(share);
                }
            }
            "method" => {
                let known = || Method::WORDS.join(", ");
                let method =
                    Method::of(value).ok_or_else(|| format!("`method` is one of {}, and not `{value}`", known()))?;
                what_if.method = Some(method);
            }
            other => {
                let help = did_you_mean(other, KEYS).map_or_else(String::new, |help| format!("; {help}"));
                return Err(format!("there is nothing like `{other}` to suppose{help}"));
            }
        }
    }
    Ok(what_if)
}

fn effect(text: &str) -> Result<Share, String> {
    share("mde", text, Share(10_000_000))
}

/// A percent such as 30%, or a fraction below 1 such as 0.3; whether 1 and more mean percent is not guessed.
fn share(key: &str, text: &str, most: Share) -> Result<Share, String> {
    let fraction = || text.parse::<f64>().ok().filter(|fraction| (0.0..1.0).contains(fraction));
    let found = match text.ends_with('%') {
        true => Share::parse(text),
        false => fraction().and_then(|fraction| Share::parse(&format!("{:.4}%", fraction * 100.0))),
    };
    match found {
        Some(share) if share > Share::NONE && share <= most => Ok(share),
        Some(_) => Err(format!("`{key}` is above 0% and at most {most}, and not `{text}`")),
        None if text.parse::<f64>().is_ok() => Err(format!("`{key}` is a share: write {text}% if percent is meant")),
        None => Err(format!("`{key}` is a share such as 30% or 0.3, and not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::{effect, supposed};
    use crate::decl::{Method, Share};

    #[test]
    fn what_is_supposed_is_read_strictly() {
        let read = supposed("traffic=0.3, days=21").expect("both");
        assert_eq!((read.traffic, read.days), (Some(Share(300_000)), Some(21)));
        assert_eq!(supposed("traffic=30%").expect("a percent").traffic, Some(Share(300_000)));
        let read = supposed("mde=2.5%,power=0.9,confidence=99%,method=fixed").expect("all");
        assert_eq!((read.mde, read.power), (Some(Share(25_000)), Some(Share(900_000))));
        assert_eq!((read.confidence, read.method), (Some(Share(990_000)), Some(Method::Fixed)));
        for (text, why) in [
            ("", "KEY=VALUE"),
            ("traffic", "KEY=VALUE"),
            ("traffic=", "such as 30%"),
            ("traffic=30", "write 30% if percent is meant"),
            ("traffic=1", "write 1% if percent is meant"),
            ("traffic=0%", "above 0%"),
            ("traffic=101%", "at most 100%"),
            ("traffic=NaN", "percent is meant"),
            ("traffic=-0.1", "percent is meant"),
            ("traffic=10%,traffic=20%", "given twice"),
            ("trafic=10%", "did you mean `traffic`?"),
            ("days=0", "from 1 to"),
            ("days=99999999999", "from 1 to"),
            ("days=1.5", "from 1 to"),
            ("power=100%", "at most"),
            ("method=bayes", "group-sequential, always-valid, fixed"),
        ] {
            let wrong = supposed(text).expect_err(text);
            assert!(wrong.contains(why), "{text}: {wrong}");
        }
        assert_eq!(effect("0.0001%"), Ok(Share(1)));
        assert!(effect("0.00001%").is_err());
    }
}
