//! What every realtime store promises, wherever it is: the same tests for the store of this machine
//! and for HBase. The table of promises in `lambda::speed::store` names them.
use lambda_workbook::speed::{
    Change, Clock, Conditional, Family, Mutation, Place, Reader, RealtimeStore, SpeedError,
    SystemClock,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The families of the stores that are tested.
pub const PROMISED: [Family; 2] = [
    Family::new("one"),
    Family {
        name: "many",
        versions: 2,
        ttl: None,
    },
];

/// Something that is done with a cell, given as (row, qualifier).
#[derive(Clone, Debug)]
pub enum Op {
    Put(u8, u8, Vec<u8>),
    PutVersion(u8, u8),
    Delete(u8, u8),
    DeleteRow(u8),
    /// A deletion and a write of the same cells, in one mutation.
    Replace(u8, u8),
    /// Two rows in one call, one of them twice.
    PutTwo(u8, u8),
    /// A write on a condition that holds, or not.
    PutIf(u8, u8, bool),
    Increment(u8, i64),
    Reopen,
}

/// Draws something to do.
pub fn op() -> impl Strategy<Value = Op> {
    let (row, qualifier) = (0u8..4, 0u8..3);
    let value = prop::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        4 => (row.clone(), qualifier.clone(), value).prop_map(|(r, q, v)| Op::Put(r, q, v)),
        4 => (row.clone(), qualifier.clone()).prop_map(|(r, q)| Op::PutVersion(r, q)),
        2 => (row.clone(), qualifier.clone()).prop_map(|(r, q)| Op::Delete(r, q)),
        1 => row.clone().prop_map(Op::DeleteRow),
        2 => (row.clone(), qualifier.clone()).prop_map(|(r, q)| Op::Replace(r, q)),
        1 => (row.clone(), qualifier.clone()).prop_map(|(r, q)| Op::PutTwo(r, q)),
        3 => (row.clone(), qualifier, any::<bool>()).prop_map(|(r, q, b)| Op::PutIf(r, q, b)),
        2 => (row, -5i64..5).prop_map(|(r, n)| Op::Increment(r, n)),
        1 => Just(Op::Reopen),
    ]
}

/// Rows that begin with each other, and contain zero bytes and the largest byte.
const ROWS: [&[u8]; 4] = [b"a", b"a\0", b"a\xff", b"b"];
/// The same for qualifiers, which have at least one byte.
const QUALIFIERS: [&[u8]; 3] = [b"\0", b"q", b"q\0\xff"];

/// A sorted map of versions, in memory.
#[derive(Default)]
struct Model {
    one: BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>>,
    many: BTreeMap<(Vec<u8>, Vec<u8>), Vec<i64>>,
    sums: BTreeMap<Vec<u8>, i64>,
    /// When the last operation ended, in epoch milliseconds.
    ended: i64,
}

impl Model {
    /// Returns the next millisecond of the clock. A store by whose clock a deletion is in one
    /// millisecond may delete what is written in the same one.
    fn tick(&self) -> i64 {
        loop {
            let now = SystemClock.now();
            if now > self.ended {
                return now;
            }
            std::hint::spin_loop();
        }
    }
}

/// Guarantees 1 and 3 of a store: it is a sorted map of versions. `open` opens the store again,
/// after it was dropped. All rows begin with `prefix`.
///
/// # Errors
/// If the store does something else than a map in memory.
pub fn is_a_sorted_map_of_versions(
    open: &dyn Fn() -> Box<dyn RealtimeStore>,
    prefix: &str,
    ops: Vec<Op>,
) -> Result<(), TestCaseError> {
    let mut store = Some(open());
    let mut model = Model::default();
    let row_of = |row: u8| [prefix.as_bytes(), ROWS[row as usize]].concat();
    for op in ops {
        if matches!(op, Op::Reopen) {
            drop(store.take());
            store = Some(open());
        }
        let now = store.as_deref().unwrap();
        do_one(now, &mut model, &row_of, op)?;
        model.ended = SystemClock.now();
        is_as(now.reader().as_ref(), &model, prefix, &row_of)?;
    }
    Ok(())
}

fn do_one(
    store: &dyn RealtimeStore,
    model: &mut Model,
    row_of: &dyn Fn(u8) -> Vec<u8>,
    op: Op,
) -> Result<(), TestCaseError> {
    let name = |row: u8, qualifier: u8| (row_of(row), QUALIFIERS[qualifier as usize].to_vec());
    let at = model.tick();
    match op {
        Op::Put(r, q, value) => {
            let (row, qualifier) = name(r, q);
            let put = Mutation::of(row.clone()).put("one", qualifier.clone(), at, value.clone());
            store.apply(&[put]).unwrap();
            model.one.insert((row, qualifier), value);
        }
        Op::PutVersion(r, q) => {
            let (row, qualifier) = name(r, q);
            let put = Mutation::of(row.clone()).put("many", qualifier.clone(), at, "v");
            store.apply(&[put]).unwrap();
            let versions = model.many.entry((row, qualifier)).or_default();
            versions.insert(0, at);
            versions.truncate(2);
        }
        Op::Delete(r, q) => {
            let (row, qualifier) = name(r, q);
            let delete = Mutation::of(row.clone())
                .delete("one", qualifier.clone())
                .delete("many", qualifier.clone());
            store.apply(&[delete]).unwrap();
            model.one.remove(&(row.clone(), qualifier.clone()));
            model.many.remove(&(row, qualifier));
        }
        Op::DeleteRow(r) => {
            let row = row_of(r);
            let mut delete = Mutation::of(row.clone());
            for family in ["one", "many"] {
                delete.changes.push(Change::DeleteFamily { family });
            }
            store.apply(&[delete]).unwrap();
            model.one.retain(|(other, _), _| *other != row);
            model.many.retain(|(other, _), _| *other != row);
            model.sums.remove(&row);
        }
        Op::Replace(r, q) => {
            let (row, qualifier) = name(r, q);
            let replace = Mutation::of(row.clone())
                .delete("one", qualifier.clone())
                .put("one", qualifier.clone(), at, "new")
                .delete("many", qualifier.clone())
                .put("many", qualifier.clone(), at, "v");
            store.apply(&[replace]).unwrap();
            model
                .one
                .insert((row.clone(), qualifier.clone()), b"new".to_vec());
            model.many.insert((row, qualifier), vec![at]);
        }
        Op::PutTwo(r, q) => {
            let (row, qualifier) = name(r, q);
            let other = row_of((r + 1) % 4);
            let put = |row: &[u8], value: &str| {
                Mutation::of(row).put("one", qualifier.clone(), at, value.as_bytes())
            };
            store
                .apply(&[put(&row, "first"), put(&other, "x"), put(&row, "last")])
                .unwrap();
            model.one.insert((row, qualifier.clone()), b"last".to_vec());
            model.one.insert((other, qualifier), b"x".to_vec());
        }
        Op::PutIf(r, q, holds) => {
            let (row, qualifier) = name(r, q);
            let had = model.one.get(&(row.clone(), qualifier.clone())).cloned();
            let expected = match holds {
                true => had,
                false => Some(b"what is never there".to_vec()),
            };
            let conditional = Conditional {
                family: "one",
                qualifier: qualifier.clone(),
                expected,
                mutation: Mutation::of(row.clone()).put("one", qualifier.clone(), at, "if"),
            };
            prop_assert_eq!(store.apply_if(&[conditional]).unwrap(), [holds]);
            if holds {
                model.one.insert((row, qualifier), b"if".to_vec());
            }
        }
        Op::Increment(r, by) => {
            // A cell of its own: the others are no numbers.
            let row = row_of(r);
            let sum = model.sums.entry(row.clone()).or_default();
            *sum += by;
            prop_assert_eq!(store.increment(&row, "one", b"sum", by).unwrap(), *sum);
        }
        Op::Reopen => {}
    }
    Ok(())
}

/// Compares what is read in every way with the model.
fn is_as(
    reader: &dyn Reader,
    model: &Model,
    prefix: &str,
    row_of: &dyn Fn(u8) -> Vec<u8>,
) -> Result<(), TestCaseError> {
    // The sums are cells like others.
    let mut one = model.one.clone();
    for (row, sum) in &model.sums {
        one.insert((row.clone(), b"sum".to_vec()), sum.to_be_bytes().to_vec());
    }
    let rows: Vec<Vec<u8>> = (0..4).map(row_of).collect();
    let mut names: Vec<(&[u8], &[u8])> = Vec::new();
    for row in &rows {
        names.extend(QUALIFIERS.map(|qualifier| (&row[..], qualifier)));
    }
    // Cells, together and one by one, and their versions.
    let places: Vec<Place<'_>> = names.iter().map(|(row, q)| (*row, "one", *q)).collect();
    let together = reader.get_all(&places).unwrap();
    for ((row, qualifier), cell) in names.into_iter().zip(together) {
        let expected = one.get(&(row.to_vec(), qualifier.to_vec()));
        prop_assert_eq!(cell.map(|cell| cell.value), expected.cloned());
        let versions = reader.versions(row, "many", qualifier).unwrap();
        let versions: Vec<i64> = versions.iter().map(|cell| cell.timestamp).collect();
        let expected = model.many.get(&(row.to_vec(), qualifier.to_vec()));
        prop_assert_eq!(&versions, &expected.cloned().unwrap_or_default());
        let newest = reader.get(row, "many", qualifier).unwrap();
        prop_assert_eq!(newest.map(|cell| cell.timestamp), versions.first().copied());
    }
    // Ranges of qualifiers, and of rows.
    for row in &rows {
        for (from, to) in [(&b""[..], &b"\xff"[..]), (b"", b"q"), (b"q\0", b"s")] {
            let found = reader.row(row, "one", from..to).unwrap();
            let found: Vec<(Vec<u8>, Vec<u8>)> =
                found.into_iter().map(|(q, cell)| (q, cell.value)).collect();
            let expected = one
                .iter()
                .filter(|((r, q), _)| r == row && (from..to).contains(&&q[..]));
            let expected: Vec<(Vec<u8>, Vec<u8>)> =
                expected.map(|((_, q), v)| (q.clone(), v.clone())).collect();
            prop_assert_eq!(found, expected);
        }
    }
    for begin in [&b""[..], b"a", b"a\xff", b"c"] {
        let begin = [prefix.as_bytes(), begin].concat();
        let found = reader.scan(&begin, "one").unwrap();
        let found: Vec<(Vec<u8>, Vec<u8>)> = found.into_iter().map(|(r, (q, _))| (r, q)).collect();
        let expected = one.keys().filter(|(row, _)| row.starts_with(&begin));
        prop_assert_eq!(found, expected.cloned().collect::<Vec<_>>());
    }
    Ok(())
}

/// Guarantee 2: a reader sees all of a mutation of a row, or nothing of it.
pub fn a_row_is_seen_whole(store: &dyn RealtimeStore, row: &str, writes: u64) {
    let row = row.as_bytes();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut last = 0u64;
                    while !done.load(Ordering::SeqCst) {
                        let both = [(row, "one", &b"n"[..]), (row, "many", b"n")];
                        let cells = store.reader().get_all(&both).unwrap();
                        let values = cells.into_iter().map(|cell| cell.map(|cell| cell.value));
                        let values: Vec<_> = values.collect();
                        assert_eq!(values[0], values[1]);
                        let value = values[0].clone().unwrap_or_else(|| vec![0; 8]);
                        let now = u64::from_be_bytes(value.try_into().unwrap());
                        assert!(now >= last, "{now} after {last}");
                        last = now;
                    }
                    last
                })
            })
            .collect();
        for n in 1..=writes {
            let both = Mutation::of(row)
                .put("one", "n", n as i64, n.to_be_bytes())
                .put("many", "n", n as i64, n.to_be_bytes());
            store.apply(&[both]).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        for reader in readers {
            assert!(reader.join().unwrap() <= writes);
        }
    });
}

/// Guarantee 4: of several writers that change a row on the same condition, one succeeds.
pub fn one_of_many_conditional_writers_succeeds(store: &dyn RealtimeStore, row: &str, tries: u64) {
    let row = row.as_bytes();
    let read = || {
        let cell = store.reader().get(row, "one", b"n").unwrap();
        cell.map(|cell| cell.value)
    };
    let number = |value: &Option<Vec<u8>>| {
        let value = value.clone().unwrap_or_else(|| vec![0; 8]);
        u64::from_be_bytes(value.try_into().unwrap())
    };
    let successes = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..4u8 {
            let successes = &successes;
            scope.spawn(move || {
                for _ in 0..tries {
                    let before = read();
                    let next = number(&before) + 1;
                    let conditional = Conditional {
                        family: "one",
                        qualifier: b"n".to_vec(),
                        expected: before,
                        mutation: Mutation::of(row)
                            .put("one", "n", 0, next.to_be_bytes())
                            .put("one", next.to_be_bytes(), 0, [writer]),
                    };
                    if store.apply_if(&[conditional]).unwrap() == [true] {
                        successes.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let successes = successes.into_inner();
    assert_eq!(number(&read()), successes);
    assert!(successes >= tries, "{successes} of {}", 4 * tries);
}

/// Guarantee 5: no increment that was acknowledged is lost.
pub fn increments_of_many_writers_add_up(store: &dyn RealtimeStore, row: &str, each: i64) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..each {
                    store.increment(row.as_bytes(), "one", b"sum", 3).unwrap();
                }
            });
        }
    });
    assert_eq!(
        store.increment(row.as_bytes(), "one", b"sum", 0).unwrap(),
        12 * each
    );
}

/// A wide row and a long scan are read whole, and in order.
pub fn a_wide_row_and_many_rows_are_read_whole(store: &dyn RealtimeStore, prefix: &str) {
    let row = |n: u32| [prefix.as_bytes(), &n.to_be_bytes()].concat();
    let mut wide = Mutation::of(row(1));
    for n in 0..2_500u32 {
        wide = wide.put("one", n.to_be_bytes(), 0, n.to_string());
    }
    let mut all = vec![wide];
    all.extend((2..1_500).map(|n| Mutation::of(row(n)).put("one", "q", 0, "v")));
    store.apply(&all).unwrap();
    let reader = store.reader();
    let cells = reader
        .row(&row(1), "one", b"".as_slice()..&[0xff; 5])
        .unwrap();
    let names: Vec<Vec<u8>> = (0..2_500u32).map(|n| n.to_be_bytes().to_vec()).collect();
    assert!(cells.iter().map(|(name, _)| name).eq(&names));
    assert_eq!(cells[2_499].1.value, b"2499");
    let part = reader
        .row(&row(1), "one", &names[990][..]..&names[2_010])
        .unwrap();
    assert!(part.iter().map(|(name, _)| name).eq(&names[990..2_010]));
    let scanned = reader.scan(prefix.as_bytes(), "one").unwrap();
    assert_eq!(scanned.len(), 2_500 + 1_498);
    assert!(scanned.is_sorted_by_key(|(row, (name, _))| (row.clone(), name.clone())));
    let all: Vec<Vec<u8>> = (1..1_500).map(row).collect();
    let places: Vec<Place<'_>> = all.iter().map(|row| (&row[..], "one", &b"q"[..])).collect();
    let found = reader.get_all(&places).unwrap();
    assert!(found[0].is_none() && found[1..].iter().all(Option::is_some));
}

/// What cannot be is an error that says what to do.
pub fn errors_say_what_to_do(store: &dyn RealtimeStore) {
    let wrong = [
        store.apply(&[Mutation::of("r").put("other", "q", 0, "")]),
        store.reader().get(b"r", "other", b"q").map(drop),
        store.reader().scan(b"r", "other").map(drop),
        store.increment(b"r", "other", b"q", 1).map(drop),
        store.release("other"),
    ];
    for error in wrong {
        let error = error.unwrap_err();
        assert!(matches!(error, SpeedError::NoFamily { .. }), "{error}");
        assert!(error.to_string().contains("one, many"), "{error}");
    }
    let short = Mutation::of("errors").put("one", "text", 0, "text");
    store.apply(&[short]).unwrap();
    let error = store.increment(b"errors", "one", b"text", 1).unwrap_err();
    let error = error.to_string().to_lowercase();
    assert!(
        error.contains("eight bytes") || error.contains("bytes wide"),
        "{error}"
    );
}
