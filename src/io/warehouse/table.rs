//! A table in files: what its columns are, and how it is scanned.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{ident, lit};
use futures::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::csv::{self, Expected};
use super::fault::Fault;
use super::files::Files;
use super::packed::Unpacked;

/// How many rows of a text file are read to see of what types its columns are.
const LOOKED_AT: usize = 100_000;

/// How many bytes of a packed file of JSON are unpacked for that, which are in memory then.
const LOOKED_INTO: usize = 32 << 20;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Parquet,
    Csv,
    Json,
}

/// A table.
#[derive(Clone)]
pub(super) struct Table {
    pub files: Files,
    pub shape: Shape,
    /// Where files are read.
    pub url: ObjectStoreUrl,
    /// What is there, where it is not what the files' own store has.
    pub unpacked: Option<Arc<dyn ObjectStore>>,
    format: Arc<dyn FileFormat>,
    /// The columns that files have, then those that folders name.
    schema: SchemaRef,
    /// The same, with those of folders apart.
    parted: TableSchema,
    /// A column, and between which instants its rows can matter: files and parts of them where no row does are not read.
    span: Option<(String, i64, i64)>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("shown", &self.files.place.shown).finish_non_exhaustive()
    }
}

impl Table {
    /// Looks at the columns of a table's files.
    pub async fn open(state: &SessionState, name: &str, files: Files, texts: &BTreeSet<String>) -> Result<Self, Fault> {
        let (shape, is_packed) = shape(&files)?;
        let format: Arc<dyn FileFormat> = match shape {
            Shape::Parquet => Arc::new(ParquetFormat::default()),
            Shape::Csv => {
                // A text in quotes may hold a line's end, so a file is read from its beginning.
                Arc::new(CsvFormat::default().with_has_header(true).with_newlines_in_values(true))
            }
            Shape::Json => Arc::new(JsonFormat::default().with_schema_infer_max_rec(LOOKED_AT)),
        };
        let store = files.place.store();
        let unpacked = |most: Option<usize>| -> Option<Arc<dyn ObjectStore>> {
            is_packed.then(|| Arc::new(Unpacked { packed: files.place.store(), most }) as _)
        };
        let store = unpacked((shape == Shape::Json).then_some(LOOKED_INTO)).unwrap_or(store);
        let mut schemas: Vec<SchemaRef> = Vec::new();
        for meta in &files.metas {
            let what = |wrong: &DataFusionError| Fault::of(&format!("`{}`", files.place.path(meta)), wrong);
            let schema = match shape {
                Shape::Csv => match columns(state, &store, meta).await {
                    Ok(schema) => schema,
                    Err(wrong) => {
                        let fault = what(&wrong);
                        let is_data = matches!(fault, Fault::Data { .. });
                        let own = format!("table `{name}`");
                        let found = csv::look(&files, &store, &own, |_| None);
                        return Err(if is_data { found.await.unwrap_or(fault) } else { fault });
                    }
                },
                _ => {
                    let schema = format.infer_schema(state, &store, std::slice::from_ref(meta)).await;
                    schema.map_err(|wrong| what(&wrong))?
                }
            };
            let names =
                |schema: &SchemaRef| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            if shape == Shape::Csv
                && let Some(first) = schemas.first().filter(|first| names(first) != names(&schema))
            {
                return Err(Fault::data(format!(
                    "`{}` has other columns than the files before it",
                    files.place.path(meta)
                ))
                .help(format!(
                    "the first file of {} has {}",
                    files.place.shown,
                    names(first).join(", ")
                )));
            }
            if schema.fields().is_empty() {
                return Err(Fault::data(format!("`{}` has no columns", files.place.path(meta))));
            }
            schemas.push(schema);
        }
        let schema = united(&schemas, shape, texts).map_err(|(column, one, other)| {
            Fault::data(format!("table `{name}`: column `{column}` is {one} in one file and {other} in another"))
                .help("write all files with the same types")
        })?;
        let keys = files.keys.iter().filter(|key| schema.column_with_name(key).is_none());
        let keys: Vec<FieldRef> = keys.map(|key| Arc::new(Field::new(key, DataType::Utf8, false))).collect();
        let parted = TableSchema::builder(Arc::new(schema)).with_table_partition_cols(keys).build();
        let url = match is_packed {
            false => files.place.url.clone(),
            true => ObjectStoreUrl::parse(format!("gzip-{}", files.place.url.as_str()))
                .map_err(|wrong| Fault::of(&files.place.shown, &wrong))?,
        };
        let unpacked = unpacked(None);
        Ok(Self { files, shape, url, unpacked, format, schema: Arc::clone(parted.table_schema()), parted, span: None })
    }

    /// Where its files are not what is expected of their columns, beside what their types say; looked for in CSV alone.
    pub async fn look(&self, what: &str, expected: impl Fn(&str, &DataType) -> Option<Expected>) -> Option<Fault> {
        if self.shape != Shape::Csv {
            return None;
        }
        let store = self.unpacked.clone().unwrap_or_else(|| self.files.place.store());
        let own = |name: &str| self.schema.field_with_name(name).ok().and_then(|own| expected(name, own.data_type()));
        csv::look(&self.files, &store, what, own).await
    }

    /// Reads only what can hold rows whose instant is not before `from` and before `to`.
    pub fn within(mut self, column: &str, from: i64, to: i64) -> Self {
        self.span = Some((column.to_owned(), from, to));
        self
    }

    /// The span as a predicate over the table, if its column is an instant.
    fn predicate(&self) -> Option<Expr> {
        let (column, from, to) = self.span.as_ref()?;
        let kind = self.schema.field_with_name(column).ok()?.data_type();
        between(ident(column), kind, *from, *to)
    }
}

/// Whether an instant is in a span, for a column of a type; none if it is no instant. A bound that a coarser type cannot
/// express lets more through.
pub(super) fn between(column: Expr, kind: &DataType, from: i64, to: i64) -> Option<Expr> {
    let at = |micros: i64, after: i64| {
        Some(match kind {
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                ScalarValue::TimestampMicrosecond(Some(micros), zone.clone())
            }
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
                ScalarValue::TimestampNanosecond(Some(micros.saturating_mul(1000)), zone.clone())
            }
            DataType::Timestamp(TimeUnit::Millisecond, zone) => {
                ScalarValue::TimestampMillisecond(Some(micros.div_euclid(1000) + after), zone.clone())
            }
            DataType::Timestamp(TimeUnit::Second, zone) => {
                ScalarValue::TimestampSecond(Some(micros.div_euclid(1_000_000) + after), zone.clone())
            }
            DataType::Date32 => {
                ScalarValue::Date32(Some(i32::try_from(micros.div_euclid(86_400_000_000) + after).ok()?))
            }
            _ => return None,
        })
    };
    let (from, to) = (at(from, 0)?, at(to, 1)?);
    Some(column.clone().gt_eq(lit(from)).and(column.lt(lit(to))))
}

/// The columns of a file of CSV, with the types that its first rows let see.
async fn columns(state: &SessionState, store: &Arc<dyn ObjectStore>, meta: &ObjectMeta) -> Result<SchemaRef> {
    let bytes = store.get(&meta.location).await.map_err(|wrong| DataFusionError::ObjectStore(Box::new(wrong)))?;
    let pieces = csv::whole(bytes.into_stream()).map_ok(Into::into);
    let (schema, _) =
        CsvFormat::default().with_has_header(true).infer_schema_from_stream(state, LOOKED_AT, pieces).await?;
    Ok(Arc::new(schema))
}

/// How all files of a table are written, and whether they are packed.
fn shape(files: &Files) -> Result<(Shape, bool), Fault> {
    let mut all: Option<(Shape, bool)> = None;
    for meta in &files.metas {
        let name = meta.location.filename().unwrap_or_default().to_ascii_lowercase();
        let path = files.place.path(meta);
        let (plain, is_packed) = match name.strip_suffix(".gz") {
            Some(plain) => (plain, true),
            None => (name.as_str(), false),
        };
        let shape = match plain.rsplit('.').next() {
            Some("parquet" | "pq") if is_packed => {
                return Err(Fault::data(format!("`{path}` is packed as a whole, and Parquet is read in parts"))
                    .help("unpack it: its columns are compressed already, or can be"));
            }
            Some("parquet" | "pq") => Shape::Parquet,
            Some("csv") => Shape::Csv,
            Some("json" | "jsonl" | "ndjson") => Shape::Json,
            Some("zst" | "bz2" | "xz" | "zip") => {
                return Err(Fault::data(format!("`{path}` is compressed as a whole, which is read of gzip alone"))
                    .help("write Parquet, which compresses its columns, or `.csv.gz`, or unpack it"));
            }
            _ => {
                return Err(Fault::data(format!("`{path}` is none of Parquet, CSV and JSON lines by its name"))
                    .help("end the pattern with `.parquet`, `.csv` or `.jsonl`"));
            }
        };
        let shape = (shape, is_packed);
        if all.is_some_and(|all| all != shape) {
            return Err(Fault::data(format!("`{path}` is written otherwise than the files before it"))
                .help("end the pattern with `.parquet`, `.csv` or `.jsonl`"));
        }
        all = Some(shape);
    }
    all.ok_or_else(|| Fault::data(format!("{}: there is no such file", files.place.shown)))
}

/// The columns of all files; else the column that is of two types, with both.
fn united(
    schemas: &[SchemaRef],
    shape: Shape,
    texts: &BTreeSet<String>,
) -> std::result::Result<Schema, (String, DataType, DataType)> {
    let mut fields: Vec<Field> = Vec::new();
    for field in schemas.iter().flat_map(|schema| schema.fields()) {
        let kind = match (shape, field.data_type()) {
            // What the file itself says is left.
            (Shape::Parquet, kind) => viewed(kind),
            // `007` is not 7, and no digit of an id may be lost.
            (Shape::Csv, _) if texts.contains(field.name()) => DataType::Utf8View,
            // How many digits a fraction has differs from line to line.
            (_, DataType::Timestamp(_, zone)) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            (_, kind) => viewed(kind),
        };
        let new = field.as_ref().clone().with_data_type(kind.clone()).with_nullable(true);
        let Some(own) = fields.iter_mut().find(|own| own.name() == field.name()) else {
            fields.push(new);
            continue;
        };
        let both = match (own.data_type().clone(), kind) {
            (own, kind) if own == kind => own,
            (DataType::Null, kind) | (kind, DataType::Null) => kind,
            (own, kind) if own.is_integer() && kind.is_integer() => DataType::Int64,
            (own, kind) if own.is_numeric() && kind.is_numeric() && shape != Shape::Parquet => DataType::Float64,
            (own @ DataType::Timestamp(..), DataType::Timestamp(..)) => own,
            (own, kind) if own.is_floating() && kind.is_floating() => DataType::Float64,
            _ if shape != Shape::Parquet => DataType::Utf8View,
            (own, kind) => return Err((field.name().clone(), own, kind)),
        };
        own.set_data_type(both);
    }
    Ok(Schema::new(fields))
}

/// Text as views, which are read without a copy.
fn viewed(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        other => other.clone(),
    }
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source: Arc<dyn FileSource> = self.format.file_source(self.parted.clone());
        if self.shape == Shape::Parquet
            && let Some(predicate) = self.predicate()
        {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            let predicate = state.create_physical_expr(predicate, &schema)?;
            source = Arc::new(ParquetSource::new(self.parted.clone()).with_predicate(predicate));
        }
        let files = self.files.metas.iter().zip(&self.files.values).map(|(meta, values)| {
            let mut file = PartitionedFile::from(meta.clone());
            if self.unpacked.is_some() {
                // No part of a packed file can be read by itself, and only what is large is read in parts.
                file.object_meta.size = 1;
            }
            let own = |key: &String| self.parted.table_partition_cols().iter().any(|field| field.name() == key);
            let values = self.files.keys.iter().zip(values).filter(|(key, _)| own(key));
            file.partition_values = values.map(|(_, value)| ScalarValue::Utf8(Some(value.clone()))).collect();
            file
        });
        let config = FileScanConfigBuilder::new(self.url.clone(), source)
            .with_file_groups(vec![FileGroup::new(files.collect())])
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        self.format.create_physical_plan(state, config).await
    }
}
