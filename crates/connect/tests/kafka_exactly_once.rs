//! Exactly once from a topic to a topic, by Kafka's transactions, while workers and broker die.
use crate::broker::{alone, patient, shared};
use crate::extent;
use crate::systems::new_name as new_topic;
use connect::kafka::{KafkaLog, KafkaOptions, KafkaTransactions};
use connect::local::LocalSystem;
use lambda_workbook::speed::{Log, Records};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Rule: what a transaction appends is seen after its commit, and never after an abort.
#[test]
fn results_and_offsets_are_seen_together_or_not_at_all() {
    let Some(broker) = shared() else { return };
    let log = broker.log(KafkaOptions::default());
    let (input, output) = (new_topic("input"), new_topic("output"));
    for topic in [&input, &output] {
        log.create_topic(topic, 1).unwrap();
    }
    log.append(&input, 0, &[(b"", b"a"), (b"", b"b")]).unwrap();
    let group = format!("group-of-{input}");
    let mut worker = KafkaTransactions::open(
        std::slice::from_ref(&broker.address),
        &format!("id-of-{input}"),
        KafkaOptions::default(),
    )
    .unwrap();
    let seen = || log.read(&output, 0, 0, usize::MAX).unwrap().len();
    // Aborted, and aborted by being dropped.
    for dropped in [false, true] {
        let mut transaction = worker.begin();
        transaction.append(&output, 0, &[(b"", b"wrong")]).unwrap();
        transaction
            .commit_offsets(&group, &input, &[(0, 2)])
            .unwrap();
        assert_eq!(seen(), 0);
        if !dropped {
            transaction.abort().unwrap();
        }
    }
    assert_eq!(
        (seen(), log.committed(&group, &input, 0).unwrap()),
        (0, None)
    );
    // Committed.
    let mut transaction = worker.begin();
    transaction
        .append(&output, 0, &[(b"", b"A"), (b"", b"B")])
        .unwrap();
    transaction
        .commit_offsets(&group, &input, &[(0, 2)])
        .unwrap();
    transaction.commit().unwrap();
    assert_eq!(log.committed(&group, &input, 0).unwrap(), Some(2));
    // The output's partition learns of it a moment later.
    let records = log
        .read_or_wait(&output, 0, 0, usize::MAX, Duration::from_secs(20))
        .unwrap();
    assert_eq!(
        records
            .iter()
            .map(|record| record.value)
            .collect::<Vec<_>>(),
        [b"A", b"B"]
    );
    // Offsets of aborted records and of marks are passed.
    assert!((records.len() as u64) < records.next());
    assert_eq!(records.next(), log.end(&output, 0).unwrap());
}

/// Rule: a worker that another one has replaced can commit nothing more.
#[test]
fn a_slow_worker_is_fenced_off_by_the_next() {
    let Some(broker) = shared() else { return };
    let log = broker.log(KafkaOptions::default());
    let output = new_topic("fenced");
    log.create_topic(&output, 1).unwrap();
    let id = format!("id-of-{output}");
    let open = || {
        KafkaTransactions::open(
            std::slice::from_ref(&broker.address),
            &id,
            KafkaOptions::default(),
        )
        .unwrap()
    };
    let mut slow = open();
    let mut transaction = slow.begin();
    transaction.append(&output, 0, &[(b"", b"late")]).unwrap();
    let mut next = open();
    let error = transaction.commit().unwrap_err().to_string();
    assert!(error.contains("committing a transaction"), "{error}");
    let mut transaction = next.begin();
    transaction.append(&output, 0, &[(b"", b"right")]).unwrap();
    transaction.commit().unwrap();
    let records = log
        .read_or_wait(&output, 0, 0, usize::MAX, Duration::from_secs(20))
        .unwrap();
    assert_eq!(
        records
            .iter()
            .map(|record| record.value)
            .collect::<Vec<_>>(),
        [b"right"]
    );
}

/// Reads a partition when no transaction is open in it: its last stable offset is then its end,
/// which a producer that is not in a transaction sees move with an append of its own.
fn all_committed(log: &KafkaLog, topic: &str, partition: u32) -> Records {
    let mark = log.append(topic, partition, &[(b"0", b"0")]).unwrap();
    let mut records = Records::from(0);
    while records.next() <= mark {
        let more = log
            .read_or_wait(
                topic,
                partition,
                records.next(),
                usize::MAX,
                Duration::from_secs(5),
            )
            .unwrap();
        for record in more.iter().filter(|record| record.offset < mark) {
            records.skip_to(record.offset);
            records.push(record.key, record.value);
        }
        records.skip_to(more.next());
    }
    records
}

/// What the worker process is told: address, input, output.
const WORK: &str = "LAMBDA_WORKBOOK_TEST_WORK";
const PARTITIONS: u32 = 2;
/// Records of a transaction.
const AT_ONCE: usize = 20;

/// The worker: reads numbers and writes their doubles, until all are done or it is killed. It is a
/// test only so that this program can be started as one.
#[test]
fn worker() {
    let Ok(work) = std::env::var(WORK) else {
        return;
    };
    let mut words = work.split(' ');
    let mut word = || words.next().unwrap().to_owned();
    let (address, input, output) = (word(), word(), word());
    let brokers = [address];
    let log = KafkaLog::open(&brokers, patient()).unwrap();
    let mut worker =
        KafkaTransactions::open(&brokers, &format!("id-of-{input}"), patient()).unwrap();
    loop {
        let mut waiting = false;
        for partition in 0..PARTITIONS {
            let from = log
                .committed("doubler", &input, partition)
                .unwrap()
                .unwrap_or(0);
            let records = log.read(&input, partition, from, AT_ONCE).unwrap();
            if records.is_empty() {
                continue;
            }
            waiting = true;
            let doubles = records.iter().map(|record| {
                let number: u64 = std::str::from_utf8(record.value).unwrap().parse().unwrap();
                (record.value.to_vec(), (2 * number).to_string())
            });
            let doubles: Vec<(Vec<u8>, String)> = doubles.collect();
            let doubles: Vec<(&[u8], &[u8])> = doubles
                .iter()
                .map(|(k, v)| (&k[..], v.as_bytes()))
                .collect();
            let mut transaction = worker.begin();
            transaction.append(&output, partition, &doubles).unwrap();
            transaction
                .commit_offsets("doubler", &input, &[(partition, records.next())])
                .unwrap();
            transaction.commit().unwrap();
        }
        if !waiting {
            return;
        }
    }
}

/// What a broker says that forgets the end of a transaction: right after its start it is not the
/// leader of its own partitions yet, and takes them for deleted.
const FORGETS: &str = "likely deleted already and hence can be skipped";

/// Rule: through kills of the worker and of the broker at any moment, each record of the input has
/// its result once in the output. The exception is Kafka's own: a transaction whose end the broker
/// says to have forgotten (see `docs/kafka.md`).
#[test]
fn each_record_has_its_result_once_through_kills_of_worker_and_broker() {
    let Some(broker) = alone() else { return };
    let log = broker.log(patient());
    let (input, output) = (new_topic("numbers"), new_topic("doubles"));
    for topic in [&input, &output] {
        log.create_topic(topic, PARTITIONS).unwrap();
    }
    let numbers: Vec<String> = (0..extent::rounds(2_000, 20_000))
        .map(|n| n.to_string())
        .collect();
    let keyed: Vec<(&[u8], &[u8])> = numbers
        .iter()
        .map(|n| (n.as_bytes(), n.as_bytes()))
        .collect();
    log.append_by_key(&input, &keyed).unwrap();

    let kills = extent::rounds(6u64, 100);
    let mut random = 0x9E37_79B9_97F4_A7C1u64;
    let mut forgotten = 0;
    for round in 0.. {
        let mut worker = Command::new(std::env::current_exe().unwrap())
            .args(["kafka_exactly_once::worker", "--exact", "--nocapture"])
            .env(WORK, format!("{} {input} {output}", broker.address))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if round >= kills {
            assert!(worker.wait().unwrap().success());
            break;
        }
        // Killed somewhere in its work; every third time the broker dies first.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(100 + (random >> 40) % 400));
        if round % 3 == 2 {
            broker.running().kill();
            broker.restart();
            let said = std::fs::read_to_string(broker.system.log()).unwrap();
            forgotten += said.matches(FORGETS).count();
        }
        let _ = worker.kill();
        worker.wait().unwrap();
    }

    // Wait for the last commits: no transaction is open now.
    for partition in 0..PARTITIONS {
        let committed = log.committed("doubler", &input, partition).unwrap();
        assert_eq!(committed, Some(log.end(&input, partition).unwrap()));
    }
    let mut results: BTreeMap<u64, u64> = BTreeMap::new();
    let mut doubled = Vec::new();
    for partition in 0..PARTITIONS {
        for record in all_committed(&log, &output, partition).iter() {
            let number = |bytes| std::str::from_utf8(bytes).unwrap().parse::<u64>().unwrap();
            if results
                .insert(number(record.key), number(record.value))
                .is_some()
            {
                doubled.push(number(record.key));
            }
        }
    }
    if !doubled.is_empty() {
        eprintln!("the broker forgot the end of {forgotten} transactions; doubled: {doubled:?}");
    }
    assert!(doubled.len() <= forgotten * AT_ONCE, "{doubled:?}");
    assert_eq!(results.len(), numbers.len());
    assert!(results.iter().all(|(number, double)| *double == 2 * number));
}
