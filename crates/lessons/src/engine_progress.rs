//! Engines that show in a cell how far they are.
use lambda::engine::{
    self, BatchJob, Engine, EngineError, RunPhase, SqlEngine, Summary, TaskProgress, Watch,
};
use notebook::progress::Bar;
use polars::prelude::DataFrame;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Opens the engine at an address, as [`lambda::engine::open`] does. In a cell it shows the progress
/// of a query and of a batch run that takes longer than a moment.
///
/// # Errors
/// If it is no address of an engine, or no server answers there within some seconds.
pub fn open(address: &str) -> Result<Box<dyn SqlEngine>, EngineError> {
    Ok(Box::new(ShowsProgress {
        engine: engine::open(address)?,
        address: address.to_owned(),
    }))
}

#[derive(Debug)]
struct ShowsProgress {
    engine: Box<dyn SqlEngine>,
    address: String,
}

impl Engine for ShowsProgress {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        // Bytes are known from the beginning; phases after reading have none of their own.
        let bar = Mutex::new(Bar::new(format!("batch, {}", self.address), "bytes"));
        let shown = |progress: engine::RunProgress| {
            if progress.step == RunPhase::Read {
                let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                bar.set(progress.bytes, progress.bytes_total);
            }
            watch(progress);
        };
        self.engine.run(job, folder, &shown)
    }
}

impl SqlEngine for ShowsProgress {
    fn table(&self, name: &str, rows: &DataFrame) -> Result<(), EngineError> {
        self.engine.table(name, rows)
    }

    fn parquet(&self, name: &str, path: &Path) -> Result<(), EngineError> {
        self.engine.parquet(name, path)
    }

    fn view(&self, name: &str, query: &str) -> Result<(), EngineError> {
        self.engine.view(name, query)
    }

    fn sql_watched(
        &self,
        query: &str,
        watch: &mut dyn FnMut(TaskProgress),
    ) -> Result<DataFrame, EngineError> {
        let mut bar = Bar::new(format!("query, {}", self.address), "tasks");
        self.engine.sql_watched(query, &mut |progress| {
            bar.set(progress.done, progress.known);
            watch(progress);
        })
    }
}
