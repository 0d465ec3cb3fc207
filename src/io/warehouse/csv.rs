//! CSV beside the engine: where its records end, and a second look for the line of what could not be read.

use std::sync::Arc;

use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use datafusion::error::{DataFusionError, Result};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::fault::Fault;
use super::files::Files;

/// How many bytes a second look reads: it says where something is, and what is wrong is known without it.
const MOST: u64 = 4 << 30;

/// The longest record that is read: behind a quote that is not closed the rest of the file is one.
const LONGEST: usize = 64 << 20;

/// How much of a value is shown.
const SHOWN: usize = 40;

/// What stands before the first line in some files.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Where in a record the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Before a record; lines without anything are none.
    #[default]
    Start,
    /// Before a field.
    Field,
    Plain,
    Quoted,
    /// Behind a quote in quotes: it ends them, or is one of two.
    Quote,
}

/// What a byte does.
enum Step {
    Nothing,
    /// It is one of the field's.
    Byte,
    EndsField,
    EndsRecord,
}

impl State {
    fn step(&mut self, byte: u8) -> Step {
        let (next, step) = match (*self, byte) {
            (Self::Start, b'\n' | b'\r') => (Self::Start, Step::Nothing),
            (Self::Start | Self::Field, b'"') => (Self::Quoted, Step::Nothing),
            (Self::Quoted, b'"') => (Self::Quote, Step::Nothing),
            (Self::Quoted, _) | (Self::Quote, b'"') => (Self::Quoted, Step::Byte),
            (_, b',') => (Self::Field, Step::EndsField),
            (_, b'\n' | b'\r') => (Self::Start, Step::EndsRecord),
            _ => (Self::Plain, Step::Byte),
        };
        *self = next;
        step
    }
}

/// The bytes of a file in pieces of whole records, whatever stands in quotes, as types are seen in each by itself.
pub(super) fn whole<S, B>(bytes: S) -> impl Stream<Item = Result<Vec<u8>>>
where
    S: Stream<Item = object_store::Result<B>> + Unpin,
    B: AsRef<[u8]>,
{
    let begin = (bytes, State::default(), Vec::new(), false);
    stream::try_unfold(begin, |(mut bytes, mut state, mut rest, done)| async move {
        if done {
            return Ok(None);
        }
        loop {
            let Some(more) = bytes.try_next().await.map_err(|wrong| DataFusionError::ObjectStore(Box::new(wrong)))?
            else {
                if state == State::Quoted {
                    return Err(DataFusionError::External(Box::new(Fault::data("a quote is not closed"))));
                }
                let left = std::mem::take(&mut rest);
                return Ok((state != State::Start).then_some((left, (bytes, state, rest, true))));
            };
            let before = rest.len();
            let mut end = None;
            for (at, byte) in more.as_ref().iter().enumerate() {
                if matches!(state.step(*byte), Step::EndsRecord) {
                    end = Some(before + at + 1);
                }
            }
            rest.extend_from_slice(more.as_ref());
            if let Some(end) = end {
                let left = rest.split_off(end);
                return Ok(Some((rest, (bytes, state, left, false))));
            }
            if rest.len() > LONGEST {
                let wrong = format!("a row has more than {} MB: a quote may not be closed", LONGEST >> 20);
                return Err(DataFusionError::External(Box::new(Fault::data(wrong))));
            }
        }
    })
}

/// What a column's values have to be, and the value that was not, where it is known.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub kind: DataType,
    pub only: Option<String>,
}

/// The first place at which files are not CSV, or a column has a value that is not what is expected of it; none where there is
/// no such place, or it is too far on.
pub(super) async fn look(
    files: &Files,
    store: &Arc<dyn ObjectStore>,
    what: &str,
    expected: impl Fn(&str) -> Option<Expected>,
) -> Option<Fault> {
    let mut read = 0;
    for meta in &files.metas {
        let mut bytes = store.get(&meta.location).await.ok()?.into_stream();
        let mut look = Look { line: 1, began: 1, ..Look::default() };
        let mut found = None;
        while let Some(piece) = bytes.next().await {
            let piece = piece.ok()?;
            found = piece.iter().find_map(|byte| look.byte(*byte, &expected));
            read += piece.len() as u64;
            if found.is_some() {
                break;
            }
            if read > MOST {
                return None;
            }
        }
        if let Some((line, wrong, help)) = found.or_else(|| look.end(&expected)) {
            let path = files.place.path(meta);
            return Some(Fault::data(format!("{what} in `{path}`, line {line}: {wrong}")).help(help));
        }
    }
    None
}

/// A line, what is wrong there, and what helps.
type Found = (u64, String, String);

/// A look at one file.
#[derive(Debug, Default)]
struct Look {
    state: State,
    /// How much of a mark was there.
    mark: usize,
    marked: bool,
    line: u64,
    /// The line on which the present field began.
    began: u64,
    field: Vec<u8>,
    /// How long the record is so far.
    length: usize,
    /// The place of the field in its record.
    place: usize,
    /// The names of the first line, with what is expected.
    columns: Vec<(String, Option<Expected>)>,
    headed: bool,
}

impl Look {
    fn byte(&mut self, byte: u8, expected: &impl Fn(&str) -> Option<Expected>) -> Option<Found> {
        if !self.marked {
            if MARK.get(self.mark) == Some(&byte) {
                self.mark += 1;
                return None;
            }
            self.marked = true;
        }
        if matches!(self.state, State::Start | State::Field) {
            self.began = self.line;
        }
        let step = self.state.step(byte);
        if byte == b'\n' {
            self.line += 1;
        }
        self.length += 1;
        if self.length > LONGEST {
            return Some(unclosed(self.began));
        }
        match step {
            Step::Nothing => None,
            Step::Byte => {
                self.field.push(byte);
                None
            }
            Step::EndsField => self.field(expected),
            Step::EndsRecord => self.record(expected),
        }
    }

    /// The file ends.
    fn end(&mut self, expected: &impl Fn(&str) -> Option<Expected>) -> Option<Found> {
        match self.state {
            State::Quoted => Some(unclosed(self.began)),
            State::Start => None,
            _ => self.record(expected),
        }
    }

    fn field(&mut self, expected: &impl Fn(&str) -> Option<Expected>) -> Option<Found> {
        let bytes = std::mem::take(&mut self.field);
        let place = self.place;
        self.place += 1;
        let Ok(text) = String::from_utf8(bytes) else {
            let column = self.columns.get(place).map_or(String::new(), |(name, _)| format!("`{}` ", shown(name)));
            return Some((self.began, format!("{column}is no UTF-8 text"), "save the file as UTF-8".to_owned()));
        };
        if !self.headed {
            let own = expected(&text);
            self.columns.push((text, own));
            return None;
        }
        let (name, own) = self.columns.get(place)?;
        let own = own.as_ref()?;
        let asked = own.only.as_ref().is_none_or(|only| *only == text);
        if text.is_empty() || !asked || fits(&own.kind, &text) {
            return None;
        }
        let (kind, help) = words(&own.kind);
        Some((self.began, format!("`{}` is `{}`, and {kind}", shown(name), shown(&text)), help.to_owned()))
    }

    fn record(&mut self, expected: &impl Fn(&str) -> Option<Expected>) -> Option<Found> {
        let line = self.began;
        let found = self.field(expected);
        let fields = std::mem::take(&mut self.place);
        self.length = 0;
        self.headed = true;
        let columns = self.columns.len();
        let count = || {
            let help = "write as many as there are columns; a text with a comma stands in quotes";
            let plural = if fields == 1 { "field" } else { "fields" };
            (line, format!("it has {fields} {plural}, and the first line {columns}"), help.to_owned())
        };
        // Fields that are in other places than they should be have other types as well.
        if fields == columns { found } else { Some(count()) }
    }
}

fn unclosed(line: u64) -> Found {
    let help = "close it; a quote inside of quotes is written twice";
    (line, "a quote is not closed".to_owned(), help.to_owned())
}

/// Whether the engine reads a text as such a value.
fn fits(kind: &DataType, text: &str) -> bool {
    match kind {
        DataType::Float64 => Float64Type::parse(text).is_some(),
        DataType::Int64 => Int64Type::parse(text).is_some(),
        DataType::Date32 => Date32Type::parse(text).is_some(),
        DataType::Boolean => ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)),
        DataType::Timestamp(..) => {
            "+00:00".parse::<Tz>().ok().is_none_or(|zone| string_to_datetime(&zone, text).is_ok())
        }
        _ => true,
    }
}

/// What a text is not, and what helps.
fn words(kind: &DataType) -> (&'static str, &'static str) {
    match kind {
        DataType::Float64 => ("no number", "write it as `12.5`, and leave the field empty where there is no value"),
        DataType::Int64 => (
            "no whole number, as in the rows before it",
            "write all of them alike, and leave the field empty where there is no value",
        ),
        DataType::Boolean => (
            "neither `true` nor `false`, as in the rows before it",
            "write all of them alike, and leave the field empty where there is no value",
        ),
        DataType::Date32 => ("no day", "write it as `2027-02-01`, a day that there is"),
        _ => ("no instant", "write it as `2027-02-01T00:00:00Z`, on a day that there is"),
    }
}

/// A text in one line, and short.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).map(|own| if own.is_control() { ' ' } else { own }).collect();
    if short.len() < text.len() && text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
