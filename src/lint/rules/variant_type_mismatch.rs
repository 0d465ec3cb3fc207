//! `variant-type-mismatch`: a value that its flag cannot take.

use std::collections::HashMap;

use crate::artifact::growthbook;
use crate::decl::{At, FlagType, Stage, Value, locate};
use crate::diag::{Diagnostic, Fix, closest, slip};
use crate::lint::schema::{Fault, Schema};
use crate::lint::value::brief;
use crate::lint::{Check, Context, Group, Rule};
use crate::model::{Claim, Flag, Ix, Written};
use crate::source::{FileId, Span};

pub static RULE: Rule = Rule {
    name: "variant-type-mismatch",
    group: Group::Correctness,
    level: None,
    serving: true,
    summary: "a value is not of its flag's type, not among its values, or does not meet its schema",
    page: include_str!("variant_type_mismatch.md"),
    check: Check::Catalogue(check),
};

/// A value that a flag would take, and how its file leads to it.
struct Site<'a> {
    file: FileId,
    value: &'a At<Value>,
    path: Vec<String>,
    /// Whether it must be one of the flag's `values`, and is not itself one of them.
    listed: bool,
}

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let catalogue = &context.catalogue;
    let mut claims: HashMap<Ix<Flag>, Vec<&Claim>> = HashMap::new();
    // What is decided is a record: its flag may have moved on.
    for claim in catalogue.claims.values().filter(|claim| claim.stage != Some(Stage::Tweak)) {
        if let Some(flag) = claim.flag {
            claims.entry(flag).or_default().push(claim);
        }
    }
    let mut findings = Vec::new();
    for (ix, flag) in catalogue.flags.iter() {
        let (judge, fault) = Judge::new(context, flag);
        findings.extend(fault);
        let own = own(flag);
        let claimed = claims.get(&ix).map_or(&[][..], Vec::as_slice).iter().flat_map(|claim| claimed(claim));
        for site in own.into_iter().chain(claimed) {
            findings.extend(judge.findings(&site));
        }
    }
    findings
}

/// The values in a flag's own file.
fn own(flag: &Flag) -> Vec<Site<'_>> {
    let written = &flag.written;
    let site = |value, path: &[&str], listed| Site {
        file: flag.file,
        value,
        path: path.iter().map(|part| (*part).to_owned()).collect(),
        listed,
    };
    let mut sites: Vec<Site<'_>> = written.default.iter().map(|value| site(value, &["default"], true)).collect();
    let values = written.values.iter().flat_map(|values| &values.value).enumerate();
    sites.extend(values.map(|(at, value)| site(value, &["values", &at.to_string()], false)));
    let rules = written.rules.iter().flat_map(|rules| &rules.value).enumerate();
    sites.extend(
        rules.filter_map(|(at, rule)| {
            Some(site(rule.value.value.as_ref()?, &["rules", &at.to_string(), "value"], true))
        }),
    );
    sites
}

/// The values in the file of an experiment or a rollout.
fn claimed(claim: &Claim) -> Vec<Site<'_>> {
    let file = claim.file;
    match &claim.written {
        Written::Experiment(written) => {
            let variants = written.variants.iter().flat_map(|variants| variants.iter());
            variants
                .map(|(id, value)| Site {
                    file,
                    value,
                    path: vec!["variants".to_owned(), id.value.clone()],
                    listed: true,
                })
                .collect()
        }
        Written::Rollout(written) => written
            .value
            .iter()
            .map(|value| Site { file, value, path: vec!["value".to_owned()], listed: true })
            .collect(),
    }
}

/// What a flag asks of its values.
struct Judge<'a> {
    context: &'a Context<'a>,
    flag: &'a Flag,
    schema: Option<Schema<'a>>,
}

impl<'a> Judge<'a> {
    fn new(context: &'a Context<'_>, flag: &'a Flag) -> (Self, Option<Diagnostic>) {
        let judge = Self { context, flag, schema: None };
        let of_objects = flag.written.r#type.as_ref().is_some_and(|kind| kind.value == FlagType::Object);
        let written = flag.written.schema.as_ref().filter(|schema| of_objects && schema.0.is_object());
        match written.map(|written| (written, Schema::compile(&written.0))) {
            Some((_, Ok(schema))) => (Self { schema: Some(schema), ..judge }, None),
            Some((written, Err(fault))) => {
                let span = judge.in_schema(&fault.path).unwrap_or(written.span);
                (judge, Some(Diagnostic::new(RULE.name, span, fault.message).maybe_help(fault.help)))
            }
            None => (judge, None),
        }
    }

    fn findings(&self, site: &Site<'_>) -> Vec<Diagnostic> {
        let value = &site.value.0;
        if let Some(finding) = self.type_of(site).or_else(|| self.unlisted(site)) {
            return vec![finding];
        }
        if growthbook::check_value(value).is_err() {
            let finding = Diagnostic::new(RULE.name, site.value.span, "this number is not the same in every language");
            return vec![finding.help("stay within 9007199254740991, or write it as a string")];
        }
        let faults = self.schema.as_ref().map_or(Vec::new(), |schema| schema.faults(value));
        faults.into_iter().map(|fault| self.unfit(site, fault)).collect()
    }

    fn type_of(&self, site: &Site<'_>) -> Option<Diagnostic> {
        let kind = self.flag.written.r#type.as_ref()?;
        let value = &site.value.0;
        if kind.value.fits(value) {
            return None;
        }
        let span = site.value.span;
        let word = kind.value.word();
        let message = format!("{} is {}, and `{}` is of type `{word}`", brief(value), noun(value), self.flag.id);
        let meant = meant(kind.value, value).filter(|meant| !site.listed || self.lists(meant));
        let fix = meant.map(|meant| Fix::replace(span, meant.to_string(), format!("write {meant}")));
        let help = fix.as_ref().map_or_else(|| format!("write {}", example(kind.value)), |fix| fix.title.clone());
        let finding = Diagnostic::new(RULE.name, span, message).help(help).fix(fix);
        Some(if site.file == self.flag.file { finding } else { finding.related(kind.span, "its type") })
    }

    fn lists(&self, value: &serde_json::Value) -> bool {
        self.flag.written.values.as_ref().is_none_or(|values| values.iter().any(|known| known.0 == *value))
    }

    fn unlisted(&self, site: &Site<'_>) -> Option<Diagnostic> {
        let values = self.flag.written.values.as_ref()?;
        let value = &site.value.0;
        if !site.listed || values.is_empty() || self.lists(value) {
            return None;
        }
        let texts: Vec<&str> = values.iter().filter_map(|value| value.0.as_str()).collect();
        let near = value.as_str().and_then(|text| closest(text, texts.iter().copied()));
        let sure = value.as_str().and_then(|text| slip(text, texts.iter().copied()));
        let known: Vec<String> = values.iter().take(12).map(|value| brief(&value.0).into_owned()).collect();
        let more = if values.len() > known.len() { ", …" } else { "" };
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("its values are {}{more}: write one of them, or add this one", known.join(", ")),
        };
        let span = site.value.span;
        let fix =
            sure.map(|sure| Fix::replace(span, serde_json::Value::from(sure).to_string(), format!("write \"{sure}\"")));
        let message = format!("{} is not among the values of `{}`", brief(value), self.flag.id);
        Some(Diagnostic::new(RULE.name, span, message).help(help).fix(fix).related(values.span, "its values"))
    }

    fn unfit(&self, site: &Site<'_>, fault: Fault) -> Diagnostic {
        let text = self.context.sources.get(site.file).map_or("", |source| &source.text);
        let path = site.path.iter().chain(&fault.path).map(String::as_str);
        let span = if fault.path.is_empty() { None } else { locate(site.file, text, path) };
        let help = fault.help.unwrap_or_else(|| "correct the value, or the flag's `schema`".to_owned());
        let finding = Diagnostic::new(RULE.name, span.unwrap_or(site.value.span), fault.message).help(help);
        match self.in_schema(&fault.asked) {
            Some(asked) => finding.related(asked, "asked for here"),
            None => finding,
        }
    }

    /// The place of a part of the flag's schema.
    fn in_schema(&self, path: &[String]) -> Option<Span> {
        let text = self.context.sources.get(self.flag.file).map_or("", |source| &source.text);
        locate(self.flag.file, text, std::iter::once("schema").chain(path.iter().map(String::as_str)))
    }
}

fn noun(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Array(_) => "a list",
        serde_json::Value::Object(_) => "a table",
        serde_json::Value::Null => "nothing",
    }
}

fn example(kind: FlagType) -> &'static str {
    match kind {
        FlagType::String => "a string, in quotes",
        FlagType::Number => "a number, without quotes",
        FlagType::Boolean => "`true` or `false`, without quotes",
        FlagType::Object => "a table or a list",
    }
}

/// The value that was surely meant, where only the quotes are wrong.
fn meant(kind: FlagType, value: &serde_json::Value) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    match (kind, value) {
        (FlagType::String, Json::Number(number)) => Some(Json::String(number.to_string())),
        (FlagType::Number, Json::String(text)) => text.parse::<i64>().ok().map(Json::from),
        (FlagType::Boolean, Json::String(text)) => text.parse::<bool>().ok().map(Json::from),
        _ => None,
    }
}
