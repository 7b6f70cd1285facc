//! Queries in SQL, by the engine of this machine or of a cluster.
use super::{BatchJob, Engine, EngineError, Local, SCHEME, SparkConnect, Summary, Watch};
use polars::prelude::*;
use polars::sql::SQLContext;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The address of the engine of this machine.
pub const LOCAL: &str = "local";

/// The progress of a query: tasks, each of which computes one partition of one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// Number of tasks that have ended.
    pub done: u64,
    /// Number of tasks known so far. A stage adds its tasks when it begins.
    pub known: u64,
}

/// An engine that answers queries in SQL besides computing the batch views.
///
/// Tables and views have names, which belong to one connection. The text of a query is the same for
/// each engine if it keeps to what engines agree about.
///
/// ```
/// use lambda_workbook::engine;
/// use polars::prelude::*;
///
/// // On a cluster: engine::open("sc://127.0.0.1:15002")?
/// let engine = engine::open("local")?;
/// engine.table("views", &df!("url" => ["a.com/", "b.com/", "a.com/"])?)?;
/// engine.view("counts", "SELECT url, COUNT(*) AS count FROM views GROUP BY url")?;
/// let most = engine.sql("SELECT url FROM counts ORDER BY count DESC LIMIT 1")?;
/// assert_eq!(most.column("url")?.str()?.get(0), Some("a.com/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SqlEngine: Engine + fmt::Debug + Send + Sync {
    /// Makes a table of a frame. The rows are sent to the engine.
    ///
    /// # Errors
    /// If the engine is lost, or a column has a type that has no counterpart there.
    fn table(&self, name: &str, rows: &DataFrame) -> Result<(), EngineError>;

    /// Makes a table of a Parquet file, or of a folder of them, which the engine reads itself: a
    /// cluster must see it under the same path.
    ///
    /// # Errors
    /// If there is no such file, or it is not Parquet, or the engine is lost.
    fn parquet(&self, name: &str, path: &Path) -> Result<(), EngineError>;

    /// Makes a table of the result of a query. No row leaves the engine, and nothing is computed
    /// until another query reads the table.
    ///
    /// # Errors
    /// If the engine refuses the query, or is lost.
    fn view(&self, name: &str, query: &str) -> Result<(), EngineError>;

    /// Runs a query, and returns its rows. Calls `watch` with the progress, if the engine reports
    /// any.
    ///
    /// # Errors
    /// If the engine refuses the query, or is lost, or a column has a type that has no counterpart
    /// here.
    fn sql_watched(
        &self,
        query: &str,
        watch: &mut dyn FnMut(TaskProgress),
    ) -> Result<DataFrame, EngineError>;

    /// Runs a query, and returns its rows.
    ///
    /// # Errors
    /// As for [`sql_watched`](Self::sql_watched).
    fn sql(&self, query: &str) -> Result<DataFrame, EngineError> {
        self.sql_watched(query, &mut |_| ())
    }
}

/// Opens the engine at an address: `local` for the cores of this machine, or `sc://host:port` for a
/// Spark Connect server, such as Spark or Sail.
///
/// # Errors
/// If it is no such address, or no server answers there within some seconds.
pub fn open(address: &str) -> Result<Box<dyn SqlEngine>, EngineError> {
    match address {
        LOCAL => Ok(Box::new(LocalSql::default())),
        _ if address.starts_with(SCHEME) => Ok(Box::new(SparkConnect::open(address, None)?)),
        _ => Err(EngineError::Remote(format!(
            "{address}: is no address of an engine; write local, or sc://HOST:PORT, such as sc://127.0.0.1:15002"
        ))),
    }
}

/// The engine of this machine, with the SQL of polars.
#[derive(Default)]
pub struct LocalSql {
    engine: Local,
    context: Mutex<SQLContext>,
}

impl LocalSql {
    fn with<T>(
        &self,
        query: &str,
        run: impl FnOnce(&mut SQLContext) -> PolarsResult<T>,
    ) -> Result<T, EngineError> {
        let mut context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        run(&mut context).map_err(|source| EngineError::Query {
            query: query.to_owned(),
            source,
        })
    }
}

impl fmt::Debug for LocalSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSql").finish_non_exhaustive()
    }
}

impl Engine for LocalSql {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        self.engine.run(job, folder, watch)
    }
}

impl SqlEngine for LocalSql {
    fn table(&self, name: &str, rows: &DataFrame) -> Result<(), EngineError> {
        self.with(name, |context| {
            context.register(name, rows.clone().lazy());
            Ok(())
        })
    }

    fn parquet(&self, name: &str, path: &Path) -> Result<(), EngineError> {
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(EngineError::io(path, "reading"))?;
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            files = paths
                .filter(|path| path.extension().is_some_and(|end| end == "parquet"))
                .collect();
            files.sort();
        }
        let mut rows = DataFrame::default();
        for file in &files {
            let open = File::open(file).map_err(EngineError::io(file, "reading"))?;
            let part = ParquetReader::new(open).finish();
            let part = part.map_err(EngineError::parquet(file, "reading"))?;
            match rows.width() {
                0 => rows = part,
                _ => {
                    let stacked = rows.vstack_mut(&part).map(drop);
                    stacked.map_err(EngineError::parquet(file, "reading"))?;
                }
            }
        }
        self.table(name, &rows)
    }

    fn view(&self, name: &str, query: &str) -> Result<(), EngineError> {
        self.with(query, |context| {
            let rows = context.execute(query)?;
            context.register(name, rows);
            Ok(())
        })
    }

    fn sql_watched(
        &self,
        query: &str,
        _watch: &mut dyn FnMut(TaskProgress),
    ) -> Result<DataFrame, EngineError> {
        self.with(query, |context| context.execute(query)?.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_query_is_named_with_what_is_wrong() {
        let engine = open(LOCAL).unwrap();
        let error = engine
            .sql("SELECT url FROM nowhere")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("SELECT url FROM nowhere: "), "{error}");
        assert!(error.contains("nowhere"), "{error}");
    }

    #[test]
    fn an_address_that_is_none_says_what_one_is() {
        let error = open("spark://127.0.0.1:7077").unwrap_err().to_string();
        assert!(error.contains("write local, or sc://HOST:PORT"), "{error}");
    }

    #[test]
    fn a_table_is_a_file_or_a_folder_of_parquet() {
        use polars_io::parquet::write::ParquetWriter;
        let folder = tempfile::tempdir().unwrap();
        for (name, number) in [("b.parquet", 2i64), ("a.parquet", 1), ("note.txt", 3)] {
            let file = File::create(folder.path().join(name)).unwrap();
            let mut rows = df!("n" => [number]).unwrap();
            ParquetWriter::new(file).finish(&mut rows).unwrap();
        }
        let engine = open(LOCAL).unwrap();
        engine.parquet("all", folder.path()).unwrap();
        engine
            .parquet("one", &folder.path().join("b.parquet"))
            .unwrap();
        for (table, sum) in [("all", 3), ("one", 2)] {
            let rows = engine
                .sql(&format!("SELECT SUM(n) AS n FROM {table}"))
                .unwrap();
            assert_eq!(rows.column("n").unwrap().i64().unwrap().get(0), Some(sum));
        }
        let error = engine.parquet("none", &folder.path().join("c.parquet"));
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("c.parquet: reading")
        );
    }
}
