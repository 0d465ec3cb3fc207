//! Statistics from a Parquet file, read by the embedded engine.

use std::path::Path;

use arrow::array::{Array, Float64Array, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::analysis::{Aggregates, COLUMNS};
use crate::cli::Failure;
use crate::io::warehouse::{Output, Use, Warehouse};

/// The statistics.
///
/// # Errors
/// When the file cannot be read, or has other columns.
pub fn read(file: &Path) -> Result<Aggregates, Failure> {
    let wrong = |why: &str| Failure::usage(format!("`{}`: {why}", file.display()));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().and_then(std::ffi::OsStr::to_str).ok_or_else(|| wrong("its name is no text"))?;
    let patterns = [("file".to_owned(), name.to_owned())];
    let texts = COLUMNS.iter().take(3).map(|name| (*name).to_owned()).collect();
    let warehouse = Warehouse::open(folder, &patterns, Use { texts, ..Use::default() })?;
    let relation = warehouse.read_table("file.aggregates")?;
    let mut head: Vec<String> = COLUMNS.iter().take(6).map(|name| (*name).to_owned()).collect();
    let mut outputs: Vec<Output> = head.iter().take(3).cloned().map(Output::Column).collect();
    outputs.extend(head.iter().skip(3).map(|column| Output::Number { column: column.clone(), predicate: None }));
    if relation.column("at").is_ok() {
        head.push("at".to_owned());
        outputs.push(Output::Instant("at".to_owned()));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    warehouse.scan::<Failure>(&relation, &outputs, None, |batches| {
        for batch in batches {
            let columns = batch.columns().iter().map(|column| texts_of(column.as_ref()));
            let columns = columns.collect::<Option<Vec<_>>>().ok_or_else(|| wrong("a column has another type"))?;
            rows.extend((0..batch.num_rows()).map(|row| fields(&columns, row)));
        }
        Ok(())
    })?;
    Aggregates::read_rows(&head, rows).map_err(|why| wrong(&why))
}

fn fields(columns: &[Vec<String>], row: usize) -> Vec<String> {
    columns.iter().map(|column| column.get(row).cloned().unwrap_or_default()).collect()
}

/// The values of a column as text; what is null is empty.
fn texts_of(column: &dyn Array) -> Option<Vec<String>> {
    let text = |of: &dyn Fn(usize) -> String| {
        (0..column.len()).map(|row| if column.is_null(row) { String::new() } else { of(row) }).collect()
    };
    if let Some(numbers) = column.as_any().downcast_ref::<Float64Array>() {
        // Whole numbers print without a point, and every other as short as it is read back.
        return Some(text(&|row| numbers.value(row).to_string()));
    }
    if let Some(instants) = column.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        let written = |row: usize| jiff::Timestamp::from_microsecond(instants.value(row)).map(|at| at.to_string());
        return Some(text(&|row| written(row).unwrap_or_default()));
    }
    let texts = cast(column, &DataType::Utf8).ok()?;
    let texts = texts.as_any().downcast_ref::<StringArray>()?;
    Some(text(&|row| texts.value(row).to_owned()))
}
