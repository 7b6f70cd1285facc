//! Answers questions about an engine: the other end of [`lambda::engine::SparkConnect`].
use super::interrupt;
use crate::spark::{ExecutionProgress, Session, Spark, SparkError, SparkFacts};
use lambda::engine::{Engine, EngineAnswer, EngineError, EngineQuestion, SCHEME};
use lambda::remote::is_host_and_port;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::ParquetWriter;
use std::io::Cursor;

/// A server, with a session for queries. A run has a session of its own.
pub(super) struct Served {
    session: Session,
    engine: Spark,
    /// The engine for what a stream has written.
    facts: SparkFacts,
}

impl Served {
    /// Connects to the server at `sc://host:port`.
    ///
    /// # Errors
    /// What is wrong with the address, or why the server cannot be reached.
    pub(super) fn open(address: &str) -> Result<Self, EngineError> {
        let place = address.strip_prefix(SCHEME).unwrap_or(address);
        let place = place.trim_end_matches('/');
        if !is_host_and_port(place) {
            return Err(EngineError::Remote(format!(
                "{address}: is no address of a Spark Connect server; write sc://HOST:PORT, without \
                 parameters: TLS and tokens are not supported"
            )));
        }
        let session = Session::open(place)?;
        session.check_version()?;
        Ok(Self {
            session,
            engine: Spark::at(place),
            facts: SparkFacts::at(place),
        })
    }

    pub(super) fn answer(
        &self,
        question: EngineQuestion,
        body: &[u8],
        report: &(dyn Fn(EngineAnswer) + Sync),
    ) -> Result<(EngineAnswer, Vec<u8>), EngineError> {
        match question {
            EngineQuestion::Run { job, folder } => {
                let watch = |progress| report(EngineAnswer::Progress(progress));
                let summary = self.engine.run(&job.into_job()?, &folder, &watch)?;
                Ok((EngineAnswer::Summary(summary), Vec::new()))
            }
            EngineQuestion::RunStreamed { job, folder } => {
                let watch = |progress| report(EngineAnswer::Progress(progress));
                let summary = self.facts.run(&job.into_job()?, &folder, &watch)?;
                Ok((EngineAnswer::Summary(summary), Vec::new()))
            }
            EngineQuestion::Stream { job } => {
                let mut watch = |progress| report(EngineAnswer::Streaming(progress));
                let stop = interrupt::Stop::on_interrupt();
                let done = self
                    .engine
                    .stream(&job, &mut watch, &|| stop.is_asked_for())?;
                Ok((EngineAnswer::Streamed(done), Vec::new()))
            }
            EngineQuestion::Sql { query } => {
                let watch = |progress: &ExecutionProgress| {
                    report(EngineAnswer::Tasks(progress.tasks()));
                };
                let mut frame = self.session.frame_watched(&query, watch)?;
                let mut rows = Vec::new();
                let written = ParquetWriter::new(&mut rows).finish(&mut frame);
                written.map_err(wrong)?;
                Ok((EngineAnswer::Rows, rows))
            }
            EngineQuestion::Table { name } => {
                let rows = ParquetReader::new(Cursor::new(body))
                    .finish()
                    .map_err(wrong)?;
                self.session.create_view(&name, &rows)?;
                Ok((EngineAnswer::Done, Vec::new()))
            }
            EngineQuestion::Parquet { name, path } => {
                let path = path.to_string_lossy();
                if path.contains('`') {
                    return Err(EngineError::Remote(format!(
                        "{path}: SQL cannot name a path with a backtick in it; rename the file"
                    )));
                }
                self.session
                    .create_view_of_sql(&name, &format!("SELECT * FROM parquet.`{path}`"))?;
                Ok((EngineAnswer::Done, Vec::new()))
            }
            EngineQuestion::View { name, query } => {
                self.session.create_view_of_sql(&name, &query)?;
                Ok((EngineAnswer::Done, Vec::new()))
            }
        }
    }
}

fn wrong(error: PolarsError) -> EngineError {
    SparkError::Rows(error.to_string()).into()
}

/// An error as an answer.
pub(super) fn told(error: EngineError) -> EngineAnswer {
    EngineAnswer::Failed(error.to_string())
}
