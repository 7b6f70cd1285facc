//! A stream: the records of a topic in Kafka, cleaned while they arrive by a server of Spark Connect.
use super::{BatchJob, EngineError, Input};
use crate::remote::is_host_and_port;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

/// The name of the engine that computes views of what a stream has written.
pub const STREAMING: &str = "spark structured streaming";

/// The description of a stream.
///
/// ```text
/// FOLDER/facts/        the datums that passed, in Parquet: what the views are computed from
/// FOLDER/checkpoint/   which records were read, and the page views that are remembered
/// FOLDER/topic         the topic, so that the folder is not used for another
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamJob {
    /// The brokers, each `host:port`.
    pub brokers: Vec<String>,
    /// The topic, whose records are datums in JSON.
    pub topic: String,
    /// The folder, which is made if it is not there. The server must see it under the same path.
    pub folder: PathBuf,
    /// How many seconds the watermark lags behind the latest page view. A page view that is
    /// older than the watermark is late: it is dropped. A duplicate that is not late is recognised.
    pub lateness: u64,
    /// The most records of a micro-batch.
    pub records_a_batch: u64,
    /// How many seconds after a micro-batch began the next begins; `None` for a stream that ends
    /// when it has read what is in the topic now.
    pub every: Option<u64>,
}

impl StreamJob {
    /// The lateness that a job has unless it is asked for another: a day, in seconds.
    pub const LATENESS: u64 = 86_400;
    /// The most records of a micro-batch, unless asked for another number.
    pub const RECORDS_A_BATCH: u64 = 500_000;

    /// Creates the job of a stream from the address of a log, `kafka://HOST:PORT/TOPIC`, into a
    /// folder. It ends when it has read what is there.
    ///
    /// ```
    /// use lambda_workbook::engine::StreamJob;
    ///
    /// let job = StreamJob::of("kafka://one:9092,two:9092/datums", "stream")?;
    /// assert_eq!((job.brokers.len(), job.topic.as_str()), (2, "datums"));
    /// let without_topic = StreamJob::of("kafka://one:9092", "stream").unwrap_err();
    /// assert!(without_topic.to_string().contains("write kafka://HOST:PORT/TOPIC"));
    /// # Ok::<(), lambda_workbook::engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// If it is no such address.
    pub fn of(address: &str, folder: impl Into<PathBuf>) -> Result<Self, EngineError> {
        let wrong = || {
            EngineError::Remote(format!(
                "{address}: is no address of a topic; write kafka://HOST:PORT/TOPIC, such as kafka://127.0.0.1:9092/datums"
            ))
        };
        let place = address.strip_prefix("kafka://").ok_or_else(wrong)?;
        let (brokers, topic) = place.split_once('/').ok_or_else(wrong)?;
        let is_topic = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let are_brokers = brokers.split(',').all(is_host_and_port);
        if topic.is_empty() || !topic.chars().all(is_topic) || !are_brokers {
            return Err(wrong());
        }
        Ok(Self {
            brokers: brokers.split(',').map(str::to_owned).collect(),
            topic: topic.to_owned(),
            folder: folder.into(),
            lateness: Self::LATENESS,
            records_a_batch: Self::RECORDS_A_BATCH,
            every: None,
        })
    }

    /// Returns the folder of facts.
    pub fn facts(&self) -> PathBuf {
        self.folder.join("facts")
    }

    /// Returns the folder of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// Returns the input of a [`BatchJob`] for the views of what the stream has written so far. It
    /// has no file as long as there is nothing.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn input(&self) -> Result<Input, EngineError> {
        let folder = self.facts();
        let mut parts = Vec::new();
        if folder.is_dir() {
            let failed = || EngineError::io(&folder, "reading");
            for entry in fs::read_dir(&folder).map_err(failed())? {
                let path = entry.map_err(failed())?.path();
                if path
                    .extension()
                    .is_some_and(|extension| extension == "parquet")
                {
                    parts.push(path);
                }
            }
        }
        parts.sort_unstable();
        Ok(Input::Master { folder, parts })
    }

    /// Creates a job that computes all views of what the stream has written so far.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn batch_job(&self) -> Result<BatchJob, EngineError> {
        Ok(BatchJob::of(self.input()?))
    }
}

/// What a run of a stream has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamProgress {
    /// Number of micro-batches that this run has committed.
    pub batches: u64,
    /// Number of records that these have read.
    pub records: u64,
    /// Number of records that were in the topic and not read when the run began.
    pub waiting: u64,
    /// Number of page views dropped as duplicates.
    pub duplicates: u64,
    /// Number of page views dropped because they were older than the watermark.
    pub late: u64,
    /// Number of page views that are remembered, to recognise their duplicates.
    pub remembered: u64,
    /// The watermark that the last micro-batch had, such as `2015-10-25T07:00:00.000Z`; `None` until
    /// a micro-batch has followed one with page views.
    pub watermark: Option<String>,
}
