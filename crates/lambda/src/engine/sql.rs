//! Queries in SQL, by the engine of this machine or of a cluster.
use super::{Engine, EngineError};
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

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
