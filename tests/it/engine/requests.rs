//! Requests and tables for tests.

use std::path::Path;
use std::sync::Arc;

use allotment::cli::Failure;
use allotment::cli::gather::{Options, gather};
use allotment::decl::Function;
use allotment::query::{Calculation, Exposures, Input, Measure, Number, Relation, Request, Source, Study};
use allotment::results::Tally;
use arrow::array::{ArrayRef, RecordBatch};
use datafusion::parquet::arrow::ArrowWriter;

pub const DAY: i64 = 86_400_000_000;
/// 2026-03-01T00:00:00Z.
pub const START: i64 = 1_772_323_200_000_000;

/// A study with two variants that runs for sixty days.
pub fn study(key: &str, variants: &[&str], measures: &[usize]) -> Study {
    Study {
        id: key.to_owned(),
        key: key.to_owned(),
        variants: variants.iter().map(|&variant| variant.to_owned()).collect(),
        from: START,
        until: START + 60 * DAY,
        measures: measures.to_vec(),
    }
}

pub fn source(table: &str, inputs: &[Input]) -> Source {
    Source {
        fact: table.rsplit('.').next().unwrap().to_owned(),
        relation: Relation::Table(table.to_owned()),
        unit: "unit_id".to_owned(),
        timestamp: "timestamp".to_owned(),
        lag: 0,
        inputs: inputs.to_vec(),
    }
}

pub fn input(function: Function, column: Option<&str>, predicate: Option<&str>) -> Input {
    Input { function, column: column.map(str::to_owned), predicate: predicate.map(str::to_owned) }
}

pub fn measure(id: &str, calculation: Calculation) -> Measure {
    Measure {
        id: id.to_owned(),
        calculation,
        window: (0, 7 * DAY),
        covariate: None,
        cap: None,
        drops_missing: false,
        lag: 0,
    }
}

pub fn number(source: usize, input: usize) -> Number {
    Number::Input { source, input }
}

pub fn request(studies: Vec<Study>, sources: Vec<Source>, measures: Vec<Measure>) -> Request {
    Request {
        surface: "home".to_owned(),
        unit: "user".to_owned(),
        now: START + 60 * DAY,
        exposures: Exposures {
            table: "lake.exposures".to_owned(),
            select: None,
            unit: "unit_id".to_owned(),
            experiment: "experiment".to_owned(),
            variant: "variant".to_owned(),
            timestamp: "timestamp".to_owned(),
            dimensions: Vec::new(),
        },
        studies,
        sources,
        measures,
        pairs: Vec::new(),
    }
}

/// Counts, from a pattern below a folder.
pub fn count(root: &Path, pattern: &str, request: &Request, options: Options) -> Result<Vec<Tally>, Failure> {
    gather(root, &[("lake".to_owned(), pattern.to_owned())], request, options, &mut |_| {})
}

/// Writes columns as a Parquet file, with row groups of so many rows.
pub fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, rows: usize) {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = datafusion::parquet::file::properties::WriterProperties::builder();
    let properties = properties.set_max_row_group_row_count(Some(rows)).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A column.
pub fn column(array: impl arrow::array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}
