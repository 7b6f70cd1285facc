//! The store against a plain map, and against damage.

use crate::extent;
use lambda_workbook::calendar::Granularity::{self, Day, Hour, Month, Week};
use lambda_workbook::lambda::versions::{VersionError, Versions};
use lambda_workbook::serving::{
    BLOCK, Header, Layout, RowValue, Scan, ServingError, Store, ValueKind, build, shard_of,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Key = (String, &'static str, i64);

fn granularity(code: &str) -> Granularity {
    code.parse().unwrap()
}

fn stored(folder: &Path, layout: Layout, rows: &BTreeMap<Key, i64>) -> Store {
    build(
        folder,
        layout,
        rows.iter()
            .map(|((url, code, ts), &n)| (&**url, granularity(code), *ts, RowValue::Count(n))),
    )
    .unwrap();
    Store::open(folder).unwrap()
}

fn any_rows() -> impl Strategy<Value = BTreeMap<Key, i64>> {
    let url = prop::sample::select(vec!["a.com/", "a.com/b", "a.com/\u{1}", "é.com/", ""]);
    let code = prop::sample::select(vec!["d", "h", "m", "w"]);
    // Runs without gaps, with gaps, off the buckets, and centuries apart.
    let ts = prop_oneof![
        6 => (-20i64..20).prop_map(|i| i * 3600),
        2 => -100_000i64..100_000,
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, 1 << 40, -1]),
    ];
    let count = prop_oneof![
        0i64..200,
        Just(-1),
        Just(40_000),
        Just(1 << 20),
        Just(i64::MAX / 100)
    ];
    let key = (url.prop_map(str::to_owned), code, ts);
    prop::collection::btree_map(key, count, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(extent::rounds(64, 1_000)))]

    #[test]
    fn every_read_answers_as_a_plain_map_does(
        rows in any_rows(),
        shards in 1u32..5,
        from in prop_oneof![-100_000i64..100_000, Just(i64::MIN)],
        length in prop_oneof![0i64..200_000, Just(i64::MAX)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = stored(folder.path(), Layout::counts(shards), &rows);
        store.verify().unwrap();
        prop_assert_eq!(store.header().rows as usize, rows.len());
        for ((url, code, ts), &count) in &rows {
            let g = granularity(code);
            prop_assert_eq!(store.count(url, g, *ts).unwrap(), Some(count));
            for near in [ts.wrapping_sub(1), ts.wrapping_add(1), ts.wrapping_add(3600)] {
                let wanted = rows.get(&(url.clone(), code, near)).copied();
                prop_assert_eq!(store.count(url, g, near).unwrap(), wanted);
            }
        }
        let to = from.saturating_add(length);
        for (url, code) in rows.keys().map(|(url, code, _)| (url, code)) {
            let wanted: Vec<(i64, i64)> = rows
                .range((url.clone(), *code, from)..(url.clone(), *code, to))
                .map(|((_, _, ts), &n)| (*ts, n))
                .collect();
            let sum = wanted.iter().map(|(_, n)| n).sum();
            let g = granularity(code);
            prop_assert_eq!(store.counts(url, g, from..to).unwrap(), Some(wanted));
            prop_assert_eq!(store.sum(url, &[Scan::plus(g, from..to)]).unwrap(), Some(sum));
            prop_assert_eq!(store.sum(url, &[Scan::minus(g, from..to)]).unwrap(), Some(-sum));
        }
    }
}

/// Two URLs, all granularities, enough hours for several blocks.
fn year() -> BTreeMap<Key, i64> {
    let mut rows = BTreeMap::new();
    for url in ["foo.com/a", "foo.com/b"] {
        for (code, step, n) in [("h", 3600, 8760), ("d", 86_400, 365), ("w", 604_800, 52)] {
            for i in 0..n {
                rows.insert((url.to_owned(), code, i * step), i % 1000);
            }
        }
    }
    rows
}

#[test]
fn sketches_come_back_byte_for_byte_in_place_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let sketches: Vec<(i64, Vec<u8>)> = (0..9i64)
        .map(|i| (i * 7200, vec![i as u8; (i * 333) as usize]))
        .collect();
    let rows = sketches
        .iter()
        .map(|(ts, bytes)| ("foo.com/", Hour, *ts, RowValue::Bytes(bytes)));
    build(folder.path(), Layout::sketches(2, 14), rows).unwrap();
    let store = Store::open_as(folder.path(), ValueKind::Sketches { precision: 14 }).unwrap();
    for (ts, bytes) in &sketches {
        assert_eq!(
            store.bytes("foo.com/", Hour, *ts).unwrap().as_ref(),
            Some(bytes)
        );
    }
    assert_eq!(store.bytes("foo.com/", Hour, 3600).unwrap(), None);
    let some = store
        .byte_values("foo.com/", Hour, 1..28_801)
        .unwrap()
        .unwrap();
    assert_eq!(some, sketches[1..5]);

    let other = Store::open_as(folder.path(), ValueKind::Sketches { precision: 12 });
    let text = other.unwrap_err().to_string();
    assert!(
        text.contains("sketches of precision 14, not sketches of precision 12"),
        "{text}"
    );
    let counts = store.count("foo.com/", Hour, 0).unwrap_err().to_string();
    assert!(counts.contains("not counts"), "{counts}");
}

#[test]
#[allow(clippy::reversed_empty_ranges)] // that is the wrong use
fn a_url_or_bucket_that_is_not_there_is_none_and_a_backward_range_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path(), Layout::counts(3), &year());
    assert_eq!(store.count("foo.com/none", Hour, 0).unwrap(), None);
    assert_eq!(store.count("foo.com/a", Month, 0).unwrap(), None);
    assert_eq!(store.counts("foo.com/none", Hour, 0..9).unwrap(), None);
    assert_eq!(store.counts("foo.com/a", Hour, 5..5).unwrap(), Some(vec![]));
    let error = store
        .counts("foo.com/a", Hour, 9..0)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the range from 9 to 0 ends before it starts; exchange its ends"
    );
    let error = store
        .sum("foo.com/a", &[Scan::plus(Day, 9..0)])
        .unwrap_err();
    assert!(matches!(
        error,
        ServingError::BackwardRange { from: 9, to: 0 }
    ));
}

#[test]
fn an_empty_view_is_a_store_that_answers_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path(), Layout::counts(3), &BTreeMap::new());
    assert_eq!(store.count("foo.com/", Hour, 0).unwrap(), None);
}

#[test]
fn a_row_out_of_order_or_twice_or_of_another_kind_is_named_and_nothing_is_swapped() {
    let folder = tempfile::tempdir().unwrap();
    let count = RowValue::Count(1);
    let first = ("b.com/", Hour, 3600, count);
    for (second, problem) in [
        (first, "repeats"),
        (("b.com/", Hour, 0, count), "sorts before"),
        (("b.com/", Day, 7200, count), "sorts before"),
        (("a.com/", Hour, 7200, count), "sorts before"),
        (("c.com/", Hour, 0, RowValue::Bytes(b"x")), "another kind"),
        (("c\0.com/", Hour, 0, count), "zero byte"),
    ] {
        let error = build(folder.path(), Layout::counts(2), [first, second]).unwrap_err();
        assert!(
            matches!(error, ServingError::Row { row: 1, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(problem), "{error}");
        let none = Store::open(folder.path()).unwrap_err();
        assert!(
            matches!(none, ServingError::Version(VersionError::None { .. })),
            "{none:?}"
        );
    }
    let none = build(folder.path(), Layout::counts(0), []).unwrap_err();
    assert!(matches!(none, ServingError::Layout { .. }));
}

#[test]
fn a_reader_keeps_its_version_until_it_asks_and_a_way_back_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let version = |n: i64| {
        let layout = Layout::counts(2).keep(2);
        build(
            folder.path(),
            layout,
            [("a.com/", Hour, 0, RowValue::Count(n))],
        )
        .unwrap()
    };
    version(1);
    let old = Store::open(folder.path()).unwrap();
    let held = old.open_version();
    assert!(!old.refresh().unwrap());
    for n in 2..=4 {
        assert_eq!(version(n).version, n as u64);
    }
    // Version 1 is pruned, and still answers those who have it.
    let versions = Versions::at(folder.path());
    assert_eq!(versions.kept().unwrap(), [3, 4]);
    assert_eq!(old.clone().count("a.com/", Hour, 0).unwrap(), Some(1));
    assert!(old.refresh().unwrap());
    assert_eq!(old.clone().count("a.com/", Hour, 0).unwrap(), Some(4));
    assert_eq!(
        held.url("a.com/").unwrap().unwrap().count(Hour, 0).unwrap(),
        Some(1)
    );

    old.roll_back_to(3).unwrap();
    assert!(old.refresh().unwrap());
    assert_eq!(old.version(), 3);
    let error = old.roll_back_to(1).unwrap_err().to_string();
    assert!(
        error.contains("version 1 is not kept; kept are [3, 4]"),
        "{error}"
    );
    // The version served is never pruned, and numbers are not used twice.
    assert_eq!(version(5).version, 5);
    assert_eq!(versions.kept().unwrap(), [4, 5]);
}

/// All files of the version served.
fn files(folder: &Path) -> Vec<PathBuf> {
    let versions = Versions::at(folder);
    let served = versions.served().unwrap();
    let version = versions.folder(served);
    let mut files = vec![version.join("header")];
    for shard in 0..Header::of(&version, served).unwrap().shards {
        let shard = version.join(format!("shard-{shard:02}"));
        files.extend(["index.fst", "shortcut", "values", "checksums"].map(|name| shard.join(name)));
    }
    files
}

/// Opens the store, reads every row, checks every block. A damaged shortcut alone
/// is found by the last only: until then, all answers are right.
fn read_all(folder: &Path, rows: &BTreeMap<Key, i64>) -> Result<(), ServingError> {
    let store = Store::open(folder)?;
    for ((url, code, ts), &n) in rows {
        assert_eq!(
            store.count(url, granularity(code), *ts)?,
            Some(n),
            "a wrong answer"
        );
    }
    store.verify()
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_that_names_its_file_and_never_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let rows = year();
    stored(folder.path(), Layout::counts(2), &rows);
    read_all(folder.path(), &rows).unwrap();
    for path in files(folder.path()) {
        let sound = fs::read(&path).unwrap();
        // Every bit of the small files, one in some hundred of the large.
        let step = (sound.len() * 8 / 200).max(1) | 1;
        for bit in (0..sound.len() * 8).step_by(step) {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &damaged).unwrap();
            let error = read_all(folder.path(), &rows).expect_err("a flipped bit");
            let text = error.to_string();
            assert!(text.contains(path.to_str().unwrap()), "{text}");
            if path.ends_with("values") {
                let block = format!("block {} ", bit / 8 / BLOCK);
                assert!(text.contains(&block), "{text}, not {block}");
            }
        }
        fs::write(&path, &sound).unwrap();
    }
    read_all(folder.path(), &rows).unwrap();
}

#[test]
fn a_flipped_bit_in_a_head_is_never_an_answer_however_long_the_url() {
    let mut rows = BTreeMap::new();
    // Heads of two blocks and more: the URL in the second, in one of its own, in several.
    for length in [0usize, 1, 8, 9, 56, 57, 200] {
        for (n, (code, step)) in [("h", 3600), ("d", 86_400), ("w", 604_800), ("m", 2_419_200)]
            .into_iter()
            .enumerate()
        {
            for row in 0..3 {
                rows.insert(("u".repeat(length), code, row * step), n as i64 * 10 + row);
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), Layout::counts(1), &rows);
    let values = files(folder.path())
        .into_iter()
        .find(|path| path.ends_with("values"))
        .unwrap();
    let sound = fs::read(&values).unwrap();
    for byte in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[byte] ^= 1 << (byte % 8);
        fs::write(&values, &damaged).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut refused = 0;
        for ((url, code, ts), &n) in &rows {
            let g = granularity(code);
            let range = [Scan::plus(g, *ts..ts + 1)];
            match (store.count(url, g, *ts), store.sum(url, &range)) {
                (Ok(count), Ok(sum)) => assert_eq!((count, sum), (Some(n), Some(n)), "{byte}"),
                (Err(_), Err(_)) => refused += 1,
                other => panic!("a count and a sum of one row disagree: {other:?}"),
            }
        }
        // What follows the last row of a record is read by nobody.
        assert!(refused > 0 || store.verify().is_err());
    }
}

#[test]
fn damage_after_the_store_was_opened_is_found_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path(), Layout::counts(1), &year());
    assert_eq!(store.count("foo.com/a", Hour, 3600).unwrap(), Some(1));
    let values = files(folder.path())
        .into_iter()
        .find(|path| path.ends_with("values"))
        .unwrap();
    let mut bytes = fs::read(&values).unwrap();
    bytes.iter_mut().for_each(|byte| *byte ^= 1);
    // In place, as a disk decays: the same file, still mapped.
    use std::io::Write;
    let mut file = fs::OpenOptions::new().write(true).open(&values).unwrap();
    file.write_all(&bytes).unwrap();
    let error = store.count("foo.com/a", Hour, 3600).unwrap_err();
    assert!(
        matches!(error, ServingError::Corrupt { block: Some(0), .. }),
        "{error:?}"
    );
}

#[test]
fn a_missing_or_shortened_or_lengthened_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = year();
    stored(folder.path(), Layout::counts(2), &rows);
    for path in files(folder.path()) {
        let sound = fs::read(&path).unwrap();
        let mut long = sound.clone();
        long.push(0);
        let cut = [0, sound.len() / 2, sound.len().saturating_sub(1)];
        let cut = cut
            .iter()
            .map(|&bytes| &sound[..bytes])
            .filter(|cut| *cut != sound);
        let all = cut.chain([&long[..]]).map(Some).chain([None]);
        for damaged in all {
            match damaged {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let error = Store::open(folder.path()).expect_err("a file that is not whole");
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
        }
        fs::write(&path, &sound).unwrap();
    }
}

#[test]
fn a_shard_that_belongs_elsewhere_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), Layout::counts(2), &year());
    let versions = Versions::at(folder.path());
    let shard = |shard: &str| versions.folder(1).join(shard);
    let (a, b) = (shard("shard-00"), shard("shard-01"));
    let aside = a.with_file_name("aside");
    fs::rename(&a, &aside).unwrap();
    fs::rename(&b, &a).unwrap();
    fs::rename(&aside, &b).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, ServingError::Format { .. }), "{error:?}");
}

#[test]
fn a_store_of_another_format_says_so() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), Layout::counts(1), &year());
    let header = files(folder.path())[0].clone();
    let text = fs::read_to_string(&header).unwrap();
    let line = text
        .lines()
        .next()
        .unwrap()
        .replace("\"format\":3", "\"format\":4");
    let sum = xxhash(line.as_bytes());
    fs::write(&header, format!("{line}\n{sum:016x}\n")).unwrap();
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("has format 4") && error.contains("reads format 3"),
        "{error}"
    );
}

fn xxhash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

#[test]
fn all_of_a_url_lies_in_one_shard_and_the_signed_remainder_would_lose_it() {
    use lambda_workbook::serving::signed_shard_of;
    let folder = tempfile::tempdir().unwrap();
    let rows: BTreeMap<Key, i64> = (0..100)
        .flat_map(|page| {
            [("d", 0), ("h", 3600)].map(|(code, ts)| ((format!("a.com/{page}"), code, ts), page))
        })
        .collect();
    let store = stored(folder.path(), Layout::counts(7), &rows);
    let version = store.open_version();
    for (number, shard) in version.shards().iter().enumerate() {
        for url in shard.urls() {
            assert_eq!(shard_of(&url, 7) as usize, number);
            let rows = shard.url(&url).unwrap().unwrap();
            assert_eq!((rows.len(Day), rows.len(Hour), rows.len(Week)), (1, 1, 0));
        }
    }
    // The mutant: half of the URLs would be sought in a shard that is not there.
    let lost = rows
        .keys()
        .filter(|(url, ..)| usize::try_from(signed_shard_of(url, 7)).is_err());
    assert!(lost.count() > 60);
}

#[test]
fn a_page_that_is_not_seen_in_every_hour_is_read_right_at_every_hour() {
    // One hour in three, then a silence of weeks, then every hour but a few.
    let seen = (0..3000i64).filter(|hour| match hour {
        0..1000 => hour % 3 == 0,
        1000..1700 => false,
        _ => hour % 50 != 7,
    });
    let rows: BTreeMap<Key, i64> = seen
        .map(|hour| (("a.com/".to_owned(), "h", (hour + 5) * 3600), hour % 90))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let store = stored(folder.path(), Layout::counts(1), &rows);
    // Marks take a bit an hour, a list would take four bytes a row.
    assert!(store.open_version().shards()[0].bytes()[2] < 3 * rows.len() as u64);
    let wanted = |ts: i64| rows.get(&("a.com/".to_owned(), "h", ts)).copied();
    for hour in -3..3010 {
        for ts in [hour * 3600, hour * 3600 + 1] {
            assert_eq!(store.count("a.com/", Hour, ts).unwrap(), wanted(ts), "{ts}");
        }
    }
    for from in (-2..3010).step_by(97) {
        for hours in [0, 1, 5, 224, 225, 1500, 4000] {
            let range = from * 3600..(from + hours) * 3600;
            let some: Vec<(i64, i64)> = range
                .clone()
                .step_by(3600)
                .filter_map(|ts| Some((ts, wanted(ts)?)))
                .collect();
            assert_eq!(store.counts("a.com/", Hour, range).unwrap(), Some(some));
        }
    }
}

#[test]
fn a_link_that_leads_to_no_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    stored(folder.path(), Layout::counts(1), &year());
    let link = folder.path().join("current");
    for target in ["versions/seven", "elsewhere/000001"] {
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(target, &link).unwrap();
        let error = Store::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("current: leads to"), "{error}");
    }
    // A copy that followed the link has a folder there.
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("which is no version"), "{error}");
}

#[test]
fn a_folder_of_something_else_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let error = build(folder.path(), Layout::counts(1), []).unwrap_err();
    assert!(error.to_string().contains("it holds thesis.txt"), "{error}");
    // What an earlier program wrote is recognised.
    fs::rename(
        folder.path().join("thesis.txt"),
        folder.path().join("CURRENT"),
    )
    .unwrap();
    for error in [
        build(folder.path(), Layout::counts(1), []).unwrap_err(),
        Store::open(folder.path()).unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("an earlier program's form"),
            "{error}"
        );
    }
}
