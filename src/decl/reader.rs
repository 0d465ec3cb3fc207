//! Reading a TOML table key by key, so that one bad key never hides the findings in others.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Concern, Diagnostic, Fix, closest, did_you_mean, shown, slip};
use crate::source::{FileId, Span};

/// How many findings of one file are kept; a file with more is hostile, or not a catalogue file at all.
pub(super) const MAX_FINDINGS: usize = 200;

/// A TOML value with its place.
pub type Node<'a> = &'a Spanned<DeValue<'a>>;

/// A value as written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub span: Span,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A key that every such table must have; it is still empty where the file lacks it.
#[derive(Debug, Clone)]
pub struct Must<T>(pub Option<At<T>>);

/// A key that a table may have.
pub type May<T> = Option<At<T>>;

impl<T> Default for Must<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> std::ops::Deref for Must<T> {
    type Target = Option<At<T>>;

    fn deref(&self) -> &Option<At<T>> {
        &self.0
    }
}

/// Something that can be read from one TOML value; what is wrong with it is reported to the reader.
pub trait Decode: Sized {
    /// What a value looks like, for help lines.
    #[must_use]
    fn example() -> String {
        "…".to_owned()
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self>;
}

/// A field of a table: knows whether it must be there.
pub trait Field: Sized {
    fn read(table: &mut Table<'_, '_>, key: &'static str) -> Self;
}

impl<T: Decode> Field for May<T> {
    fn read(table: &mut Table<'_, '_>, key: &'static str) -> Self {
        table.take(key)
    }
}

impl<T: Decode> Field for Must<T> {
    fn read(table: &mut Table<'_, '_>, key: &'static str) -> Self {
        if !table.has(key) {
            table.missing(key, T::example());
        }
        Self(table.take(key))
    }
}

/// Collects the findings of one file while it is read.
#[derive(Debug)]
pub struct Reader {
    pub file: FileId,
    /// What the key being read concerns.
    pub concern: Concern,
    /// Keys of the outermost table that nothing served depends on.
    pub planning: &'static [&'static str],
    pub findings: Vec<Diagnostic>,
}

impl Reader {
    /// The span of a TOML value or key.
    #[must_use]
    pub fn span<T>(&self, node: &Spanned<T>) -> Span {
        Span::new(self.file, node.span())
    }

    /// Reports a finding, marked with what the present key concerns.
    pub fn report(&mut self, mut finding: Diagnostic) {
        finding.concern = self.concern;
        self.findings.push(finding);
    }

    /// Reports that a value is not of the kind that its key needs.
    pub fn wrong_type(&mut self, node: Node<'_>, needed: &str) -> Diagnostic {
        let found = match node.get_ref() {
            DeValue::String(text) if text.len() <= 60 => format!("the string {:?}", text.as_ref()),
            DeValue::Integer(number) => format!("the number {}", shown(number.as_str())),
            DeValue::Float(number) => format!("the number {}", shown(number.as_str())),
            DeValue::Boolean(value) => format!("`{value}`"),
            other => article(other.type_str()),
        };
        Diagnostic::new("wrong-type", self.span(node), format!("this must be {needed}, but it is {found}"))
    }

    /// Reports a finding on a value, with the text that it should be replaced by, where that is beyond doubt.
    pub fn report_with(&mut self, finding: Diagnostic, node: Node<'_>, text: Option<String>) {
        let Some(text) = text else { return self.report(finding) };
        let title = format!("write {text}");
        let fix = Fix::replace(self.span(node), text, title.clone());
        self.report(finding.help(title).fix(Some(fix)));
    }

    /// Opens a value as a table of known keys.
    pub fn table_of<'a, 'r>(&'r mut self, node: Node<'a>, example: fn() -> String) -> Option<Table<'a, 'r>> {
        if node.get_ref().as_table().is_none() {
            let finding = self.wrong_type(node, "a table").help(format!("write it as `{}`", example()));
            self.report(finding);
            return None;
        }
        self.table(node, None)
    }

    /// Opens a value as a table whose place, for what it lacks, is `place`.
    pub fn table<'a, 'r>(&'r mut self, node: Node<'a>, place: Option<Span>) -> Option<Table<'a, 'r>> {
        let span = place.unwrap_or_else(|| self.span(node));
        match node.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, span, self)),
            _ => {
                let finding = self.wrong_type(node, "a table");
                self.report(finding);
                None
            }
        }
    }
}

/// Whether a text can stand in quotes as it is.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() <= 200 && !text.contains(['"', '\\']) && !text.chars().any(char::is_control)
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A table being read: keys are taken one by one, and what is left over is unknown.
#[derive(Debug)]
pub struct Table<'a, 'r> {
    entries: Vec<(&'a str, Span, Node<'a>)>,
    pub span: Span,
    known: Vec<&'static str>,
    /// Known keys that are not there.
    absent: Vec<&'static str>,
    /// Those of them that must be there, each with an example of its value.
    lacking: Vec<(&'static str, String)>,
    /// Keys that are there and could not be read.
    unread: Vec<&'static str>,
    pub reader: &'r mut Reader,
    outermost: bool,
    written: bool,
}

impl<'a, 'r> Table<'a, 'r> {
    /// The entries of a table, in the order in which they are written.
    pub fn new(entries: &'a DeTable<'a>, span: Span, reader: &'r mut Reader) -> Self {
        let mut listed: Vec<_> =
            entries.iter().map(|(key, node)| (key.get_ref().as_ref(), reader.span(key), node)).collect();
        listed.sort_by_key(|&(_, span, _)| span);
        let written = !listed.is_empty();
        Self {
            entries: listed,
            span,
            known: Vec::new(),
            absent: Vec::new(),
            lacking: Vec::new(),
            unread: Vec::new(),
            reader,
            outermost: false,
            written,
        }
    }

    /// Marks the file's outermost table, whose keys decide what a finding concerns.
    #[must_use]
    pub fn outermost(mut self) -> Self {
        self.outermost = true;
        self
    }

    /// Whether a key is written.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, ..)| *name == key)
    }

    /// Whether the table has, or had before its keys were taken, any key at all.
    #[must_use]
    pub fn any_written(&self) -> bool {
        self.written
    }

    /// Takes a key's value, if it is there and can be read.
    pub fn take<T: Decode>(&mut self, key: &'static str) -> May<T> {
        self.known.push(key);
        let Some(at) = self.entries.iter().position(|(name, ..)| *name == key) else {
            self.absent.push(key);
            return None;
        };
        let (_, key_span, node) = self.entries.remove(at);
        let taken = self.concerning(key, |reader| {
            let span = match node.get_ref() {
                DeValue::Table(_) => key_span,
                _ => reader.span(node),
            };
            T::decode(node, reader).map(|value| At { value, span })
        });
        if taken.is_none() {
            self.unread.push(key);
        }
        taken
    }

    /// Remembers a key that must be there and is not.
    pub fn missing(&mut self, key: &'static str, example: String) {
        self.lacking.push((key, example));
    }

    /// All entries that were not taken, as a map from free keys.
    pub fn rest(&mut self) -> Vec<(&'a str, Span, Node<'a>)> {
        std::mem::take(&mut self.entries)
    }

    /// Reports every key that nobody asked for, and those that are missing.
    ///
    /// Returns the keys that are there but could not be read, by their right names: they are wrong, and not missing.
    #[expect(clippy::must_use_candidate, reason = "most tables have no use for them")]
    pub fn finish(mut self) -> Vec<&'static str> {
        let entries = std::mem::take(&mut self.entries);
        let mut absent = std::mem::take(&mut self.absent);
        let mut unread = std::mem::take(&mut self.unread);
        for (name, span, _) in entries {
            // Beyond what is kept no finding needs a suggestion, which is the dear part of it.
            let look = self.reader.findings.len() < MAX_FINDINGS;
            let near = if look { closest(name, absent.iter().copied()) } else { None };
            let meant = absent.iter().copied().find(|key| Some(*key) == near);
            let sure = meant.filter(|key| slip(name, absent.iter().copied()) == Some(*key));
            let help = match meant {
                Some(key) => Some(format!("did you mean `{key}`?")),
                None => look.then(|| did_you_mean(name, &self.known)).flatten(),
            };
            let finding = Diagnostic::new("unknown-key", span, format!("`{}` is not a key of this table", shown(name)))
                .maybe_help(help)
                .fix(sure.map(|key| Fix::replace(span, key, format!("write `{key}`"))));
            self.concerning(meant.unwrap_or(""), |reader| reader.report(finding));
            // A key is misspelt once; it is unread then, and not missing.
            absent.retain(|key| Some(*key) != meant);
            unread.extend(meant);
        }
        for (key, example) in std::mem::take(&mut self.lacking) {
            if !unread.contains(&key) {
                self.report_missing(key, &example);
            }
        }
        unread
    }

    fn report_missing(&mut self, key: &'static str, example: &str) {
        let span = self.span;
        self.concerning(key, |reader| {
            let finding = Diagnostic::new("missing-key", span, format!("the key `{key}` is missing"));
            let finding = if key == "version" {
                let fix = Fix::replace(Span::top(reader.file), "version = 1\n", "add `version = 1`");
                finding.help("write `version = 1` as the first line").fix(Some(fix))
            } else {
                finding.help(format!("add `{key} = {example}`"))
            };
            reader.report(finding);
        });
    }

    /// Runs a step with what `key` concerns: only keys of the outermost table change that.
    fn concerning<T>(&mut self, key: &str, step: impl FnOnce(&mut Reader) -> T) -> T {
        let saved = self.reader.concern;
        if self.outermost && self.reader.planning.contains(&key) {
            self.reader.concern = Concern::Planning;
        }
        let result = step(self.reader);
        self.reader.concern = saved;
        result
    }
}

/// A list, each item with its place; it can be read if all of them can.
impl<T: Decode> Decode for Vec<At<T>> {
    fn example() -> String {
        format!("[{}]", T::example())
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let DeValue::Array(items) = node.get_ref() else {
            let one = node.get_ref().as_str().filter(|text| is_plain(text)).map(|text| format!("[\"{text}\"]"));
            let finding = reader.wrong_type(node, "a list");
            reader.report_with(finding, node, one);
            return None;
        };
        // Every item is looked at, for its findings; a list without one of them would mean something else.
        let read: Vec<Option<At<T>>> = items
            .iter()
            .map(|item| {
                let span = reader.span(item);
                T::decode(item, reader).map(|value| At { value, span })
            })
            .collect();
        read.into_iter().collect()
    }
}

/// A table from free keys to values, in the order in which they are written.
#[derive(Debug, Clone)]
pub struct Entries<T>(pub Vec<(At<String>, At<T>)>, Vec<String>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new(), Vec::new())
    }
}

impl<T> Entries<T> {
    /// The entries, in the order in which they are written.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(At<String>, At<T>)> {
        self.0.iter()
    }

    /// The entry of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&(At<String>, At<T>)> {
        self.0.iter().find(|(name, _)| name.value == key)
    }

    /// Whether a key is written, be its value read or not.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some() || self.1.iter().any(|name| name == key)
    }

    /// Whether every value could be read, and read as a whole.
    #[must_use]
    pub fn reads(&self, whole: impl Fn(&T) -> bool) -> bool {
        self.1.is_empty() && self.0.iter().all(|(_, value)| whole(&value.value))
    }

    /// The keys whose values could not be read.
    #[must_use]
    pub fn unread(&self) -> &[String] {
        &self.1
    }

    /// The keys, in the order in which they are written.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.value.as_str())
    }
}

impl<T: Decode> Decode for Entries<T> {
    fn example() -> String {
        format!("{{ … = {} }}", T::example())
    }

    fn decode(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut table = reader.table(node, None)?;
        let entries = table.rest();
        let mut read = Vec::with_capacity(entries.len());
        let mut unread = Vec::new();
        for (key, span, node) in entries {
            let place = match node.get_ref() {
                DeValue::Table(_) => span,
                _ => reader.span(node),
            };
            match T::decode(node, reader) {
                Some(value) => read.push((At { value: key.to_owned(), span }, At { value, span: place })),
                None => unread.push(key.to_owned()),
            }
        }
        Some(Self(read, unread))
    }
}

macro_rules! same_schema {
    ($outer:ident) => {
        impl<T: JsonSchema> JsonSchema for $outer<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    };
}
same_schema!(At);
same_schema!(Must);

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("EntriesOf{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": value })
    }
}
