//! The batch views: the readable form, the streaming engine and a naive fold
//! must agree, on any data, however it is cut.

use crate::extent;
use lambda_workbook::batch::{
    self, normalise_url,
    output::{self, Manifest},
};
use lambda_workbook::calendar::{Granularity, local_day_start, parse_zone};
use lambda_workbook::dataset;
use lambda_workbook::datum::{DataUnit, Datum, PersonId};
use lambda_workbook::engine::local::{self, Checkpoints};
use lambda_workbook::engine::{BatchJob, Engine, EngineError, Local, Summary, Views};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

type View = BTreeMap<(String, String, i64), i64>;

/// A row of the datums' table, sound or not.
#[derive(Debug, Clone)]
struct Raw {
    secs: i64,
    kind: &'static str,
    url: &'static str,
    person: Result<i64, &'static str>,
    /// The other end, if it is an equiv.
    other: Result<i64, &'static str>,
    nonce: i64,
}

/// A sound page view.
fn a_view(secs: i64) -> Raw {
    Raw {
        secs,
        kind: "page_view",
        url: "a.com/",
        person: Ok(1),
        other: Ok(1),
        nonce: 1,
    }
}

fn raw() -> impl Strategy<Value = Raw> {
    // Few values, so that duplicates and buckets with several views are common.
    // Around both DST changes of 2015 in California, and around 1970.
    let secs = prop_oneof![
        (0..40i64).prop_map(|i| 1_425_801_600 + i * 4_321),
        (0..40i64).prop_map(|i| 1_446_361_200 + i * 4_321),
        (-3..3i64).prop_map(|i| i * 1_801),
        Just(i64::MAX),
        Just(1_438_913_491_000),
    ];
    let url = prop::sample::select(vec![
        "http://mysite.com/",
        "http://mysite.com",
        "http://MySite.com:80/blog?x=1",
        "mysite.com/blog",
        "https://mysite.com/blog#top",
        "http://",
        "ftp://mysite.com/",
    ]);
    let person = || {
        prop_oneof![
            (0..3i64).prop_map(Ok),
            prop::sample::select(vec!["A", "ABCDEFGH", "a-cookie-longer-than-eight", ""])
                .prop_map(Err),
        ]
    };
    let kind = prop_oneof![9 => Just("page_view"), 1 => Just("equiv"), 1 => Just("nonsense")];
    (secs, kind, url, (person(), person()), 0..2i64).prop_map(
        |(secs, kind, url, (person, other), nonce)| Raw {
            secs,
            kind,
            url,
            person,
            other,
            nonce,
        },
    )
}

fn frame(rows: &[Raw]) -> DataFrame {
    df!(
        "true_as_of_secs" => rows.iter().map(|r| r.secs).collect::<Vec<_>>(),
        "kind" => rows.iter().map(|r| r.kind).collect::<Vec<_>>(),
        "url" => rows.iter().map(|r| r.url).collect::<Vec<_>>(),
        "cookie" => rows.iter().map(|r| r.person.err()).collect::<Vec<_>>(),
        "user_id" => rows.iter().map(|r| r.person.ok()).collect::<Vec<_>>(),
        "nonce" => rows.iter().map(|r| r.nonce).collect::<Vec<_>>(),
        "cookie2" => rows.iter().map(|r| r.other.err().filter(|_| r.kind == "equiv")).collect::<Vec<_>>(),
        "user_id2" => rows.iter().map(|r| r.other.ok().filter(|_| r.kind == "equiv")).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn json_line(row: &Raw) -> String {
    let of = |person: Result<i64, &str>| match person {
        Ok(id) => serde_json::json!({ "user_id": id }),
        Err(cookie) => serde_json::json!({ "cookie": cookie }),
    };
    let (person, other) = (of(row.person), of(row.other));
    let unit = match row.kind {
        "equiv" => serde_json::json!({"equiv": {"id1": person, "id2": other}}),
        kind => {
            serde_json::json!({kind: {"person": person, "page": {"url": row.url}, "nonce": row.nonce}})
        }
    };
    // Two orders of keys and two line ends.
    let secs = row.secs;
    match row.nonce {
        0 => format!("{{\"pedigree\":{{\"true_as_of_secs\":{secs}}},\"dataunit\":{unit}}}\r\n"),
        _ => format!("{{\"dataunit\": {unit}, \"pedigree\": {{\"true_as_of_secs\": {secs}}}}}\n\n"),
    }
}

/// What the views must be, in the plainest words.
fn naive(rows: &[Raw], zone: chrono_tz::Tz) -> (View, View, usize, usize) {
    let mut distinct = BTreeSet::new();
    let (mut rejected, mut views) = (0, 0);
    for row in rows {
        let in_time = (-62_135_596_800..=253_402_300_799).contains(&row.secs);
        match (row.kind, normalise_url(row.url)) {
            ("equiv", _) if in_time => {}
            ("page_view", Ok(url)) if in_time => {
                views += 1;
                distinct.insert((row.secs, url.into_owned(), row.person, row.nonce));
            }
            _ => rejected += 1,
        }
    }
    let (mut buckets, mut days) = (View::new(), View::new());
    for (secs, url, ..) in &distinct {
        for g in Granularity::ALL {
            let start = secs.div_euclid(g.secs()) * g.secs();
            *buckets
                .entry((url.clone(), g.code().into(), start))
                .or_default() += 1;
        }
        let day = local_day_start(*secs, zone);
        *days
            .entry((url.clone(), zone.name().into(), day))
            .or_default() += 1;
    }
    (buckets, days, rejected, views - distinct.len())
}

fn view(frame: &DataFrame) -> View {
    let columns = frame.columns();
    let rows: Vec<_> = (0..frame.height())
        .map(|i| {
            let text = |c: usize| columns[c].str().unwrap().get(i).unwrap().to_owned();
            let number = |c: usize| columns[c].i64().unwrap().get(i).unwrap();
            ((text(0), text(1), number(2)), number(3))
        })
        .collect();
    assert!(
        rows.is_sorted(),
        "a view is sorted by its first three columns"
    );
    let count = rows.len();
    let view: View = rows.into_iter().collect();
    assert_eq!(view.len(), count, "a bucket stands once");
    view
}

fn run(
    engine: &Local,
    input: &Path,
    zone: Option<chrono_tz::Tz>,
    out: &Path,
) -> Result<Summary, EngineError> {
    let _ = std::fs::remove_dir_all(out);
    std::fs::create_dir(out).unwrap();
    let job = BatchJob {
        zones: zone.into_iter().collect(),
        ..BatchJob::of(input)
    };
    engine.run(&job, out, &|_| {})
}

/// Begins a run and ends it at a certain call of its watch, as a crash would: nothing that the run
/// had in mind is written any more. A run that is done before is left as it is.
fn cut_off(engine: &Local, input: &Path, zone: chrono_tz::Tz, at: usize) {
    let out = tempfile::tempdir().unwrap();
    let job = BatchJob {
        zones: vec![zone],
        ..BatchJob::of(input)
    };
    let calls = AtomicUsize::new(0);
    let watch = |_| {
        if calls.fetch_add(1, Ordering::Relaxed) >= at {
            // Without the message of a panic.
            std::panic::resume_unwind(Box::new("cut off"));
        }
    };
    let run = AssertUnwindSafe(|| engine.run(&job, out.path(), &watch).map(|_| ()));
    let _ = std::panic::catch_unwind(run);
}

fn read(out: &Path, name: &str) -> View {
    view(&dataset::read_parquet(out.join(name), &[]).unwrap())
}

fn lines(out: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out.join(local::REJECTED)).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(48, 1_000), ..ProptestConfig::default() })]

    #[test]
    fn all_forms_agree(
        rows in prop::collection::vec(raw(), 1..200),
        zone in prop::sample::select(vec!["America/Los_Angeles", "Asia/Kolkata", "UTC"]),
        tight in any::<bool>(),
        chunk in 1..400u64,
        group in 1..40usize,
        sorted in any::<bool>(),
        cuts in prop::collection::vec(0..60usize, 0..4),
    ) {
        let zone = parse_zone(zone).unwrap();
        let mut rows = rows;
        if sorted {
            rows.sort_by_key(|row| row.secs);
        }
        let (buckets, days, rejected, duplicates) = naive(&rows, zone);

        // The readable form.
        let mut df = frame(&rows);
        let distinct = batch::distinct(&batch::normalised(&df).unwrap()).unwrap();
        prop_assert_eq!(&view(&batch::page_views_all(&distinct).unwrap()), &buckets);
        let mut local_days = batch::page_views_by_local_day(&distinct, zone).unwrap();
        local_days.with_column(Column::new("granularity".into(), vec![zone.name(); local_days.height()])).unwrap();
        prop_assert_eq!(&view(&local_days), &days);
        prop_assert_eq!(batch::rejected_rows(&df).unwrap().height(), rejected);
        // Invariant 3: every view sums to the distinct page views.
        for g in Granularity::ALL {
            let view = batch::page_views(&distinct, g).unwrap();
            prop_assert_eq!(view.column("count").unwrap().i64().unwrap().sum(), Some(distinct.height() as i64));
        }
        // A UTC day is the sum of its hours.
        let mut of_hours = BTreeMap::new();
        for ((url, code, ts), count) in &buckets {
            if code == "h" {
                *of_hours.entry((url.clone(), "d".to_owned(), Granularity::Day.bucket(*ts))).or_insert(0) += count;
            }
        }
        let of_days: View = buckets.iter().filter(|((_, code, _), _)| code == "d").map(|(k, n)| (k.clone(), *n)).collect();
        prop_assert_eq!(of_hours, of_days);

        // Persons: uniques and bounces of the readable form, uniques also by sets.
        let index = batch::PersonIndex::of(&batch::persons::equivs(&df).unwrap());
        let persons = index.apply(&distinct).unwrap();
        let uniques = batch::uniques_all(&persons).unwrap();
        for g in Granularity::ALL {
            let exact = batch::exact_uniques(&persons, g).unwrap();
            let here = batch::uniques(&persons, g).unwrap().drop("sketch").unwrap();
            prop_assert!(here.equals(&exact));
        }
        let bounces = batch::bounces(&persons).unwrap();

        // The engine, from both formats, cut anyhow, with and without spilling, in one go and
        // going on after it was killed, as often as there are cuts.
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let engine = Local { memory: if tight { 0 } else { 1 << 20 }, json_chunk: Some(chunk), checkpoints: None };
        let kept = folder.path().join("kept");
        let engine = match cuts.is_empty() {
            true => engine,
            false => Local { checkpoints: Some(Checkpoints { folder: kept, every: Duration::ZERO }), ..engine },
        };
        let json = folder.path().join("datums.jsonl");
        std::fs::write(&json, rows.iter().map(json_line).collect::<String>()).unwrap();
        let parquet = folder.path().join("datums.parquet");
        ParquetWriter::new(File::create(&parquet).unwrap()).with_row_group_size(Some(group)).finish(&mut df).unwrap();
        for input in [&json, &parquet] {
            for cut in &cuts {
                cut_off(&engine, input, zone, *cut);
            }
            match run(&engine, input, Some(zone), &out) {
                Err(EngineError::AllRejected { rejected: all, .. }) => prop_assert_eq!(all as usize, rows.len()),
                Err(error) => prop_assert!(false, "{}", error),
                Ok(summary) => {
                    prop_assert_eq!(&read(&out, output::PAGE_VIEWS), &buckets);
                    prop_assert_eq!(&read(&out, output::LOCAL_DAYS), &days);
                    let table = |name| dataset::read_parquet(out.join(name), &[]).unwrap();
                    prop_assert!(table(output::UNIQUES).equals(&uniques));
                    prop_assert!(table(output::BOUNCES).equals(&bounces));
                    let counts = summary.counts;
                    prop_assert_eq!(counts.read as usize, rows.len());
                    prop_assert_eq!(counts.rejected as usize, rejected);
                    prop_assert_eq!(counts.duplicates as usize, duplicates);
                    prop_assert_eq!(counts.read, counts.distinct + counts.duplicates + counts.other_kinds + counts.rejected);
                    let rejected_rows = batch::rejected_rows(&df).unwrap();
                    let written = lines(&out);
                    prop_assert_eq!(written.len(), rejected);
                    if input == &parquet {
                        for (i, entry) in written.iter().enumerate() {
                            prop_assert_eq!(entry["row"].as_i64(), rejected_rows.column("row").unwrap().i64().unwrap().get(i));
                            prop_assert_eq!(entry["reason"].as_str(), rejected_rows.column("reason").unwrap().str().unwrap().get(i));
                        }
                    }
                    // Nothing else is left in the folder.
                    prop_assert_eq!(std::fs::read_dir(&out).unwrap().count(), 5);
                }
            }
        }
    }
}

#[test]
fn the_golden_example_by_hour() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("golden.jsonl");
    let datums: Vec<Datum> = dataset::golden().into_iter().collect();
    let text: String = datums
        .iter()
        .map(|d| serde_json::to_string(d).unwrap() + "\n")
        .collect();
    std::fs::write(&input, text).unwrap();
    let out = folder.path().join("out");
    let summary = run(&Local::default(), &input, None, &out).unwrap();
    let hours: Vec<_> = read(&out, output::PAGE_VIEWS)
        .into_iter()
        .filter(|((_, code, _), _)| code == "h")
        .map(|((url, _, ts), count)| (url, ts / 3600, count))
        .collect();
    let expected = [
        ("foo.com/post1", 0, 3),
        ("foo.com/post1", 1, 1),
        ("foo.com/post2", 1, 1),
        ("foo.com/post2", 2, 1),
        ("foo.com/post3", 0, 1),
        ("foo.com/post3", 2, 1),
    ];
    assert_eq!(
        hours,
        expected.map(|(url, hour, count)| (url.to_owned(), hour, count))
    );
    let views = datums
        .iter()
        .filter(|d| matches!(d.dataunit, DataUnit::PageView(_)))
        .count();
    assert_eq!(
        summary.counts.distinct + summary.counts.duplicates,
        views as u64
    );
    assert_eq!(summary.counts.other_kinds, (datums.len() - views) as u64);
}

#[test]
fn the_golden_uniques_and_bounces_are_of_persons() {
    let folder = tempfile::tempdir().unwrap();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/golden.jsonl");
    let out = folder.path().join("out");
    run(&Local::default(), &input, None, &out).unwrap();
    let uniques = dataset::read_parquet(out.join(output::UNIQUES), &[]).unwrap();
    let days: Vec<_> = batch::uniques::rows(&uniques)
        .unwrap()
        .into_iter()
        .filter(|row| row.granularity == "d")
        .map(|row| (row.url, row.ts, row.sketch.uniques()))
        .collect();
    let expected = [
        ("foo.com/post1", 0, 2),
        ("foo.com/post2", 0, 1),
        ("foo.com/post3", 0, 2),
    ];
    assert_eq!(days, expected.map(|(url, ts, n)| (url.to_owned(), ts, n)));
    let bounces = dataset::read_parquet(out.join(output::BOUNCES), &[]).unwrap();
    let expected = df!("domain" => ["foo.com"], "visits" => [4i64], "bounces" => [0i64]).unwrap();
    assert!(bounces.equals(&expected), "{bounces}");
}

#[test]
fn page_views_alone_are_the_same_page_views() {
    let folder = tempfile::tempdir().unwrap();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample.jsonl");
    let (all, alone) = (folder.path().join("all"), folder.path().join("alone"));
    run(&Local::default(), &input, None, &all).unwrap();
    std::fs::create_dir(&alone).unwrap();
    let job = BatchJob {
        views: Views::PageViews,
        ..BatchJob::of(input)
    };
    let summary = Local::default().run(&job, &alone, &|_| {}).unwrap();
    assert_eq!(
        read(&all, output::PAGE_VIEWS),
        read(&alone, output::PAGE_VIEWS)
    );
    let names: Vec<&str> = summary.files.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, [output::PAGE_VIEWS, local::REJECTED]);
}

#[test]
fn an_equiv_without_two_ends_is_rejected_and_one_with_oneself_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.parquet");
    let view = a_view(60);
    let equiv = Raw {
        kind: "equiv",
        ..view.clone()
    };
    let mut df = frame(&[view, equiv.clone(), equiv]);
    let none = Column::new("user_id2".into(), [None, Some(1i64), None]);
    df.with_column(none).unwrap();
    ParquetWriter::new(File::create(&path).unwrap())
        .finish(&mut df)
        .unwrap();
    let out = folder.path().join("out");
    let summary = run(&Local::default(), &path, None, &out).unwrap();
    assert_eq!(
        (summary.counts.rejected, summary.counts.other_kinds),
        (1, 1)
    );
    let reason = "equiv with an end that is not one cookie or one user_id";
    assert_eq!(lines(&out)[0]["reason"], reason);
    assert_eq!(batch::rejected_rows(&df).unwrap().height(), 1);
    assert_eq!(batch::persons::equivs(&df).unwrap().len(), 1);
}

#[test]
fn an_equiv_spelled_with_escapes_is_found() {
    let equiv = r#"{"dataunit":{"\u0065quiv":{"id1":{"user_id":1},"id2":{"user_id":2}}},"pedigree":{"true_as_of_secs":60}}"#;
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    let other = GOOD.replace("\"user_id\":1", "\"user_id\":2");
    std::fs::write(&input, format!("{GOOD}\n{other}\n{equiv}")).unwrap();
    let out = folder.path().join("out");
    run(&Local::default(), &input, None, &out).unwrap();
    let uniques = dataset::read_parquet(out.join(output::UNIQUES), &[]).unwrap();
    assert_eq!(
        uniques.column("uniques").unwrap().i64().unwrap().get(0),
        Some(1)
    );
}

#[test]
fn days_of_23_and_25_hours_hold_what_they_should() {
    let zone = chrono_tz::America::Los_Angeles;
    // One view a minute over each day with a change, and the days around it.
    for (first, hours) in [(1_425_801_600i64, 23), (1_446_361_200, 25)] {
        let minutes: Vec<i64> = (-1440..2880).map(|m| first + m * 60).collect();
        let views = df!("url" => vec!["a/"; minutes.len()], "true_as_of_secs" => minutes).unwrap();
        let days = batch::page_views_by_local_day(&views, zone).unwrap();
        let counts = days.column("count").unwrap().i64().unwrap();
        let starts = days.column("ts").unwrap().i64().unwrap();
        let at = starts
            .iter()
            .position(|ts| ts == Some(first))
            .expect("the day begins at its midnight");
        assert_eq!(counts.get(at), Some(hours * 60));
        assert_eq!(starts.get(at + 1), Some(first + hours * 3600));
    }
}

const GOOD: &str = r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://a.com/"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#;

/// Runs the engine over `text`; the entries that it rejected.
fn rejected(text: &[u8]) -> Vec<(u64, String)> {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    std::fs::write(&input, text).unwrap();
    let out = folder.path().join("out");
    run(&Local::default(), &input, None, &out).unwrap();
    let entry = |e: &serde_json::Value| {
        (
            e["line"].as_u64().unwrap(),
            e["reason"].as_str().unwrap().to_owned(),
        )
    };
    lines(&out).iter().map(entry).collect()
}

#[test]
fn every_bad_line_is_reported_with_its_number_and_reason() {
    let with = |from: &str, to: &str| GOOD.replace(from, to);
    let bomb = with("60", &"[".repeat(100_000));
    let long_url = with(
        "http://a.com/",
        &format!("http://a.com/{}", "a".repeat(10_000_000)),
    );
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{\"a\":\xff}".to_vec(), "not UTF-8 at byte 5 of the line"),
        (b"hello".to_vec(), "not a datum: expected value at column 1"),
        (
            with("page_view", "click").into(),
            "unknown kind \"click\"; known: ",
        ),
        (
            with("\"nonce\":1", "\"nonce\":1,\"nonce\":1").into(),
            "not a datum: duplicate field `nonce`",
        ),
        (with("\"nonce\":1,", "").into(), "page view without nonce"),
        (
            with("{\"user_id\":1}", "{\"user_id\":1,\"cookie\":\"A\"}").into(),
            "page view with both a cookie and a user_id",
        ),
        (
            with("60", "6e1").into(),
            "not a datum: invalid type: floating point",
        ),
        (
            with("60", "9223372036854775807").into(),
            "timestamp 9223372036854775807 is outside the years 1 to 9999",
        ),
        (
            with("60", "99999999999999999999").into(),
            "not a datum: invalid type: floating point",
        ),
        (
            with("60", "-9223372036854775808").into(),
            "timestamp -9223372036854775808 is outside the years 1 to 9999",
        ),
        (
            with("60", "1438913491000").into(),
            "timestamp 1438913491000 is outside the years 1 to 9999; are these milliseconds?",
        ),
        (
            with("http://a.com/", "http://").into(),
            "URL without a host",
        ),
        (
            with("http://a.com/", "\\u0000").into(),
            "URL has '\\0' at byte 0",
        ),
        (
            long_url.into(),
            "URL of 10000013 bytes; at most 65536 are taken",
        ),
        (bomb.into(), "not a datum: "),
        (
            format!("{GOOD}{GOOD}").into(),
            "not a datum: trailing characters",
        ),
    ];
    // A byte-order mark, blank lines and CRLF around; the good ones are counted.
    let mut text = b"\xef\xbb\xbf".to_vec();
    text.extend(format!("{GOOD}\r\n\n \t\r\n").bytes());
    for (line, _) in &cases {
        text.extend(line);
        text.push(b'\n');
        text.extend(GOOD.bytes());
        text.extend(b"\r\n");
    }
    let found = rejected(&text);
    assert_eq!(found.len(), cases.len(), "{found:#?}");
    for (i, ((number, reason), (_, expected))) in found.iter().zip(&cases).enumerate() {
        assert_eq!(*number as usize, 4 + 2 * i, "{reason}");
        assert!(reason.starts_with(expected), "{reason} is not {expected}");
    }
}

#[test]
fn a_truncated_last_line_is_named_and_a_whole_one_without_line_end_is_taken() {
    assert_eq!(rejected(GOOD.as_bytes()), []);
    let text = format!("{GOOD}\n{}", &GOOD[..50]);
    assert_eq!(
        rejected(text.as_bytes()),
        [(2, "truncated: the line ends inside a datum".to_owned())]
    );
}

#[test]
fn a_long_line_is_shown_cut_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    std::fs::write(&input, format!("{GOOD}\n{}\n{GOOD}", "ä".repeat(5_000_000))).unwrap();
    let out = folder.path().join("out");
    run(&Local::default(), &input, None, &out).unwrap();
    let entries = lines(&out);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["line"], 2);
    assert_eq!(entries[0]["bytes"], 10_000_000);
    assert_eq!(entries[0]["text"].as_str().unwrap(), "ä".repeat(1000));
}

#[test]
fn seconds_before_1970_fall_into_the_bucket_below() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    std::fs::write(&input, GOOD.replace("60", "-1")).unwrap();
    let out = folder.path().join("out");
    run(&Local::default(), &input, None, &out).unwrap();
    let starts: Vec<i64> = read(&out, output::PAGE_VIEWS)
        .into_keys()
        .map(|(_, _, ts)| ts)
        .collect();
    assert_eq!(starts, [-86_400, -3_600, -2_419_200, -604_800]);
}

#[test]
fn an_input_that_cannot_be_read_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jsonl");
    let fails = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = run(&Local::default(), &path, None, &folder.path().join("out")).unwrap_err();
        error
            .to_string()
            .replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(fails(b""), "FILE: holds no datum");
    assert_eq!(fails(b"\n \n\r\n"), "FILE: holds no datum");
    assert_eq!(
        fails(b"\x1f\x8b\x08\0"),
        "FILE: a gzip archive, where JSON lines or Parquet is wanted; unpack it with gunzip first"
    );
    assert_eq!(
        fails(b"a,b\n1,2\n"),
        "FILE: none of its 2 lines is a datum, so the views stay as they are; \
         the first: line 1: not a datum: expected value at column 1"
    );
    assert!(fails(b"PAR1 and no more").starts_with("FILE: reading the Parquet footer: "));

    let parquet = |mut df: DataFrame| {
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut df).unwrap();
        fails(&bytes)
    };
    assert_eq!(
        parquet(df!("url" => ["a"], "when" => [1i64], "nonce" => [1i64]).unwrap()),
        "FILE: not a table of datums; missing columns: true_as_of_secs, kind, cookie, user_id; \
         found: url, when, nonce"
    );
    let rows = [a_view(1)];
    let mut df = frame(&rows);
    df.with_column(Column::new("nonce".into(), ["x"])).unwrap();
    assert_eq!(
        parquet(df),
        "FILE: column nonce is str, where a whole number is wanted"
    );

    // The footer of this one is whole, but rows are missing.
    let rows: Vec<Raw> = (0..10_000).map(a_view).collect();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .finish(&mut frame(&rows))
        .unwrap();
    let (body, length) = bytes[..bytes.len() - 4].split_last_chunk::<4>().unwrap();
    let footer = body.len() - u32::from_le_bytes(*length) as usize;
    assert_eq!(
        fails(&[&bytes[..100], &bytes[footer..]].concat()),
        "FILE: reading: the file was truncated while it was being read"
    );

    let missing = folder.path().join("none.jsonl");
    let fails =
        |path: &Path| run(&Local::default(), path, None, &folder.path().join("out")).unwrap_err();
    assert!(matches!(fails(&missing), EngineError::Missing(_)));
    assert!(matches!(fails(folder.path()), EngineError::IsFolder(_)));
}

#[test]
fn narrower_columns_are_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.parquet");
    let rows = [a_view(60)];
    let mut df = frame(&rows);
    for name in ["true_as_of_secs", "nonce", "user_id"] {
        let narrow = df.column(name).unwrap().cast(&DataType::Int32).unwrap();
        df.with_column(narrow).unwrap();
    }
    ParquetWriter::new(File::create(&path).unwrap())
        .finish(&mut df)
        .unwrap();
    let summary = run(&Local::default(), &path, None, &folder.path().join("out")).unwrap();
    assert_eq!(summary.counts.distinct, 1);
}

#[test]
fn a_person_is_the_same_only_as_a_whole() {
    let line = |person: PersonId| {
        GOOD.replace(r#"{"user_id":1}"#, &serde_json::to_string(&person).unwrap()) + "\n"
    };
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.jsonl");
    let cookie = |text: &str| PersonId::Cookie(text.to_owned());
    let people = [
        PersonId::UserId(49),
        cookie("1"),
        cookie("1\0"),
        cookie("12345678"),
        cookie("123456789"),
        cookie("123456789"),
    ];
    std::fs::write(&input, people.map(line).concat()).unwrap();
    let summary = run(&Local::default(), &input, None, &folder.path().join("out")).unwrap();
    assert_eq!((summary.counts.distinct, summary.counts.duplicates), (5, 1));
}

#[test]
fn a_folder_without_our_manifest_is_no_folder_of_views() {
    let folder = tempfile::tempdir().unwrap();
    let error = || Manifest::read(folder.path()).unwrap_err().to_string();
    assert!(error().contains("this file is missing"), "{}", error());
    for (text, said) in [
        (
            r#"{"made_by":"somebody else"}"#,
            "was written by somebody else, format 0, this program reads workbook batch",
        ),
        (
            r#"{"made_by":"workbook batch","version":1}"#,
            "was written by workbook batch, format 1",
        ),
        ("{", "is no manifest"),
    ] {
        std::fs::write(folder.path().join("manifest.json"), text).unwrap();
        assert!(error().contains(said), "{}", error());
    }
}
