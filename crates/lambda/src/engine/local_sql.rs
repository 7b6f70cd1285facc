//! The engine of this machine, which answers queries in the SQL of polars.
use super::{BatchJob, Engine, EngineError, Local, SqlEngine, Summary, TaskProgress, Watch};
use polars::prelude::*;
use polars::sql::SQLContext;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

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
        let engine = LocalSql::default();
        let error = engine
            .sql("SELECT url FROM nowhere")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("SELECT url FROM nowhere: "), "{error}");
        assert!(error.contains("nowhere"), "{error}");
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
        let engine = LocalSql::default();
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
