//! The realtime store and views under many threads, and against a model.
use crate::extent;
use lambda_workbook::batch::Precision;
use lambda_workbook::speed::{
    EmbeddedLog, EmbeddedStore, FAMILIES, Family, Log, ManualClock, Mutation, RealtimeStore,
    RealtimeStoreOptions, RealtimeViews, Updater, recent,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn line(user: u64, secs: u64, url: &str, nonce: u64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"{url}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn views(folder: &Path) -> RealtimeViews {
    let store = EmbeddedStore::open(folder, &FAMILIES).unwrap();
    RealtimeViews::new(Arc::new(store), Precision::DEFAULT)
}

/// One row is written in two cells, both with one number, in rising order.
#[test]
fn no_reader_sees_half_a_write_or_less_than_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let families = [Family::new("a"), Family::new("b")];
    // Small files, so that flushes and compactions happen while it is read.
    let options = RealtimeStoreOptions {
        memtable: 64 << 10,
        ..RealtimeStoreOptions::default()
    };
    let store = EmbeddedStore::open_with(folder.path(), &families, options).unwrap();
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let number = |reader: &dyn lambda_workbook::speed::Reader, row: u64, family: &str| {
        let cell = reader.get(&row.to_be_bytes(), family, b"n").unwrap();
        cell.map_or(0, |cell| {
            u64::from_be_bytes(cell.value[..8].try_into().unwrap())
        })
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut reads = 0u64;
                    while !done.load(Ordering::SeqCst) || reads == 0 {
                        let before = acknowledged.load(Ordering::SeqCst);
                        let reader = store.reader();
                        // Rows are written in one call: all of one number.
                        let seen: Vec<u64> = (0..5)
                            .flat_map(|row| ["a", "b"].map(|f| number(reader.as_ref(), row, f)))
                            .collect();
                        assert!(seen.iter().all(|n| *n == seen[0]), "torn: {seen:?}");
                        assert!(seen[0] >= before, "stale: {} after {before}", seen[0]);
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        // Files are made on a thread of the store's own: a fast writer goes on until one
        // is there to be read.
        let mut n = 0u64;
        while n < 4_000 || (store.files("a").unwrap() == 0 && n < 4_000_000) {
            n += 1;
            let mut value = n.to_be_bytes().to_vec();
            value.resize(100, 0);
            let mutations: Vec<Mutation> = (0..5u64)
                .map(|row| {
                    Mutation::of(row.to_be_bytes())
                        .put("a", "n", 0, value.clone())
                        .put("b", "n", 0, value.clone())
                })
                .collect();
            store.apply(&mutations).unwrap();
            acknowledged.store(n, Ordering::SeqCst);
        }
        done.store(true, Ordering::SeqCst);
        assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
    });
    assert!(
        store.files("a").unwrap() > 0,
        "nothing was flushed: the test did not test files"
    );
}

#[test]
fn an_update_that_comes_again_changes_nothing_and_two_updaters_do_not_double() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path().join("log")).unwrap());
    log.create_topic("t", 1).unwrap();
    let views = views(&folder.path().join("views"));
    let open = || Updater::resume(log.clone(), "t", views.clone(), 100).unwrap();
    let (mut one, mut other) = (open(), open());
    for n in 0..20u64 {
        log.append(
            "t",
            0,
            &[(b"", line(n % 3, n * 60, "foo.com/", n).as_bytes())],
        )
        .unwrap();
        // Both want to apply it; the second finds it applied.
        one.step(10).unwrap();
        other.step(10).unwrap();
    }
    one.drain(10).unwrap();
    let counts = views
        .reader()
        .page_views_by_hour(0, "foo.com/", 0..3600)
        .unwrap();
    assert_eq!(counts, [(0, 20)]);
    assert_eq!(views.reader().offsets(1).unwrap(), [20]);
}

#[test]
fn what_cannot_be_read_is_kept_with_its_place_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path().join("log")).unwrap());
    log.create_topic("t", 1).unwrap();
    let bad = line(1, 0, "ftp://foo.com/", 0);
    log.append(
        "t",
        0,
        &[
            (b"", b"{}"),
            (b"", bad.as_bytes()),
            (b"", line(1, 0, "foo.com/", 0).as_bytes()),
        ],
    )
    .unwrap();
    let views = views(&folder.path().join("views"));
    let step = Updater::resume(log, "t", views.clone(), 100)
        .unwrap()
        .drain(10)
        .unwrap();
    assert_eq!((step.rejected, step.counted), (2, 1));
    let rejected = views.reader().rejected().unwrap();
    assert_eq!((rejected[0].1, rejected[1].1), (0, 1));
    assert!(rejected[1].2.contains("ftp"), "{rejected:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), failure_persistence: None, ..ProptestConfig::default() })]

    /// Figures 12.2 and 12.3: the same views, whatever the steps.
    #[test]
    fn incremental_is_recomputed(
        events in prop::collection::vec((0u64..4, 0u64..9_000, 0u64..3, 0u64..3), 1..60),
        steps in prop::collection::vec(1usize..9, 1..9), window in 0usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.path().join("log")).unwrap());
        log.create_topic("t", 1).unwrap();
        let lines: Vec<String> = events.iter().map(|(u, s, p, n)| line(*u, *s, &format!("foo{p}.com/"), *n)).collect();
        let records: Vec<(&[u8], &[u8])> = lines.iter().map(|l| (&b""[..], l.as_bytes())).collect();
        log.append("t", 0, &records).unwrap();
        let views = views(&folder.path().join("views"));
        for most in steps {
            // Each time from what is stored.
            Updater::resume(log.clone(), "t", views.clone(), window).unwrap().step(most).unwrap();
        }
        Updater::resume(log.clone(), "t", views.clone(), window).unwrap().drain(7).unwrap();
        let expected = recent::recomputed(log.as_ref(), "t", &[0], window, Precision::DEFAULT).unwrap();
        let reader = views.reader();
        let mut total = 0;
        for (url, hour, of) in expected.hours() {
            prop_assert_eq!(reader.page_views_by_hour(0, url, hour..hour + 1).unwrap(), [(hour, of.count)]);
            prop_assert_eq!(reader.uniques(0, url, hour..hour + 1).unwrap().to_bytes(), of.persons.to_bytes());
            total += of.count;
        }
        let stored: i64 = (0..3).flat_map(|p| reader.page_views_by_hour(0, &format!("foo{p}.com/"), i64::MIN..i64::MAX).unwrap()).map(|c| c.1).sum();
        prop_assert_eq!(stored, total);
        for (domain, who, visits) in expected.visits() {
            let key = who.key();
            let found = reader.visits(0, domain).unwrap().into_iter().find(|(person, _)| *person == key);
            prop_assert_eq!(found.map(|(_, visits)| visits), Some(visits));
        }
    }

    /// Rows, families, versions and TTL, against a map.
    #[test]
    fn the_store_is_a_sorted_map_of_versions(
        ops in prop::collection::vec((0usize..4, 0u8..3, 0u8..2, 0i64..50), 1..40), ttl in 1i64..40,
    ) {
        const ROWS: [&[u8]; 3] = [b"a", b"a\0", b"b"];
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(0));
        let families = [Family::new("one"), Family { name: "many", versions: 2, ttl: Some(ttl) }];
        let options = RealtimeStoreOptions { clock: clock.clone(), ..RealtimeStoreOptions::default() };
        let store = EmbeddedStore::open_with(folder.path(), &families, options).unwrap();
        let mut one: BTreeMap<(&[u8], u8), i64> = BTreeMap::new();
        let mut many: BTreeMap<(&[u8], u8), Vec<i64>> = BTreeMap::new();
        let mut now = 0;
        for (op, row, qualifier, n) in ops {
            let (row, key) = (ROWS[row as usize], [qualifier]);
            match op {
                0 => {
                    store.apply(&[Mutation::of(row).put("one", key, n, n.to_be_bytes())]).unwrap();
                    one.insert((row, qualifier), n);
                }
                1 => {
                    // Timestamps grow, as a clock's do.
                    now += 1;
                    clock.advance(1);
                    store.apply(&[Mutation::of(row).put("many", key, now, n.to_be_bytes())]).unwrap();
                    many.entry((row, qualifier)).or_default().insert(0, now);
                }
                2 => {
                    store.apply(&[Mutation::of(row).delete("one", key).delete("many", key)]).unwrap();
                    one.remove(&(row, qualifier));
                    many.remove(&(row, qualifier));
                }
                _ => {
                    now += n;
                    clock.advance(n);
                    if n % 5 == 0 { store.compact("many").unwrap(); }
                }
            }
            let reader = store.reader();
            for row in ROWS {
                for qualifier in 0..2u8 {
                    let cell = reader.get(row, "one", &[qualifier]).unwrap().map(|cell| cell.timestamp);
                    prop_assert_eq!(cell, one.get(&(row, qualifier)).copied());
                    let kept = many.get(&(row, qualifier)).into_iter().flatten().take(2);
                    let kept: Vec<i64> = kept.copied().filter(|at| at + ttl > now).collect();
                    let found: Vec<i64> = reader.versions(row, "many", &[qualifier]).unwrap().iter().map(|c| c.timestamp).collect();
                    prop_assert_eq!(found, kept);
                }
                let cells: Vec<u8> = reader.row(row, "one", b"".as_slice()..&[9]).unwrap().iter().map(|(q, _)| q[0]).collect();
                let expected: Vec<u8> = one.keys().filter(|(r, _)| *r == row).map(|(_, q)| *q).collect();
                prop_assert_eq!(cells, expected);
            }
            let rows: Vec<Vec<u8>> = reader.scan(b"a", "one").unwrap().into_iter().map(|(row, _)| row).collect();
            let expected: Vec<Vec<u8>> = one.keys().filter(|(r, _)| r.starts_with(b"a")).map(|(r, _)| r.to_vec()).collect();
            prop_assert_eq!(rows, expected);
        }
    }
}
