//! A stream: Spark Structured Streaming reads a topic of Kafka, and writes facts.
//!
//! ```text
//! topic -> lines -> datums -> facts --- page views: watermark, without duplicates ---> Parquet
//!            read_lines.sql   facts.sql `- equivs, others, what SQL is not sure of --'
//! ```
//!
//! The two queries are those of the batch layer. What follows them there, from the equivs to the
//! views, is computed of the Parquet files by [`SparkFacts`](super::SparkFacts).
//!
//! | promise | why |
//! |---|---|
//! | each record is read once | the checkpoint has the offsets of each micro-batch, written before it is computed |
//! | each fact is written once | files count only if the list of the batch, which is written last, names them |
//! | a duplicate is dropped unless it is late | the state has the identity of each page view until the watermark has passed it by the lateness |
//! | a late page view is dropped, and is counted as dropped | the state may have forgotten it, so it could be a duplicate |
use super::batch::Spark;
use super::batch::queries::{datums_of_lines, facts_of_datums, told};
use super::error::{MOST_SHOWN, SparkError, shortened};
use super::protocol::{
    DataSource, Deduplicate, Read, Relation, StreamingQueryCommand, StreamingQueryInstanceId,
    WithWatermark, WriteStreamOperationStart,
};
use super::session::{Session, of_sql};
use crate::kafka::{KafkaLog, KafkaOptions};
use lambda::engine::{EngineError, StreamJob, StreamProgress};
use lambda::speed::{Log, SpeedError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// How long the brokers may take to answer at the beginning.
const BROKERS: Duration = Duration::from_secs(5);
/// How often the server is asked for the progress.
const ASKED_EVERY: Duration = Duration::from_millis(300);

/// The watermark of a query that has seen no event.
const NO_WATERMARK: &str = "1970-01-01T00:00:00.000Z";

/// The columns of facts.
const COLUMNS: &str = "fact, secs, url, cookie, user_id, nonce, cookie2, user_id2, kind, line, log_partition, log_offset";
/// The columns that a stream has besides those of a file.
const ALSO: &str = ", arrived, log_partition, log_offset";
/// The columns that are the identity of a page view, as in the batch layer.
const IDENTITY: [&str; 5] = ["secs", "url", "cookie", "user_id", "nonce"];

impl Spark {
    /// Runs a stream from where its checkpoint says, until it has read what is in the topic or
    /// `is_stopped` says so. Calls `watch` after each micro-batch.
    ///
    /// A stream that was killed, here or on the server, goes on where it was: each datum is once
    /// in the folder of facts.
    ///
    /// ```no_run
    /// use connect::spark::{Spark, SparkFacts};
    /// use lambda::engine::{Engine, StreamJob};
    /// use std::path::Path;
    ///
    /// let job = StreamJob::of("kafka://127.0.0.1:9092/datums", "stream")?;
    /// let done = Spark::at("127.0.0.1:15002").stream(&job, &mut |_| (), &|| false)?;
    /// println!("{} records, {} duplicates, {} late", done.records, done.duplicates, done.late);
    /// let views = SparkFacts::at("127.0.0.1:15002");
    /// views.run(&job.batch_job()?, Path::new("views"), &|_| ())?;
    /// # Ok::<(), lambda::engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// If no broker or no server answers, there is no such topic, the server has no source for
    /// Kafka, or the folder belongs to another topic: within ten seconds. Also if the query fails,
    /// or the server is lost.
    pub fn stream(
        &self,
        job: &StreamJob,
        watch: &mut dyn FnMut(StreamProgress),
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<StreamProgress, EngineError> {
        // Ask the log and the server first, so that what is wrong with them leaves no folder.
        let (begins, ends) = offsets(job)?;
        let session = Session::open(self.address())?;
        let version = session.check_version()?;
        if version.starts_with("0.") {
            return Err(EngineError::Remote(format!(
                "{}: is Sail {version}, which cannot read a stream of Kafka; start Spark (`cargo workbook up spark`) and name its address",
                self.address()
            )));
        }
        claim(job)?;

        let run = StreamRun {
            session: &session,
            job,
        };
        let query = run.start(self.address())?;
        run.follow(&query, &begins, &ends, watch, is_stopped)
    }
}

/// Returns where the partitions of the topic begin and end.
///
/// # Errors
/// If no broker answers within five seconds, or there is no such topic.
fn offsets(job: &StreamJob) -> Result<(Vec<u64>, Vec<u64>), EngineError> {
    let options = KafkaOptions {
        idempotent: false,
        patience: BROKERS,
    };
    let asked = KafkaLog::open(&job.brokers, options).and_then(|log| {
        let ends = log.ends(&job.topic)?;
        let begin = |partition| log.begin(&job.topic, partition as u32);
        let begins: Result<Vec<u64>, SpeedError> = (0..ends.len()).map(begin).collect();
        Ok((begins?, ends))
    });
    asked.map_err(|error| {
        let text = match error {
            SpeedError::NoTopic { .. } => format!(
                "kafka://{}: has no topic {:?}; correct the name, or make it with `workbook append --home DIR --log kafka://{}/{}`",
                job.brokers.join(","), job.topic, job.brokers.join(","), job.topic
            ),
            other => other.to_string(),
        };
        EngineError::Remote(text)
    })
}

/// Makes the folders of a stream, and notes its topic.
///
/// # Errors
/// If the disk refuses, or the folder belongs to another topic.
fn claim(job: &StreamJob) -> Result<(), EngineError> {
    for folder in [job.facts(), job.checkpoint()] {
        fs::create_dir_all(&folder).map_err(EngineError::io(&folder, "making a folder"))?;
    }
    let path = job.folder.join("topic");
    match fs::read_to_string(&path) {
        Ok(noted) if noted.trim() == job.topic => Ok(()),
        Ok(noted) => Err(EngineError::Remote(format!(
            "{}: is the folder of a stream of the topic {:?}, and not of {:?}; name another folder",
            job.folder.display(),
            noted.trim(),
            job.topic
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::write(&path, &job.topic).map_err(EngineError::io(&path, "writing"))
        }
        Err(error) => Err(EngineError::io(&path, "reading")(error)),
    }
}

/// A stream that runs on a server.
struct StreamRun<'a> {
    session: &'a Session,
    job: &'a StreamJob,
}

impl StreamRun<'_> {
    /// Starts the query. One that a client has left behind on the server is stopped by it.
    fn start(&self, address: &str) -> Result<StreamingQueryInstanceId, EngineError> {
        // The records, with the columns that the batch layer's queries read.
        self.session.create_view_of("records", records(self.job))?;
        self.session.execute(
            "CREATE OR REPLACE TEMPORARY VIEW input AS SELECT CAST(value AS STRING) AS value, \
             timestamp AS arrived, partition AS log_partition, offset AS log_offset FROM records",
        )?;
        self.session.execute(&datums_of_lines(ALSO))?;
        let into = "CREATE OR REPLACE TEMPORARY VIEW facts AS";
        self.session.execute(&facts_of_datums(into, ALSO))?;

        // Page views without duplicates, beside all that is no page view for certain.
        self.session
            .create_view_of("new_page_views", new_page_views(self.job.lateness))?;
        let all = format!(
            "SELECT {COLUMNS} FROM new_page_views UNION ALL \
             SELECT {COLUMNS} FROM facts WHERE fact IS NULL OR fact <> 'page_view'"
        );

        let checkpoint = told(&self.job.checkpoint(), address)?;
        let start = WriteStreamOperationStart {
            input: Some(of_sql(&all)),
            format: "parquet".to_owned(),
            options: options([("checkpointLocation", checkpoint.as_str())]),
            processing_time_interval: self.job.every.map(|secs| format!("{secs} seconds")),
            available_now: self.job.every.is_none().then_some(true),
            output_mode: "append".to_owned(),
            path: Some(told(&self.job.facts(), address)?),
        };
        self.session.start_stream(start).map_err(|error| {
            let text = error.to_string();
            match text.contains("Failed to find data source: kafka") {
                true => EngineError::Remote(format!(
                    "{address}: has no source for Kafka; start the server with the jars of spark-sql-kafka-0-10, as `cargo workbook up spark` does"
                )),
                false => error.into(),
            }
        })
    }

    /// Waits for the end of a query, or ends it.
    fn follow(
        &self,
        query: &StreamingQueryInstanceId,
        begins: &[u64],
        ends: &[u64],
        watch: &mut dyn FnMut(StreamProgress),
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<StreamProgress, EngineError> {
        let ask = |command: StreamingQueryCommand| {
            self.session.ask_stream(StreamingQueryCommand {
                query_id: Some(query.clone()),
                ..command
            })
        };
        let mut account = Account::new(begins, ends);
        loop {
            // The state before the progress, so that the progress of the last batch is seen.
            let status = ask(StreamingQueryCommand {
                status: Some(true),
                ..StreamingQueryCommand::default()
            })?;
            let progress = ask(StreamingQueryCommand {
                recent_progress: Some(true),
                ..StreamingQueryCommand::default()
            })?;
            for text in progress
                .recent_progress
                .unwrap_or_default()
                .recent_progress_json
            {
                if account.add(&text)? {
                    watch(account.total.clone());
                }
            }
            if !status.status.is_some_and(|status| status.is_active) {
                break;
            }
            if is_stopped() {
                ask(StreamingQueryCommand {
                    stop: Some(true),
                    ..StreamingQueryCommand::default()
                })?;
                continue;
            }
            std::thread::sleep(ASKED_EVERY);
        }
        let failed = ask(StreamingQueryCommand {
            exception: Some(true),
            ..StreamingQueryCommand::default()
        })?;
        match failed.exception.and_then(|why| why.exception_message) {
            Some(why) => Err(EngineError::Remote(format!(
                "{}: the stream of {:?} has failed: {}; correct that and run this again: it goes on from {}",
                self.session.address(),
                self.job.topic,
                shortened(&why, MOST_SHOWN),
                self.job.checkpoint().display()
            ))),
            None => Ok(account.total),
        }
    }
}

/// The records of the topic, from the first on.
fn records(job: &StreamJob) -> Relation {
    let records_a_batch = job.records_a_batch.to_string();
    let source = DataSource {
        format: Some("kafka".to_owned()),
        options: options([
            ("kafka.bootstrap.servers", job.brokers.join(",").as_str()),
            ("subscribe", job.topic.as_str()),
            ("startingOffsets", "earliest"),
            ("maxOffsetsPerTrigger", records_a_batch.as_str()),
            // Records of transactions that were aborted are no records.
            ("kafka.isolation.level", "read_committed"),
        ]),
    };
    Relation {
        read: Some(Read {
            data_source: Some(source),
            is_streaming: true,
        }),
        ..Relation::default()
    }
}

/// The page views without duplicates.
///
/// A page view that claims to be of the future counts as one of the moment in which it arrived:
/// otherwise a single wrong clock would move the watermark, and all others would be late. So the time
/// of an event is not part of its identity, and its state is kept by [`Deduplicate`] within the
/// watermark.
fn new_page_views(lateness: u64) -> Relation {
    let page_views = of_sql(
        "SELECT *, least(timestamp_seconds(secs), arrived) AS event_time FROM facts \
         WHERE fact = 'page_view'",
    );
    let watermarked = WithWatermark {
        input: Some(Box::new(page_views)),
        event_time: "event_time".to_owned(),
        delay_threshold: format!("{lateness} seconds"),
    };
    let watermarked = Relation {
        with_watermark: Some(Box::new(watermarked)),
        ..Relation::default()
    };
    let distinct = Deduplicate {
        input: Some(Box::new(watermarked)),
        column_names: IDENTITY.map(str::to_owned).to_vec(),
        within_watermark: Some(true),
    };
    Relation {
        deduplicate: Some(Box::new(distinct)),
        ..Relation::default()
    }
}

fn options<const N: usize>(options: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    options.into_iter().map(owned).collect()
}

/// The sum of the progress that a server reports for each micro-batch.
struct Account {
    total: StreamProgress,
    /// Where each partition is read next; of the run's first batch where it begins.
    next: Vec<u64>,
    /// Where each partition ended when the run began.
    ends: Vec<u64>,
    /// The number of the last batch.
    last: Option<i64>,
}

impl Account {
    fn new(begins: &[u64], ends: &[u64]) -> Self {
        Self {
            total: StreamProgress::default(),
            next: begins.to_vec(),
            ends: ends.to_vec(),
            last: None,
        }
    }

    /// Adds a report. Returns whether it is about a micro-batch that was not added yet.
    fn add(&mut self, text: &str) -> Result<bool, SparkError> {
        let report: Value = serde_json::from_str(text)
            .map_err(|error| SparkError::Rows(format!("the progress of a stream: {error}")))?;
        // A stream that waits for records reports the number of its next batch.
        let is_batch = report["durationMs"]["addBatch"].is_number();
        let number = report["batchId"].as_i64();
        if !is_batch || number <= self.last {
            return Ok(false);
        }
        let is_first = self.last.is_none();
        self.last = number;
        self.total.batches += 1;

        // The offsets, of the source that the query reads for page views and for all others.
        let source = &report["sources"][0];
        if is_first {
            self.move_to(&source["startOffset"]);
            self.total.waiting = self
                .ends
                .iter()
                .zip(&self.next)
                .map(|(end, next)| end.saturating_sub(*next))
                .sum();
        }
        self.total.records += self.move_to(&source["endOffset"]);

        // What the deduplication has dropped, and what it remembers.
        let operators = report["stateOperators"].as_array();
        let operators = operators.map_or(&[][..], Vec::as_slice);
        let sum = |of: &dyn Fn(&Value) -> Option<u64>| operators.iter().filter_map(of).sum::<u64>();
        self.total.late += sum(&|operator| operator["numRowsDroppedByWatermark"].as_u64());
        self.total.duplicates +=
            sum(&|operator| operator["customMetrics"]["numDroppedDuplicateRows"].as_u64());
        self.total.remembered = sum(&|operator| operator["numRowsTotal"].as_u64());
        let watermark = report["eventTime"]["watermark"].as_str();
        if let Some(watermark) = watermark.filter(|moment| *moment != NO_WATERMARK) {
            self.total.watermark = Some(watermark.to_owned());
        }
        Ok(true)
    }

    /// Moves to offsets as Spark writes them, a text with `{"topic":{"0":123}}`, and returns the number
    /// of records between.
    fn move_to(&mut self, offsets: &Value) -> u64 {
        let offsets = offsets.as_str().unwrap_or_default();
        // The first batch of a query starts from nothing.
        let offsets: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(offsets).unwrap_or_default();
        let mut records = 0;
        for (partition, offset) in offsets.into_values().flatten() {
            let (Ok(partition), Some(offset)) = (partition.parse::<usize>(), offset.as_u64())
            else {
                continue;
            };
            if partition >= self.next.len() {
                self.next.resize(partition + 1, 0);
            }
            records += offset.saturating_sub(self.next[partition]);
            self.next[partition] = offset;
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A report as Spark writes it, as far as it is read.
    fn report(batch: i64, from: Option<&str>, to: &str, late: u64, watermark: &str) -> String {
        json!({
            "batchId": batch,
            "durationMs": {"addBatch": 5},
            "eventTime": {"watermark": watermark},
            "stateOperators": [{
                "numRowsTotal": 40 + batch,
                "numRowsDroppedByWatermark": late,
                "customMetrics": {"numDroppedDuplicateRows": 2},
            }],
            "sources": [{"startOffset": from, "endOffset": to}],
        })
        .to_string()
    }

    /// Rule: each micro-batch is added once, and a first one that goes on from a checkpoint counts
    /// from there.
    #[test]
    fn reports_are_added_up_once() {
        let mut account = Account::new(&[3, 0], &[10, 5]);
        let first = report(0, None, r#"{"t":{"0":5,"1":2}}"#, 0, NO_WATERMARK);
        let waits = json!({"batchId": 1, "durationMs": {"latestOffset": 1}}).to_string();
        let second = report(
            1,
            Some(r#"{"t":{"0":5,"1":2}}"#),
            r#"{"t":{"0":10,"1":5}}"#,
            1,
            "2015-10-25T07:00:00.000Z",
        );
        for (text, is_new) in [
            (&first, true),
            (&first, false),
            (&waits, false),
            (&second, true),
            (&first, false),
        ] {
            assert_eq!(account.add(text).unwrap(), is_new, "{text}");
        }
        let both = StreamProgress {
            batches: 2,
            records: 12,
            waiting: 12,
            duplicates: 4,
            late: 1,
            remembered: 41,
            watermark: Some("2015-10-25T07:00:00.000Z".to_owned()),
        };
        assert_eq!(account.total, both);

        let mut resumed = Account::new(&[3, 0], &[10, 5]);
        assert!(resumed.add(&second).unwrap());
        assert_eq!((resumed.total.records, resumed.total.waiting), (8, 8));
        let error = resumed.add("none").unwrap_err().to_string();
        assert!(error.contains("the progress of a stream"), "{error}");
    }

    /// Rule: a folder that belongs to one topic is refused to another.
    #[test]
    fn a_folder_is_of_one_topic() {
        let folder = tempfile::tempdir().unwrap();
        let job = StreamJob::of("kafka://host:1/one", folder.path().join("stream")).unwrap();
        claim(&job).unwrap();
        claim(&job).unwrap();
        let other = StreamJob {
            topic: "two".to_owned(),
            ..job
        };
        let error = claim(&other).unwrap_err().to_string();
        assert!(
            error.contains("\"one\"") && error.contains("name another folder"),
            "{error}"
        );
    }
}
