//! The generic SQL in `DataFusion` and the embedded operator, on the same random requests and data: the tallies of brute force.

use allotment::cli::gather::{Options, gather};
use allotment::decl::Engine;
use allotment::query::{Cell, Dialect, Row, Statement, statements, tallies};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::prelude::{SessionConfig, SessionContext};
use tempfile::tempdir;

use super::random::World;
use super::run::{check, check_pairs};
use crate::stats_peers::Random;

fn rows(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let column = |column: &ArrayRef| match column.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => cast(column, &DataType::Utf8).expect("text"),
            _ => cast(column, &DataType::Float64).expect("a number"),
        };
        let columns: Vec<_> = batch.columns().iter().map(column).collect();
        for at in 0..batch.num_rows() {
            let cell = |column: &ArrayRef| match column.as_string_opt::<i32>() {
                _ if column.is_null(at) => Cell::Null,
                Some(texts) => Cell::Text(texts.value(at).to_owned()),
                None => Cell::Number(column.as_primitive::<Float64Type>().value(at)),
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    rows
}

#[test]
fn the_embedded_operator_and_datafusion_give_the_tallies_of_brute_force() {
    // Statements are long, and DataFusion walks them by recursion.
    const STACK: usize = 64 << 20;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.thread_stack_size(STACK).enable_all().build().expect("a runtime");
    let run = std::thread::Builder::new().stack_size(STACK).spawn(move || runtime.block_on(both()));
    if let Err(wrong) = run.expect("a thread").join() {
        std::panic::resume_unwind(wrong);
    }
}

async fn both() {
    let seed = std::env::var("ALLOTMENT_SEED").map_or(5, |seed| seed.parse().expect("a seed is a number"));
    let mut random = Random(seed);
    let mut seen = 0;
    for at in 0..8 {
        let world = World::draw(&mut random);
        let what = |engine: &str| format!("seed {seed}, world {at}, {engine}");
        let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
        for statement in &world.setup {
            session.sql(statement).await.expect("it is understood").collect().await.expect("a table");
        }
        let written = statements(&world.request, Dialect::of(Engine::Embedded)).expect("harmless");
        let mut results: Vec<(&Statement, Vec<Row>)> = Vec::new();
        for statement in &written {
            let frame = session.sql(&statement.text).await;
            let frame = frame.unwrap_or_else(|wrong| panic!("{}: {wrong}\n{}", what("DataFusion"), statement.text));
            let batches = frame.collect().await.unwrap_or_else(|wrong| panic!("{wrong}\n{}", statement.text));
            results.push((statement, rows(&batches)));
        }
        let of: Vec<(&Statement, &[Row])> =
            results.iter().map(|(statement, rows)| (*statement, rows.as_slice())).collect();
        let counted = tallies(&world.request, &of).expect("they are as they were asked for");
        for (study, tally) in world.request.studies.iter().zip(&counted) {
            seen += check(&world, study, tally, &what("DataFusion"));
        }
        seen += check_pairs(&world, &counted, &what("DataFusion"));
        let lake = tempdir().expect("a folder");
        for table in ["exposures", "streams", "sessions"] {
            let file = lake.path().join(format!("{table}.parquet"));
            let copy = format!("COPY lake.{table} TO '{}' STORED AS PARQUET", file.display());
            session.sql(&copy).await.expect("it is understood").collect().await.expect("a file");
        }
        let (root, request) = (lake.path().to_owned(), world.request.clone());
        let tables = [("lake".to_owned(), "{table}.parquet".to_owned())];
        let counting =
            tokio::task::spawn_blocking(move || gather(&root, &tables, &request, Options::default(), &mut |_| {}));
        let counted = counting.await.expect("it ends");
        let counted = counted.unwrap_or_else(|wrong| panic!("{}: {wrong:?}", what("the operator")));
        for (study, tally) in world.request.studies.iter().zip(&counted) {
            check(&world, study, tally, &what("the operator"));
        }
        check_pairs(&world, &counted, &what("the operator"));
    }
    assert!(seen > 150, "most metrics have units: {seen}");
}
