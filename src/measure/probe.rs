//! Batches taken apart, their rows ordered by shard, and looked up many at a time, so that their waits for memory overlap.
//!
//! All units together are far larger than a cache, those of one shard are not: so the rows of many batches are added shard by
//! shard.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::buffer::ScalarBuffer;

use super::ahead::ask_lines;
use super::calendar::Calendar;
use super::column::{Ids, NEVER, Taken, Texts, Values, Wrong, begin, instants, taken};
use super::fact::Fact;
use super::hash::Key;
use super::intake::Row;
use super::labels::Labels;
use super::plan::Probe;
use super::rows::SHARDS;
use super::shard::{Shard, Span};
use crate::decl::Function;
use crate::query::Source;

/// How many of a hash's highest bits say its shard.
pub(super) const SHARD_BITS: u32 = SHARDS.ilog2();

/// The ids of a batch and its instants, in its own order.
#[derive(Debug)]
pub(super) struct Columns {
    ids: Ids,
    pub at: ScalarBuffer<i64>,
}

impl Columns {
    /// The first column has ids, another one instants; `numbers` says what ids must be.
    pub fn of(batch: &RecordBatch, numbers: Option<bool>, instant: usize, what: [&str; 2]) -> Result<Self, Wrong> {
        let ids = Ids::of(column(batch, 0)?, what[0])?;
        let ids = match numbers {
            Some(true) => ids.into_numbers(batch.num_rows()),
            Some(false) => ids.into_texts()?,
            None => ids,
        };
        Ok(Self { ids, at: instants(column(batch, instant)?, what[1])? })
    }

    pub fn is_numbers(&self) -> bool {
        self.ids.is_numbers()
    }

    /// Whether a row has an id.
    pub fn has_id(&self, row: usize) -> bool {
        self.ids.nulls().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// The rows of some shards that have an id and an instant and that are wanted, ordered by shard; `spare` are others that
    /// are not needed any more.
    pub fn ordered(&self, shards: &Range<usize>, wanted: impl Fn(usize) -> bool, spare: Rows) -> Rows {
        let (hashes, rest) = self.ids.keys();
        let nulls = self.ids.nulls();
        // Counted into their shards' places; those that are left out come last.
        let mut starts = vec![0_u32; SHARDS + 2];
        let place = |row: usize, hash: u64, at: i64| {
            let shard = shard_of(hash);
            let valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
            if shards.contains(&shard) && at != NEVER && valid && wanted(row) { shard } else { SHARDS }
        };
        let all = hashes.iter().zip(self.at.iter()).enumerate();
        let places: Vec<u16> = all
            .map(|(row, (hash, at))| {
                let place = place(row, *hash, *at);
                starts.get_mut(place + 1).into_iter().for_each(|count| *count += 1);
                u16::try_from(place).unwrap_or(u16::MAX)
            })
            .collect();
        begin(&mut starts);
        let mut next = starts.clone();
        let mut rows = vec![0_u32; places.len()];
        for (row, place) in (0..).zip(&places) {
            let Some(next) = next.get_mut(usize::from(*place)) else { continue };
            rows.get_mut(*next as usize).into_iter().for_each(|to| *to = row);
            *next += 1;
        }
        rows.truncate(starts.get(SHARDS).map_or(0, |end| *end as usize));
        let (hashes, at) = (taken(&hashes, &rows, spare.hashes), taken(&self.at, &rows, spare.at));
        let rest = if rest.is_empty() { rest } else { taken(&rest, &rows, spare.rest) };
        Rows { starts, hashes, rest, at, origins: rows }
    }
}

/// Rows of a batch, ordered by the shards that they belong to; those of a shard keep their order.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Where those of each shard begin; after the last, where they end.
    starts: Vec<u32>,
    hashes: Vec<u64>,
    /// The rest of their keys; none where ids are numbers.
    rest: Vec<u64>,
    at: Vec<i64>,
    /// Which row of the batch each was.
    origins: Vec<u32>,
}

impl Rows {
    /// The rows of a shard.
    fn of_shard(&self, shard: usize) -> Range<usize> {
        let start = |shard: usize| self.starts.get(shard).map_or(0, |start| *start as usize);
        start(shard)..start(shard + 1)
    }

    #[inline]
    fn key(&self, row: usize) -> Option<Key> {
        Some(Key { hash: *self.hashes.get(row)?, rest: self.rest.get(row).copied().unwrap_or(0) })
    }

    /// Whether ids are texts.
    fn named(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Bytes that they hold.
    fn bytes(&self) -> usize {
        let words = self.hashes.capacity() + self.rest.capacity() + self.at.capacity();
        words * size_of::<u64>() + self.origins.capacity() * size_of::<u32>()
    }
}

/// The facts of a batch.
#[derive(Debug, Default)]
pub(super) struct Facts {
    rows: Rows,
    /// By input of the source.
    values: Vec<Taken>,
}

impl Facts {
    /// The columns are the unit, the instant, and one for each input that has one: a count without a predicate has none. Only
    /// rows of some shards from one instant on and before another are kept. `spare` are facts that are not needed any more.
    pub fn of(
        batch: &RecordBatch,
        source: &Source,
        numbers: bool,
        shards: &Range<usize>,
        (from, to): (i64, i64),
        spare: Self,
    ) -> Result<Self, Wrong> {
        let what = |column: &str| format!("column `{column}` of `{}`", source.fact);
        let columns = Columns::of(batch, Some(numbers), 1, [&what(&source.unit), &what(&source.timestamp)])?;
        let wanted = |row: usize| columns.at.get(row).is_some_and(|at| from <= *at && *at < to);
        let mut rows = columns.ordered(shards, wanted, spare.rows);
        let mut next = 2;
        let mut values = Vec::new();
        let mut spare = spare.values.into_iter();
        for input in &source.inputs {
            if input.function == Function::Count && input.predicate.is_none() {
                values.push(Taken::Ones);
                spare.next();
                continue;
            }
            let array = column(batch, next)?;
            next += 1;
            let what = what(input.column.as_deref().or(input.predicate.as_deref()).unwrap_or_default());
            let read = match input.function {
                Function::CountDistinct => Values::keys(array, &what)?,
                _ => Values::numbers(array, &what)?,
            };
            values.push(Taken::of(&read, &rows.origins, spare.next().unwrap_or_default()));
        }
        // Nothing else is looked for in the batch.
        rows.origins = Vec::new();
        Ok(Self { rows, values })
    }

    /// Bytes that they hold.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.values.iter().map(Taken::bytes).sum::<usize>()
    }

    /// Asks memory for the hashes of a shard's rows.
    fn prefetch_hashes(&self, place: usize) {
        ask_lines(self.rows.hashes.get(self.rows.of_shard(place)).unwrap_or(&[]), usize::MAX);
    }

    /// Asks memory for where the units of a shard's rows are looked up, and for what is added.
    fn prefetch(&self, shard: &Shard, place: usize) {
        let rows = self.rows.of_shard(place);
        let hashes = self.rows.hashes.get(rows.clone()).unwrap_or(&[]);
        hashes.iter().for_each(|hash| shard.prefetch_place(*hash));
        ask_lines(self.rows.at.get(rows.clone()).unwrap_or(&[]), usize::MAX);
        ask_lines(self.rows.rest.get(rows.clone()).unwrap_or(&[]), usize::MAX);
        self.values.iter().for_each(|values| values.prefetch(rows.clone()));
    }

    /// Looks up the rows of a shard that can matter, and asks memory for their units.
    fn find(&self, shard: &Shard, place: usize, calendar: &Calendar, found: &mut Vec<(usize, Span)>) {
        let rows = self.rows.of_shard(place);
        let own = self.rows.hashes.iter().zip(&self.rows.at).enumerate().skip(rows.start).take(rows.len());
        for (row, (hash, at)) in own {
            let (place, matters) = shard.place(*hash, calendar.bit(*at));
            // Pushed either way, and taken back: which rows matter can't be foreseen.
            found.push((row, place));
            found.truncate(found.len() - usize::from(!matters));
        }
        found.iter().for_each(|(_, place)| shard.prefetch(place));
    }

    /// Adds rows that were found.
    fn add(
        &self,
        shard: &mut Shard,
        probes: &[Probe],
        calendar: &Calendar,
        found: impl Iterator<Item = (usize, Span)>,
    ) {
        for (row, place) in found {
            let (Some(key), Some(at)) = (self.rows.key(row), self.rows.at.get(row)) else { continue };
            shard.add(key, place, calendar.bit(*at), Fact { at: *at, row, probes, values: &self.values });
        }
    }
}

/// Rows that were found, and others of the batch before.
pub(super) type Found = [Vec<(usize, Span)>; 2];

/// Adds the rows of all facts that are of a shard, batch by batch; `found` is room to work in. While the rows of one are added,
/// those of the next are looked up, and what the two after that need is on its way from memory.
pub(super) fn add_all(
    all: &[Facts],
    shard: &mut Shard,
    place: usize,
    probes: &[Probe],
    calendar: &Calendar,
    [found, before]: &mut Found,
) {
    let behind = |at: usize, by: usize| at.checked_sub(by).and_then(|at| all.get(at));
    for at in 0..all.len() + 3 {
        behind(at, 0).into_iter().for_each(|facts| facts.prefetch_hashes(place));
        behind(at, 1).into_iter().for_each(|facts| facts.prefetch(shard, place));
        behind(at, 2).into_iter().for_each(|facts| facts.find(shard, place, calendar, found));
        behind(at, 3).into_iter().for_each(|facts| facts.add(shard, probes, calendar, before.drain(..)));
        std::mem::swap(found, before);
    }
}

/// The exposures of a batch.
#[derive(Debug)]
pub(super) struct Exposures {
    rows: Rows,
    /// The study and the variant of each.
    codes: Vec<(u16, u8)>,
    /// The combination of each row's values of dimensions; none where there are no dimensions.
    marks: Vec<u32>,
}

impl Exposures {
    /// The rows that count, by what each is.
    pub fn of(columns: &Columns, shards: &Range<usize>, codes: &[Option<(u16, u8)>], marks: &[u32]) -> Self {
        let rows = columns.ordered(shards, |row| codes.get(row).is_some_and(Option::is_some), Rows::default());
        let codes = taken(codes, &rows.origins, Vec::new()).into_iter().map(Option::unwrap_or_default).collect();
        let marks = if marks.is_empty() { Vec::new() } else { taken(marks, &rows.origins, Vec::new()) };
        Self { rows, codes, marks }
    }

    /// Adds those of a shard. It fails when the shard is full.
    pub fn add(&self, shard: &mut Shard, place: usize, labels: &Labels) -> Option<()> {
        for row in self.rows.of_shard(place) {
            let (study, variant) = *self.codes.get(row)?;
            let mark = self.marks.get(row).copied().unwrap_or(0);
            let (key, at) = (self.rows.key(row)?, *self.rows.at.get(row)?);
            let exposure = Row { key, at, mark, study, variant, mixed: false };
            shard.intake.push(exposure, self.rows.named(), labels)?;
        }
        Some(())
    }
}

/// A column of a batch, by its place.
pub(super) fn column(batch: &RecordBatch, place: usize) -> Result<&arrow::array::ArrayRef, Wrong> {
    batch.columns().get(place).ok_or_else(|| Wrong::new("the data have too few columns"))
}

/// A column of names.
pub(super) fn names(batch: &RecordBatch, place: usize, what: &str) -> Result<Texts, Wrong> {
    Texts::of(column(batch, place)?, what)
}

/// The shard of a hash: its highest bits, so that the lower ones are left for the order within a shard.
#[inline]
pub(super) fn shard_of(hash: u64) -> usize {
    (hash >> (u64::BITS - SHARD_BITS)) as usize
}
