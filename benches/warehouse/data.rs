//! Exposures and facts of many experiments, drawn with a fixed seed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

pub const DAY: i64 = 86_400_000_000;
/// 2027-01-01T00:00:00Z.
pub const START: i64 = 1_798_761_600_000_000;

const UNITS: f64 = 5e6;
const EXPOSURES: f64 = 10e6;
const FACTS: f64 = 50e6;
const EXPERIMENTS: u64 = 50;
/// Rows that are drawn at a time.
const CHUNK: u64 = 1 << 18;

pub fn experiment(place: usize) -> String {
    format!("experiment-{place:02}")
}

/// Mixes a number.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn drawn(row: u64, what: u64) -> u64 {
    mixed(row.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(what))
}

pub fn generate(root: &Path, scale: f64, texts: bool) {
    let units = (UNITS * scale) as u64;
    let ids = |units: &[u64]| -> ArrayRef {
        if texts {
            Arc::new(StringArray::from_iter_values(units.iter().map(|unit| format!("u-{:016x}", mixed(*unit)))))
        } else {
            Arc::new(Int64Array::from_iter_values(units.iter().map(|unit| (unit * 7919 + 1_000_000) as i64)))
        }
    };
    table(&root.join("exposures"), (EXPOSURES * scale) as u64, 2, |rows| {
        let unit: Vec<u64> = rows.clone().map(|row| drawn(row, 1) % units).collect();
        let experiments: Vec<u64> = rows.clone().map(|row| drawn(row, 2) % EXPERIMENTS).collect();
        // Chosen by unit and experiment, except for a few that were moved.
        let variants = rows.clone().zip(&unit).zip(&experiments).map(|((row, unit), experiment)| {
            let moved = drawn(row, 3).is_multiple_of(1000);
            if (drawn(unit * EXPERIMENTS + experiment, 4).is_multiple_of(2)) ^ moved { "control" } else { "treatment" }
        });
        let last = (EXPOSURES * scale) as u64;
        let at = rows.clone().map(|row| START + (row as f64 / last as f64 * 49.0 * DAY as f64) as i64);
        vec![
            ("unit_id", ids(&unit)),
            (
                "experiment",
                Arc::new(StringArray::from_iter_values(experiments.iter().map(|own| experiment(*own as usize)))),
            ),
            ("variant", Arc::new(StringArray::from_iter_values(variants))),
            ("timestamp", Arc::new(TimestampMicrosecondArray::from_iter_values(at))),
        ]
    });
    table(&root.join("events"), (FACTS * scale) as u64, 8, |rows| {
        let last = (FACTS * scale) as u64;
        let at = rows.clone().map(|row| START + (row as f64 / last as f64 * 56.0 * DAY as f64) as i64);
        let values = rows.clone().map(|row| (drawn(row, 6) % 10_000) as f64 / 100.0);
        vec![
            ("unit_id", ids(&rows.clone().map(|row| drawn(row, 5) % units).collect::<Vec<_>>())),
            ("timestamp", Arc::new(TimestampMicrosecondArray::from_iter_values(at))),
            ("value", Arc::new(Float64Array::from_iter_values(values))),
            // Tables have more than what one metric reads.
            ("note", Arc::new(StringArray::from_iter_values(rows.map(|row| format!("note {}", drawn(row, 7) % 1000))))),
        ]
    });
}

fn table(
    folder: &Path,
    rows: u64,
    files: u64,
    columns: impl Fn(std::ops::Range<u64>) -> Vec<(&'static str, ArrayRef)>,
) {
    std::fs::create_dir_all(folder).expect("a folder");
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    for file in 0..files {
        let (mut at, end) = (rows * file / files, rows * (file + 1) / files);
        let mut writer = None;
        while at < end {
            let next = end.min(at + CHUNK);
            let batch = RecordBatch::try_from_iter(columns(at..next)).expect("columns of one length");
            let writer = writer.get_or_insert_with(|| {
                let file = File::create(folder.join(format!("part-{file}.parquet"))).expect("a file");
                ArrowWriter::try_new(file, batch.schema(), Some(properties.clone())).expect("a writer")
            });
            writer.write(&batch).expect("it is written");
            at = next;
        }
        writer.map(|writer| writer.close().expect("it is closed"));
    }
}
