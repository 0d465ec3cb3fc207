//! What a request means for the operator: for each study its accumulators, and for each source what a row adds to them.

use std::collections::HashMap;

use super::column::DAY;
use super::formula::Formula;
use crate::decl::Function;
use crate::query::{Calculation, Number, Request, Study};

/// Words of an entry that are always there: its instant, and what it is (see [`super::shard`]).
pub(super) const HEAD: usize = 2;

/// Flags that fit beside what an entry is.
const FLAGS_BESIDE: usize = 32;

/// All that is derived from a request.
#[derive(Debug)]
pub(super) struct Plan {
    pub studies: Vec<Layout>,
    /// By source, then by study.
    pub probes: Vec<Vec<Probe>>,
    /// For two studies, the lower first: the study that their joint cells are, and how many variants the second has.
    pub pairs: HashMap<(u16, u16), (u16, u8)>,
}

/// The entry of a study: what is kept beside an exposure to it.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Words of an entry.
    pub words: usize,
    /// Words before its flags: two, and one more where values of dimensions are kept.
    pub head: usize,
    pub taps: Vec<Tap>,
    pub measures: Vec<Measured>,
    pub from: i64,
    /// The first instant at which exposures no longer count.
    pub until: i64,
    pub variants: usize,
}

/// An accumulator: one input of a source over one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tap {
    pub source: usize,
    pub input: usize,
    pub from: i64,
    pub to: i64,
    pub action: Action,
    /// Its word in the entry.
    pub word: usize,
    /// Whether something was added: a bit of a word.
    pub flag: (usize, u32),
}

/// What a row does to an accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Least,
    Most,
    /// Noted by value, to be counted once in the end.
    Distinct,
    /// Noted by value, all of them.
    Event,
}

/// A metric of a study.
#[derive(Debug)]
pub(super) struct Measured {
    /// Its place in the request.
    pub measure: usize,
    /// Its columns: a value, or numerator and denominator; then the same before exposure.
    pub columns: Vec<Formula>,
    /// The taps of its outcome, any of which makes it a unit with rows.
    pub rows: Vec<(usize, u32)>,
    /// A unit whose exposure is later than this is not complete.
    pub complete_until: i64,
    /// The tap whose events are ordered.
    pub event: Option<(usize, f64)>,
}

/// What a row of a source does to an entry of a study.
#[derive(Debug, Default, Clone)]
pub(super) struct Probe {
    /// Words of an entry.
    pub words: usize,
    /// The span of all windows, after exposure; a row outside of it does nothing.
    pub from: i64,
    pub to: i64,
    /// Taps by window.
    pub windows: Vec<(i64, i64, Vec<Tap>)>,
}

impl Plan {
    /// The plan of a request whose studies after the first `own` are the joint cells of its pairs.
    pub fn of(request: &Request, own: usize) -> Self {
        let marked = !request.exposures.dimensions.is_empty();
        let studies = request.studies.iter().enumerate();
        let studies: Vec<Layout> =
            studies.map(|(place, study)| Layout::of(request, study, marked && place < own)).collect();
        let pairs = request.pairs.iter().zip(own..).filter_map(|(pair, joint)| {
            let width = request.studies.get(pair.other)?.variants.len();
            let key = (u16::try_from(pair.one).ok()?, u16::try_from(pair.other).ok()?);
            Some((key, (u16::try_from(joint).ok()?, u8::try_from(width).ok()?)))
        });
        let pairs = pairs.collect();
        let probes = (0..request.sources.len()).map(|source| studies.iter().map(|study| study.probe(source)).collect());
        Self { probes: probes.collect(), studies, pairs }
    }

    /// The instants of rows of a source that may matter, if exposures lie from the first to the last.
    pub fn span(&self, source: usize, first: i64, last: i64) -> Option<(i64, i64)> {
        let probes = self.probes.get(source)?.iter().filter(|probe| probe.from < probe.to);
        let spans = probes.map(|probe| (first.saturating_add(probe.from), last.saturating_add(probe.to)));
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

impl Layout {
    fn of(request: &Request, study: &Study, marked: bool) -> Self {
        let mut layout = Self {
            head: HEAD + usize::from(marked),
            from: study.from,
            until: study.until.min(request.now),
            variants: study.variants.len(),
            ..Self::default()
        };
        for &place in &study.measures {
            let Some(measure) = request.measures.get(place) else { continue };
            let mut columns = Vec::new();
            let mut rows = Vec::new();
            let mut event = None;
            let before = measure.covariate.map(|length| (length.saturating_neg(), 0));
            for (window, outcome) in [(Some(measure.window), true), (before, false)] {
                let Some(window) = window else { continue };
                let mut tap = |source: usize, input: usize, event: bool| {
                    let tap = layout.tap(request, source, input, window, event);
                    if outcome {
                        rows.push(tap);
                    }
                    tap
                };
                let formulas = match &measure.calculation {
                    Calculation::Mean(number) | Calculation::UnitQuantile(number, _) => {
                        vec![Formula::of(number, &mut tap)]
                    }
                    Calculation::Conversion(number, comparator, with) => {
                        vec![Formula::of(number, &mut tap).compared(*comparator, *with)]
                    }
                    Calculation::Ratio(above, below) => {
                        vec![Formula::of(above, &mut tap), Formula::of(below, &mut tap)]
                    }
                    Calculation::EventQuantile { source, input, level } => {
                        if outcome {
                            event = Some((tap(*source, *input, true), *level));
                        }
                        Vec::new()
                    }
                };
                columns.extend(formulas);
            }
            layout.measures.push(Measured {
                measure: place,
                columns,
                rows: rows.iter().map(|tap| layout.taps.get(*tap).map_or((0, 0), |tap| tap.flag)).collect(),
                complete_until: request
                    .now
                    .saturating_sub(measure.lag)
                    .min(study.until)
                    .saturating_sub(measure.window.1),
                event: event.and_then(|(tap, level)| Some((layout.taps.get(tap)?.word, level))),
            });
        }
        layout.place();
        layout
    }

    /// The place of a tap, added where it is not there yet. Its word and flag are known from its place.
    fn tap(&mut self, request: &Request, source: usize, input: usize, window: (i64, i64), event: bool) -> usize {
        let function =
            request.sources.get(source).and_then(|source| source.inputs.get(input)).map(|input| input.function);
        let action = match function {
            _ if event => Action::Event,
            Some(Function::Min) => Action::Least,
            Some(Function::Max) => Action::Most,
            Some(Function::CountDistinct) => Action::Distinct,
            _ => Action::Add,
        };
        let same = |tap: &Tap| {
            (tap.source, tap.input, tap.from, tap.to, tap.action) == (source, input, window.0, window.1, action)
        };
        if let Some(known) = self.taps.iter().position(same) {
            return known;
        }
        let place = self.taps.len();
        let flag = if place < FLAGS_BESIDE {
            (1, 32 + bit(place))
        } else {
            (self.head + (place - FLAGS_BESIDE) / 64, bit((place - FLAGS_BESIDE) % 64))
        };
        self.taps.push(Tap { source, input, from: window.0, to: window.1, action, word: place, flag });
        place
    }

    /// Gives the accumulators their words, after as many words of flags as all taps need.
    fn place(&mut self) {
        let flags = self.taps.len().saturating_sub(FLAGS_BESIDE).div_ceil(64);
        let first = self.head + flags;
        self.taps.iter_mut().for_each(|tap| tap.word += first);
        for measure in &mut self.measures {
            measure.columns.iter_mut().for_each(|formula| formula.moved(first, &self.taps));
            if let Some((word, _)) = &mut measure.event {
                *word += first;
            }
        }
        self.words = first + self.taps.len();
    }

    fn probe(&self, source: usize) -> Probe {
        let mut probe = Probe { words: self.words, from: i64::MAX, to: i64::MIN, windows: Vec::new() };
        for tap in self.taps.iter().filter(|tap| tap.source == source) {
            probe.from = probe.from.min(tap.from);
            probe.to = probe.to.max(tap.to);
            match probe.windows.iter_mut().find(|(from, to, _)| (*from, *to) == (tap.from, tap.to)) {
                Some((_, _, taps)) => taps.push(*tap),
                None => probe.windows.push((tap.from, tap.to, vec![*tap])),
            }
        }
        probe
    }

    /// Whether entries keep a combination of values of dimensions, in the word after their head's first two.
    pub fn is_marked(&self) -> bool {
        self.head > HEAD
    }

    /// The day of an exposure, counted from the study's first instant.
    pub fn day(&self, at: i64) -> u32 {
        u32::try_from(at.saturating_sub(self.from).div_euclid(DAY)).unwrap_or(0)
    }
}

/// The sources that a calculation reads.
pub(super) fn sources(calculation: &Calculation) -> Vec<usize> {
    fn of(number: &Number, into: &mut Vec<usize>) {
        match number {
            Number::Constant(_) => {}
            Number::Input { source, .. } => into.push(*source),
            Number::Negate(inner) => of(inner, into),
            Number::Binary(_, left, right) => {
                of(left, into);
                of(right, into);
            }
        }
    }
    let mut all = Vec::new();
    match calculation {
        Calculation::Mean(number) | Calculation::Conversion(number, ..) | Calculation::UnitQuantile(number, _) => {
            of(number, &mut all);
        }
        Calculation::Ratio(above, below) => {
            of(above, &mut all);
            of(below, &mut all);
        }
        Calculation::EventQuantile { source, .. } => all.push(*source),
    }
    all
}

#[allow(clippy::cast_possible_truncation, reason = "below 64")]
fn bit(place: usize) -> u32 {
    place as u32
}
