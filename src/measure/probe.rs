//! Batches taken apart, and rows looked up many at a time, so that their waits for memory overlap.

use std::hint::black_box;
use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::buffer::ScalarBuffer;

use super::column::{Ids, NEVER, Texts, Values, Wrong, instants};
use super::labels::Labels;
use super::plan::Probe;
use super::shard::{Exposed, Id, Key, Shard};
use crate::decl::Function;
use crate::query::Source;

/// How many rows are looked up together: enough to overlap their waits, few enough that what they fetched is still there.
const TOGETHER: usize = 128;

/// The ids of a batch with their hashes, and its instants.
#[derive(Debug)]
pub(super) struct Rows {
    ids: Ids,
    hashes: Vec<u64>,
    pub at: ScalarBuffer<i64>,
}

/// The facts of a batch.
#[derive(Debug)]
pub(super) struct Facts {
    pub rows: Rows,
    /// By input of the source.
    pub values: Vec<Values>,
}

impl Rows {
    /// The first column has ids, another one instants; `numbers` says what ids must be.
    pub fn of(batch: &RecordBatch, numbers: Option<bool>, instant: usize, what: [&str; 2]) -> Result<Self, Wrong> {
        let ids = Ids::of(column(batch, 0)?, what[0])?;
        let ids = match numbers {
            Some(true) => ids.into_numbers(batch.num_rows()),
            Some(false) => ids.into_texts()?,
            None => ids,
        };
        let at = instants(column(batch, instant)?, what[1])?;
        Ok(Self { hashes: ids.hashes(batch.num_rows()), ids, at })
    }

    pub fn is_numbers(&self) -> bool {
        self.ids.is_numbers()
    }

    /// Whether a row has an id.
    pub fn has_id(&self, row: usize) -> bool {
        self.ids.nulls().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// The rows of some shards that have an id and an instant and that are wanted.
    pub fn pick(&self, shards: &Range<usize>, wanted: impl Fn(usize) -> bool, picked: &mut Vec<u32>) {
        picked.clear();
        let nulls = self.ids.nulls();
        for (row, (hash, at)) in self.hashes.iter().zip(self.at.iter()).enumerate() {
            let valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
            if shards.contains(&shard_of(*hash)) && *at != NEVER && valid && wanted(row) {
                picked.extend(u32::try_from(row));
            }
        }
    }

    /// The shard of a row, and its key.
    #[inline]
    pub fn key(&self, row: usize) -> Option<(usize, Key<'_>)> {
        let hash = *self.hashes.get(row)?;
        let id = match &self.ids {
            Ids::Numbers(numbers) => Id::Number(*numbers.values().get(row)?),
            Ids::Texts(texts) => Id::Text(texts.get(row)?),
        };
        Some((shard_of(hash), Key { hash, id }))
    }

    /// Brings the slots of some rows into the cache.
    pub fn touch(&self, shards: &[Shard], first: usize, rows: &[u32]) {
        let mut touched = 0;
        for row in rows {
            let hash = self.hashes.get(*row as usize).copied().unwrap_or(0);
            touched ^= shards.get(shard_of(hash).wrapping_sub(first)).map_or(0, |shard| shard.touch(hash));
        }
        black_box(touched);
    }
}

impl Facts {
    /// The columns are the unit, the instant, and one for each input that has one: a count without a predicate has none.
    pub fn of(batch: &RecordBatch, source: &Source, numbers: bool) -> Result<Self, Wrong> {
        let what = |column: &str| format!("column `{column}` of `{}`", source.fact);
        let rows = Rows::of(batch, Some(numbers), 1, [&what(&source.unit), &what(&source.timestamp)])?;
        let mut next = 2;
        let mut values = Vec::new();
        for input in &source.inputs {
            if input.function == Function::Count && input.predicate.is_none() {
                values.push(Values::Ones);
                continue;
            }
            let array = column(batch, next)?;
            next += 1;
            let what = what(input.column.as_deref().or(input.predicate.as_deref()).unwrap_or_default());
            values.push(match input.function {
                Function::CountDistinct => Values::keys(array, &what)?,
                _ => Values::numbers(array, &what)?,
            });
        }
        Ok(Self { rows, values })
    }

    /// Adds the rows that belong to some shards, of which the first is the `first` of all.
    pub fn add(&self, shards: &mut [Shard], first: usize, probes: &[Probe]) {
        let own = first..first + shards.len();
        let mut picked = Vec::new();
        self.rows.pick(&own, |_| true, &mut picked);
        let mut found = Vec::with_capacity(TOGETHER);
        for rows in picked.chunks(TOGETHER) {
            self.rows.touch(shards, first, rows);
            found.clear();
            let mut touched = 0;
            for row in rows {
                let Some((shard, key)) = self.rows.key(*row as usize) else { continue };
                let Some(own) = shards.get(shard - first) else { continue };
                if let Some(place) = own.find(key) {
                    touched ^= own.touch_entries(place);
                    found.push((*row as usize, shard - first, key, place));
                }
            }
            black_box(touched);
            for (row, shard, key, place) in &found {
                let Some(shard) = shards.get_mut(*shard) else { continue };
                let Some(at) = self.rows.at.get(*row) else { continue };
                if let Some(place) = shard.entries(*key, *place) {
                    shard.add(place, *at, *row, probes, &self.values);
                }
            }
        }
    }
}

/// The exposures of a batch.
#[derive(Debug)]
pub(super) struct Exposures {
    pub rows: Rows,
    /// The study and the variant of each row, if it counts.
    pub codes: Vec<Option<(u16, u8)>>,
    /// The combination of each row's values of dimensions; none where there are no dimensions.
    pub marks: Vec<u32>,
}

/// Adds the exposures that belong to some shards, of which the first is the `first` of all. It fails when a shard is full.
pub(super) fn expose(batch: &Exposures, shards: &mut [Shard], first: usize, labels: &Labels) -> Option<()> {
    let Exposures { rows, codes, marks } = batch;
    let own = first..first + shards.len();
    let mut picked = Vec::new();
    rows.pick(&own, |row| codes.get(row).is_some_and(Option::is_some), &mut picked);
    for together in picked.chunks(TOGETHER) {
        rows.touch(shards, first, together);
        for row in together {
            let row = *row as usize;
            let (shard, key) = rows.key(row)?;
            let (study, variant) = codes.get(row).copied().flatten()?;
            let mark = marks.get(row).copied().unwrap_or(0);
            let exposed = Exposed { at: *rows.at.get(row)?, study, variant, mark };
            shards.get_mut(shard - first)?.push(key, exposed, labels)?;
        }
    }
    Some(())
}

/// A column of a batch, by its place.
pub(super) fn column(batch: &RecordBatch, place: usize) -> Result<&arrow::array::ArrayRef, Wrong> {
    batch.columns().get(place).ok_or_else(|| Wrong::new("the data have too few columns"))
}

/// A column of names.
pub(super) fn names(batch: &RecordBatch, place: usize, what: &str) -> Result<Texts, Wrong> {
    Texts::of(column(batch, place)?, what)
}

/// The shard of a hash: its highest bits, so that the lower ones are left for the places in a shard's table.
#[inline]
pub(super) fn shard_of(hash: u64) -> usize {
    (hash >> 56) as usize
}
