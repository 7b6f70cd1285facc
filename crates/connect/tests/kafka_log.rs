//! The log on a real Kafka broker.
use crate::broker::{alone, patient, shared};
use crate::extent;
use crate::log_promises::{self, op};
use crate::systems::new_name as new_topic;
use connect::kafka::{GroupMember, KafkaLog, KafkaOptions, partition_of};
use lambda_workbook::lambda::{Lambda, Options};
use lambda_workbook::speed::{Log, RemoteLog, SpeedError};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(8, 200), failure_persistence: None, ..ProptestConfig::default() })]
    /// Guarantees 1, 2 and 4, against a list in memory.
    #[test]
    fn the_log_is_a_list_that_forgets_only_from_the_front(ops in prop::collection::vec(op(), 1..40)) {
        let Some(broker) = shared() else { return Ok(()) };
        let open = || -> Box<dyn Log> { Box::new(broker.log(KafkaOptions::default())) };
        log_promises::is_a_list(&open, &new_topic("list"), ops)?;
    }
}

/// The same through the program that cells ask.
#[test]
fn the_log_of_another_process_is_the_same_list() {
    let Some(broker) = shared() else { return };
    let address = format!("kafka://{}", broker.address);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_connect"));
    let open = || -> Box<dyn Log> { Box::new(RemoteLog::open(&address, Some(program)).unwrap()) };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: extent::rounds(3, 50),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ops = prop::collection::vec(op(), 1..30);
    runner
        .run(&ops, |ops| {
            log_promises::is_a_list(&open, &new_topic("remote"), ops)
        })
        .unwrap();
    let log = open();
    log_promises::keys_lie_in_one_partition_in_order(
        log.as_ref(),
        &new_topic("remote-keys"),
        partition_of,
    );
    log_promises::errors_say_what_to_do(log.as_ref(), &new_topic("remote-errors"));
}

/// Rule: an address that is none is named, and so is a program that is not there.
#[test]
fn a_wrong_address_is_an_error_that_says_how_to_write_one() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_connect"));
    for address in ["kafka://nowhere", "kafka://:9092", "redis://127.0.0.1:1"] {
        let error = RemoteLog::open(address, Some(program))
            .unwrap_err()
            .to_string();
        assert!(error.contains("write kafka://host:port"), "{error}");
    }
    let none = std::path::Path::new("/nowhere/connect");
    let error = RemoteLog::open("kafka://127.0.0.1:1", Some(none))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cargo build --package workbook --package connect"),
        "{error}"
    );
}

/// Rule: a producer without an identity, whose acknowledgement is lost, stores its batch twice when
/// it sends it again; an idempotent one stores it once.
#[test]
fn a_lost_acknowledgement_is_stored_once_by_an_idempotent_producer_and_else_twice() {
    let Some(broker) = shared() else { return };
    for (idempotent, stored) in [(true, 1), (false, 2)] {
        let topic = new_topic("ambiguous");
        let plain = broker.log(KafkaOptions::default());
        plain.create_topic(&topic, 1).unwrap();
        let log = broker.log(KafkaOptions {
            idempotent,
            ..patient()
        });
        log.lose_next_acknowledgement();
        log.append(&topic, 0, &[(b"", b"one")]).unwrap();
        assert_eq!(
            plain.end(&topic, 0).unwrap(),
            stored,
            "idempotent: {idempotent}"
        );
    }
}

#[test]
fn records_of_a_key_lie_in_one_partition_in_order() {
    let Some(broker) = shared() else { return };
    let log = broker.log(KafkaOptions::default());
    log_promises::keys_lie_in_one_partition_in_order(&log, &new_topic("keys"), partition_of);
}

#[test]
fn what_cannot_be_says_what_to_do() {
    let Some(broker) = shared() else { return };
    log_promises::errors_say_what_to_do(&broker.log(KafkaOptions::default()), &new_topic("errors"));
}

/// Rule: a reader that waits gets a record as soon as it is there, and nothing when the time is up.
#[test]
fn a_long_poll_ends_with_the_first_record() {
    let Some(broker) = shared() else { return };
    let topic = new_topic("poll");
    let log = broker.log(KafkaOptions::default());
    log.create_topic(&topic, 1).unwrap();
    let short = Duration::from_millis(200);
    assert!(
        log.read_or_wait(&topic, 0, 0, 10, short)
            .unwrap()
            .is_empty()
    );
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let log = broker.log(KafkaOptions::default());
            log.read_or_wait(&topic, 0, 0, 10, Duration::from_secs(20))
                .unwrap()
        });
        log.append(&topic, 0, &[(b"", b"first")]).unwrap();
        let began = Instant::now();
        let records = reader.join().unwrap();
        assert_eq!(records.iter().next().unwrap().value, b"first");
        assert!(began.elapsed() < Duration::from_secs(10));
    });
}

/// Rule: acknowledged records survive kill -9 of the broker, in order and once, also those whose
/// acknowledgement was lost and that were sent again.
#[test]
fn appends_through_kills_of_the_broker_are_stored_once() {
    let Some(broker) = alone() else { return };
    let topic = new_topic("kills");
    let log = broker.log(patient());
    log.create_topic(&topic, 1).unwrap();
    let kills = extent::rounds(3, 20);
    let mut appended = 0u64;
    std::thread::scope(|scope| {
        for _ in 0..kills {
            // The broker dies somewhere between these appends, and comes back.
            let killer = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(150));
                broker.running().kill();
                broker.restart();
            });
            while !killer.is_finished() {
                let value = appended.to_string();
                let offset = log.append(&topic, 0, &[(b"", value.as_bytes())]).unwrap();
                assert_eq!(offset, appended);
                appended += 1;
            }
            killer.join().unwrap();
        }
    });
    let records = log.read(&topic, 0, 0, usize::MAX).unwrap();
    assert_eq!(records.len() as u64, appended);
    let wrong = (0..)
        .zip(records.iter())
        .find(|(n, record)| record.value != n.to_string().as_bytes());
    assert!(wrong.is_none(), "{wrong:?}");
    assert!(appended > kills * 10, "{appended} appends");
}

/// Rule: a system that is not there is named, with what to do, before long.
#[test]
fn no_broker_is_an_error_that_says_what_to_do() {
    let options = KafkaOptions {
        patience: Duration::from_millis(300),
        ..KafkaOptions::default()
    };
    // A port at which nothing listens, a host that does not exist, and what is no broker.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let answer = std::thread::spawn(move || {
        use std::io::Write;
        for stream in listener.incoming().flatten().take(1) {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for address in ["127.0.0.1:1", "no-such-host.invalid:9092", &silent] {
        let began = Instant::now();
        let error = KafkaLog::open(&[address.to_owned()], options)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(address), "{error}");
        assert!(error.contains("check the address"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(10), "{address}");
    }
    answer.join().unwrap();
}

/// Rule: a batch that is larger than the broker takes is refused as a whole, and the error says so.
#[test]
fn a_batch_that_is_too_large_is_refused_as_a_whole() {
    let Some(broker) = shared() else { return };
    let topic = new_topic("large");
    let log = broker.log(KafkaOptions::default());
    log.create_topic_with(&topic, 1, &[("max.message.bytes", "1000")])
        .unwrap();
    let value = [b'x'; 600];
    let error = log
        .append(&topic, 0, &[(b"", &value), (b"", &value)])
        .unwrap_err();
    assert!(
        error.to_string().contains("append fewer records at a time"),
        "{error}"
    );
    assert_eq!(log.end(&topic, 0).unwrap(), 0);
    // The producer goes on.
    assert_eq!(log.append(&topic, 0, &[(b"", &value)]).unwrap(), 0);
    assert_eq!(log.append(&topic, 0, &[(b"", b"small")]).unwrap(), 1);
}

/// Rule: retention that passes a slow reader is an error that names what is kept.
#[test]
fn a_reader_that_is_behind_the_retention_is_told() {
    let Some(broker) = shared() else { return };
    let topic = new_topic("slow");
    let log = broker.log(KafkaOptions::default());
    log.create_topic(&topic, 1).unwrap();
    for n in 0..10u8 {
        log.append(&topic, 0, &[(b"", &[n])]).unwrap();
    }
    log.delete_before(&topic, 0, 6).unwrap();
    let error = log.read(&topic, 0, 2, 10).unwrap_err();
    assert!(
        matches!(
            error,
            SpeedError::OutOfRange {
                offset: 2,
                begin: 6,
                end: 10,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(log.read(&topic, 0, 6, 10).unwrap().len(), 4);
}

/// Rule: two consumers share the partitions; when one crashes, the other gets all of them, and what
/// the crashed one still wants to commit is refused.
#[test]
fn the_partitions_of_a_crashed_consumer_go_to_the_others() {
    let Some(broker) = shared() else { return };
    let topic = new_topic("shared-out");
    let log = broker.log(KafkaOptions::default());
    log.create_topic(&topic, 4).unwrap();
    let session = Duration::from_secs(3);
    let group = format!("group-of-{topic}");
    let brokers = [broker.address.clone()];
    let join = || GroupMember::join(&brokers, &group, &topic, session, patient()).unwrap();
    let mut first = join();
    assert_eq!(first.partitions(), [0, 1, 2, 3]);

    // A second one joins when the first hears of it.
    let mut second = std::thread::scope(|scope| {
        let second = scope.spawn(join);
        while !second.is_finished() {
            first.heartbeat().unwrap();
            std::thread::sleep(Duration::from_millis(50));
        }
        second.join().unwrap()
    });
    let mut all = [first.partitions(), second.partitions()].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
    assert_eq!(first.partitions().len(), 2);
    for partition in second.partitions().to_vec() {
        second.commit(partition, 7).unwrap();
    }

    // The first falls silent, and the second hears of it within the session.
    let began = Instant::now();
    while second.partitions().len() < 4 {
        second.heartbeat().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(second.partitions(), [0, 1, 2, 3]);
    let error = first.commit(0, 9).unwrap_err().to_string();
    assert!(
        error.contains("continue from the committed offsets"),
        "{error}"
    );
    assert_ne!(log.committed(&group, &topic, 0).unwrap(), Some(9));
    first.crash();
}

/// Rule: a compaction removes records whose key was written again, and a reader passes their
/// offsets.
#[test]
fn a_reader_passes_what_a_compaction_removed() {
    let Some(broker) = shared() else { return };
    let topic = new_topic("compacted");
    let log = broker.log(KafkaOptions::default());
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "100"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("max.compaction.lag.ms", "100"),
    ];
    log.create_topic_with(&topic, 1, &settings).unwrap();
    let began = Instant::now();
    let mut appended = 0u64;
    loop {
        let value = appended.to_string();
        log.append(&topic, 0, &[(b"key", value.as_bytes())])
            .unwrap();
        appended += 1;
        let records = log.read(&topic, 0, 0, usize::MAX).unwrap();
        assert_eq!(records.next(), appended);
        let last = records.iter().last().unwrap();
        assert_eq!((last.offset, last.value), (appended - 1, value.as_bytes()));
        if (records.len() as u64) < appended {
            return; // some offsets carry no record any more
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no compaction in a minute"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Rule: realtime views that keep their offset with their state count each page view once, through
/// kills of the broker and of the updater.
#[test]
fn views_with_their_offset_count_once_through_kills_of_broker_and_updater() {
    let Some(broker) = alone() else { return };
    let topic = new_topic("page-views");
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn Log> = Arc::new(broker.log(patient()));
    log.create_topic(&topic, 2).unwrap();
    let view = |n: u64| {
        format!(
            r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"http://foo.com/{}"}},"person":{{"user_id":{n}}}}}}},"pedigree":{{"true_as_of_secs":{n}}}}}"#,
            n % 3
        )
    };
    let open = || Lambda::open(folder.path(), log.clone(), &topic, Options::default()).unwrap();
    let mut layers = open();
    let mut appended = 0;
    for round in 0..extent::rounds(4, 50) {
        for _ in 0..50 {
            let line = view(appended);
            log.append_by_key(&topic, &[(&appended.to_be_bytes(), line.as_bytes())])
                .unwrap();
            appended += 1;
        }
        // Part of it is applied; then the updater is dropped as a crash drops it, or the broker dies.
        layers.step(10).unwrap();
        match round % 2 {
            0 => {
                drop(layers);
                layers = open();
            }
            _ => {
                broker.running().kill();
                broker.restart();
            }
        }
        if round == 2 {
            layers.run_batch().unwrap();
        }
    }
    layers.drain().unwrap();
    let query = layers.query().unwrap();
    let pages = (0..3).map(|page| {
        query
            .page_views(&format!("foo.com/{page}"), 0..86_400)
            .unwrap()
            .value
    });
    assert_eq!(pages.sum::<i64>(), appended as i64);
    assert_eq!(query.freshness().waiting, 0);
}
