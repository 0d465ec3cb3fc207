//! The embedded engine's scans: tables in files and object storage, the SQL of facts, and their rows in a fixed order.
//!
//! What is read is split into a fixed number of parts, whose batches are handed on in turns, so that the order of rows
//! depends on the files alone and not on how many cores there are or which of them is faster.

mod csv;
mod fault;
mod files;
mod glob;
mod order;
mod packed;
mod place;
mod relation;
mod scan;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use datafusion::catalog::MemorySchemaProvider;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

pub use fault::Fault;
pub use order::Order;
pub use relation::{Column, Kind, Relation};
pub use scan::Output;

use files::Files;
use table::Table;

/// Into how many parts a scan is split, always: the order of rows, and with it the last bit of a sum, follows from it.
const PARTS: usize = 4;

/// How much the SQL of facts may sort, join and group at once, where nothing else is said.
const SQL_ROOM: usize = 512 << 20;

/// Tables in files and object storage.
pub struct Warehouse {
    runtime: Runtime,
    context: SessionContext,
    root: PathBuf,
    /// Path patterns by schema.
    patterns: BTreeMap<String, String>,
    /// Columns that are ids or names, by name: where a file does not say what a column is, they are text.
    texts: BTreeSet<String>,
    /// Tables that were opened, by schema and name.
    tables: Mutex<BTreeMap<(String, String), Table>>,
}

/// How a warehouse may use this machine.
#[derive(Debug, Clone, Default)]
pub struct Use {
    /// How many bytes the SQL of facts may hold at once.
    pub memory: Option<usize>,
    /// How many cores may be used.
    pub threads: Option<usize>,
    /// Columns that are ids or names, by name.
    pub texts: BTreeSet<String>,
    /// Functions that SQL may call besides those of the engine.
    pub orders: Vec<Order>,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Warehouse {
    /// Opens the tables that patterns name; relative ones begin at the root, and lead nowhere out of it.
    ///
    /// # Errors
    ///
    /// When the machine refuses threads.
    pub fn open(root: &Path, patterns: &[(String, String)], with: Use) -> Result<Self, Fault> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        if let Some(threads) = with.threads {
            builder.worker_threads(threads.max(1));
        }
        let runtime = builder
            .enable_io()
            .enable_time()
            .build()
            .map_err(|wrong| Fault::environment("cannot start threads", wrong))?;
        let mut config = SessionConfig::new().with_target_partitions(PARTS).with_information_schema(false);
        let options = config.options_mut();
        // Names are what they are in the files.
        options.sql_parser.enable_ident_normalization = false;
        // Who reads a file must not depend on who is faster.
        options.execution.enable_file_stream_work_stealing = false;
        // Few rows would be filtered out while decoding, and every one would be asked for.
        options.execution.parquet.pushdown_filters = false;
        options.execution.collect_statistics = false;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_limit(with.memory.unwrap_or(SQL_ROOM), 1.0)
            .with_disk_manager_builder(DiskManagerBuilder::default())
            .build_arc()
            .map_err(|wrong| Fault::environment("cannot begin", wrong))?;
        let context = SessionContext::new_with_config_rt(config, environment);
        with.orders.into_iter().for_each(|order| context.register_udf(order.function()));
        Ok(Self {
            runtime,
            context,
            root: root.to_owned(),
            patterns: patterns.iter().cloned().collect(),
            texts: with.texts,
            tables: Mutex::new(BTreeMap::new()),
        })
    }

    /// Says that files are still those that were listed when their tables were opened.
    ///
    /// # Errors
    ///
    /// Where one changed meanwhile, or can no longer be listed.
    pub fn unchanged(&self) -> Result<(), Fault> {
        let tables = self.opened();
        tables.values().try_for_each(|table| {
            let now = self.runtime.block_on(Files::list(&table.files.place))?;
            table.files.same(&now)
        })
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), Table>> {
        // A table is added whole or not at all.
        self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A table by `schema.table`, opened where it is not yet.
    fn table(&self, name: &str) -> Result<Table, Fault> {
        let (schema, table) = name.split_once('.').ok_or_else(|| {
            Fault::data(format!("the table `{name}` has no schema"))
                .help(format!("write `schema.table`; `[warehouse.tables]` has {}", listed(self.patterns.keys())))
        })?;
        let key = (schema.to_owned(), table.to_owned());
        if let Some(known) = self.opened().get(&key) {
            return Ok(known.clone());
        }
        let pattern = self.patterns.get(schema).ok_or_else(|| {
            Fault::unknown("schema", schema, "`[warehouse.tables]`", self.patterns.keys().cloned().collect())
        })?;
        let place = place::find(&self.root, pattern, name, table)?;
        if let Some(store) = &place.store {
            self.context.register_object_store(place.url.as_ref(), Arc::clone(store));
        }
        let state = self.context.state();
        let opened = self.runtime.block_on(async {
            let files = Files::list(&place).await?;
            Table::open(&state, name, files, &self.texts).await
        })?;
        if let Some(store) = &opened.unpacked {
            self.context.register_object_store(opened.url.as_ref(), Arc::clone(store));
        }
        let catalog = self.context.catalog("datafusion").ok_or_else(|| Fault::data("there is no catalog"))?;
        let schemas = match catalog.schema(schema) {
            Some(schemas) => schemas,
            None => {
                let schemas = Arc::new(MemorySchemaProvider::new());
                let _ = catalog.register_schema(schema, Arc::clone(&schemas) as _);
                schemas
            }
        };
        schemas
            .register_table(table.to_owned(), Arc::new(opened.clone()))
            .map_err(|wrong| Fault::of(&format!("table `{name}`"), &wrong))?;
        self.opened().insert(key, opened.clone());
        Ok(opened)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no patterns".to_owned() } else { names.join(", ") }
}
