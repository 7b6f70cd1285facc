//! The realtime store on a real HBase.
use crate::extent;
use crate::region_server::{alone, patient, shared};
use crate::store_promises::{self, PROMISED, op};
use crate::systems::{Shared, new_name};
use connect::hbase::HBaseOptions;
use connect::local::hbase::LocalHBase;
use lambda_workbook::lambda::{Expiry, Lambda, Options};
use lambda_workbook::speed::{
    Conditional, EmbeddedLog, FAMILIES, Family, Log, Mutation, RealtimeStore, RemoteStores,
    StorePlace, Tables,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Connects through the program that cells ask.
fn remote(hbase: &Shared<LocalHBase>) -> RemoteStores {
    let program = Path::new(env!("CARGO_BIN_EXE_connect"));
    RemoteStores::open(&format!("hbase://{}", hbase.address), Some(program)).unwrap()
}

/// One table for all cases: making one takes seconds.
const PROMISES: &str = "promises";

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(12, 200), failure_persistence: None, ..ProptestConfig::default() })]
    /// Guarantees 1 and 3 of a store, against a map in memory.
    #[test]
    fn the_table_is_a_sorted_map_with_conditions_and_sums(ops in prop::collection::vec(op(), 1..25)) {
        let Some(hbase) = shared() else { return Ok(()) };
        let open = || -> Box<dyn RealtimeStore> {
            Box::new(hbase.store(PROMISES, &PROMISED, HBaseOptions::default()))
        };
        store_promises::is_a_sorted_map_of_versions(&open, &new_name("map"), ops)?;
    }
}

/// The same through the program that cells ask.
#[test]
fn the_table_of_another_process_is_the_same_map() {
    let Some(hbase) = shared() else { return };
    let remote = remote(&hbase);
    let open =
        || -> Box<dyn RealtimeStore> { Box::new(remote.store(PROMISES, &PROMISED).unwrap()) };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: extent::rounds(4, 50),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ops = prop::collection::vec(op(), 1..25);
    let all = runner.run(&ops, |ops| {
        store_promises::is_a_sorted_map_of_versions(&open, &new_name("remote"), ops)
    });
    all.unwrap();
    let store = open();
    let store = store.as_ref();
    store_promises::a_wide_row_and_many_rows_are_read_whole(store, &new_name("wide"));
    store_promises::errors_say_what_to_do(store);
    assert!(remote.exists(PROMISES).unwrap());
    assert!(!remote.exists("no-such-table").unwrap());
}

#[test]
fn a_row_is_seen_whole_while_it_is_written() {
    let Some(hbase) = shared() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    store_promises::a_row_is_seen_whole(&store, &new_name("whole"), 300);
}

#[test]
fn one_of_many_conditional_writers_succeeds() {
    let Some(hbase) = shared() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    store_promises::one_of_many_conditional_writers_succeeds(&store, &new_name("if"), 30);
}

#[test]
fn increments_of_many_writers_add_up() {
    let Some(hbase) = shared() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    store_promises::increments_of_many_writers_add_up(&store, &new_name("sum"), 30);
}

#[test]
fn a_wide_row_and_many_rows_are_read_whole() {
    let Some(hbase) = shared() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    store_promises::a_wide_row_and_many_rows_are_read_whole(&store, &new_name("wide"));
}

#[test]
fn what_cannot_be_says_what_to_do() {
    let Some(hbase) = shared() else { return };
    store_promises::errors_say_what_to_do(&hbase.store(
        PROMISES,
        &PROMISED,
        HBaseOptions::default(),
    ));
}

/// Rule: what HBase cannot store is refused before anything is sent, with the remedy.
#[test]
fn a_row_too_long_and_a_value_too_large_are_named() {
    let Some(hbase) = shared() else { return };
    let store = remote(&hbase).store(PROMISES, &PROMISED).unwrap();
    let good = Mutation::of(new_name("good")).put("one", "q", 0, "");
    for (wrong, words) in [
        (
            Mutation::of(vec![b'x'; 40_000]).put("one", "q", 0, ""),
            "takes 1 to 32767",
        ),
        (Mutation::of("").put("one", "q", 0, ""), "takes 1 to 32767"),
        (
            Mutation::of("r").put("one", "q", 0, vec![0; 11_000_000]),
            "divide the value",
        ),
        (Mutation::of("r").put("one", "q", -1, ""), "0 or more"),
    ] {
        let error = store.apply(&[good.clone(), wrong]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    // Nearly too large.
    let large = Mutation::of(new_name("large")).put("one", "q", 0, vec![7; 9_000_000]);
    store.apply(std::slice::from_ref(&large)).unwrap();
    let cell = store
        .reader()
        .get(&large.row, "one", b"q")
        .unwrap()
        .unwrap();
    assert_eq!(cell.value.len(), 9_000_000);
}

/// Rule: a table that was made for something else is not used, and the error says how it differs.
#[test]
fn a_table_of_another_schema_is_named() {
    let Some(hbase) = shared() else { return };
    let remote = remote(&hbase);
    let table = new_name("other-schema");
    let count = Family::new("count");
    remote.store(&table, std::slice::from_ref(&count)).unwrap();
    let error = remote.store(&table, &FAMILIES).unwrap_err().to_string();
    for words in [
        "no column family \"persons\"",
        "\"visits\"",
        "name another table",
    ] {
        assert!(error.contains(words), "{error}");
    }
    let many = Family {
        versions: 3,
        ttl: Some(60_000),
        ..count
    };
    let error = remote
        .store(&table, std::slice::from_ref(&many))
        .unwrap_err()
        .to_string();
    for words in ["keeps 1 versions, not 3", "not 60 s"] {
        assert!(error.contains(words), "{error}");
    }
    let odd = Family {
        ttl: Some(1_500),
        ..many
    };
    let error = remote
        .store(&new_name("odd"), &[odd])
        .unwrap_err()
        .to_string();
    assert!(error.contains("whole seconds"), "{error}");
    let error = remote.store("a/b", &FAMILIES).unwrap_err().to_string();
    assert!(error.contains("no name of a table"), "{error}");
    // Gone, and made again.
    remote.remove(&table).unwrap();
    remote.remove(&table).unwrap();
    assert!(!remote.exists(&table).unwrap());
    remote.store(&table, &[many]).unwrap();
}

/// Rule: a cell whose TTL has ended is not read.
#[test]
fn a_cell_expires_by_the_servers_clock() {
    let Some(hbase) = shared() else { return };
    let family = Family {
        ttl: Some(3_600_000),
        ..Family::new("hour")
    };
    let table = new_name("ttl");
    let store = hbase.store(&table, &[family], HBaseOptions::default());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_millis() as i64;
    let put = Mutation::of("r")
        .put("hour", "old", now - 3_601_000, "")
        .put("hour", "new", now - 3_000_000, "");
    store.apply(&[put]).unwrap();
    let cells = store
        .reader()
        .row(b"r", "hour", b"".as_slice()..&[0xff])
        .unwrap();
    assert_eq!(cells.len(), 1);
    assert_eq!(cells[0].0, b"new");
}

/// Rule: a system that is not there is named, with what to do, before long.
#[test]
fn no_gateway_is_an_error_that_says_what_to_do() {
    // A port at which nothing listens, a host that does not exist, what is no gateway, and what
    // never answers.
    let foreign = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (of_foreign, of_silent) = (
        foreign.local_addr().unwrap().to_string(),
        silent.local_addr().unwrap().to_string(),
    );
    std::thread::spawn(move || {
        use std::io::Write;
        for mut stream in foreign.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let program = Path::new(env!("CARGO_BIN_EXE_connect"));
    for address in [
        "127.0.0.1:1",
        "no-such-host.invalid:9090",
        &of_foreign,
        &of_silent,
    ] {
        let began = Instant::now();
        let error = RemoteStores::open(&format!("hbase://{address}"), Some(program));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(address), "{error}");
        assert!(error.contains("check the address"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(10), "{address}");
    }
    for address in ["hbase://nowhere", "hbase://:9090", "redis://127.0.0.1:1"] {
        let error = RemoteStores::open(address, Some(program))
            .unwrap_err()
            .to_string();
        assert!(error.contains("hbase://host:port"), "{error}");
    }
}

/// Rule: every put that was acknowledged is found again after kill -9 of the server under load. An
/// increment and a conditional write, which are not sent again, are done if they were acknowledged,
/// and at most as often as they were tried.
#[test]
fn acknowledged_writes_are_found_again_after_kills_of_the_server() {
    let Some(hbase) = alone() else { return };
    let table = new_name("kills");
    let store = hbase.store(&table, &PROMISED, patient());
    let impatient = HBaseOptions {
        patience: Duration::ZERO,
    };
    let once = hbase.store(&table, &PROMISED, impatient);
    let kills = extent::rounds(1, 10);
    let batch = |n: u64| -> Vec<Mutation> {
        let rows = (0..100u64).map(|i| (n * 100 + i).to_be_bytes());
        rows.map(|row| Mutation::of([b"p", &row[..]].concat()).put("one", "q", 0, row))
            .collect()
    };
    let is_up = AtomicBool::new(true);
    let (mut batches, mut sums, mut tries) = (0u64, 0i64, 0i64);
    let mut changed = Vec::new();
    for _ in 0..kills {
        is_up.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(1_500));
                hbase.running().kill();
                hbase.restart();
                is_up.store(true, Ordering::SeqCst);
            });
            scope.spawn(|| {
                while !is_up.load(Ordering::SeqCst) {
                    store.apply(&batch(batches)).unwrap();
                    batches += 1;
                }
            });
            while !is_up.load(Ordering::SeqCst) {
                tries += 1;
                let number = tries.to_be_bytes();
                let write = Conditional {
                    family: "one",
                    qualifier: number.to_vec(),
                    expected: None,
                    mutation: Mutation::of("changed").put("one", number, 0, "v"),
                };
                let sum = once.increment(b"sum", "one", b"n", 1);
                sums += i64::from(sum.is_ok());
                match once.apply_if(&[write]) {
                    Ok(applied) => {
                        assert_eq!(applied, [true]);
                        changed.push(number);
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        });
    }
    let reader = store.reader();
    let found = reader.scan(b"p", "one").unwrap();
    let found: BTreeSet<Vec<u8>> = found.into_iter().map(|(_, (_, cell))| cell.value).collect();
    let lost = (0..batches * 100).filter(|n| !found.contains(&n.to_be_bytes()[..]));
    assert_eq!(lost.count(), 0);
    for number in &changed {
        assert!(reader.get(b"changed", "one", number).unwrap().is_some());
    }
    let sum = store.increment(b"sum", "one", b"n", 0).unwrap();
    assert!((sums..=tries).contains(&sum), "{sums} of {tries}: {sum}");
    assert!(batches > 10, "{batches} batches");
    eprintln!(
        "{kills} kills: {} puts acknowledged, {} found; {sums} increments acknowledged, {sum} done",
        batches * 100,
        found.len()
    );
}

/// Rule: a gateway whose region server does not answer is an error within ten seconds, and so is a
/// server that has stopped.
#[test]
fn a_server_that_hangs_is_an_error_before_long() {
    let Some(hbase) = alone() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    let pid = hbase.running().pid;
    // SAFETY: a signal to a process that these tests started.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
    let write = Conditional {
        family: "one",
        qualifier: b"q".to_vec(),
        expected: None,
        mutation: Mutation::of("hangs").put("one", "q", 0, "v"),
    };
    let began = Instant::now();
    let read = store.reader().get(b"r", "one", b"q").map(drop);
    let took_read = began.elapsed();
    let began = Instant::now();
    let written = store.apply_if(&[write]).map(drop);
    let took_write = began.elapsed();
    // A server that was away for so long ends itself: its sessions have expired.
    hbase.running().kill();
    hbase.restart();
    for (error, took) in [(read, took_read), (written, took_write)] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("region server runs"), "{error}");
        assert!(took < Duration::from_secs(15), "{took:?}");
    }
}

/// Names the home, the address and the log's topic for the updater that is killed.
const WORK: &str = "LAMBDA_WORKBOOK_TEST_UPDATES";
/// Number of kills of the updater, if not the usual one.
const KILLS: &str = "LAMBDA_WORKBOOK_TEST_KILLS";
const TOPIC: &str = "t";

/// The page view of a number.
fn view(n: u64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"http://foo{}.com/{}"}},"person":{{"user_id":{n}}}}}}},"pedigree":{{"true_as_of_secs":{}}}}}"#,
        n % 2,
        n % 5,
        n % 7_000
    )
}

fn open(
    work: &str,
    store: RemoteStores,
    expiry: Expiry,
) -> (Arc<dyn Log>, lambda_workbook::lambda::Result<Lambda>) {
    let home = Path::new(work);
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(home.join("log")).unwrap());
    log.create_topic(TOPIC, 2).unwrap();
    let name = home.file_name().unwrap().to_string_lossy().replace('.', "");
    let options = Options {
        expiry,
        store: StorePlace::Elsewhere(Arc::new(Tables::of(store, name))),
        ..Options::default()
    };
    let lambda = Lambda::open(home, log.clone(), TOPIC, options);
    (log, lambda)
}

/// The updater that is killed: a test only so that this program can be started as one. It appends
/// page views, applies them, and runs a batch now and then.
#[test]
fn updates() {
    let Ok(work) = std::env::var(WORK) else {
        return;
    };
    let mut words = work.split(' ');
    let (home, address) = (words.next().unwrap(), words.next().unwrap());
    let program = Path::new(env!("CARGO_BIN_EXE_connect"));
    loop {
        // The server may be down: then the work is done again later, from the beginning.
        let Ok(stores) = RemoteStores::open(&format!("hbase://{address}"), Some(program)) else {
            std::thread::sleep(Duration::from_millis(200));
            continue;
        };
        let (log, lambda) = open(home, stores, Expiry::ByWatermark);
        let Ok(mut lambda) = lambda else { continue };
        for turn in 1.. {
            let appended: u64 = log.ends(TOPIC).unwrap().iter().sum();
            for n in appended..appended + 20 {
                log.append(TOPIC, (n % 2) as u32, &[(b"", view(n).as_bytes())])
                    .unwrap();
            }
            if lambda.step(15).is_err() || turn % 8 == 0 && lambda.run_batch().is_err() {
                break;
            }
        }
    }
}

/// Rule: realtime views on HBase count each page view once, through kills of the updater and of the
/// server at any moment. Each page view has a person and a second of its own, so what is lost or
/// doubled has a name.
#[test]
fn views_count_once_through_kills_of_updater_and_server() {
    let Some(hbase) = alone() else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_string_lossy().into_owned();
    let kills = std::env::var(KILLS)
        .ok()
        .and_then(|kills| kills.parse().ok());
    let kills: u64 = kills.unwrap_or(extent::rounds(6, 60));
    let mut random = 0x9E37_79B9_97F4_A7C1u64;
    let mut of_server = 0;
    for kill in 0..kills {
        let mut updater = Command::new(std::env::current_exe().unwrap())
            .args(["hbase_store::updates", "--exact", "--nocapture"])
            .env(WORK, format!("{home} {}", hbase.address))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(1_000 + (random >> 40) % 2_500));
        // Every sixth time the server dies first, and its updater goes on when it is back.
        if kill % 6 == 4 {
            hbase.running().kill();
            hbase.restart();
            of_server += 1;
            std::thread::sleep(Duration::from_secs(1));
        }
        let _ = updater.kill();
        updater.wait().unwrap();
    }

    // Everything that is in the log is counted, once.
    let (log, lambda) = open(&home, remote(&hbase), Expiry::ByWatermark);
    let mut lambda = lambda.unwrap();
    lambda.drain().unwrap();
    let appended: u64 = log.ends(TOPIC).unwrap().iter().sum();
    let mut expected: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for n in 0..appended {
        let url = format!("foo{}.com/{}", n % 2, n % 5);
        *expected
            .entry((url, (n % 7_000 / 3_600) as i64 * 3_600))
            .or_default() += 1;
    }
    let query = lambda.query().unwrap();
    for ((url, hour), count) in &expected {
        let answer = query.page_views(url, *hour..hour + 3_600).unwrap();
        assert_eq!(answer.value, *count, "{url} at {hour}: {answer:?}");
    }
    // By identity: each person visited one domain, once.
    let since = lambda.realtime().since(lambda.served().batch()).unwrap();
    let cut: u64 = since.cut.iter().sum();
    let mut seen = 0;
    for domain in ["foo0.com", "foo1.com"] {
        for (person, visits) in since.visits(domain).unwrap() {
            assert_eq!(visits.len(), 1, "{person:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, appended - cut);
    assert_eq!(query.freshness().waiting, 0);
    assert!(
        lambda.served().batch() > 0 && appended > 20 * kills,
        "{appended}"
    );
    eprintln!(
        "{kills} kills of the updater, {of_server} of the server: {appended} page views, {} batches",
        lambda.served().batch()
    );
}

/// Rule: both ways of expiry work on HBase, and two homes do not meet.
#[test]
fn both_expiries_work_and_two_homes_do_not_meet() {
    let Some(hbase) = shared() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (folder, expiry) in folders
        .iter()
        .zip([Expiry::Alternating, Expiry::ByWatermark])
    {
        let home = folder.path().to_string_lossy().into_owned();
        let mut appended = 0;
        let mut append = |log: &dyn Log, count: u64| {
            for n in appended..appended + count {
                log.append(TOPIC, (n % 2) as u32, &[(b"", view(n).as_bytes())])
                    .unwrap();
            }
            appended += count;
        };
        for round in 1..=3u64 {
            let (log, lambda) = open(&home, remote(&hbase), expiry);
            let mut lambda = lambda.unwrap();
            append(log.as_ref(), 20);
            lambda.drain().unwrap();
            lambda.run_batch().unwrap();
            append(log.as_ref(), 10);
            lambda.drain().unwrap();
            let held = lambda.realtime().held().unwrap();
            assert_eq!(held, [(round, 10)], "{expiry:?}");
            let answer = lambda
                .query()
                .unwrap()
                .page_views("foo0.com/0", 0..7_200)
                .unwrap();
            assert_eq!(answer.value, 3 * round as i64, "{expiry:?}: {answer:?}");
            let of_realtime = answer.realtime;
            assert_eq!(of_realtime, 1, "{expiry:?}: {answer:?}");
        }
    }
}
