//! Streams of Spark Structured Streaming from Kafka, beside the batch views of the same records.
use crate::spark_connect::kill;
use crate::systems::new_name;
use crate::{broker, connect_servers};
use connect::kafka::{KafkaLog, KafkaOptions};
use connect::local::LocalSystem;
use connect::spark::{Session, Spark, SparkFacts};
use lambda::batch::output::{BOUNCES, PAGE_VIEWS, UNIQUES};
use lambda::engine::{BatchJob, Engine, Local, StreamJob, StreamProgress, Summary};
use lambda::speed::Log;
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long an error may take: that of a server that is gone, or of something that is not there.
const AT_ONCE: Duration = Duration::from_secs(10);
/// How long a test waits for what comes soon on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The lateness of the streams: an hour.
const LATENESS: u64 = 3_600;

/// Returns the line of a page view.
fn view(url: &str, user: i64, nonce: i64, secs: i64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"http://{url}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

/// Returns the seconds of now.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs() as i64
}

/// A day of datums up to now: page views a minute apart and up to 20 minutes out of order, each
/// tenth twice, 20 lines apart; and lines of all other kinds among them.
struct Day {
    lines: Vec<String>,
    /// Number of page views, each counted once.
    distinct: u64,
    /// Number of page views of the usual form that are duplicates.
    duplicates: u64,
    rejected: u64,
}

impl Day {
    fn until(now: i64) -> Self {
        let begin = now - 86_400;
        let page = |n: i64| {
            let secs = begin + n * 60 - n % 7 * 200;
            view(&format!("Foo.com/{}?utm_source=x", n % 5), n % 40, n, secs)
        };
        let mut day = Self {
            lines: Vec::new(),
            distinct: 0,
            duplicates: 0,
            rejected: 0,
        };
        for n in 0..1_440 {
            day.lines.push(page(n));
            day.distinct += 1;
            if n >= 20 && n % 10 == 0 {
                day.lines.push(page(n - 20));
                day.duplicates += 1;
            }
            match n {
                // Not datums, for several reasons.
                100 => day.reject("no datum"),
                500 => day.reject(r#"{"dataunit":{"page_view":{}},"pedigree":{"true_as_of_secs":60}}"#),
                600 => day.reject(&view("foo com/", 1, 1, begin)),
                // A blank line is no datum and no error.
                700 => day.lines.push(" ".to_owned()),
                // A page view with an escape, which SQL leaves to the rule, twice.
                800 | 1_000 => {
                    let escaped = view("foo.com/escaped", 1, 1, begin + 48_000);
                    day.lines.push(escaped.replace("http://", "http:\\/\\/"));
                    day.distinct += u64::from(n == 800);
                }
                // A page view of a wrong clock, ten years ahead, twice.
                1_400 | 1_410 => {
                    let secs = now + 10 * 365 * 86_400;
                    day.lines.push(view("foo.com/future", 1, 1, secs));
                    day.distinct += u64::from(n == 1_400);
                    day.duplicates += u64::from(n == 1_410);
                }
                // An equiv joins two visitors at last.
                1_439 => day.lines.push(format!(
                    r#"{{"dataunit":{{"equiv":{{"id1":{{"user_id":1}},"id2":{{"user_id":2}}}}}},"pedigree":{{"true_as_of_secs":{begin}}}}}"#
                )),
                _ => {}
            }
        }
        day
    }

    fn reject(&mut self, line: &str) {
        self.lines.push(line.to_owned());
        self.rejected += 1;
    }
}

/// Appends lines to the two partitions of a topic in turn.
fn append(log: &KafkaLog, topic: &str, lines: &[String]) {
    for partition in 0..2 {
        let of_partition = lines.iter().skip(partition).step_by(2);
        let records: Vec<(&[u8], &[u8])> = of_partition
            .map(|line| (&b""[..], line.as_bytes()))
            .collect();
        if !records.is_empty() {
            log.append(topic, partition as u32, &records).unwrap();
        }
    }
}

/// The job of a stream in micro-batches of 200 records.
fn job(brokers: &str, topic: &str, folder: &Path) -> StreamJob {
    StreamJob {
        lateness: LATENESS,
        records_a_batch: 200,
        ..StreamJob::of(&format!("kafka://{brokers}/{topic}"), folder).unwrap()
    }
}

/// Computes the views of what a stream has written.
fn views_of_stream(spark: &str, job: &StreamJob, into: &Path) -> Summary {
    fs::create_dir(into).unwrap();
    let batch = job.batch_job().unwrap();
    SparkFacts::at(spark).run(&batch, into, &|_| ()).unwrap()
}

/// Computes the batch views of lines, by the local engine.
fn views_of_batch(lines: &[String], into: &Path) -> Summary {
    fs::create_dir(into).unwrap();
    let input = into.with_extension("jsonl");
    fs::write(&input, lines.join("\n")).unwrap();
    let batch = BatchJob::of(input.as_path());
    Local::default().run(&batch, into, &|_| ()).unwrap()
}

/// Asserts that two folders have the same views, row by row.
fn same_views(there: &Path, here: &Path) {
    for name in [PAGE_VIEWS, UNIQUES, BOUNCES] {
        let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
        assert!(read(there) == read(here), "{name} differs");
    }
}

/// Returns the page views of a URL, of all hours together.
fn page_views(folder: &Path, url: &str) -> i64 {
    let file = File::open(folder.join(PAGE_VIEWS)).unwrap();
    let views = ParquetReader::new(file).finish().unwrap();
    let (urls, counts) = (views.column("url").unwrap(), views.column("count").unwrap());
    let kinds = views
        .column("granularity")
        .unwrap()
        .cast(&DataType::String)
        .unwrap();
    let counts = counts.cast(&DataType::Int64).unwrap();
    let rows = urls
        .str()
        .unwrap()
        .iter()
        .zip(kinds.str().unwrap().iter())
        .zip(counts.i64().unwrap().iter());
    rows.filter(|((of, kind), _)| *of == Some(url) && *kind == Some("h"))
        .filter_map(|(_, count)| count)
        .sum()
}

/// Returns the number of facts in the folder of a stream, and the number of page views among them
/// whose identity another has too.
fn facts(spark: &str, job: &StreamJob) -> (i64, i64) {
    let session = Session::open(spark).unwrap();
    let folder = job.facts();
    session
        .execute(&format!(
            "CREATE TEMPORARY VIEW facts USING parquet OPTIONS (path 'file://{}')",
            folder.display()
        ))
        .unwrap();
    let identity = "secs, url, cookie, user_id, nonce";
    let counts = session
        .frame(&format!(
            "SELECT count(*) AS n, CAST(sum(n - 1) AS BIGINT) AS again, CAST(sum(n) AS BIGINT) AS facts FROM \
             (SELECT count(*) AS n FROM facts WHERE fact = 'page_view' GROUP BY {identity}) AS identities"
        ))
        .unwrap();
    let number = |name: &str| {
        counts
            .column(name)
            .unwrap()
            .i64()
            .unwrap()
            .get(0)
            .unwrap_or_default()
    };
    (number("facts"), number("again"))
}

/// Rule: the views of a stream are the batch views of the same records, with duplicates, lines that
/// are no datums, page views out of order and one of the future. A page view that is older than the
/// watermark is dropped, is counted as dropped, and is in the next batch view.
#[test]
fn a_stream_gives_the_batch_views_and_drops_what_is_late() {
    let (Some(broker), Some(spark)) = (broker::shared(), connect_servers::spark()) else {
        return;
    };
    let log = broker.log(KafkaOptions::default());
    let topic = new_name("streamed");
    log.create_topic(&topic, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let now = now();
    let Day {
        mut lines,
        distinct,
        duplicates,
        rejected,
    } = Day::until(now);
    append(&log, &topic, &lines);

    // The whole day, in micro-batches.
    let job = job(&broker.address, &topic, &path("stream"));
    let mut reports: Vec<StreamProgress> = Vec::new();
    let engine = Spark::at(spark.address.as_str());
    let done = engine
        .stream(&job, &mut |progress| reports.push(progress), &|| false)
        .unwrap();
    assert_eq!(done.records, lines.len() as u64);
    assert_eq!((done.waiting, done.late), (done.records, 0));
    assert_eq!(done.duplicates, duplicates);
    assert!(done.batches >= 8, "{done:?}");
    assert_eq!(reports.last(), Some(&done));
    assert!(
        reports
            .windows(2)
            .all(|two| two[0].records <= two[1].records)
    );
    assert!(
        done.watermark.is_some() && done.remembered < distinct / 2,
        "{done:?}"
    );
    assert_eq!(
        facts(&spark.address, &job),
        (distinct as i64 - 1, 0),
        "without the escaped one"
    );

    let (there, here) = (path("there"), path("here"));
    let streamed = views_of_stream(&spark.address, &job, &there);
    let batch = views_of_batch(&lines, &here);
    same_views(&there, &here);
    assert_eq!(
        (batch.counts.distinct, batch.counts.rejected),
        (distinct, rejected)
    );
    assert_eq!(
        (streamed.counts.distinct, streamed.counts.rejected),
        (distinct, rejected)
    );
    assert_eq!(streamed.counts.duplicates, 1, "the escaped one, twice");
    let rejects = fs::read_to_string(there.join("rejected.jsonl")).unwrap();
    assert_eq!(rejects.lines().count() as u64, rejected);
    assert!(rejects.contains(r#""partition":0,"offset":"#), "{rejects}");

    // A page view of this morning comes now, beside one of now.
    let more = [
        view("late.com/", 1, 1, now - 80_000),
        view("foo.com/1", 1, 2_000, now),
    ];
    append(&log, &topic, &more);
    lines.extend(more);
    let done = engine.stream(&job, &mut |_| (), &|| false).unwrap();
    assert_eq!((done.records, done.waiting, done.late), (2, 2, 1));
    let (there, here) = (path("there-again"), path("here-again"));
    let streamed = views_of_stream(&spark.address, &job, &there);
    let batch = views_of_batch(&lines, &here);
    assert_eq!(streamed.counts.distinct, distinct + 1);
    assert_eq!(batch.counts.distinct, distinct + 2);
    assert_eq!(
        (
            page_views(&there, "late.com/"),
            page_views(&here, "late.com/")
        ),
        (0, 1)
    );
    assert_eq!(
        page_views(&there, "foo.com/1"),
        page_views(&here, "foo.com/1")
    );
    println!(
        "late.com/: {} page views in the stream, {} in the next batch",
        page_views(&there, "late.com/"),
        page_views(&here, "late.com/")
    );

    // Nothing new is no new batch, and the folder is not used for another topic.
    let done = engine.stream(&job, &mut |_| (), &|| false).unwrap();
    assert_eq!(done.records, 0);
    let other = new_name("other");
    log.create_topic(&other, 1).unwrap();
    let job = StreamJob {
        topic: other,
        ..job
    };
    let error = engine
        .stream(&job, &mut |_| (), &|| false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("name another folder"), "{error}");
}

/// Rule: a stream whose server is killed in the middle goes on from its checkpoint, and has each page
/// view once, by identity.
#[test]
fn a_stream_that_is_killed_goes_on_and_has_each_page_view_once() {
    let (Some(broker), Some(spark)) = (broker::shared(), connect_servers::spark_alone()) else {
        return;
    };
    if spark.system.running().is_none() {
        spark.restart();
    }
    let log = broker.log(KafkaOptions::default());
    let topic = new_name("killed");
    log.create_topic(&topic, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let Day {
        lines, distinct, ..
    } = Day::until(now());
    append(&log, &topic, &lines);

    // It is killed while it computes the batch after the second.
    let job = job(&broker.address, &topic, &folder.path().join("stream"));
    let engine = Spark::at(spark.address.as_str());
    let mut killed: Option<Instant> = None;
    let mut watch = |progress: StreamProgress| {
        if progress.batches >= 2 && killed.is_none() {
            kill(spark.running().pid);
            killed = Some(Instant::now());
        }
    };
    let lost = engine
        .stream(&job, &mut watch, &|| false)
        .unwrap_err()
        .to_string();
    assert!(killed.expect("it was killed").elapsed() < AT_ONCE);
    assert!(lost.contains(&spark.address), "{lost}");

    spark.restart();
    let done = engine.stream(&job, &mut |_| (), &|| false).unwrap();
    assert!(
        done.records > 0 && done.records < lines.len() as u64,
        "it goes on: {done:?}"
    );
    assert_eq!(facts(&spark.address, &job), (distinct as i64 - 1, 0));
    let (there, here) = (folder.path().join("there"), folder.path().join("here"));
    views_of_stream(&spark.address, &job, &there);
    views_of_batch(&lines, &here);
    same_views(&there, &here);
}

/// Rule: a stream that goes on takes records while they arrive, until it is stopped, and is then no
/// longer on the server.
#[test]
fn a_stream_that_goes_on_takes_records_until_it_is_stopped() {
    let (Some(broker), Some(spark)) = (broker::shared(), connect_servers::spark()) else {
        return;
    };
    let log = broker.log(KafkaOptions::default());
    let topic = new_name("goes-on");
    log.create_topic(&topic, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let job = StreamJob {
        every: Some(1),
        ..job(&broker.address, &topic, &folder.path().join("stream"))
    };
    let now = now();
    append(&log, &topic, &[view("foo.com/", 1, 0, now)]);
    // Each record is answered by another, and after the third the stream is stopped.
    let (records, began) = (std::cell::Cell::new(0), Instant::now());
    let mut watch = |progress: StreamProgress| {
        if progress.records > records.replace(progress.records) && progress.records < 3 {
            append(
                &log,
                &topic,
                &[view("foo.com/", 1, progress.records as i64, now)],
            );
        }
    };
    let done = Spark::at(spark.address.as_str())
        .stream(&job, &mut watch, &|| {
            records.get() == 3 || began.elapsed() > PATIENCE
        })
        .unwrap();
    assert_eq!(done.records, 3);
    assert_eq!(facts(&spark.address, &job), (3, 0));
}

/// Rule: without a broker, a topic, a server or a source for Kafka there is an error within ten seconds
/// that says what to do, and no folder.
#[test]
fn what_a_stream_needs_is_asked_for_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stream");
    let refused = |spark: &str, job: &StreamJob, says: &[&str]| {
        let began = Instant::now();
        let error = Spark::at(spark).stream(job, &mut |_| (), &|| false);
        let error = error.unwrap_err().to_string();
        assert!(began.elapsed() < AT_ONCE, "{error}: {:?}", began.elapsed());
        for said in says {
            assert!(error.contains(said), "{error}");
        }
        assert!(!path.exists());
    };
    let dead = job("127.0.0.1:1", "topic", &path);
    refused("127.0.0.1:1", &dead, &["127.0.0.1:1", "workbook up kafka"]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    refused("127.0.0.1:1", &job(&address, "topic", &path), &[&address]);

    let Some(broker) = broker::shared() else {
        return;
    };
    let no_topic = job(&broker.address, "no-such-topic", &path);
    refused(
        "127.0.0.1:1",
        &no_topic,
        &["no-such-topic", "correct the name"],
    );
    let topic = new_name("asked-for");
    let log = broker.log(KafkaOptions::default());
    log.create_topic(&topic, 1).unwrap();
    let good = job(&broker.address, &topic, &path);
    refused("127.0.0.1:1", &good, &["127.0.0.1:1", "workbook up spark"]);
    if let Some(sail) = connect_servers::sail() {
        refused(&sail.address, &good, &["is Sail", "workbook up spark"]);
    }
}

/// Rule: an accumulator counts each record once in an action, whose killed task is run again. In a
/// transformation it counts what is computed again once more: what a killed executor has lost, and
/// all of it for a second action.
#[test]
fn accumulators_count_once_in_actions_and_perhaps_more_often_in_transformations() {
    let Some(spark) = connect_servers::spark() else {
        return;
    };
    let records = 1_000;
    let counts = spark.system.accumulators(records).unwrap();
    println!("{records} records: {counts:?}");
    let records = u64::from(records);
    assert_eq!(counts.in_action, records);
    assert!(
        counts.in_transformation > records && counts.in_transformation <= 2 * records,
        "{counts:?}"
    );
    assert_eq!(counts.two_actions, 2 * records);
    assert_eq!(counts.two_actions_cached, records);
}
