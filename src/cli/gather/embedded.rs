//! The embedded engine at work: the exposures once a pass, then each fact's rows.

use std::path::Path;

use super::{Failure, LEAST, Options, Progress};
use crate::artifact::{compare_versions, confidence, eppo};
use crate::decl::{Function, Sdk};
use crate::diag::did_you_mean;
use crate::io::warehouse::{Fault, Kind, Order, Output, Relation as Rows, Use, Warehouse};
use crate::measure::{Counting, Wrong};
use crate::query::{Relation, Request, Source, version_order};
use crate::results::Tally;

/// What a process holds besides units, exposures and accumulators: mostly the compressed row groups that scans have open. So much
/// it is if nothing that was given back is kept, as the command does where a bound was asked for.
const BESIDES: u64 = 198 << 20;

/// What units, exposures and accumulators may take where nothing else is said.
const ROOM: u64 = 750 << 20;

pub(super) fn gather(
    root: &Path,
    tables: &[(String, String)],
    request: &Request,
    options: Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Tally>, Failure> {
    if let Some(memory) = options.memory.filter(|memory| *memory < LEAST) {
        return Err(Failure::usage(format!("{memory} bytes of memory are too few")).help("allow at least 256 MB"));
    }
    let room = options.memory.map_or(ROOM, |memory| memory.saturating_sub(BESIDES));
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = options.threads {
        pool = pool.num_threads(threads.max(1));
    }
    let pool = pool.build().map_err(|wrong| Failure::environment(format!("cannot start threads: {wrong}")))?;
    let exposures = &request.exposures;
    let names = [&exposures.unit, &exposures.experiment, &exposures.variant];
    let others = exposures.dimensions.iter().chain(request.sources.iter().map(|source| &source.unit));
    let texts = names.into_iter().chain(others).cloned().collect();
    let with = Use { memory: options.memory.map(|_| room), threads: options.threads, texts, orders: orders().to_vec() };
    let warehouse = Warehouse::open(root, tables, with)?;
    let rows = match &exposures.select {
        Some(sql) => warehouse.read_select(&exposures.table, sql)?,
        None => warehouse.read_table(&exposures.table)?,
    };
    let sources: Vec<Result<(Rows, Vec<Output>), Stop>> =
        request.sources.iter().map(|source| open(&warehouse, source)).collect();
    let mut counting = Counting::new(request, room)?;
    let columns = [&exposures.unit, &exposures.experiment, &exposures.variant].map(|name| Output::Column(name.clone()));
    let mut columns: Vec<Output> = columns.into_iter().chain([Output::Instant(exposures.timestamp.clone())]).collect();
    for (place, dimension) in exposures.dimensions.iter().enumerate() {
        // What is only looked at besides must not keep anything from being counted; the unit stands in for what is not there.
        let column = match rows.column(dimension) {
            Ok(_) => dimension,
            Err(fault) => {
                counting.lacks(place, fault.to_string());
                &exposures.unit
            }
        };
        columns.push(Output::Column(column.clone()));
    }
    loop {
        let mut read = 0;
        let (pass, share) = (counting.pass(), counting.share());
        warehouse.scan::<Stop>(&rows, &columns, None, |batches| {
            read += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            progress(Progress { reading: "exposures", pass, share, rows: read });
            Ok(pool.install(|| counting.exposures(batches))?)
        })?;
        pool.install(|| counting.seal())?;
        for (place, (source, opened)) in request.sources.iter().zip(&sources).enumerate() {
            let Some((from, to)) = counting.span(place) else { continue };
            let done = match opened {
                Ok((rows, outputs)) => {
                    let (mut read, share) = (0, counting.share());
                    warehouse.scan::<Stop>(rows, outputs, Some((&source.timestamp, from, to)), |batches| {
                        read += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
                        progress(Progress { reading: &source.fact, pass, share, rows: read });
                        Ok(pool.install(|| counting.facts(place, batches))?)
                    })
                }
                Err(stop) => Err(stop.clone()),
            };
            match done {
                Ok(()) => {}
                // Other metrics can still be computed.
                Err(Stop { failed: false, words, help }) => {
                    counting.fail(place, help.map_or_else(|| words.clone(), |help| format!("{words}; {help}")));
                }
                Err(stop) => return Err(stop.into()),
            }
        }
        if !pool.install(|| counting.another())? {
            break;
        }
    }
    warehouse.unchanged()?;
    Ok(counting.tallies())
}

/// The columns of a relation, and whether each is text.
pub(super) fn columns(
    root: &Path,
    tables: &[(String, String)],
    name: &str,
    relation: &Relation,
) -> Result<Vec<(String, bool)>, Failure> {
    let warehouse = Warehouse::open(root, tables, Use::default())?;
    let rows = match relation {
        Relation::Table(table) => warehouse.read_table(table)?,
        Relation::Select(sql) => warehouse.read_select(name, sql)?,
    };
    let columns = rows.columns().into_iter().map(|name| {
        let is_text = rows.column(&name)?.kind == Kind::Text;
        Ok((name, is_text))
    });
    Ok(columns.collect::<Result<_, Fault>>()?)
}

/// The orders of versions that SDKs have, as functions of SQL.
fn orders() -> [Order; 3] {
    let order = |sdk, compare| Order { name: version_order(sdk), compare };
    [
        order(Sdk::Growthbook, |one, other| Some(compare_versions(one, other))),
        order(Sdk::Eppo, |one, other| {
            let are = eppo::is_version(one) && eppo::is_version(other);
            are.then(|| eppo::compare_versions(one, other))
        }),
        order(Sdk::Confidence, |one, other| Some(confidence::compare_versions(one, other))),
    ]
}

/// Opens a fact's rows, and says what is read of them.
fn open(warehouse: &Warehouse, source: &Source) -> Result<(Rows, Vec<Output>), Stop> {
    let rows = match &source.relation {
        Relation::Table(table) => warehouse.read_table(table)?,
        Relation::Select(sql) => warehouse.read_select(&source.fact, sql)?,
    };
    let mut outputs = vec![Output::Column(source.unit.clone()), Output::Instant(source.timestamp.clone())];
    outputs.extend(source.inputs.iter().filter_map(|input| {
        let predicate = input.predicate.clone();
        match (input.function, &input.column) {
            (Function::Count, _) | (_, None) => predicate.map(Output::Truth),
            (Function::CountDistinct, Some(column)) => Some(Output::Value { column: column.clone(), predicate }),
            (_, Some(column)) => Some(Output::Number { column: column.clone(), predicate }),
        }
    }));
    Ok((rows, outputs))
}

/// Why a scan ended early.
#[derive(Debug, Clone)]
struct Stop {
    /// Whether the environment failed; else the data are not as declared.
    failed: bool,
    words: String,
    help: Option<String>,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        let words = fault.to_string();
        match fault {
            Fault::Data { help, .. } => Self { failed: false, words, help },
            Fault::Environment { help, .. } => Self { failed: true, words, help },
            Fault::Unknown { name, known, .. } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                Self { failed: false, words, help: did_you_mean(&name, &known) }
            }
        }
    }
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self { failed: false, words: wrong.message, help: wrong.help }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        let failure = if stop.failed { Self::environment(stop.words) } else { Self::data(stop.words) };
        match stop.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Stop::from(fault).into()
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Stop::from(wrong).into()
    }
}
