//! The operator: exposures in, facts through, statistics out; in one pass over the data, or in as many as the memory asks for.

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::calendar::Calendar;
use super::column::{NEVER, Wrong};
use super::finish::{Book, RowCounts, Shelf, looks_ahead};
use super::keys::{Keys, Known};
use super::labels::Labels;
use super::plan::{Plan, sources};
use super::probe::{Columns, Exposures, Facts, Found, add_all, names};
use super::shard::Shard;
use crate::query::{Measure, Request, Study, joined as joined_tallies};
use crate::results::Tally;

/// How many shards the units are split into, always.
pub const SHARDS: usize = 256;

/// How many bytes of facts wait until they are added: enough that much of what is fetched for one serves others as well.
const MOST_WAITING: usize = 96 << 20;

/// What values may always take, in bytes.
const LEAST_ROOM: usize = 1 << 20;

/// The column of exposures from which dimensions follow.
const FIRST_DIMENSION: usize = 4;

/// A request that is being counted.
#[derive(Debug)]
pub struct Counting<'a> {
    request: Cow<'a, Request>,
    /// How many of the studies are those of the request; the others are the joint cells of its pairs.
    own: usize,
    plan: Plan,
    labels: Labels,
    keys: Keys,
    /// Bytes that units, exposures and accumulators may take.
    room: usize,
    /// The shards that this pass holds.
    held: Range<usize>,
    /// How many shards there was room for at once.
    most: usize,
    shards: Vec<Shard>,
    numbers: Option<bool>,
    books: Vec<Book>,
    /// The first and last instant at which a unit was exposed.
    span: Option<(i64, i64)>,
    calendar: Calendar,
    /// Whether exposure rows were counted, as the first pass does.
    counted: bool,
    /// Whether what must be known of all units is known: where to cut, and the order of events.
    decided: bool,
    /// Facts that are not added yet, and the source they are of.
    waiting: Vec<Facts>,
    waiting_of: usize,
    /// Facts whose memory can be used again.
    spare: Vec<Facts>,
    /// By source, why it cannot be read.
    failed: Vec<Option<String>>,
    passes: u64,
}

/// What an exposure row is.
type Code = Option<(u16, u8)>;

impl<'a> Counting<'a> {
    /// Begins to count; `room` is how many bytes units with their exposures and accumulators may take at once.
    ///
    /// # Errors
    ///
    /// More than 65,536 studies, or 256 variants of one.
    pub fn new(request: &'a Request, room: usize) -> Result<Self, Wrong> {
        if request.studies.len() + request.pairs.len() > usize::from(u16::MAX) + 1 {
            return Err(Wrong::new("more than 65,536 experiments are more than can be counted at once"));
        }
        if let Some(study) = request.studies.iter().find(|study| study.variants.len() > usize::from(u8::MAX) + 1) {
            return Err(Wrong::new(format!("`{}` has more than 256 variants", study.id)));
        }
        let own = request.studies.len();
        let request = with_pairs(request);
        let plan = Plan::of(&request, own);
        let labels = Labels::new(request.exposures.dimensions.len());
        Ok(Self {
            keys: Keys::of(&request, own),
            room,
            held: 0..SHARDS,
            most: SHARDS,
            shards: shards(SHARDS),
            numbers: None,
            books: plan.studies.iter().map(Book::new).collect(),
            span: None,
            calendar: Calendar::default(),
            counted: false,
            decided: labels.is_empty() && !request.measures.iter().any(looks_ahead),
            waiting: Vec::new(),
            waiting_of: 0,
            spare: Vec::new(),
            failed: vec![None; request.sources.len()],
            passes: 1,
            own,
            request,
            plan,
            labels,
        })
    }

    /// Says that a dimension cannot be read: nothing is broken down by it.
    pub fn lacks(&mut self, dimension: usize, why: String) {
        self.labels.fail(dimension, why);
    }

    /// Takes batches of exposures: unit, experiment, variant, instant, then a column for each dimension.
    ///
    /// # Errors
    ///
    /// Columns of types that cannot be read.
    pub fn exposures(&mut self, batches: &[RecordBatch]) -> Result<(), Wrong> {
        let known = &self.request.exposures;
        let what = |column: &str| format!("column `{column}` of `{}`", known.table);
        // The first batch says what ids are.
        if self.numbers.is_none()
            && let Some(first) = batches.first()
        {
            self.numbers =
                Some(Columns::of(first, None, 3, [&what(&known.unit), &what(&known.timestamp)])?.is_numbers());
        }
        let read = |batch: &RecordBatch| {
            let columns = Columns::of(batch, self.numbers, 3, [&what(&known.unit), &what(&known.timestamp)])?;
            let experiments = names(batch, 1, &what(&known.experiment))?;
            let variants = names(batch, 2, &what(&known.variant))?;
            let mut counts = vec![RowCounts::default(); self.plan.studies.len()];
            let mut span = None;
            let mut known = Known::default();
            let codes = (0..batch.num_rows()).map(|row| {
                let find = || {
                    let study = self.keys.find(&self.request, experiments.get(row)?)?;
                    let all = &self.request.studies.get(usize::from(study))?.variants;
                    let place = variants.get(row).map(|name| all.iter().position(|own| own == name));
                    Some((study, place.map(|place| place.and_then(|place| u8::try_from(place).ok()))))
                };
                let (study, variant) = known.of(experiments.key(row), variants.key(row), find)?;
                let count = counts.get_mut(usize::from(study))?;
                let layout = self.plan.studies.get(usize::from(study))?;
                let at = columns.at.get(row).copied().unwrap_or(NEVER);
                let Some(variant) = variant.filter(|_| at != NEVER && columns.has_id(row)) else {
                    count.without_key += 1;
                    return None;
                };
                if !(layout.from <= at && at < layout.until) {
                    count.outside += 1;
                    return None;
                }
                let Some(variant) = variant else {
                    count.unknown_variant += 1;
                    return None;
                };
                count.counting += 1;
                span = joined(span, Some((at, at)));
                Some((study, variant))
            });
            let codes: Vec<Code> = codes.collect();
            Ok((columns, codes, counts, span))
        };
        let read = batches.par_iter().map(read).collect::<Result<Vec<_>, Wrong>>()?;
        // In the order of the batches, so that combinations are numbered the same way every time.
        let mut marks = vec![Vec::new(); read.len()];
        if !self.labels.is_empty() {
            for ((batch, (_, codes, ..)), marks) in batches.iter().zip(&read).zip(&mut marks) {
                let counts = |row: usize| codes.get(row).is_some_and(Option::is_some);
                *marks = self.labels.marks(batch, FIRST_DIMENSION, counts);
            }
        }
        if !self.counted {
            for (.., counts, span) in &read {
                self.span = joined(self.span, *span);
                self.books.iter_mut().zip(counts).for_each(|(book, counts)| book.rows.add(counts));
            }
        }
        let held = &self.held;
        let ordered = read.par_iter().zip(&marks);
        let ordered: Vec<Exposures> =
            ordered.map(|((columns, codes, ..), marks)| Exposures::of(columns, held, codes, marks)).collect();
        let (labels, first) = (&self.labels, self.held.start);
        let done = self
            .shards
            .par_iter_mut()
            .zip(first..SHARDS)
            .map(|(shard, place)| ordered.iter().try_for_each(|exposures| exposures.add(shard, place, labels)));
        done.collect::<Option<()>>().ok_or_else(full)?;
        self.learn();
        self.shed();
        Ok(())
    }

    /// Ends the exposures: the first of each unit stays, with its accumulators at 0.
    ///
    /// # Errors
    ///
    /// More units than a shard can hold.
    pub fn seal(&mut self) -> Result<(), Wrong> {
        if !self.counted {
            self.bound_pairs();
        }
        self.counted = true;
        self.calendar = Calendar::of(&self.plan, self.span);
        let mut at = 0;
        while at < self.shards.len() {
            let end = (at + rayon::current_num_threads().max(1)).min(self.shards.len());
            let (plan, labels, calendar) = (&self.plan, &self.labels, &self.calendar);
            let next = self.shards.get_mut(at..end).unwrap_or(&mut []);
            next.par_iter_mut()
                .map(|shard| shard.seal(plan, labels, calendar))
                .collect::<Option<()>>()
                .ok_or_else(full)?;
            at = end;
            // What is not sealed yet goes first.
            while self.is_full() && self.shards.len() > 1 {
                self.keep(self.fewer());
            }
        }
        Ok(())
    }

    /// Between which instants rows of a source can matter: from the first, before the second. None if there is nothing to
    /// look for.
    #[must_use]
    pub fn span(&self, source: usize) -> Option<(i64, i64)> {
        let (first, last) = self.span?;
        if self.failed.get(source).is_some_and(Option::is_some) {
            return None;
        }
        self.plan.span(source, first, last.saturating_add(1))
    }

    /// Takes batches of a source: unit, instant, then a column for each input, except that a count without a predicate has
    /// none. A count's column is the predicate, every other one is null where the predicate does not hold.
    ///
    /// # Errors
    ///
    /// Columns of types that cannot be read.
    pub fn facts(&mut self, source: usize, batches: &[RecordBatch]) -> Result<(), Wrong> {
        let (Some(read), Some(numbers)) = (self.request.sources.get(source), self.numbers) else { return Ok(()) };
        // Where no row can matter there is nothing to add, but columns are still looked at.
        let span = self.span(source).unwrap_or((0, 0));
        let spare: Vec<Facts> = batches.iter().map(|_| self.spare.pop().unwrap_or_default()).collect();
        let read = |(batch, spare)| Facts::of(batch, read, numbers, &self.held, span, spare);
        let facts = batches.par_iter().zip(spare).map(read);
        let mut facts = facts.collect::<Result<Vec<_>, Wrong>>()?;
        if source != self.waiting_of {
            self.add();
            self.waiting_of = source;
        }
        self.waiting.append(&mut facts);
        if self.waiting.iter().map(Facts::bytes).sum::<usize>() > self.most_waiting() {
            self.add();
        }
        Ok(())
    }

    /// Adds the facts that wait, shard by shard.
    fn add(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(probes) = self.plan.probes.get(self.waiting_of) else { return };
        let calendar = &self.calendar;
        self.shards.par_iter_mut().zip(self.held.start..SHARDS).for_each_init(
            Found::default,
            |found, (shard, place)| {
                add_all(&waiting, shard, place, probes, calendar, found);
            },
        );
        self.spare = waiting;
        self.shed();
    }

    /// Says that a source cannot be read: the metrics that use it are not computed.
    pub fn fail(&mut self, source: usize, why: String) {
        if let Some(failed) = self.failed.get_mut(source) {
            failed.get_or_insert(why);
        }
    }

    /// Ends a pass over the data: whether there must be another.
    ///
    /// # Errors
    ///
    /// Where the single values that quantiles need, which no pass makes fewer, leave no room for anything else.
    pub fn another(&mut self) -> Result<bool, Wrong> {
        let more = self.ended();
        let values: usize = self.books.iter().map(Book::bytes).sum();
        if values > (self.room / 4 * 3).max(LEAST_ROOM) {
            let (values, room) = (values >> 20, self.room >> 20);
            return Err(Wrong::new(format!(
                "the values of quantiles take {values} MB of the {room} MB that there are"
            ))
            .help("allow more with `--memory`, or analyse fewer experiments at a time"));
        }
        Ok(more)
    }

    fn ended(&mut self) -> bool {
        self.add();
        self.spare = Vec::new();
        self.shards.par_iter_mut().for_each(Shard::settle);
        if !self.decided {
            self.on_shelves(|shelf, shard| {
                shelf.look_ahead(shard);
            });
            if self.held.end < SHARDS {
                return self.hold(self.held.end);
            }
            self.decided = true;
            self.on_books(|shelf, _| shelf.decide());
            if self.held.start > 0 {
                return self.hold(0);
            }
        }
        self.on_shelves(|shelf, shard| {
            shelf.sum(shard);
        });
        self.held.end < SHARDS && self.hold(self.held.end)
    }

    /// The statistics, once there is no other pass.
    #[must_use]
    pub fn tallies(&self) -> Vec<Tally> {
        let books = self.request.studies.iter().zip(&self.books).zip(&self.plan.studies);
        let failed = |measure: &Measure| {
            sources(&measure.calculation).into_iter().find_map(|source| self.failed.get(source).cloned().flatten())
        };
        let written =
            books.map(|((study, book), layout)| book.written(&self.request, study, layout, &self.labels, failed));
        let mut tallies: Vec<Tally> = written.collect();
        let joint = tallies.split_off(self.own.min(tallies.len()));
        joined_tallies(&self.request, &mut tallies, &joint);
        tallies
    }

    /// Which pass this is, from 1.
    #[must_use]
    pub fn pass(&self) -> u64 {
        self.passes
    }

    /// The share of the units that is counted once this pass is done.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.held.end as f64 / SHARDS as f64
    }
}

impl Counting<'_> {
    /// A unit of a pair is one of each of its studies: there are no more of them than exposures of either.
    fn bound_pairs(&mut self) {
        for (pair, joint) in self.request.pairs.iter().zip(self.own..) {
            let counting = |place: usize| self.books.get(place).map_or(0, |book| book.rows.counting);
            let most = counting(pair.one).min(counting(pair.other));
            self.books.get_mut(joint).into_iter().for_each(|book| book.rows.counting = most);
        }
    }

    /// Whether exposures are worth folding is found out by the first shard.
    fn learn(&mut self) {
        let limit = self.shards.first().map_or(0, |first| first.intake.limit());
        self.shards.iter_mut().for_each(|shard| shard.intake.learn(limit));
    }

    /// How many bytes of facts may wait, for which there is always room.
    fn most_waiting(&self) -> usize {
        MOST_WAITING.min(self.room / 8)
    }

    fn bytes(&self) -> usize {
        self.shards.iter().map(Shard::bytes).sum::<usize>() + self.books.iter().map(Book::bytes).sum::<usize>()
    }

    /// Whether there is more than there is room for.
    fn is_full(&self) -> bool {
        self.bytes() + self.most_waiting() > self.room
    }

    /// About as many shards as there is room for, fewer than there are.
    fn fewer(&self) -> usize {
        let share = self.room.saturating_sub(self.most_waiting()) as f64 / self.bytes().max(1) as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of shards")]
        let left = (self.shards.len() as f64 * share * 0.97) as usize;
        left.clamp(1, self.shards.len().saturating_sub(1).max(1))
    }

    /// Lets go of the later shards, as long as what is held is more than there is room for; they are counted in a later pass.
    fn shed(&mut self) {
        if self.is_full() {
            let labels = &self.labels;
            self.shards.par_iter_mut().for_each(|shard| shard.intake.tidy(labels));
        }
        while self.is_full() && self.shards.len() > 1 {
            self.keep(self.fewer());
        }
    }

    fn keep(&mut self, shards: usize) {
        self.shards.truncate(shards);
        self.held.end = self.held.start + self.shards.len();
        self.most = self.shards.len();
    }

    /// Begins another pass, with the shards from one on: as many as there was room for so far.
    fn hold(&mut self, from: usize) -> bool {
        self.held = from..SHARDS.min(from + self.most);
        self.shards = shards(self.held.len());
        self.passes += 1;
        true
    }

    /// Does something with each shard in order, for the studies in parallel.
    fn on_shelves(&mut self, with: impl Fn(&mut Shelf<'_>, &Shard) + Sync) {
        self.on_books(|shelf, shards| shards.iter().for_each(|shard| with(shelf, shard)));
    }

    fn on_books(&mut self, with: impl Fn(&mut Shelf<'_>, &[Shard]) + Sync) {
        let (request, plan, labels, shards) = (&*self.request, &self.plan, &self.labels, &self.shards);
        let many = many(self.books.len());
        self.books.par_chunks_mut(many).enumerate().for_each(|(place, books)| {
            with(&mut Shelf { request, plan, labels, first: place * many, books }, shards);
        });
    }
}

impl RowCounts {
    fn add(&mut self, other: &Self) {
        self.counting += other.counting;
        self.without_key += other.without_key;
        self.outside += other.outside;
        self.unknown_variant += other.unknown_variant;
    }
}

/// A request with the joint cells of its pairs as studies after its own, and their measures after its own.
fn with_pairs(request: &Request) -> Cow<'_, Request> {
    let Some(joint) = request.joint() else { return Cow::Borrowed(request) };
    let first = request.measures.len();
    let mut both = request.clone();
    both.studies.extend(
        joint
            .studies
            .into_iter()
            .map(|study| Study { measures: study.measures.iter().map(|place| first + place).collect(), ..study }),
    );
    both.measures.extend(joint.measures);
    Cow::Owned(both)
}

/// Shards that hold nothing yet.
fn shards(count: usize) -> Vec<Shard> {
    std::iter::once(Shard::early()).chain(std::iter::repeat_with(Shard::default)).take(count).collect()
}

/// How many of something each core gets.
fn many(all: usize) -> usize {
    all.div_ceil(rayon::current_num_threads().max(1)).max(1)
}

fn joined(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

fn full() -> Wrong {
    Wrong::new("there are more units than can be counted at once").help("analyse fewer experiments at a time")
}
