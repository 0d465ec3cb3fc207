//! What exposures say of their units besides: the values of the dimensions, each combination of them once.

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::column::{Texts, Wrong};
use super::probe::column;

/// The most different values of a dimension, and bytes of all of them together: what has more is an id, not a dimension.
const MOST_VALUES: usize = 1 << 16;
const MOST_BYTES: usize = 16 << 20;

/// The most different combinations.
const MOST_COMBINATIONS: usize = 1 << 20;

/// The values of the dimensions.
#[derive(Debug, Default)]
pub(super) struct Labels {
    dimensions: Vec<Dimension>,
    /// Combinations, each with a value of every dimension, one after the other.
    combinations: Vec<u32>,
    codes: HashMap<Box<[u32]>, u32>,
}

#[derive(Debug, Default)]
struct Dimension {
    values: Vec<Box<str>>,
    codes: HashMap<Box<str>, u32>,
    bytes: usize,
    /// Why it is not read.
    failed: Option<String>,
}

impl Labels {
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions: (0..dimensions).map(|_| Dimension::default()).collect(), ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.dimensions.is_empty()
    }

    /// How many dimensions there are.
    pub fn count(&self) -> usize {
        self.dimensions.len()
    }

    /// Says that a dimension is not read, and why.
    pub fn fail(&mut self, dimension: usize, why: String) {
        if let Some(dimension) = self.dimensions.get_mut(dimension) {
            dimension.failed.get_or_insert(why);
        }
    }

    /// Why a dimension is not read.
    pub fn failed(&self, dimension: usize) -> Option<&str> {
        self.dimensions.get(dimension)?.failed.as_deref()
    }

    /// The text of a value.
    pub fn value(&self, dimension: usize, code: u32) -> &str {
        self.dimensions.get(dimension).and_then(|own| own.values.get(code as usize)).map_or("", |text| text)
    }

    /// The values of a combination, by dimension.
    pub fn combination(&self, mark: u64) -> &[u32] {
        let width = self.dimensions.len();
        let from = usize::try_from(mark).unwrap_or(usize::MAX).saturating_mul(width);
        self.combinations.get(from..from.saturating_add(width)).unwrap_or(&[])
    }

    /// The order of two combinations: that of their values' code points, dimension by dimension.
    pub fn order(&self, one: u32, other: u32) -> Ordering {
        if one == other {
            return Ordering::Equal;
        }
        let pairs = self.combination(u64::from(one)).iter().zip(self.combination(u64::from(other)));
        let each = pairs.enumerate().map(|(dimension, (one, other))| {
            self.value(dimension, *one).as_bytes().cmp(self.value(dimension, *other).as_bytes())
        });
        each.fold(Ordering::Equal, Ordering::then)
    }

    /// The combination of each row that counts; the others have any. The columns from `first` on are the dimensions.
    pub fn marks(&mut self, batch: &RecordBatch, first: usize, counts: impl Fn(usize) -> bool) -> Vec<u32> {
        let rows = batch.num_rows();
        let mut columns: Vec<Option<Texts>> = Vec::with_capacity(self.dimensions.len());
        for place in 0..self.dimensions.len() {
            let read = match self.failed(place) {
                Some(_) => Ok(None),
                None => texts(batch, first + place).map(Some),
            };
            columns.push(read.unwrap_or_else(|wrong| {
                self.fail(place, wrong.message);
                None
            }));
        }
        let mut marks = vec![0; rows];
        let mut combination = vec![0; columns.len()];
        for (row, mark) in marks.iter_mut().enumerate().filter(|(row, _)| counts(*row)) {
            for ((dimension, column), code) in self.dimensions.iter_mut().zip(&columns).zip(&mut combination) {
                let text = column.as_ref().and_then(|column| column.get(row)).unwrap_or("");
                *code = dimension.code(text);
            }
            *mark = self.mark(&combination);
        }
        marks
    }

    fn mark(&mut self, combination: &[u32]) -> u32 {
        if let Some(mark) = self.codes.get(combination) {
            return *mark;
        }
        let mark = self.codes.len();
        if mark >= MOST_COMBINATIONS {
            let why = format!("dimensions have more than {MOST_COMBINATIONS} combinations of values");
            (0..self.dimensions.len()).for_each(|place| self.fail(place, why.clone()));
            return 0;
        }
        let mark = u32::try_from(mark).unwrap_or(0);
        self.combinations.extend_from_slice(combination);
        self.codes.insert(combination.into(), mark);
        mark
    }
}

impl Dimension {
    fn code(&mut self, text: &str) -> u32 {
        if self.failed.is_some() {
            return 0;
        }
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        if self.values.len() >= MOST_VALUES || self.bytes > MOST_BYTES {
            let why = format!("it has more than {} different values, or very long ones", self.values.len());
            self.failed = Some(why);
            return 0;
        }
        let code = u32::try_from(self.values.len()).unwrap_or(0);
        self.values.push(text.into());
        self.codes.insert(text.into(), code);
        code
    }
}

/// A dimension as text: text, a whole number, a truth or a day, which all engines write alike.
fn texts(batch: &RecordBatch, place: usize) -> Result<Texts, Wrong> {
    let array = column(batch, place)?;
    match array.data_type() {
        DataType::Boolean | DataType::Date32 => {
            let text = cast(array, &DataType::Utf8View).map_err(|wrong| Wrong::new(wrong.to_string()))?;
            Texts::of(&text, "it")
        }
        _ => Texts::of(array, "it"),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};

    use super::{Labels, MOST_VALUES};

    fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
        let named = columns.into_iter().enumerate().map(|(place, column)| (format!("c{place}"), column));
        RecordBatch::try_from_iter(named).unwrap()
    }

    #[test]
    fn combinations_are_told_apart_and_ordered_by_their_texts() {
        let mut labels = Labels::new(2);
        let country = Arc::new(StringArray::from(vec![Some("SE"), None, Some("DE"), Some("SE"), Some("")]));
        let new = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(false)]));
        let marks = labels.marks(&batch(vec![country, new]), 0, |row| row != 9);
        assert_eq!(marks, [0, 1, 2, 0, 1], "no value and an empty one are the same");
        assert_eq!((labels.value(0, 0), labels.value(1, 0), labels.value(1, 2)), ("SE", "true", ""));
        assert_eq!((labels.order(0, 2), labels.order(1, 2)), (Ordering::Greater, Ordering::Less));
    }

    #[test]
    fn what_is_no_dimension_fails_alone() {
        let mut labels = Labels::new(3);
        let rows = MOST_VALUES + 1;
        let ids = Arc::new(Int64Array::from_iter_values((0_i64..).take(rows)));
        let numbers = Arc::new(Float64Array::from(vec![0.5; rows]));
        let plain = Arc::new(StringArray::from(vec!["a"; rows]));
        let marks = labels.marks(&batch(vec![ids, numbers, plain]), 0, |_| true);
        assert!(labels.failed(0).unwrap().contains("65536"), "{:?}", labels.failed(0));
        assert!(labels.failed(1).unwrap().contains("Float64"), "{:?}", labels.failed(1));
        assert_eq!((labels.failed(2), labels.combination(u64::from(marks[rows - 1])).len()), (None, 3));
    }
}
