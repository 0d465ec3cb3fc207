//! Columns of record batches as the operator reads them: ids, names, instants and values, with all that is refused.

use std::fmt;
use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray, StringViewArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::ahead::ask_lines;
use super::hash::{self, Key};

/// The instant of a row that has none.
pub(super) const NEVER: i64 = i64::MIN;

/// Microseconds in a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// Data of a kind that the operator does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong, in words for users.
    pub message: String,
    pub help: Option<String>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Text, in either of the two shapes that are read without a copy.
#[derive(Debug, Clone)]
pub(super) enum Texts {
    Flat(StringArray),
    View(StringViewArray),
}

impl Texts {
    /// A column of text.
    pub fn of(array: &ArrayRef, what: &str) -> Result<Self, Wrong> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Flat(array.as_string::<i32>().clone())),
            DataType::Utf8View => Ok(Self::View(array.as_string_view().clone())),
            kind if is_text(kind) || kind.is_integer() || is_whole(kind) || *kind == DataType::Null => {
                let view = cast(array, &DataType::Utf8View).map_err(|wrong| Wrong::new(format!("{what}: {wrong}")))?;
                Ok(Self::View(view.as_string_view().clone()))
            }
            kind => Err(Wrong::new(format!("{what} is of type {kind}, neither text nor a whole number"))
                .help("write it as text, or cast it in the `select` of a fact")),
        }
    }

    /// The text of a row, if there is one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Flat(array) => (row < array.len() && array.is_valid(row)).then(|| array.value(row)),
            Self::View(array) => (row < array.len() && array.is_valid(row)).then(|| array.value(row)),
        }
    }

    /// What the text of a row is equal to those of others by, within this column; texts that are equal may have several. None
    /// where it takes as long to look at the text.
    #[inline]
    pub fn key(&self, row: usize) -> Option<u128> {
        match self {
            Self::Flat(_) => None,
            // Its length, and the text itself where it is short, else its first letters and where it lies.
            Self::View(array) => array.views().get(row).copied().filter(|_| array.is_valid(row)),
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value) || value.is_integer(),
        _ => false,
    }
}

/// Whether it is a decimal without a fraction.
fn is_whole(kind: &DataType) -> bool {
    matches!(kind, DataType::Decimal32(_, 0) | DataType::Decimal64(_, 0) | DataType::Decimal128(_, 0))
}

/// The ids of units.
#[derive(Debug, Clone)]
pub(super) enum Ids {
    Numbers(Int64Array),
    Texts(Texts),
}

impl Ids {
    /// A column of ids: whole numbers that fit 64 bits with a sign are kept as such, everything else is compared as text.
    pub fn of(array: &ArrayRef, what: &str) -> Result<Self, Wrong> {
        match array.data_type() {
            DataType::Int64 => Ok(Self::Numbers(array.as_primitive::<Int64Type>().clone())),
            kind if kind.is_integer() && *kind != DataType::UInt64 => {
                let wide = cast(array, &DataType::Int64).map_err(|wrong| Wrong::new(format!("{what}: {wrong}")))?;
                Ok(Self::Numbers(wide.as_primitive::<Int64Type>().clone()))
            }
            _ => Texts::of(array, what).map(Self::Texts),
        }
    }

    /// Whether they are numbers.
    pub fn is_numbers(&self) -> bool {
        matches!(self, Self::Numbers(_))
    }

    /// The same as text.
    pub fn into_texts(self) -> Result<Self, Wrong> {
        match self {
            Self::Texts(texts) => Ok(Self::Texts(texts)),
            Self::Numbers(numbers) => {
                let view = cast(&numbers, &DataType::Utf8View).map_err(|wrong| Wrong::new(wrong.to_string()))?;
                Ok(Self::Texts(Texts::View(view.as_string_view().clone())))
            }
        }
    }

    /// The same as numbers; a text that is not a number in its shortest form is no id of a number, and becomes null.
    pub fn into_numbers(self, rows: usize) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(numbers),
            Self::Texts(texts) => Self::Numbers((0..rows).map(|row| hash::canonical(texts.get(row)?)).collect()),
        }
    }

    /// The hash of each row's id and, where ids are texts, the rest of its key; what they are where there is no id does not
    /// matter.
    pub fn keys(&self) -> (Vec<u64>, Vec<u64>) {
        fn of<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> (Vec<u64>, Vec<u64>) {
            texts
                .map(|text| {
                    text.map_or((0, 0), |text| {
                        let Key { hash, rest } = hash::text(text);
                        (hash, rest)
                    })
                })
                .unzip()
        }
        match self {
            Self::Numbers(numbers) => (numbers.values().iter().map(|id| hash::number(*id)).collect(), Vec::new()),
            Self::Texts(Texts::Flat(array)) => of(array.iter()),
            Self::Texts(Texts::View(array)) => of(array.iter()),
        }
    }

    /// Whether each row has an id; none where all have.
    pub fn nulls(&self) -> Option<&arrow::buffer::NullBuffer> {
        let nulls = match self {
            Self::Numbers(numbers) => numbers.nulls(),
            Self::Texts(Texts::Flat(array)) => array.nulls(),
            Self::Texts(Texts::View(array)) => array.nulls(),
        };
        nulls.filter(|nulls| nulls.null_count() > 0)
    }
}

/// The instants of a column, in microseconds since 1970; a finer instant is cut to the microsecond below, which leaves it on
/// the same side of every bound.
pub(super) fn instants(array: &ArrayRef, what: &str) -> Result<ScalarBuffer<i64>, Wrong> {
    fn scaled<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, by: impl Fn(i64) -> i64) -> ScalarBuffer<i64> {
        let array: &PrimitiveArray<T> = array.as_primitive();
        filled(array, NEVER, by)
    }
    Ok(match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) if array.null_count() == 0 => {
            array.as_primitive::<TimestampMicrosecondType>().values().clone()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => scaled::<TimestampMicrosecondType>(array, |at| at),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            scaled::<TimestampNanosecondType>(array, |at| at.div_euclid(1000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled::<TimestampMillisecondType>(array, |at| at.saturating_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled::<TimestampSecondType>(array, |at| at.saturating_mul(1_000_000))
        }
        DataType::Date64 => scaled::<Date64Type>(array, |at| at.saturating_mul(1000)),
        DataType::Date32 => filled(array.as_primitive::<Date32Type>(), NEVER, |day| i64::from(day) * DAY),
        kind => {
            return Err(Wrong::new(format!("{what} is of type {kind}, not an instant"))
                .help("write it as a timestamp, or make it one in the `select` of a fact, as with `to_timestamp_micros(column)`"));
        }
    })
}

/// A column's values, each made into something, with something else where there is none.
fn filled<T: ArrowPrimitiveType, V: arrow::datatypes::ArrowNativeType>(
    array: &PrimitiveArray<T>,
    none: V,
    by: impl Fn(T::Native) -> V,
) -> ScalarBuffer<V> {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => array.values().iter().map(|value| by(*value)).collect::<Vec<_>>().into(),
        Some(nulls) => {
            let values = array.values().iter().zip(nulls.iter());
            values.map(|(value, valid)| if valid { by(*value) } else { none }).collect::<Vec<_>>().into()
        }
    }
}

/// What an input adds per row.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Every row counts 1.
    Ones,
    /// A value per row; NaN where it is missing.
    Floats(ScalarBuffer<f64>),
    /// What tells values apart, per row; 0 where it is missing.
    Keys(Vec<u64>),
}

impl Values {
    /// A column to add or to compare: a truth counts 1 where it holds, and is missing where it does not.
    pub fn numbers(array: &ArrayRef, what: &str) -> Result<Self, Wrong> {
        Ok(Self::Floats(match array.data_type() {
            DataType::Float64 if array.null_count() == 0 => array.as_primitive::<Float64Type>().values().clone(),
            DataType::Float64 => filled(array.as_primitive::<Float64Type>(), f64::NAN, |value| value),
            DataType::Boolean => truths(array.as_boolean()),
            kind if kind.is_numeric() || *kind == DataType::Null => {
                let floats = cast(array, &DataType::Float64).map_err(|wrong| Wrong::new(format!("{what}: {wrong}")))?;
                let floats: &Float64Array = floats.as_primitive();
                filled(floats, f64::NAN, |value| value)
            }
            kind => return Err(Wrong::new(format!("{what} is of type {kind}, not a number"))),
        }))
    }

    /// A column whose distinct values are counted: numbers by their value, everything else by its text.
    pub fn keys(array: &ArrayRef, what: &str) -> Result<Self, Wrong> {
        let keys = match array.data_type() {
            kind if kind.is_floating() => {
                let Self::Floats(floats) = Self::numbers(array, what)? else { return Ok(Self::Ones) };
                // −0 + 0 is 0.
                let key = |value: &f64| if value.is_nan() { 0 } else { bits((value + 0.0).to_bits()) };
                floats.iter().map(key).collect()
            }
            kind if kind.is_integer() && *kind != DataType::UInt64 => {
                let Ids::Numbers(numbers) = Ids::of(array, what)? else { return Ok(Self::Ones) };
                numbers.iter().map(|value| value.map_or(0, |value| bits(value.cast_unsigned()))).collect()
            }
            _ => {
                let texts = cast(array, &DataType::Utf8View).map_err(|wrong| Wrong::new(format!("{what}: {wrong}")))?;
                let texts = Texts::View(texts.as_string_view().clone());
                (0..array.len())
                    .map(|row| texts.get(row).map_or(0, |text| hash::bytes(text.as_bytes()).max(1)))
                    .collect()
            }
        };
        Ok(Self::Keys(keys))
    }
}

/// Values of some rows, in their order.
#[derive(Debug, Default)]
pub(super) enum Taken {
    #[default]
    Ones,
    Floats(Vec<f64>),
    Keys(Vec<u64>),
}

impl Taken {
    /// Those of some rows; `spare` are others that are not needed any more.
    pub fn of(values: &Values, rows: &[u32], spare: Self) -> Self {
        match values {
            Values::Ones => Self::Ones,
            Values::Floats(values) => {
                let spare = if let Self::Floats(spare) = spare { spare } else { Vec::new() };
                Self::Floats(taken(values, rows, spare))
            }
            Values::Keys(values) => {
                let spare = if let Self::Keys(spare) = spare { spare } else { Vec::new() };
                Self::Keys(taken(values, rows, spare))
            }
        }
    }

    /// Asks memory for those of some rows.
    pub fn prefetch(&self, rows: Range<usize>) {
        match self {
            Self::Ones => {}
            Self::Floats(floats) => ask_lines(floats.get(rows).unwrap_or(&[]), usize::MAX),
            Self::Keys(keys) => ask_lines(keys.get(rows).unwrap_or(&[]), usize::MAX),
        }
    }

    /// Bytes that they hold.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Ones => 0,
            Self::Floats(floats) => floats.capacity() * size_of::<f64>(),
            Self::Keys(keys) => keys.capacity() * size_of::<u64>(),
        }
    }
}

/// Values in the order of some rows, in place of others that are not needed any more.
pub(super) fn taken<T: Copy + Default>(values: &[T], rows: &[u32], mut spare: Vec<T>) -> Vec<T> {
    spare.clear();
    spare.extend(rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()));
    spare
}

/// From how many things each place has, where those of each begin; after the last, where they end. The first count is 0, and
/// each stands one place further on.
pub(super) fn begin(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}

/// A key that is not 0.
fn bits(bits: u64) -> u64 {
    hash::number(bits.cast_signed()).max(1)
}

fn truths(array: &BooleanArray) -> ScalarBuffer<f64> {
    array.iter().map(|truth| if truth == Some(true) { 1.0 } else { f64::NAN }).collect::<Vec<_>>().into()
}
