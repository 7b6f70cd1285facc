//! Jobs on real folders: topologies against folds and batch views, wrong inputs,
//! kill -9.
use crate::extent;
use lambda_workbook::batch;
use lambda_workbook::faults::Crashes;
use lambda_workbook::microbatch::{
    self, Aggregate as _, ApproximateUniques, BatchStep, Count, EventTime, FieldValue, Job,
    JobOptions, Kind, MicroBatchError, Owned, Replay, Sessions, Sum, Topology,
};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::speed::{EmbeddedLog, Log};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const TOPIC: &str = "lines";

fn log(folder: &Path, partitions: u32) -> Arc<EmbeddedLog> {
    let log = Arc::new(EmbeddedLog::open(folder.join("log")).unwrap());
    log.create_topic(TOPIC, partitions).unwrap();
    log
}

fn append(log: &EmbeddedLog, partition: u32, lines: &[String]) {
    let records: Vec<(&[u8], &[u8])> = lines.iter().map(|l| (&b""[..], l.as_bytes())).collect();
    log.append(TOPIC, partition, &records).unwrap();
}

fn options(most: u64) -> JobOptions {
    JobOptions {
        most,
        partitions: 3,
        ..JobOptions::default()
    }
}

fn open(folder: &Path, log: &Arc<EmbeddedLog>, topology: Topology, options: JobOptions) -> Job {
    Job::open(folder.join("job"), log.clone(), TOPIC, topology, options).unwrap()
}

/// Page views at seconds, by user, as records.
fn view(url: &str, user: i64, secs: i64, nonce: usize) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"{url}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

/// The event time of page views.
fn seconds() -> EventTime {
    EventTime::in_field("secs")
}

/// The golden example: post, user, second.
const GOLDEN: [(&str, i64, i64); 8] = [
    ("post1", 1, 60),
    ("post1", 3, 62),
    ("post1", 1, 4_000),
    ("post1", 2, 60),
    ("post2", 1, 4_000),
    ("post2", 1, 10_000),
    ("post3", 5, 10_600),
    ("post3", 2, 62),
];

#[test]
fn the_numbers_of_the_stored_words_figure_come_out_of_batches() {
    // Figure 16.6: Apple 15 (batch 3), Pear 15 (18), Banana 15 (3).
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    let repeat = |word: &str, n: usize| vec![word; n].join(" ");
    let mut lines = vec![String::from("-"); 18];
    lines[0] = format!("{} {}", repeat("apple", 9), repeat("banana", 5));
    lines[2] = format!("{} {}", repeat("apple", 6), repeat("banana", 10));
    lines[5] = repeat("pear", 7);
    lines[17] = repeat("pear", 8);
    append(&log, 0, &lines);
    let topology = microbatch::word_count(Kind::Transactional).unwrap();
    let mut job = open(folder.path(), &log, topology, options(1));
    assert_eq!(job.drain().unwrap(), 18);
    let table = job.table("counts").unwrap();
    let rows: Vec<(&str, i64, i64)> = (0..table.height())
        .map(|row| {
            let int = |name: &str| table.column(name).unwrap().i64().unwrap().get(row).unwrap();
            let word = table
                .column("word")
                .unwrap()
                .str()
                .unwrap()
                .get(row)
                .unwrap();
            (word, int("count"), int("batch"))
        })
        .filter(|row| row.0 != "-")
        .collect();
    assert_eq!(
        rows,
        [("apple", 15, 3), ("banana", 15, 3), ("pear", 15, 18)]
    );
}

#[test]
fn batches_take_from_all_partitions_and_may_be_unequal() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 3);
    for (partition, lines) in [(0, 5), (1, 2), (2, 9)] {
        append(&log, partition, &vec!["a".to_owned(); lines]);
    }
    let topology = microbatch::word_count(Kind::Opaque).unwrap();
    let mut job = open(folder.path(), &log, topology, options(3));
    let mut taken = Vec::new();
    while let Some(batch) = job.step().unwrap() {
        let sizes = batch
            .plan
            .from
            .iter()
            .zip(&batch.plan.to)
            .map(|(from, to)| to - from);
        taken.push((batch.plan.batch, sizes.collect::<Vec<_>>()));
    }
    assert_eq!(
        taken,
        [(1, vec![3, 2, 3]), (2, vec![2, 0, 3]), (3, vec![0, 0, 3])]
    );
    assert_eq!(
        job.get("counts", &["a".into()]).unwrap(),
        Some(Owned::Int(16))
    );
    assert_eq!(job.lag().unwrap(), 0);
}

fn words() -> impl Strategy<Value = Vec<Vec<String>>> {
    let line = proptest::collection::vec("[abc]{1,2}", 0..5).prop_map(|words| words.join(" "));
    proptest::collection::vec(proptest::collection::vec(line, 0..8), 1..4)
}

/// Runs to the end, through crashes drawn from the points that the job reaches.
fn through_crashes(
    folder: &Path,
    log: &Arc<EmbeddedLog>,
    topology: impl Fn() -> Topology,
    replay: Replay,
    draws: &[prop::sample::Index],
) -> Job {
    let with = |crashes: &Arc<Crashes<BatchStep>>| JobOptions {
        most: 2,
        partitions: 2,
        parallel: false,
        replay,
        faults: crashes.clone(),
    };
    let other = tempfile::tempdir().unwrap();
    let recording = Arc::new(Crashes::recording());
    open(other.path(), log, topology(), with(&recording))
        .drain()
        .unwrap();
    let points = recording.recorded();
    let draws = if points.is_empty() { &[] } else { draws };
    let crashes = draws.iter().map(|at| at.get(&points).clone());
    let crashes = Arc::new(Crashes::at(crashes));
    loop {
        let mut job = open(folder, log, topology(), with(&crashes));
        match job.drain() {
            Ok(_) => return job,
            Err(MicroBatchError::Crashed(_)) => crashes.restart(),
            Err(error) => panic!("{error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), ..ProptestConfig::default() })]

    #[test]
    fn counts_and_top_three_are_a_fold_over_the_input_however_often_it_crashes(
        lines in words(),
        draws in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        opaque in any::<bool>(),
    ) {
        let kind = if opaque { Kind::Opaque } else { Kind::Transactional };
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), lines.len() as u32);
        let mut truth: BTreeMap<String, i64> = BTreeMap::new();
        for (partition, lines) in (0..).zip(&lines) {
            append(&log, partition, lines);
            for word in lines.iter().flat_map(|line| line.split_ascii_whitespace()) {
                *truth.entry(word.to_owned()).or_default() += 1;
            }
        }
        let topology = || microbatch::top_words(kind).unwrap();
        // What a source gives that cannot repeat itself is for opaque states only.
        let replay = if opaque { Replay::Drawn(7) } else { Replay::Same };
        let job = through_crashes(folder.path(), &log, topology, replay, &draws);
        for (word, count) in &truth {
            let found = job.get("counts", &[FieldValue::Text(word)]).unwrap();
            prop_assert_eq!(found, Some(Owned::Int(*count)));
        }
        prop_assert_eq!(job.table("counts").unwrap().height(), truth.len());
        let mut rows: Vec<(&String, &i64)> = truth.iter().collect();
        rows.sort_by_key(|row| (-row.1, row.0));
        let top: Vec<String> = rows.iter().take(3).map(|(word, n)| format!("{word} {n}")).collect();
        let found = job.get("top", &[]).unwrap();
        let expected = (!truth.is_empty()).then(|| Owned::from(top.join(", ").as_str()));
        prop_assert_eq!(found, expected);
    }

    /// Rule: a page view that is sent again, at any place of any partition, counts once in all views,
    /// however often the job crashes.
    #[test]
    fn page_views_that_were_sent_again_count_once_however_often_it_crashes(
        views in proptest::collection::vec((0u8..2, 0i64..3, 0i64..9_000, 0u8..3), 1..30),
        copies in proptest::collection::vec((any::<prop::sample::Index>(), 0u32..2), 0..20),
        draws in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 2);
        let line = |(page, user, secs, nonce): &(u8, i64, i64, u8)| {
            view(&format!("http://d.com/{page}"), *user, *secs, *nonce as usize)
        };
        let mut truth: BTreeMap<(u8, i64), i64> = BTreeMap::new();
        for view in views.iter().collect::<BTreeSet<_>>() {
            *truth.entry((view.0, view.2 / 3_600 * 3_600)).or_default() += 1;
        }
        for view in &views {
            append(&log, 0, &[line(view)]);
        }
        for (which, partition) in &copies {
            append(&log, *partition, &[line(which.get(&views))]);
        }
        let topology = || microbatch::page_views(Kind::Opaque).unwrap();
        let job = through_crashes(folder.path(), &log, topology, Replay::Drawn(5), &draws);
        for ((page, hour), count) in &truth {
            let key = [Owned::from(format!("d.com/{page}").as_str()), Owned::Int(*hour)];
            let found = job.get("views", &[key[0].as_value(), key[1].as_value()]).unwrap();
            prop_assert_eq!(found, Some(Owned::Int(*count)));
        }
        prop_assert_eq!(job.table("views").unwrap().height(), truth.len());
        prop_assert_eq!(job.late("drop duplicates").unwrap(), 0);
    }

    #[test]
    fn bounces_equal_the_batch_view_when_all_visits_are_closed_however_often_it_crashes(
        views in proptest::collection::vec((0u8..2, 0i64..4, 0i64..20_000), 1..40),
        draws in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut views = views;
        // In the order of time, but for a minute.
        views.sort_by_key(|view| view.2 / 60);
        let mut lines: Vec<String> = Vec::new();
        for (n, (domain, user, secs)) in views.iter().enumerate() {
            lines.push(view(&format!("http://d{domain}.com/"), *user, *secs, n));
        }
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 1);
        append(&log, 0, &lines);
        // Somebody else, much later: the watermark passes every visit.
        append(&log, 0, &[view("http://later.com/", 9, 100_000, 0)]);
        let topology = || microbatch::bounce_rate(seconds().disorder(60), 0).unwrap();
        let job = through_crashes(folder.path(), &log, topology, Replay::Drawn(3), &draws);
        let frame = df!(
            "url" => views.iter().map(|v| format!("d{}.com/", v.0)).collect::<Vec<_>>(),
            "true_as_of_secs" => views.iter().map(|v| v.2).collect::<Vec<_>>(),
            "cookie" => vec![None::<&str>; views.len()],
            "user_id" => views.iter().map(|v| v.1).collect::<Vec<_>>(),
        ).unwrap();
        let bounces = batch::bounces(&frame).unwrap();
        for row in 0..bounces.height() {
            let domain = bounces.column("domain").unwrap().str().unwrap().get(row).unwrap();
            for (state, field) in [("closed", "visits"), ("bounces", "bounces")] {
                let expected = bounces.column(field).unwrap().i64().unwrap().get(row).unwrap();
                let found = job.get(state, &[domain.into()]).unwrap();
                prop_assert_eq!(found, Some(Owned::Int(expected)), "{} of {}", field, domain);
            }
        }
        prop_assert_eq!(job.late("drop duplicates").unwrap(), 0);
    }
}

/// A page view that a partition brings, in a batch.
#[derive(Clone, Debug)]
struct Arrival {
    partition: u32,
    domain: u8,
    user: i64,
    secs: i64,
}

/// Batches of page views of three partitions: unordered by up to two hours, one partition that is
/// silent in some batches, and perhaps one row with a clock that is a day ahead.
fn disordered() -> impl Strategy<Value = Vec<Vec<Arrival>>> {
    let view = (0u32..3, 0u8..2, 0i64..4, 0i64..7_200);
    let batches = proptest::collection::vec(proptest::collection::vec(view, 0..8), 1..12);
    let silent = (0u32..3, 0usize..12, 0usize..12);
    let wrong = proptest::option::of((0usize..12, 0u32..3));
    (batches, silent, wrong).prop_map(|(batches, (silent, from, batches_silent), wrong)| {
        let mut arrivals: Vec<Vec<Arrival>> = Vec::new();
        for (n, views) in batches.into_iter().enumerate() {
            let mut batch: Vec<Arrival> = Vec::new();
            for (partition, domain, user, back) in views {
                if partition != silent || n < from || n >= from + batches_silent {
                    let secs = 20_000 + 1_200 * n as i64 - back;
                    batch.push(Arrival {
                        partition,
                        domain,
                        user,
                        secs,
                    });
                }
            }
            if let Some((_, partition)) = wrong.filter(|(at, _)| *at == n) {
                let secs = 20_000 + 1_200 * n as i64 + 86_400;
                batch.push(Arrival {
                    partition,
                    domain: 0,
                    user: 7,
                    secs,
                });
            }
            arrivals.push(batch);
        }
        arrivals
    })
}

/// The batch view of page views, as visits and bounces by domain.
fn of_the_batch_layer(views: &[Arrival]) -> BTreeMap<String, (i64, i64)> {
    let frame = df!(
        "url" => views.iter().map(|v| format!("d{}.com/", v.domain)).collect::<Vec<_>>(),
        "true_as_of_secs" => views.iter().map(|v| v.secs).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; views.len()],
        "user_id" => views.iter().map(|v| v.user).collect::<Vec<_>>(),
    )
    .unwrap();
    let bounces = batch::bounces(&frame).unwrap();
    let number = |name: &str, row| {
        bounces
            .column(name)
            .unwrap()
            .i64()
            .unwrap()
            .get(row)
            .unwrap()
    };
    let domains = bounces.column("domain").unwrap().str().unwrap();
    let domains = domains.iter().flatten().enumerate();
    domains
        .map(|(row, domain)| {
            (
                domain.to_owned(),
                (number("visits", row), number("bounces", row)),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(48, 2_000), ..ProptestConfig::default() })]

    /// Invariant 34: the realtime view is the batch view of the rows that were accepted, and the rows
    /// that were not are in the side output: with several partitions, rows out of order, a silent
    /// partition and a wrong clock, whatever is allowed, and through crashes.
    #[test]
    fn the_view_is_the_batch_view_of_the_rows_that_are_not_in_the_side_output(
        batches in disordered(),
        (disorder, lateness) in (0i64..4_000, 0i64..4_000),
        idle_after in 1u64..5,
        crash in proptest::option::of((0usize..12, any::<prop::sample::Index>())),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 3);
        let topology = || {
            let time = seconds().disorder(disorder).idle_after(idle_after);
            microbatch::bounce_rate(time, lateness).unwrap()
        };
        let with = |crashes: &Arc<Crashes<BatchStep>>| JobOptions {
            most: 1_000,
            partitions: 2,
            parallel: false,
            replay: Replay::Same,
            faults: crashes.clone(),
        };
        // The steps of any batch, to choose one at which the process crashes.
        let points = {
            let other = tempfile::tempdir().unwrap();
            let log = self::log(other.path(), 3);
            append(&log, 0, &[view("http://d0.com/", 1, 60, 0)]);
            let recording = Arc::new(Crashes::recording());
            open(other.path(), &log, topology(), with(&recording)).drain().unwrap();
            recording.recorded()
        };
        let crash = crash.map(|(batch, at)| {
            let mut point = at.get(&points).clone();
            point.step.batch = batch as u64 + 1;
            point
        });
        let crashes = Arc::new(Crashes::at(crash));
        let start = || open(folder.path(), &log, topology(), with(&crashes));
        // After a crash a new process opens the folder. The old one is dropped first.
        let drained = |mut job: Job| loop {
            match job.drain() {
                Ok(_) => return job,
                Err(MicroBatchError::Crashed(_)) => {
                    crashes.restart();
                    drop(job);
                    job = start();
                }
                Err(error) => panic!("{error}"),
            }
        };
        let mut job = start();

        // Batch by batch; a row is judged by the watermark at which its batch begins.
        let (mut accepted, mut refused) = (Vec::new(), BTreeMap::<(String, i64, i64), i64>::new());
        let (mut all, mut nonce) = (Vec::new(), 0);
        for batch in &batches {
            let watermark = job.clock().watermark();
            for row in batch {
                let line = view(&format!("http://d{}.com/", row.domain), row.user, row.secs, nonce);
                append(&log, row.partition, &[line]);
                nonce += 1;
                all.push(row.clone());
                if watermark.is_none_or(|watermark| row.secs + lateness >= watermark) {
                    accepted.push(row.clone());
                } else {
                    let key = (format!("d{}.com", row.domain), row.user, row.secs);
                    *refused.entry(key).or_default() += 1;
                }
            }
            job = drained(job);
        }
        // Much later, in every partition: all visits are over.
        for partition in 0..3 {
            let line = view("http://later.com/", 50 + i64::from(partition), 1_000_000, nonce);
            append(&log, partition, &[line]);
            nonce += 1;
        }
        let job = drained(job);

        // The view against the batch layer over the accepted rows.
        for (domain, expected) in of_the_batch_layer(&accepted) {
            let number = |state| match job.get(state, &[domain.as_str().into()]).unwrap() {
                Some(Owned::Int(n)) => n,
                _ => 0,
            };
            prop_assert_eq!((number("closed"), number("bounces")), expected, "{}", domain);
        }
        // The side output against the refused rows, by identity.
        let late = job.table("too late").unwrap();
        let number = |name: &str, row| late.column(name).unwrap().i64().unwrap().get(row).unwrap();
        let side: BTreeMap<_, _> = (0..late.height())
            .map(|row| {
                let domain = late.column("domain").unwrap().str().unwrap().get(row).unwrap();
                let key = (domain.to_owned(), number("person", row), number("secs", row));
                (key, number("rows", row))
            })
            .collect();
        prop_assert_eq!(side, refused.clone());
        prop_assert_eq!(job.late("drop duplicates").unwrap(), refused.values().sum::<i64>());
        // The next batch run has all rows, so it corrects what was refused.
        if refused.is_empty() {
            prop_assert_eq!(of_the_batch_layer(&all), of_the_batch_layer(&accepted));
        } else {
            prop_assert_eq!(all.len(), accepted.len() + refused.values().sum::<i64>() as usize);
        }
    }
}

/// Rule: sessions refuse a row that is too late by themselves, and take back what a late row makes
/// longer.
#[test]
fn sessions_take_back_what_a_late_row_makes_longer_and_refuse_what_is_too_late() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    let topology = Topology::of("sessions")
        .event_time(seconds())
        .source("s", &["key", "secs"], |record, emit| {
            let line = std::str::from_utf8(record.value).map_err(|e| e.to_string())?;
            let (key, secs) = line.split_once(' ').ok_or("no blank")?;
            let secs: i64 = secs.parse().map_err(|_| "no number")?;
            emit(&[key.into(), secs.into()]);
            Ok(())
        })
        .sessions(
            "v",
            "s",
            &["key"],
            Sessions::by("secs").gap(100).lateness(50),
        )
        .state("visits", "v", &["key"], Sum::of("sign"), "n", Kind::Opaque)
        .state(
            "rows",
            "v",
            &["key", "rows"],
            Sum::of("sign"),
            "m",
            Kind::Opaque,
        )
        .side_output("late", "v")
        .state(
            "too late",
            "late",
            &["key", "secs"],
            Count,
            "l",
            Kind::Opaque,
        )
        .build()
        .unwrap();
    let mut job = open(folder.path(), &log, topology, options(1));
    let mut after = |line: &str| {
        append(&log, 0, &[line.to_owned()]);
        job.step().unwrap();
        let number = |state, key: &[FieldValue]| {
            job.get(state, key)
                .unwrap()
                .map_or(0, |n| n.as_value().int())
        };
        let rows = |n: i64| number("rows", &["a".into(), n.into()]);
        let late = job.late("v").unwrap();
        (number("visits", &["a".into()]), rows(1), rows(2), late)
    };
    // Visits of "a", those with one row, those with two, and rows that were too late.
    assert_eq!(after("a 1000"), (0, 0, 0, 0));
    assert_eq!(after("b 1101"), (1, 1, 0, 0)); // the watermark has passed 1000 + 100: published
    assert_eq!(after("a 1060"), (0, 0, 0, 0)); // late by 41: taken back, and not over yet
    assert_eq!(after("b 1161"), (1, 0, 1, 0)); // published again, with two rows
    assert_eq!(after("a 1111"), (0, 0, 0, 0)); // late by 50: still allowed, joined, taken back
    assert_eq!(after("a 1110"), (0, 0, 0, 1)); // late by 51: too late
    assert_eq!(
        job.get("too late", &["a".into(), 1_110.into()]).unwrap(),
        Some(1.into())
    );
}

/// Rule: a copy is recognised for a day of the rows' own time. What is older cannot be told from a
/// copy, so it is dropped and counted: never counted twice.
#[test]
fn a_page_view_that_is_older_than_what_is_remembered_is_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    let first = view("http://foo.com/", 1, 60, 0);
    let other = view("http://foo.com/", 2, 61, 0);
    let day_later = |secs| view("http://later.com/", 9, secs, 0);
    append(&log, 0, &[first.clone(), first.clone()]);
    append(&log, 0, &[day_later(86_460), first.clone()]);
    let topology = || microbatch::page_views(Kind::Opaque).unwrap();
    let mut job = open(folder.path(), &log, topology(), options(1));
    job.drain().unwrap();
    let count = |job: &Job| job.get("views", &["foo.com/".into(), 0.into()]).unwrap();
    assert_eq!(count(&job), Some(1.into()));
    assert_eq!(job.late("drop duplicates").unwrap(), 0);
    append(&log, 0, &[day_later(86_500), first, other]);
    job.drain().unwrap();
    assert_eq!(count(&job), Some(1.into()));
    assert_eq!(job.late("drop duplicates").unwrap(), 2);
}

/// Rule: the lesson's sample has 300 page views among its 460 records, whatever the size of batches.
#[test]
fn the_sample_has_its_300_page_views() {
    let sample = lambda_workbook::dataset::sample().unwrap();
    for most in [7, 500] {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 2);
        lambda_workbook::speed::feed(log.as_ref(), TOPIC, &sample).unwrap();
        let topology = microbatch::page_views(Kind::Transactional).unwrap();
        let mut job = open(folder.path(), &log, topology, options(most));
        job.drain().unwrap();
        let views = job.table("views").unwrap();
        let counted = views.column("count").unwrap().i64().unwrap().sum();
        assert_eq!(
            (counted, job.late("drop duplicates").unwrap()),
            (Some(300), 0),
            "{most}"
        );
    }
}

fn golden(topology: Topology) -> (tempfile::TempDir, Job) {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    let mut views = GOLDEN.to_vec();
    views.sort_by_key(|view| view.2);
    // After the equivs 1-3 and 3-5, three users are person 1.
    let person = |user: i64| if user == 2 { 2 } else { 1 };
    let line = |(n, (post, user, secs)): (usize, &(&str, i64, i64))| {
        view(&format!("http://foo.com/{post}"), person(*user), *secs, n)
    };
    let lines: Vec<String> = views.iter().enumerate().map(line).collect();
    append(&log, 0, &lines);
    append(
        &log,
        0,
        &[view("http://later.com/", 9, 100_000, 0), "{".to_owned()],
    );
    append(&log, 0, &[view("http://bad url/", 9, 100_000, 0)]);
    let mut job = open(folder.path(), &log, topology, options(3));
    job.drain().unwrap();
    (folder, job)
}

#[test]
fn the_golden_example_has_four_visits_and_no_bounce() {
    let (_folder, job) = golden(microbatch::bounce_rate(seconds(), 0).unwrap());
    let number = |state: &str| job.get(state, &["foo.com".into()]).unwrap();
    assert_eq!(
        (number("closed"), number("bounces")),
        (Some(4.into()), Some(0.into()))
    );
    // What cannot be read is kept, with its place and its reason.
    let rejected = job.rejected().unwrap();
    let places: Vec<(u32, u64)> = rejected.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(places, [(0, 9), (0, 10)]);
    assert!(rejected.iter().all(|row| !row.2.is_empty()));
}

/// The bounce-rate topology with a defect of the book's own code.
fn defective(defect: &str) -> Topology {
    let source = Topology::of("bounce rate").event_time(seconds()).source(
        "consume",
        &["domain", "person", "secs"],
        |record, emit| {
            let datum: serde_json::Value =
                serde_json::from_slice(record.value).map_err(|e| e.to_string())?;
            let view = &datum["dataunit"]["page_view"];
            let url = view["page"]["url"].as_str().unwrap_or_default();
            let domain = url.split('/').nth(2).unwrap_or_default();
            let person = view["person"]["user_id"].as_i64().unwrap_or_default();
            let secs = datum["pedigree"]["true_as_of_secs"]
                .as_i64()
                .unwrap_or_default();
            emit(&[domain.into(), person.into(), secs.into()]);
            Ok(())
        },
    );
    let (gap, keys): (i64, &[&str]) = match defect {
        // The last-seen time is never moved on: every view ends a visit.
        "last seen stays" => (-1, &["domain", "person", "secs"]),
        "fifteen minutes" => (900, &["domain", "person"]),
        // The expiry charges the domain in hand: visits are not told apart by domain.
        "charges another domain" => (1_800, &["person"]),
        _ => (1_800, &["domain", "person"]),
    };
    let same_second = defect == "same second";
    let source = source
        .sessions("visits", "consume", keys, Sessions::by("secs").gap(gap))
        .map(
            "bounced",
            "visits",
            &["rows", "first", "last"],
            "bounce",
            move |row| {
                let bounce = if same_second {
                    row[1] == row[2]
                } else {
                    row[0].int() == 1
                };
                Owned::Int(i64::from(bounce))
            },
        );
    let keys: &[&str] = if keys.contains(&"domain") {
        &["domain"]
    } else {
        &[]
    };
    source
        .state("closed", "bounced", keys, Count, "visits", Kind::Opaque)
        .state(
            "bounces",
            "bounced",
            keys,
            Sum::of("bounce"),
            "bounces",
            Kind::Opaque,
        )
        .build()
        .unwrap()
}

#[test]
fn each_defect_of_the_books_bounce_rate_gives_another_answer() {
    let count = |defect: &str, views: &[(&str, i64, i64)]| {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path(), 1);
        let line = |(n, (domain, user, secs)): (usize, &(&str, i64, i64))| {
            view(&format!("http://{domain}/"), *user, *secs, n)
        };
        let lines: Vec<String> = views.iter().enumerate().map(line).collect();
        append(&log, 0, &lines);
        append(&log, 0, &[view("http://later.com/", 9, 1_000_000, 0)]);
        append(&log, 0, &[view("http://later.com/", 9, 2_000_000, 0)]);
        let mut job = open(folder.path(), &log, defective(defect), options(100));
        job.drain().unwrap();
        let key: &[FieldValue] = match defect {
            "charges another domain" => &[],
            _ => &["foo.com".into()],
        };
        let number = |state: &str| match job.get(state, key).unwrap() {
            Some(Owned::Int(n)) => n,
            _ => 0,
        };
        (number("closed"), number("bounces"))
    };
    let golden: Vec<(&str, i64, i64)> = {
        let mut views = GOLDEN.to_vec();
        views.sort_by_key(|view| view.2);
        let person = |user| if user == 2 { 2 } else { 1 };
        views
            .iter()
            .map(|(_, user, secs)| ("foo.com", person(*user), *secs))
            .collect()
    };
    assert_eq!(count("none", &golden), (4, 0));
    let (visits, _) = count("last seen stays", &golden);
    assert_ne!(visits, 4);
    let twenty_minutes = [("foo.com", 1, 0), ("foo.com", 1, 1_200)];
    assert_eq!(count("none", &twenty_minutes), (1, 0));
    assert_eq!(count("fifteen minutes", &twenty_minutes), (2, 2));
    let one_second = [("foo.com", 1, 60), ("foo.com", 1, 60)];
    assert_eq!(count("none", &one_second), (1, 0));
    assert_eq!(count("same second", &one_second), (1, 1));
    let two_domains = [("foo.com", 1, 0), ("bar.com", 1, 60)];
    assert_eq!(count("none", &two_domains), (1, 1));
    assert_ne!(count("charges another domain", &two_domains), (1, 1));
}

#[test]
fn uniques_are_the_batch_views_own_sketches_and_page_views_its_counts() {
    let (_folder, job) = golden(microbatch::page_views(Kind::Transactional).unwrap());
    let at =
        |state: &str, page: &str, hour: i64| job.get(state, &[page.into(), hour.into()]).unwrap();
    assert_eq!(at("views", "foo.com/post1", 0), Some(3.into()));
    assert_eq!(at("uniques", "foo.com/post1", 0), Some(2.into()));
    assert_eq!(at("views", "foo.com/post3", 7_200), Some(1.into()));
    assert_eq!(at("views", "foo.com/post3", 3_600), None);
    let (_folder, lesson) = golden(microbatch::lesson(Kind::Opaque).unwrap());
    let of_lesson = lesson
        .get("uniques", &["foo.com/post1".into(), 0.into()])
        .unwrap();
    assert_eq!(of_lesson, Some(2.into()));
    let uniques = ApproximateUniques::of("person", batch::Precision::DEFAULT);
    let mut gather = uniques.empty();
    uniques.add(&mut gather, &[FieldValue::Int(1)]).unwrap();
    let sketch = batch::Sketch::of([&lambda_workbook::datum::PersonId::UserId(1)]);
    assert_eq!(uniques.encode(&gather), sketch.to_bytes());
}

#[test]
fn filters_joins_and_repartitions_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 2);
    append(&log, 0, &["1 ab".to_owned(), "2 cd".to_owned()]);
    append(&log, 1, &["3 ab".to_owned(), "4 zz".to_owned()]);
    let countries = [("ab", "Arcadia"), ("cd", "Cockaigne")];
    let topology = Topology::of("by country")
        .source("lines", &["n", "code"], |record, emit| {
            let line = std::str::from_utf8(record.value).map_err(|e| e.to_string())?;
            let (n, code) = line.split_once(' ').ok_or("no blank")?;
            emit(&[
                n.parse::<i64>().map_err(|e| e.to_string())?.into(),
                code.into(),
            ]);
            Ok(())
        })
        .filter("not two", "lines", &["n"], |row| row[0].int() != 2)
        .repartition("by code", "not two", &["code"])
        .join(
            "named",
            "by code",
            "code",
            &["country"],
            countries.map(|(code, name)| (Owned::from(code), vec![Owned::from(name)])),
        )
        .state(
            "sums",
            "named",
            &["country"],
            Sum::of("n"),
            "sum",
            Kind::Transactional,
        )
        .build()
        .unwrap();
    let mut job = open(folder.path(), &log, topology, options(10));
    job.drain().unwrap();
    let table = job.table("sums").unwrap();
    assert_eq!(table.height(), 1); // zz has no country, 2 was filtered
    assert_eq!(
        job.get("sums", &["Arcadia".into()]).unwrap(),
        Some(4.into())
    );
    let made: BTreeMap<&str, u64> = job.made().into_iter().collect();
    assert_eq!(
        (
            made["lines"],
            made["not two"],
            made["by code"],
            made["named"]
        ),
        (4, 3, 3, 2)
    );
}

fn refusal(builder: microbatch::TopologyBuilder) -> String {
    builder.build().err().expect("it is refused").to_string()
}

#[test]
fn a_topology_that_cannot_be_says_what_and_where() {
    let source = || Topology::of("t").source("s", &["line"], |_, _| Ok(()));
    let told = |builder, words: &[&str]| {
        let said = refusal(builder);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    told(
        source()
            .filter("a", "b", &[], |_| true)
            .filter("b", "a", &[], |_| true),
        &["cycle", "a", "b", "->"],
    );
    told(
        source().filter("a", "nobody", &[], |_| true),
        &["\"nobody\"", "there is s"],
    );
    told(
        source().filter("a", "s", &["word"], |_| true),
        &["\"word\"", "gets line"],
    );
    told(
        source().map("a", "s", &[], "line", |_| 1.into()),
        &["there already"],
    );
    told(
        source()
            .state("n", "s", &["line"], Count, "n", Kind::Opaque)
            .state("n", "s", &["line"], Count, "n", Kind::Opaque),
        &["two states", "\"n\""],
    );
    told(Topology::of("t"), &["0 sources"]);
    told(
        source().source("s2", &["line"], |_, _| Ok(())),
        &["2 sources"],
    );
    told(source().filter("a/b", "s", &[], |_| true), &["no name"]);
    // What needs a watermark says so, and a watermark needs a field of the source.
    let visits = || source().sessions("v", "s", &["line"], Sessions::by("line"));
    told(visits(), &["\"v\"", "needs a watermark", ".event_time("]);
    told(
        visits().event_time(seconds()),
        &["field \"secs\"", "the source makes line"],
    );
    told(
        source().side_output("late", "s"),
        &["\"late\"", "side output of \"s\"", "has none"],
    );
}

#[test]
fn a_function_that_makes_other_rows_than_it_said_stops_the_batch() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    append(&log, 0, &["a".to_owned()]);
    let topology = Topology::of("t")
        .source("s", &["line"], |_, emit| {
            emit(&[1.into(), 2.into()]);
            Ok(())
        })
        .state("n", "s", &[], Count, "n", Kind::Opaque)
        .build()
        .unwrap();
    let error = open(folder.path(), &log, topology, options(1))
        .drain()
        .unwrap_err();
    assert!(
        error.to_string().contains("\"s\" made a row of 2 values"),
        "{error}"
    );
}

#[test]
fn a_folder_of_another_topology_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    drop(open(
        folder.path(),
        &log,
        microbatch::word_count(Kind::Opaque).unwrap(),
        options(1),
    ));
    let other = microbatch::word_count(Kind::Transactional).unwrap();
    let error = Job::open(
        folder.path().join("job"),
        log.clone(),
        TOPIC,
        other,
        options(1),
    )
    .err()
    .unwrap();
    let said = error.to_string();
    assert!(
        said.contains("(opaque)") && said.contains("(transactional)"),
        "{said}"
    );
    let same = microbatch::word_count(Kind::Opaque).unwrap();
    let two = JobOptions {
        partitions: 2,
        ..options(1)
    };
    let error = Job::open(folder.path().join("job"), log, TOPIC, same, two)
        .err()
        .unwrap();
    assert!(
        matches!(error, MicroBatchError::OtherTopology { .. }),
        "{error}"
    );
}

#[test]
fn a_log_that_lacks_what_comes_next_is_refused_and_never_jumped_over() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    let lines: Vec<String> = (0..10).map(|_| "a".to_owned()).collect();
    append(&log, 0, &lines[..5]);
    append(&log, 0, &lines[5..]);
    let topology = || microbatch::word_count(Kind::Opaque).unwrap();
    let mut job = open(folder.path(), &log, topology(), options(3));
    job.step().unwrap();
    log.delete_before(TOPIC, 0, 5).unwrap();
    for _ in 0..2 {
        let error = job.step().unwrap_err();
        let truncated = matches!(
            error,
            MicroBatchError::Truncated {
                next: 3,
                begin: 5,
                ..
            }
        );
        assert!(
            truncated && error.to_string().contains("2 records are gone"),
            "{error}"
        );
    }
    assert_eq!(job.get("counts", &["a".into()]).unwrap(), Some(3.into()));
    // Only who asks for it goes on, and is told what is lost.
    assert_eq!(job.skip_to_begin().unwrap(), [2]);
    job.drain().unwrap();
    assert_eq!(job.get("counts", &["a".into()]).unwrap(), Some(8.into()));
    drop(job);

    let other = tempfile::tempdir().unwrap();
    let shorter = self::log(other.path(), 1);
    append(&shorter, 0, &lines[..2]);
    let mut job = open(folder.path(), &shorter, topology(), options(3));
    let error = job.step().unwrap_err();
    assert!(
        matches!(
            error,
            MicroBatchError::PastTheEnd {
                next: 10,
                end: 2,
                ..
            }
        ),
        "{error}"
    );
    let wider = tempfile::tempdir().unwrap();
    let wide = self::log(wider.path(), 2);
    drop(job);
    let error = Job::open(
        folder.path().join("job"),
        wide,
        TOPIC,
        topology(),
        options(3),
    )
    .err()
    .unwrap();
    assert!(
        matches!(
            error,
            MicroBatchError::Partitions {
                stored: 1,
                given: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_question_to_no_state_or_with_another_key_is_told() {
    let (_folder, job) = golden(microbatch::lesson(Kind::Opaque).unwrap());
    assert!(
        job.table("counts")
            .unwrap_err()
            .to_string()
            .contains("there is drop duplicates, uniques")
    );
    let error = job.get("uniques", &["foo.com/".into()]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("keys have 2 values, and this one 1"),
        "{error}"
    );
}

#[test]
fn a_sum_past_its_end_stops_the_batch_and_names_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), 1);
    append(&log, 0, &[i64::MAX.to_string(), "1".to_owned()]);
    let topology = Topology::of("t")
        .source("s", &["n"], |record, emit| {
            let text = std::str::from_utf8(record.value).map_err(|e| e.to_string())?;
            emit(&[text.parse::<i64>().map_err(|e| e.to_string())?.into()]);
            Ok(())
        })
        .state("sum", "s", &[], Sum::of("n"), "sum", Kind::Transactional)
        .build()
        .unwrap();
    let mut job = open(folder.path(), &log, topology, options(1));
    job.step().unwrap();
    let error = job.step().unwrap_err();
    assert!(error.to_string().contains("state \"sum\""), "{error}");
    assert_eq!(job.get("sum", &[]).unwrap(), Some(i64::MAX.into()));
}

#[cfg(unix)]
mod killed {
    use super::*;
    use crate::{extent, process};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    use std::time::Duration;

    /// Not a test of its own: the process that is killed.
    #[test]
    #[ignore = "started by the test below"]
    fn child() {
        let Ok(folder) = std::env::var("MICROBATCH_FOLDER") else {
            return;
        };
        let folder = Path::new(&folder);
        let log = log(folder, 2);
        let mut job = open(
            folder,
            &log,
            microbatch::top_words(Kind::Transactional).unwrap(),
            options(7),
        );
        loop {
            for partition in 0..2 {
                let end = log.end(TOPIC, partition).unwrap();
                let lines: Vec<String> =
                    (end..end + 5).map(|n| format!("w{} all", n % 9)).collect();
                append(&log, partition, &lines);
            }
            job.step().unwrap();
        }
    }

    #[test]
    fn a_job_that_is_killed_at_any_time_counts_every_word_once() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..extent::rounds(40, 400u64) {
            let mut child = process::running(module_path!(), "child")
                .env("MICROBATCH_FOLDER", folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::park_timeout(Duration::from_millis(20 + round * 37 % 60));
            child.kill().unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        }
        let log = log(folder.path(), 2);
        let mut job = open(
            folder.path(),
            &log,
            microbatch::top_words(Kind::Transactional).unwrap(),
            options(7),
        );
        job.drain().unwrap();
        let ends: Vec<u64> = log.ends(TOPIC).unwrap();
        let all: u64 = ends.iter().sum();
        assert!(all > 0, "the processes were killed before they began");
        assert_eq!(
            job.get("counts", &["all".into()]).unwrap(),
            Some(Owned::Int(all as i64))
        );
        for word in 0..9u64 {
            let count: u64 = ends
                .iter()
                .map(|end| (0..*end).filter(|n| n % 9 == word).count() as u64)
                .sum();
            let found = job
                .get("counts", &[format!("w{word}").as_str().into()])
                .unwrap();
            assert_eq!(found, Some(Owned::Int(count as i64)), "w{word}");
        }
    }
}
