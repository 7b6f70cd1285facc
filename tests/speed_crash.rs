//! kill -9 of a producer, its updater and its batch runs, at random points.
use crate::{extent, process};
use lambda_workbook::batch;
use lambda_workbook::calendar::Granularity::Hour;
use lambda_workbook::lambda::{Expiry, Lambda, Options};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::serving::Bounces;
use lambda_workbook::speed::{EmbeddedLog, Log};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOPIC: &str = "datums";
const PARTITIONS: u32 = 2;
const URLS: u64 = 3;
const HOURS: u64 = 2;

/// The event at an offset: URL, user, second. Every seventh is a copy of the one
/// before it.
fn event(partition: u32, offset: u64) -> (String, i64, i64) {
    let n = if offset % 7 == 6 { offset - 1 } else { offset };
    let user = 2 * (n % 20) + u64::from(partition);
    (
        format!("foo.com/{}", n % URLS),
        user as i64,
        (n * 37 % (HOURS * 3600)) as i64,
    )
}

fn line(partition: u32, offset: u64) -> String {
    let (url, user, secs) = event(partition, offset);
    let nonce = if offset % 7 == 6 { offset - 1 } else { offset };
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"{url}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn open(folder: &Path, expiry: Expiry) -> (Arc<EmbeddedLog>, Lambda) {
    let log = Arc::new(EmbeddedLog::open(folder.join("log")).unwrap());
    log.create_topic(TOPIC, PARTITIONS).unwrap();
    let options = Options {
        expiry,
        window: 1000,
        ..Options::default()
    };
    let lambda = Lambda::open(folder, log.clone(), TOPIC, options).unwrap();
    (log, lambda)
}

fn expiry(name: &str) -> Expiry {
    match name {
        "alternating" => Expiry::Alternating,
        _ => Expiry::ByCut,
    }
}

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "started by the test below"]
fn child() {
    let (Ok(folder), Ok(name)) = (std::env::var("LAMBDA_LOG"), std::env::var("LAMBDA_EXPIRY"))
    else {
        return;
    };
    let (log, mut lambda) = open(Path::new(&folder), expiry(&name));
    for turn in 0.. {
        for partition in 0..PARTITIONS {
            let end = log.end(TOPIC, partition).unwrap();
            let lines: Vec<String> = (end..end + 10)
                .map(|offset| line(partition, offset))
                .collect();
            let records: Vec<(&[u8], &[u8])> = lines
                .iter()
                .map(|line| (&b""[..], line.as_bytes()))
                .collect();
            log.append(TOPIC, partition, &records).unwrap();
            // Not before it is acknowledged. The test's parent reads it from stderr:
            // the test harness keeps stdout to itself.
            eprintln!("stored {partition} {}", end + 10);
        }
        let step = lambda.step(12).unwrap();
        assert!(step.records > 0);
        let at = lambda
            .realtime()
            .since(lambda.served().batch())
            .unwrap()
            .offsets;
        eprintln!("applied {} {}", at[0], at[1]);
        if turn % 6 == 5 {
            lambda.run_batch().unwrap();
        }
    }
}

/// What the child says that it has done.
#[derive(Clone, Debug, Default)]
struct Acknowledged {
    stored: [u64; PARTITIONS as usize],
    applied: [u64; PARTITIONS as usize],
}

/// Runs the child, kills it after a while, and gives what it acknowledged.
fn killed(folder: &Path, expiry: &str, after: Duration) -> Acknowledged {
    let mut child = process::running(module_path!(), "child")
        .env("LAMBDA_LOG", folder)
        .env("LAMBDA_EXPIRY", expiry)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        let mut said = Acknowledged::default();
        let mut other = String::new();
        for line in lines.map_while(Result::ok) {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
            match (words[0], number(1), number(2)) {
                ("stored", Some(partition), Some(end)) => said.stored[partition as usize] = end,
                ("applied", Some(a), Some(b)) => said.applied = [a, b],
                _ => other.push_str(&line),
            }
        }
        (said, other)
    });
    std::thread::park_timeout(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let (said, other) = reader.join().unwrap();
    assert_eq!(
        status.signal(),
        Some(libc::SIGKILL),
        "it ended by itself: {other}"
    );
    said
}

/// Everything acknowledged is there, and everything there counts once.
fn assert_whole(log: &EmbeddedLog, lambda: &mut Lambda, said: &Acknowledged, visits: bool) {
    for partition in 0..PARTITIONS {
        let end = log.end(TOPIC, partition).unwrap();
        assert!(
            end >= said.stored[partition as usize],
            "lost: {said:?}, {end}"
        );
        for record in log.read(TOPIC, partition, 0, usize::MAX).unwrap().iter() {
            assert_eq!(record.value, line(partition, record.offset).as_bytes());
        }
    }
    let at = lambda
        .realtime()
        .since(lambda.served().batch())
        .unwrap()
        .offsets;
    assert!(
        at.iter().zip(said.applied).all(|(at, said)| *at >= said),
        "unapplied: {said:?}, {at:?}"
    );
    lambda.drain().unwrap();
    let ends = log.ends(TOPIC).unwrap();
    let mut counts = vec![0i64; (URLS * HOURS) as usize];
    let mut rows: Vec<(String, i64, i64)> = Vec::new();
    for (partition, end) in (0u32..).zip(ends) {
        for offset in (0..end).filter(|offset| offset % 7 != 6) {
            let (url, user, secs) = event(partition, offset);
            counts[(offset % URLS * HOURS) as usize + (secs / 3600) as usize] += 1;
            rows.push((url, user, secs));
        }
    }
    let query = lambda.query().unwrap();
    for (place, count) in (0i64..).zip(counts) {
        let (url, hour) = (place / HOURS as i64, place % HOURS as i64 * 3600);
        let answer = query
            .page_views(&format!("foo.com/{url}"), hour..hour + 3600)
            .unwrap();
        assert_eq!(answer.value, count, "{answer:?}");
    }
    if visits {
        let views = df!(
            "url" => rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(),
            "user_id" => rows.iter().map(|r| r.1).collect::<Vec<_>>(),
            "true_as_of_secs" => rows.iter().map(|r| r.2).collect::<Vec<_>>(),
            "cookie" => vec![None::<&str>; rows.len()],
        );
        let views = views.unwrap();
        let expected = batch::bounces(&views).unwrap();
        let number = |name: &str| {
            expected
                .column(name)
                .unwrap()
                .i64()
                .unwrap()
                .get(0)
                .unwrap()
        };
        let answer = query.bounces("foo.com").unwrap().value;
        assert_eq!(
            answer,
            Bounces {
                visits: number("visits"),
                bounces: number("bounces")
            }
        );
        let exact = batch::exact_uniques(&views, Hour).unwrap();
        let exact = exact
            .column("uniques")
            .unwrap()
            .i64()
            .unwrap()
            .get(0)
            .unwrap();
        assert_eq!(query.uniques("foo.com/0", 0..3600).unwrap().value, exact);
    }
}

#[test]
fn no_kill_loses_or_doubles_a_record() {
    let rounds = extent::rounds(4, 10);
    let (mut slowest, mut stored) = (Duration::ZERO, 0);
    let mut random = 20_150_803u64;
    for round in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let name = ["alternating", "cut"][round % 2];
        let mut ends = 0;
        for kill in 0..20 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // From before it has opened its files to many turns later.
            let after = Duration::from_micros(random >> 40 & 0xffff);
            let said = killed(folder.path(), name, after + Duration::from_millis(8));
            let started = Instant::now();
            let (log, mut lambda) = open(folder.path(), expiry(name));
            slowest = slowest.max(started.elapsed());
            assert_whole(&log, &mut lambda, &said, kill == 19);
            let now: u64 = log.ends(TOPIC).unwrap().iter().sum();
            stored += now - ends;
            ends = now;
        }
    }
    // The kills did hit work in progress, also on a busy machine.
    let kills = 20 * rounds as u64;
    assert!(stored > kills, "{stored}");
    println!("{stored} records stored between {kills} kills, slowest recovery {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}
