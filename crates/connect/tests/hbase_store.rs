//! The realtime store on a real HBase.
use crate::extent;
use crate::region_server::{alone, patient, shared};
use crate::store_promises::{self, PROMISED, op};
use crate::systems::{Shared, new_name};
use connect::hbase::{Gateway, HBaseOptions, HBaseStore};
use connect::local::hbase::{LocalHBase, Stage};
use connect::local::{Java, LocalSystem};
use lambda_workbook::lambda::{Expiry, Lambda, Options};
use lambda_workbook::speed::{
    Change, Conditional, EmbeddedLog, FAMILIES, Family, Log, Mutation, RealtimeStore, RemoteStores,
    StorePlace, Tables,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
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

/// Rule: a row that is too wide to be changed or read at once is an error that says what to do, and
/// the server goes on. `hbase-site.xml` has the limit on what is read.
#[test]
fn a_row_too_wide_is_named_and_can_be_read_in_parts() {
    let Some(hbase) = shared() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    let (row, value) = (new_name("too-wide"), vec![7; 1_000_000]);
    let part = |cells: std::ops::Range<u32>| {
        cells.fold(Mutation::of(row.as_str()), |mutation, n| {
            mutation.put("one", n.to_be_bytes(), 0, value.as_slice())
        })
    };
    // In one mutation: it would break the connection to the gateway.
    let error = store.apply(&[part(0..70)]).unwrap_err().to_string();
    assert!(error.contains("divide it"), "{error}");
    // In several, and then as a whole.
    for from in (0..70).step_by(10) {
        store.apply(&[part(from..from + 10)]).unwrap();
    }
    let reader = store.reader();
    let whole = reader.row(row.as_bytes(), "one", b"".as_slice()..&[0xff]);
    let error = whole.unwrap_err().to_string();
    assert!(error.contains("67108864"), "{error}");
    assert!(error.contains("smaller range of qualifiers"), "{error}");
    // A scan takes a row in parts by itself.
    let scanned = reader.scan(row.as_bytes(), "one").unwrap();
    assert_eq!(scanned.len(), 70);
    // In parts.
    let range = 10u32.to_be_bytes()..20u32.to_be_bytes();
    let cells = reader.row(row.as_bytes(), "one", &range.start[..]..&range.end[..]);
    assert_eq!(cells.unwrap().len(), 10);
    let mut emptied = Mutation::of(row.as_str());
    emptied.changes.push(Change::DeleteFamily { family: "one" });
    store.apply(&[emptied]).unwrap();
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

/// Rule: clocks that are off do not change a count. The views write the timestamp 0, whatever the
/// time of the page views is, so no clock orders their writes. Where a timestamp lies in the future,
/// as of a writer whose clock is ahead, it hides later writes; but conditions and increments go by
/// what is read, so nothing is done twice.
#[test]
fn clocks_that_are_off_count_nothing_twice() {
    let Some(hbase) = shared() else { return };
    // Page views of 1970 and of 2096, each twice in the log.
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_string_lossy().into_owned();
    let (log, lambda) = open(&home, remote(&hbase), Expiry::ByCut);
    let mut lambda = lambda.unwrap();
    let late = 4_000_000_000i64;
    let views = [view_at(1, 60), view_at(2, late)];
    for line in views.iter().chain(&views) {
        log.append(TOPIC, 0, &[(b"", line.as_bytes())]).unwrap();
    }
    lambda.drain().unwrap();
    let hours = [0..3_600, late - late % 3_600..late + 3_600];
    let url = "foo1.com/1";
    let count = |lambda: &Lambda, hour: &std::ops::Range<i64>| {
        let query = lambda.query().unwrap();
        query.page_views(url, hour.clone()).unwrap().value
    };
    assert_eq!(hours.each_ref().map(|hour| count(&lambda, hour)), [1, 1]);
    let store = remote(&hbase)
        .store(&views_table(&home), &FAMILIES)
        .unwrap();
    for family in FAMILIES {
        let cells = store.reader().scan(b"", family.name).unwrap();
        assert!(!cells.is_empty(), "{}", family.name);
        let timestamps = cells.iter().map(|(_, (_, cell))| cell.timestamp);
        assert_eq!(timestamps.max(), Some(0), "{}", family.name);
    }
    // What the server deletes by its clock is what has expired, and stays so.
    lambda.run_batch().unwrap();
    assert_eq!(hours.each_ref().map(|hour| count(&lambda, hour)), [1, 1]);
    assert_eq!(lambda.realtime().held().unwrap(), [(1, 0)]);

    // A writer whose clock is a year ahead.
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ahead = now.unwrap().as_millis() as i64 + 365 * 86_400_000;
    let row = new_name("ahead");
    let first = Conditional {
        family: "one",
        qualifier: b"applied".to_vec(),
        expected: None,
        mutation: Mutation::of(row.as_str())
            .put("one", "applied", ahead, "1")
            .put("one", "sum", ahead, 5i64.to_be_bytes()),
    };
    // The write comes twice, as after an acknowledgement that was lost.
    assert_eq!(
        store.apply_if(std::slice::from_ref(&first)).unwrap(),
        [true]
    );
    assert_eq!(store.apply_if(&[first]).unwrap(), [false]);
    for sum in [6, 7] {
        assert_eq!(
            store.increment(row.as_bytes(), "one", b"sum", 1).unwrap(),
            sum
        );
    }
    store
        .apply(&[Mutation::of(row.as_str()).put("one", "applied", 0, "2")])
        .unwrap();
    let read = store.reader().get(row.as_bytes(), "one", b"applied");
    assert_eq!(read.unwrap().unwrap().value, b"1");
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
    // The kills did hit work, also on a busy machine.
    assert!(batches > 1, "{batches} batches");
    eprintln!(
        "{kills} kills: {} puts acknowledged, {} found; {sums} increments acknowledged, {sum} done",
        batches * 100,
        found.len()
    );
}

/// Starts a gateway in a process of its own, in front of the HBase of the tests.
fn gateway_apart(hbase: &Shared<LocalHBase>) -> (Child, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let port = address.rsplit(':').next().unwrap();
    let gateway = Command::new(Java::find().unwrap().program)
        .args(["@java.options", "-cp", "classes:lib/*"])
        .arg("org.apache.hadoop.hbase.thrift2.ThriftServer")
        .args(["-b", "127.0.0.1", "-p", port, "start"])
        .current_dir(hbase.system.home())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (gateway, address)
}

/// Rule: a gateway whose region server does not answer is an error within ten seconds, and so is a
/// server that has stopped. A gateway that runs while its region server is gone is one, too; it
/// answers again once the server does, and nothing is done twice.
#[test]
fn a_server_that_hangs_is_an_error_before_long() {
    let Some(hbase) = alone() else { return };
    let store = hbase.store(PROMISES, &PROMISED, HBaseOptions::default());
    // The second gateway, which knows where the region server is once it has written to it.
    let (mut gateway, address) = gateway_apart(&hbase);
    let began = Instant::now();
    let apart = loop {
        match Gateway::open(&address, HBaseOptions::default()) {
            Ok(apart) => break Arc::new(apart),
            Err(error) => assert!(began.elapsed() < Duration::from_secs(60), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let apart = HBaseStore::open(apart, PROMISES, &PROMISED).unwrap();
    let row = new_name("apart");
    assert_eq!(apart.increment(row.as_bytes(), "one", b"n", 1).unwrap(), 1);

    // The server hangs.
    let pid = hbase.running().pid;
    // SAFETY: a signal to a process that these tests started.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
    let hangs = errors_of(&store, "hangs");
    // A server that was away for so long ends itself: its sessions have expired.
    hbase.running().kill();

    // The server is gone, and its gateway is not.
    let gone = errors_of(&apart, &row);
    let increment = apart.increment(row.as_bytes(), "one", b"n", 1);
    hbase.restart();
    for (doing, error, took) in hangs.iter().chain(&gone) {
        assert!(error.contains("region server"), "{doing}: {error}");
        assert!(*took < Duration::from_secs(20), "{doing}: {took:?}");
        eprintln!("{doing} took {took:?}: {error}");
    }
    let error = increment.unwrap_err().to_string();
    assert!(error.contains("look before you do it again"), "{error}");

    // The same gateway, and the server that is back.
    let began = Instant::now();
    let sum = loop {
        match apart.increment(row.as_bytes(), "one", b"n", 0) {
            Ok(sum) => break sum,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(60), "{error}"),
        }
    };
    let of_conditional = apart.reader().get(row.as_bytes(), "one", b"q").unwrap();
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    assert!((1..=2).contains(&sum), "{sum}");
    assert!(of_conditional.is_none_or(|cell| cell.value == b"v"));
}

/// Reads and writes a store that cannot answer. Returns what was done, the error, and how long it
/// took.
fn errors_of(store: &HBaseStore, row: &str) -> Vec<(&'static str, String, Duration)> {
    let write = Conditional {
        family: "one",
        qualifier: b"q".to_vec(),
        expected: None,
        mutation: Mutation::of(row).put("one", "q", 0, "v"),
    };
    let began = Instant::now();
    let read = store.reader().get(row.as_bytes(), "one", b"q").map(drop);
    let took_read = began.elapsed();
    let began = Instant::now();
    let written = store.apply_if(&[write]).map(drop);
    let took_write = began.elapsed();
    let error = |outcome: lambda_workbook::speed::Result<()>| outcome.unwrap_err().to_string();
    vec![
        ("read", error(read), took_read),
        ("write", error(written), took_write),
    ]
}

/// Names the home, the address and the log's topic for the updater that is killed.
const WORK: &str = "LAMBDA_WORKBOOK_TEST_UPDATES";
/// Number of kills of the updater, if not the usual one.
const KILLS: &str = "LAMBDA_WORKBOOK_TEST_KILLS";
const TOPIC: &str = "t";

/// The page view of a number.
fn view(n: u64) -> String {
    line(
        n,
        &format!("http://foo{}.com/{}", n % 2, n % 5),
        n as i64 % 7_000,
    )
}

/// A page view of one page, by the user of a number, at an epoch second.
fn view_at(n: u64, secs: i64) -> String {
    line(n, "http://foo1.com/1", secs)
}

fn line(n: u64, url: &str, secs: i64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"{url}"}},"person":{{"user_id":{n}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

/// With what the names of the tables of a home's views begin.
fn prefix(home: &Path) -> String {
    home.file_name().unwrap().to_string_lossy().replace('.', "")
}

/// The table of the views of a home that expire by cut.
fn views_table(home: &str) -> String {
    format!("{}.views", prefix(Path::new(home)))
}

fn open(
    work: &str,
    store: RemoteStores,
    expiry: Expiry,
) -> (Arc<dyn Log>, lambda_workbook::lambda::Result<Lambda>) {
    let home = Path::new(work);
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(home.join("log")).unwrap());
    log.create_topic(TOPIC, 2).unwrap();
    let options = Options {
        expiry,
        store: StorePlace::Elsewhere(Arc::new(Tables::of(store, prefix(home)))),
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
        let (log, lambda) = open(home, stores, Expiry::ByCut);
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
    let kills: u64 = kills.unwrap_or(extent::rounds(6, 100));
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
    let (log, lambda) = open(&home, remote(&hbase), Expiry::ByCut);
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
    for (folder, expiry) in folders.iter().zip([Expiry::Alternating, Expiry::ByCut]) {
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

/// Rule: the third expiry. What the views delete by cut leaves the disk with a major
/// compaction, which `workbook compact hbase TABLE` runs; the answers do not change, and what was
/// deleted can be written again.
#[test]
fn what_expires_by_cut_leaves_the_disk_with_a_compaction() {
    let Some(hbase) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_string_lossy().into_owned();
    let table = views_table(&home);
    let (log, lambda) = open(&home, remote(&hbase), Expiry::ByCut);
    let mut lambda = lambda.unwrap();
    let append = |numbers: std::ops::Range<u64>| {
        for partition in 0..2u64 {
            let lines = numbers.clone().filter(|n| n % 2 == partition).map(view);
            let lines: Vec<String> = lines.collect();
            let records: Vec<(&[u8], &[u8])> = lines
                .iter()
                .map(|line| (&b""[..], line.as_bytes()))
                .collect();
            log.append(TOPIC, partition as u32, &records).unwrap();
        }
    };
    let compact = || {
        let stages = std::sync::Mutex::new(Vec::new());
        let compacted = hbase
            .system
            .compact(&table, &|stage| stages.lock().unwrap().push(stage));
        assert_eq!(
            stages.into_inner().unwrap(),
            [Stage::Began, Stage::Finished]
        );
        compacted.unwrap()
    };
    append(0..6_000);
    lambda.drain().unwrap();
    let full = compact();

    // The views expire. A cell beside them is deleted, and written again in vain.
    lambda.run_batch().unwrap();
    append(6_000..6_020);
    lambda.drain().unwrap();
    let answer = |lambda: &Lambda| {
        let query = lambda.query().unwrap();
        let answer = query.page_views("foo0.com/0", 0..7_200).unwrap();
        (answer.serving, answer.realtime)
    };
    assert_eq!(answer(&lambda), (600, 2));
    let store = remote(&hbase).store(&table, &FAMILIES).unwrap();
    let beside = Mutation::of("beside").put("count", "q", 0, "v");
    let is_there = || {
        store
            .reader()
            .get(b"beside", "count", b"q")
            .unwrap()
            .is_some()
    };
    store.apply(std::slice::from_ref(&beside)).unwrap();
    store
        .apply(&[Mutation::of("beside").delete("count", "q")])
        .unwrap();
    store.apply(std::slice::from_ref(&beside)).unwrap();
    assert!(!is_there());

    let rest = compact();
    assert!(rest.before >= full.after, "{full:?}, {rest:?}");
    assert!(rest.after * 2 < full.after, "{full:?}, {rest:?}");
    assert_eq!(answer(&lambda), (600, 2));
    assert_eq!(lambda.realtime().held().unwrap(), [(1, 20)]);
    assert!(!is_there());
    store.apply(&[beside]).unwrap();
    assert!(is_there());
    eprintln!("before the expiry {full:?}; after it {rest:?}");

    // What cannot be compacted.
    let error = hbase.system.compact("no-such-table", &|_| ()).unwrap_err();
    for words in ["no such table", &table] {
        assert!(error.to_string().contains(words), "{error}");
    }
    let elsewhere = LocalHBase::at(folder.path());
    let error = elsewhere.compact(&table, &|_| ()).unwrap_err().to_string();
    assert!(error.contains("workbook up hbase"), "{error}");
}
