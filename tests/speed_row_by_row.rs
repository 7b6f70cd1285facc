//! Realtime views in a store where only a row is atomic: each event is counted once, whatever
//! crashes, and if another updater works beside it.
use crate::extent;
use crate::row_store::{RowStore, RowStores, Trouble};
use lambda_workbook::batch::Precision;
use lambda_workbook::faults::{CrashPoint, Crashes};
use lambda_workbook::lambda::{Expiry, Lambda, Options};
use lambda_workbook::speed::{
    EmbeddedLog, Log, RealtimeViews, SpeedError, StorePlace, Updater, recent,
};
use proptest::prelude::*;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// An event: person, second, page, nonce. Equal ones are duplicates.
type Event = (u64, u64, u64, u64);

fn line((user, secs, page, nonce): Event) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"foo{page}.com/a"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn equiv_line(one: u64, other: u64) -> String {
    format!(
        r#"{{"dataunit":{{"equiv":{{"id1":{{"user_id":{one}}},"id2":{{"user_id":{other}}}}}}},"pedigree":{{"true_as_of_secs":1}}}}"#
    )
}

fn append(log: &dyn Log, partition: u32, events: &[Event]) {
    let lines: Vec<String> = events.iter().map(|event| line(*event)).collect();
    let records: Vec<(&[u8], &[u8])> = lines.iter().map(|l| (&b""[..], l.as_bytes())).collect();
    log.append("t", partition, &records).unwrap();
}

/// A log of two partitions with events, and one record that cannot be read.
fn log_of(folder: &Path, events: &[Event]) -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(folder.join("log")).unwrap());
    log.create_topic("t", 2).unwrap();
    let (first, second) = events.split_at(events.len() / 2);
    append(log.as_ref(), 0, first);
    append(log.as_ref(), 1, second);
    log.append("t", 1, &[(b"", b"what is no datum")]).unwrap();
    log
}

const WINDOW: usize = 20;

/// Compares the views with those computed from scratch.
fn are_exact(log: &dyn Log, views: &RealtimeViews) -> Result<(), TestCaseError> {
    let expected = recent::recomputed(log, "t", &[0, 0], WINDOW, Precision::DEFAULT).unwrap();
    let reader = views.reader();
    let mut total = 0;
    for (url, hour, of) in expected.hours() {
        let found = reader.page_views_by_hour(0, url, hour..hour + 1).unwrap();
        prop_assert_eq!(found, [(hour, of.count)], "{}", url);
        let persons = reader.uniques(0, url, hour..hour + 1).unwrap();
        prop_assert_eq!(persons.to_bytes(), of.persons.to_bytes());
        total += of.count;
    }
    let pages = (0..4).map(|page| format!("foo{page}.com/a"));
    let stored = pages.flat_map(|url| {
        let hours = reader.page_views_by_hour(0, &url, i64::MIN..i64::MAX);
        hours.unwrap()
    });
    prop_assert_eq!(stored.map(|(_, count)| count).sum::<i64>(), total);
    for (domain, who, visits) in expected.visits() {
        let found = reader.visits(0, domain).unwrap();
        let found = found.into_iter().find(|(person, _)| *person == who.key());
        prop_assert_eq!(found.map(|(_, visits)| visits), Some(visits));
    }
    prop_assert_eq!(reader.offsets(2).unwrap(), log.ends("t").unwrap());
    prop_assert_eq!(reader.rejected().unwrap().len(), 1);
    Ok(())
}

/// Runs updaters until everything is applied. Each crash ends one, and the next one resumes.
fn run(log: &Arc<dyn Log>, views: &RealtimeViews, trouble: &Trouble, most: usize) -> usize {
    let mut crashes = 0;
    loop {
        let drained = Updater::resume(log.clone(), "t", views.clone(), WINDOW)
            .and_then(|mut updater| updater.drain(most));
        match drained {
            Ok(_) => return crashes,
            Err(SpeedError::Crashed(_)) => {
                crashes += 1;
                trouble.crashes.restart();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn views_of(folder: &Path, trouble: &Arc<Trouble>) -> RealtimeViews {
    let store = RowStore::open(&folder.join("views"), trouble.clone());
    RealtimeViews::new(Arc::new(store), Precision::DEFAULT)
}

/// Twelve events of three pages and domains, with a duplicate, in three steps.
const EVENTS: [Event; 12] = [
    (1, 10, 0, 1),
    (2, 20, 1, 1),
    (1, 4_000, 0, 2),
    (3, 30, 2, 1),
    (1, 10, 0, 1),
    (2, 7_300, 1, 2),
    (4, 40, 0, 3),
    (4, 50, 1, 3),
    (5, 60, 2, 2),
    (1, 5_000, 0, 4),
    (2, 21, 1, 4),
    (3, 31, 2, 4),
];

/// Rule: whichever mutation of a row the process crashes before or after, each event is counted
/// once. Every point is tried.
#[test]
fn a_crash_before_or_after_any_mutation_of_a_row_loses_and_doubles_nothing() {
    let mutations = {
        let folder = tempfile::tempdir().unwrap();
        let log = log_of(folder.path(), &EVENTS);
        let trouble = Arc::new(Trouble::default());
        let views = views_of(folder.path(), &trouble);
        assert_eq!(run(&log, &views, &trouble, 2), 0);
        are_exact(log.as_ref(), &views).unwrap();
        trouble.mutations()
    };
    assert!(mutations > 20, "{mutations}");
    for n in 0..mutations {
        for point in [CrashPoint::before(n), CrashPoint::after(n)] {
            let folder = tempfile::tempdir().unwrap();
            let log = log_of(folder.path(), &EVENTS);
            let trouble = Arc::new(Trouble {
                crashes: Crashes::at([point]),
                ..Trouble::default()
            });
            let views = views_of(folder.path(), &trouble);
            assert_eq!(run(&log, &views, &trouble, 2), 1, "{point}");
            are_exact(log.as_ref(), &views)
                .unwrap_or_else(|error| panic!("crash {point}: {error}"));
        }
    }
}

/// Rule: an updater whose store goes away within a step, and stays away for some more, continues
/// when it is back: nothing that it has read before counts as a duplicate.
#[test]
fn an_updater_outlives_a_store_that_goes_away_and_comes_back() {
    let mut n = 0;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let log = log_of(folder.path(), &EVENTS);
        let trouble = Arc::new(Trouble {
            crashes: Crashes::at([CrashPoint::after(n)]),
            ..Trouble::default()
        });
        let views = views_of(folder.path(), &trouble);
        let mut updater = Updater::resume(log.clone(), "t", views.clone(), WINDOW).unwrap();
        while updater.drain(2).is_err() {
            updater.step(2).unwrap_err();
            trouble.crashes.restart();
        }
        are_exact(log.as_ref(), &views)
            .unwrap_or_else(|error| panic!("crash after mutation {n}: {error}"));
        if trouble.crashes.remaining() > 0 {
            break; // there is no such mutation
        }
        n += 1;
    }
    assert!(n > 20, "{n}");
}

/// Rule: after a crash within an update, the next updater reads exactly its records, also if it
/// would read more or fewer, and more have arrived.
#[test]
fn an_update_that_was_begun_is_ended_with_exactly_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let log = log_of(folder.path(), &EVENTS);
    let trouble = Arc::new(Trouble {
        // The intent, and one row.
        crashes: Crashes::at([CrashPoint::after(1)]),
        ..Trouble::default()
    });
    let views = views_of(folder.path(), &trouble);
    let open = || Updater::resume(log.clone(), "t", views.clone(), WINDOW).unwrap();
    assert_eq!(views.pending(2).unwrap(), None);
    open().step(3).unwrap_err();
    trouble.crashes.restart();
    assert_eq!(views.pending(2).unwrap(), Some(vec![3, 3]));
    append(log.as_ref(), 0, &[(9, 9, 3, 9)]);
    let mut updater = open();
    assert_eq!(updater.lag().unwrap(), 14);
    let step = updater.step(100).unwrap();
    assert_eq!((step.records, updater.offsets()), (6, vec![3, 3]));
    assert_eq!(views.pending(2).unwrap(), None);
    updater.drain(1).unwrap();
    are_exact(log.as_ref(), &views).unwrap();
}

/// Rule: another updater that does its own steps before any mutation of this one's doubles and
/// loses nothing, and both go on.
#[test]
fn two_updaters_at_once_count_each_event_once() {
    // How far the other one gets, from one update to everything.
    for most in [1, 3, 100] {
        let mut n = 0;
        loop {
            let folder = tempfile::tempdir().unwrap();
            let log = log_of(folder.path(), &EVENTS);
            let trouble = Arc::new(Trouble::default());
            let views = views_of(folder.path(), &trouble);
            let open = |views: &RealtimeViews| {
                Updater::resume(log.clone(), "t", views.clone(), WINDOW).unwrap()
            };
            let (mut one, mut other) = (open(&views), open(&views));
            let step = Box::new(move || {
                other.step(most).unwrap();
            });
            trouble.before.lock().unwrap().insert(n, step);
            one.drain(3).unwrap();
            are_exact(log.as_ref(), &views)
                .unwrap_or_else(|error| panic!("other one before mutation {n}: {error}"));
            if !trouble.before.lock().unwrap().is_empty() {
                break; // there is no such mutation
            }
            n += 1;
        }
        assert!(n > 10, "{n}");
    }
}

/// The same on threads, with two or three updaters.
#[test]
fn updaters_on_threads_count_each_event_once() {
    for round in 0..extent::rounds(8, 100u64) {
        let folder = tempfile::tempdir().unwrap();
        let events: Vec<Event> = (0..60).map(|n| (n % 7, n * 97, n % 3, n + round)).collect();
        let log = log_of(folder.path(), &events);
        let trouble = Arc::new(Trouble::default());
        let views = views_of(folder.path(), &trouble);
        std::thread::scope(|scope| {
            for most in [3, 4, 7] {
                let (log, views) = (log.clone(), views.clone());
                scope.spawn(move || {
                    let mut updater = Updater::resume(log, "t", views, WINDOW).unwrap();
                    updater.drain(most).unwrap();
                });
            }
        });
        are_exact(log.as_ref(), &views).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(48, 2_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Rule: each event is counted once, through any crashes before and after mutations of rows,
    /// answers that deny what was done, and another updater in between.
    #[test]
    fn views_row_by_row_are_exact_through_crashes_and_wrong_answers(
        events in prop::collection::vec((0u64..4, 0u64..9_000, 0u64..3, 0u64..3), 1..40),
        crashes in prop::collection::vec((0u64..60, any::<bool>()), 0..6),
        denied in prop::collection::btree_set(0u64..60, 0..6),
        others in prop::collection::vec((0u64..60, 1usize..9), 0..3),
        most in 1usize..9,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log = log_of(folder.path(), &events);
        let points = crashes.into_iter().map(|(n, before)| match before {
            true => CrashPoint::before(n),
            false => CrashPoint::after(n),
        });
        let trouble = Arc::new(Trouble { crashes: Crashes::at(points), denied, ..Trouble::default() });
        let views = views_of(folder.path(), &trouble);
        for (n, most) in others {
            let (log, views) = (log.clone(), views.clone());
            // It crashes together with the first one: they are one process.
            let step = move || drop(Updater::resume(log, "t", views, WINDOW).and_then(|mut other| other.step(most)));
            trouble.before.lock().unwrap().insert(n, Box::new(step));
        }
        run(&log, &views, &trouble, most);
        are_exact(log.as_ref(), &views)?;
    }

    /// Rule: the three layers give the same answers on a store with atomic rows as on one with
    /// atomic calls, with both expiries, through crashes, while identifiers turn out to be one person.
    #[test]
    fn the_layers_answer_the_same_on_both_kinds_of_store(
        turns in prop::collection::vec((
            prop::collection::vec((0u64..4, 0u64..9_000, 0u64..3, 0u64..1_000), 0..8),
            prop::option::of((0u64..4, 0u64..4)), 0usize..6, any::<bool>(),
        ), 1..6),
        crashes in prop::collection::vec((0u64..90, any::<bool>()), 0..4),
        by_cut in any::<bool>(),
    ) {
        let expiry = if by_cut { Expiry::ByCut } else { Expiry::Alternating };
        let folder = tempfile::tempdir().unwrap();
        let log = log_of(folder.path(), &[]);
        let points = crashes.into_iter().map(|(n, before)| match before {
            true => CrashPoint::before(n),
            false => CrashPoint::after(n),
        });
        let trouble = Arc::new(Trouble { crashes: Crashes::at(points), ..Trouble::default() });
        let stores = Arc::new(RowStores {
            folder: folder.path().join("tables"),
            trouble: trouble.clone(),
            open: Mutex::new(HashMap::new()),
        });
        let open = |place: StorePlace, name: &str| {
            let options = Options { expiry, window: 1_000, store: place, ..Options::default() };
            Lambda::open(folder.path().join(name), log.clone(), "t", options)
        };
        let mut atomic = open(StorePlace::default(), "atomic").unwrap();
        let reopen = || loop {
            match open(StorePlace::Elsewhere(stores.clone()), "rows") {
                Ok(rows) => return rows,
                Err(_) => trouble.crashes.restart(),
            }
        };
        let mut rows = Some(reopen());
        for (events, equiv, most, is_batch) in turns {
            append(log.as_ref(), 0, &events);
            if let Some((one, other)) = equiv {
                log.append("t", 0, &[(b"", equiv_line(one, other).as_bytes())]).unwrap();
            }
            atomic.step(most).unwrap();
            // After a crash it is opened again, and what was done is done again.
            let mut stepped = false;
            while !stepped {
                let done = rows.as_mut().unwrap().step(most);
                stepped = done.is_ok();
                if !stepped {
                    drop(rows.take());
                    trouble.crashes.restart();
                    rows = Some(reopen());
                }
            }
            if is_batch {
                atomic.run_batch().unwrap();
                while rows.as_mut().unwrap().run_batch().is_err() {
                    drop(rows.take());
                    trouble.crashes.restart();
                    rows = Some(reopen());
                }
            }
        }
        atomic.drain().unwrap();
        while rows.as_mut().unwrap().drain().is_err() {
            drop(rows.take());
            trouble.crashes.restart();
            rows = Some(reopen());
        }
        let rows = rows.unwrap();
        let (a, b) = (atomic.query().unwrap(), rows.query().unwrap());
        for page in 0..3 {
            let url = format!("foo{page}.com/a");
            prop_assert_eq!(a.page_views(&url, 0..10_800).unwrap().value, b.page_views(&url, 0..10_800).unwrap().value);
            prop_assert_eq!(a.uniques(&url, 0..10_800).unwrap().value, b.uniques(&url, 0..10_800).unwrap().value);
            let domain = format!("foo{page}.com");
            prop_assert_eq!(a.bounces(&domain).unwrap().value, b.bounces(&domain).unwrap().value);
        }
    }
}
