//! An engine on a Spark Connect server, reached through the program `connect`.
use super::{
    BatchJob, Engine, EngineError, Input, RunProgress, STREAMING, SqlEngine, StreamJob,
    StreamProgress, Summary, TaskProgress, Views, Watch,
};
use crate::batch::sketch::Precision;
use crate::remote::{Remote, RemoteAnswer, RemoteError};
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::ParquetWriter;
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// The kind of address that names a Spark Connect server.
pub const SCHEME: &str = "sc://";

/// A Spark Connect server, such as Spark or Sail: an engine for the batch views, and SQL.
///
/// ```no_run
/// use lambda_workbook::{batch, engine};
///
/// // After `cargo workbook up spark`:
/// let spark = engine::open("sc://127.0.0.1:15002")?;
/// let hours = spark.sql("SELECT 'foo.com/' AS url, 'h' AS granularity, BIGINT(3600) AS ts, BIGINT(7) AS count")?;
/// spark.table(batch::sql::HOURS_TABLE, &hours)?;
/// let days = spark.sql(batch::sql::DAYS_OF_HOURS)?;
/// assert!(days.equals(&batch::sql::days_of_hours(&hours)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SparkConnect {
    remote: Remote,
}

impl SparkConnect {
    /// Connects to the server at an address, `sc://host:port`, through a program, the usual one if
    /// `program` is `None`. The answers come through that program, `connect`, so a cell compiles
    /// no client.
    ///
    /// # Errors
    /// If no server answers there within some seconds, or it is no Spark Connect server of version 4.
    pub fn open(address: &str, program: Option<&Path>) -> Result<Self, EngineError> {
        if !address.starts_with(SCHEME) {
            return Err(EngineError::Remote(format!(
                "{address}: is no address of an engine; write sc://HOST:PORT, such as sc://127.0.0.1:15002"
            )));
        }
        let remote = Remote::open::<EngineAnswer>(address, program)?;
        Ok(Self { remote })
    }

    /// Asks for something that has no result.
    fn done(&self, question: &EngineQuestion, body: &[&[u8]]) -> Result<(), EngineError> {
        match self.remote.ask(question, body)? {
            (EngineAnswer::Done, _) => Ok(()),
            (other, _) => Err(self.remote.error(other)),
        }
    }

    /// Runs a stream by Spark Structured Streaming, from where its checkpoint says: the records of a
    /// topic become facts in a folder. Calls `watch` with the progress.
    ///
    /// A stream that is to end by itself returns when it has read what is in the topic. Another
    /// goes on until the program `connect` gets an interrupt (Ctrl-C), which it shares with the
    /// program that asks, or that program ends.
    ///
    /// # Errors
    /// If the log or the topic is not there, the server has no source for Kafka (as Sail has none),
    /// the folder belongs to another topic, or the server is lost. A later run goes on from the
    /// checkpoint.
    pub fn stream(
        &self,
        job: &StreamJob,
        mut watch: impl FnMut(StreamProgress),
    ) -> Result<StreamProgress, EngineError> {
        let question = EngineQuestion::Stream { job: job.clone() };
        let is_progress = |answer: &EngineAnswer| match answer {
            EngineAnswer::Streaming(progress) => {
                watch(progress.clone());
                true
            }
            _ => false,
        };
        match self.remote.ask_watched(&question, &[], is_progress)? {
            (EngineAnswer::Streamed(progress), _) => Ok(progress),
            (other, _) => Err(self.remote.error(other)),
        }
    }

    /// Returns an engine for the views of what a stream has written. The input of its jobs is
    /// [`StreamJob::input`].
    pub fn streaming(&self) -> SparkStreaming<'_> {
        SparkStreaming { spark: self }
    }

    fn run_question(
        &self,
        question: &EngineQuestion,
        watch: Watch<'_>,
    ) -> Result<Summary, EngineError> {
        let is_progress = |answer: &EngineAnswer| match answer {
            EngineAnswer::Progress(progress) => {
                watch(*progress);
                true
            }
            _ => false,
        };
        match self.remote.ask_watched(question, &[], is_progress)? {
            (EngineAnswer::Summary(summary), _) => Ok(summary),
            (other, _) => Err(self.remote.error(other)),
        }
    }
}

/// An engine for the views of what a stream has written, see [`SparkConnect::streaming`].
#[derive(Debug)]
pub struct SparkStreaming<'a> {
    spark: &'a SparkConnect,
}

impl Engine for SparkStreaming<'_> {
    fn name(&self) -> &'static str {
        STREAMING
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        let question = EngineQuestion::RunStreamed {
            job: JobMessage::from(job),
            folder: folder.to_owned(),
        };
        self.spark.run_question(&question, watch)
    }
}

impl Engine for SparkConnect {
    fn name(&self) -> &'static str {
        "spark connect"
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        let question = EngineQuestion::Run {
            job: JobMessage::from(job),
            folder: folder.to_owned(),
        };
        self.run_question(&question, watch)
    }
}

impl SqlEngine for SparkConnect {
    fn table(&self, name: &str, rows: &DataFrame) -> Result<(), EngineError> {
        let mut body = Vec::new();
        let written = ParquetWriter::new(&mut body).finish(&mut rows.clone());
        written.map_err(EngineError::parquet(&self.remote.address, "sending rows"))?;
        let name = name.to_owned();
        self.done(&EngineQuestion::Table { name }, &[&body])
    }

    fn parquet(&self, name: &str, path: &Path) -> Result<(), EngineError> {
        // A path of this process means another file to a server that runs elsewhere in the tree.
        let path = std::fs::canonicalize(path).map_err(EngineError::io(path, "reading"))?;
        let name = name.to_owned();
        self.done(&EngineQuestion::Parquet { name, path }, &[])
    }

    fn view(&self, name: &str, query: &str) -> Result<(), EngineError> {
        let (name, query) = (name.to_owned(), query.to_owned());
        self.done(&EngineQuestion::View { name, query }, &[])
    }

    fn sql_watched(
        &self,
        query: &str,
        watch: &mut dyn FnMut(TaskProgress),
    ) -> Result<DataFrame, EngineError> {
        let question = EngineQuestion::Sql {
            query: query.to_owned(),
        };
        let is_progress = |answer: &EngineAnswer| match answer {
            EngineAnswer::Tasks(progress) => {
                watch(*progress);
                true
            }
            _ => false,
        };
        match self.remote.ask_watched(&question, &[], is_progress)? {
            (EngineAnswer::Rows, body) => {
                let read = ParquetReader::new(Cursor::new(body)).finish();
                read.map_err(EngineError::parquet(&self.remote.address, "reading rows"))
            }
            (other, _) => Err(self.remote.error(other)),
        }
    }
}

/// A question to the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EngineQuestion {
    /// [`Engine::run`].
    Run {
        /// The job.
        job: JobMessage,
        /// The folder of the files.
        folder: PathBuf,
    },
    /// [`SparkConnect::stream`].
    Stream {
        /// The stream.
        job: StreamJob,
    },
    /// [`Engine::run`] of [`SparkStreaming`].
    RunStreamed {
        /// The job.
        job: JobMessage,
        /// The folder of the files.
        folder: PathBuf,
    },
    /// [`SqlEngine::sql_watched`].
    Sql {
        /// The query.
        query: String,
    },
    /// [`SqlEngine::table`], with the rows as Parquet in the body.
    Table {
        /// The name of the table.
        name: String,
    },
    /// [`SqlEngine::parquet`].
    Parquet {
        /// The name of the table.
        name: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// [`SqlEngine::view`].
    View {
        /// The name of the table.
        name: String,
        /// The query.
        query: String,
    },
}

/// An answer of the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EngineAnswer {
    /// It is done, or the server was reached.
    Done,
    /// The progress of a run; the answer itself follows.
    Progress(RunProgress),
    /// The progress of a query; the answer itself follows.
    Tasks(TaskProgress),
    /// The result of a run.
    Summary(Summary),
    /// The progress of a stream; the answer itself follows.
    Streaming(StreamProgress),
    /// What a stream has done in the end.
    Streamed(StreamProgress),
    /// Rows, as Parquet in the body.
    Rows,
    /// An error. The text says where, what and why, and what to do.
    Failed(String),
}

impl RemoteAnswer for EngineAnswer {
    type Error = EngineError;

    fn error(self, _address: &str) -> Option<EngineError> {
        match self {
            Self::Failed(problem) => Some(EngineError::Remote(problem)),
            _ => None,
        }
    }
}

impl From<RemoteError> for EngineError {
    fn from(error: RemoteError) -> Self {
        Self::Remote(format!(
            "{}: {}: {}",
            error.address, error.doing, error.problem
        ))
    }
}

/// A [`BatchJob`] as it is sent: with names in place of zones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobMessage {
    input: Input,
    zones: Vec<String>,
    views: Views,
    precision: u8,
    visits: bool,
    nothing_is_an_error: bool,
}

impl From<&BatchJob> for JobMessage {
    fn from(job: &BatchJob) -> Self {
        Self {
            input: job.input.clone(),
            zones: job
                .zones
                .iter()
                .map(|zone| zone.name().to_owned())
                .collect(),
            views: job.views,
            precision: job.precision.bits(),
            visits: job.visits,
            nothing_is_an_error: job.nothing_is_an_error,
        }
    }
}

impl JobMessage {
    /// Returns the job.
    ///
    /// # Errors
    /// A zone that this program does not know, or a precision that no sketch has.
    pub fn into_job(self) -> Result<BatchJob, EngineError> {
        let zones: Result<_, _> = self
            .zones
            .iter()
            .map(|zone| calendar::parse_zone(zone))
            .collect();
        Ok(BatchJob {
            input: self.input,
            zones: zones.map_err(|error| EngineError::Remote(error.to_string()))?,
            views: self.views,
            precision: Precision::new(self.precision)
                .map_err(|error| EngineError::Remote(error.to_string()))?,
            visits: self.visits,
            nothing_is_an_error: self.nothing_is_an_error,
        })
    }
}
