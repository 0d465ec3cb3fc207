//! `allot rule`: the rules, or one rule explained.

use clap::{Args, ValueEnum};

use super::output::{data, width};
use super::{Exit, Failure, Global};
use crate::diag::closest;
use crate::lint::{Group, Rule as LintRule, rules};
use crate::render::rules::{explained, json, list};

/// The rules of lint, or one explained, with examples
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  allot rule                        all rules, by group
  allot rule over-capacity          one, with examples
  allot rule coordination           a group
  allot rule syntax --format json")]
pub struct Rule {
    /// A rule, or a group of rules
    name: Option<String>,
    /// How rules are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How rules are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people: laid out on a terminal, Markdown elsewhere
    #[default]
    Text,
    /// For programs: version 1
    Json,
}

pub fn run(global: &Global, verb: &Rule) -> Result<Exit, Failure> {
    let name = verb.name.as_deref();
    let one = name.and_then(rules::find);
    let group = name.and_then(|name| Group::ALL.into_iter().find(|group| group.name() == name));
    let chosen: Vec<&LintRule> = match (name, one, group) {
        (_, Some(rule), _) => vec![rule],
        (_, None, Some(group)) => rules::ALL.iter().copied().filter(|rule| rule.group == group).collect(),
        (Some(name), None, None) => return Err(unknown(name)),
        (None, None, None) => rules::ALL.to_vec(),
    };
    let style = global.color.style();
    data(&match (verb.format, one) {
        (Format::Json, _) => json(&chosen),
        (Format::Text, Some(rule)) => explained(rule, style, width()),
        (Format::Text, None) => list(&chosen, style, width()),
    })?;
    Ok(Exit::Clean)
}

fn unknown(name: &str) -> Failure {
    let groups = Group::ALL.into_iter().map(Group::name);
    let failure = Failure::usage(format!("there is no rule `{name}`"));
    match closest(name, rules::ALL.iter().map(|rule| rule.name).chain(groups)) {
        Some(close) => failure.help(format!("did you mean `{close}`?")),
        None => failure.help("`allot rule` lists them"),
    }
}
