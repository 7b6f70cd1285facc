//! One rule for what a fact must be: every path takes a datum, or rejects it for the same
//! reason.
//!
//! The same bad datums, as lines and as rows of a table, go through the engine (JSON and
//! Parquet), the data frames, the readers of data sets, the speed layer, micro-batches,
//! the fully incremental store, and a Lambda before and after its batch run.
use crate::extent;
use lambda_workbook::batch;
use lambda_workbook::calendar::Granularity::Hour;
use lambda_workbook::dataset::{self, DatasetError};
use lambda_workbook::datum::{
    self, DataUnit, Datum, Equiv, Fact, LONGEST_LINE, PersonId, Reason, UrlError,
};
use lambda_workbook::engine::{BatchJob, Engine, Local, local};
use lambda_workbook::lambda::{Lambda, Options};
use lambda_workbook::microbatch::{self, Kind};
use lambda_workbook::speed::{
    EmbeddedLog, EmbeddedStore, FAMILIES, Log, RealtimeViews, SystemClock, Updater,
};
use lambda_workbook::systems::{Incremental, SystemsError, Writes};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const GOOD: &str = r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://a.com/"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#;
const EQUIV: &str = r#"{"dataunit":{"equiv":{"id1":{"user_id":1},"id2":{"cookie":"A"}}},"pedigree":{"true_as_of_secs":60}}"#;
const PERSON: &str = r#"{"dataunit":{"person_property":{"id":{"user_id":1},"property":{"age":36}}},"pedigree":{"true_as_of_secs":60}}"#;
const PAGE: &str = r#"{"dataunit":{"page_property":{"id":{"url":"a.com/"},"property":{"page_views":1}}},"pedigree":{"true_as_of_secs":60}}"#;
const MILLISECONDS: i64 = 1_438_913_491_000;
/// The start of the last hour of the year 9999.
const LAST_HOUR: i64 = 253_402_297_200;

/// What a path makes of a datum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// A page view: second, URL, person, nonce.
    View(i64, String, PersonId, i64),
    Equiv(PersonId, PersonId),
    Other,
    Rejected(String),
}

impl Verdict {
    fn of(read: Result<Fact<'_>, Reason>) -> Self {
        match read {
            Ok(Fact::View(event)) => {
                let who = event.who.into_person();
                Self::View(event.secs, event.url.into_owned(), who, event.nonce)
            }
            Ok(Fact::Equiv(Equiv { id1, id2 })) => Self::Equiv(id1, id2),
            Ok(Fact::Other(_)) => Self::Other,
            Err(reason) => Self::Rejected(reason.to_string()),
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Rejected(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Page views by URL and hour.
type DatumCounts = BTreeMap<(String, i64), i64>;

/// Counts the page views among some verdicts, each datum once.
fn counts(verdicts: &[Verdict]) -> DatumCounts {
    let (mut counts, mut seen) = (DatumCounts::new(), BTreeSet::new());
    for verdict in verdicts {
        if let Verdict::View(secs, url, ..) = verdict
            && seen.insert(verdict)
        {
            *counts.entry((url.clone(), Hour.bucket(*secs))).or_default() += 1;
        }
    }
    counts
}

/// Number from 0 and reason of the rejected.
type Rejected = Vec<(u64, String)>;

fn rejected(verdicts: &[Verdict]) -> Rejected {
    let reasons = (0..).zip(verdicts);
    let reasons = reasons.filter_map(|(n, verdict)| Some((n, verdict.reason()?.to_owned())));
    reasons.collect()
}

fn hours(df: &DataFrame, [url, ts, count]: [&str; 3]) -> DatumCounts {
    let number = |name: &str| df.column(name).unwrap().i64().unwrap();
    let (urls, ts, counts) = (df.column(url).unwrap(), number(ts), number(count));
    let row = |row| {
        let url = urls.str().unwrap().get(row).unwrap().to_owned();
        ((url, ts.get(row).unwrap()), counts.get(row).unwrap())
    };
    (0..df.height()).map(row).collect()
}

/// Reads what an engine wrote: the rejected, and page views by hour.
fn written(folder: &Path, unit: &str) -> (Rejected, DatumCounts) {
    let text = std::fs::read_to_string(folder.join(local::REJECTED)).unwrap();
    let entry = |line: &str| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let reason = entry["reason"].as_str().unwrap().to_owned();
        (entry[unit].as_u64().unwrap() - 1, reason)
    };
    let views = dataset::read_parquet(folder.join(batch::output::PAGE_VIEWS), &[]).unwrap();
    let of_hours = views.lazy().filter(col("granularity").eq(lit("h")));
    let of_hours = hours(&of_hours.collect().unwrap(), ["url", "ts", "count"]);
    (text.lines().map(entry).collect(), of_hours)
}

fn run_engine(input: &Path, out: &Path, unit: &str) -> (Rejected, DatumCounts) {
    std::fs::create_dir(out).unwrap();
    let job = BatchJob {
        nothing_is_an_error: false,
        ..BatchJob::of(input)
    };
    Local::default().run(&job, out, &|_| {}).unwrap();
    written(out, unit)
}

/// Asserts that every path for lines takes and rejects these alike. Returns what that is.
///
/// None of the lines may be blank or hold a line end.
fn lines_alike(lines: &[Vec<u8>]) -> Vec<Verdict> {
    let verdicts: Vec<Verdict> = lines.iter().map(|l| Verdict::of(datum::read(l))).collect();
    let bad = rejected(&verdicts);
    let distinct = counts(&verdicts);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = lines.join(&b'\n');

    // One line as a datum, and the readers of data sets.
    for (line, verdict) in lines.iter().zip(&verdicts) {
        let parsed = datum::parse(line);
        let again = parsed.as_ref().map_err(Clone::clone).and_then(Datum::fact);
        assert_eq!(&Verdict::of(again), verdict, "{}", line.escape_ascii());
    }
    let read = dataset::read_jsonl(&text[..]).map(|read| match read {
        Ok(datum) => Verdict::of(datum.fact()),
        Err(DatasetError::BadLine { reason, .. }) => Verdict::Rejected(reason),
        Err(error) => panic!("{error}"),
    });
    assert_eq!(read.collect::<Vec<_>>(), verdicts, "read_jsonl");

    // The engine. The last line has no line end.
    std::fs::write(at("in.jsonl"), &text).unwrap();
    let (found, views) = run_engine(&at("in.jsonl"), &at("json"), "line");
    assert_eq!((&found, &views), (&bad, &distinct), "JSON engine");

    // The speed layer, micro-batches, and both layers of a Lambda, over one log.
    let log = Arc::new(EmbeddedLog::open(at("log")).unwrap());
    log.create_topic("datums", 1).unwrap();
    let records: Vec<(&[u8], &[u8])> = lines.iter().map(|line| (&b""[..], &line[..])).collect();
    log.append("datums", 0, &records).unwrap();
    let places = |rejected: Vec<(u32, u64, String)>| -> Rejected {
        let place = |(_, offset, reason)| (offset, reason);
        rejected.into_iter().map(place).collect()
    };

    let store = EmbeddedStore::open(at("realtime-views"), &FAMILIES).unwrap();
    let views = RealtimeViews::new(Arc::new(store), batch::Precision::DEFAULT);
    let mut updater = Updater::resume(log.clone(), "datums", views, 1 << 10).unwrap();
    let step = updater.drain(1 << 10).unwrap();
    let reader = updater.views().reader();
    assert_eq!(places(reader.rejected().unwrap()), bad, "speed layer");
    assert_eq!(step.rejected, bad.len() as u64);
    assert_eq!(step.counted as i64, distinct.values().sum::<i64>());

    let topology = microbatch::page_views(Kind::Transactional).unwrap();
    let options = microbatch::JobOptions::default();
    let job = microbatch::Job::open(at("job"), log.clone(), "datums", topology, options);
    let mut job = job.unwrap();
    let step = job.step().unwrap().expect("records wait");
    assert_eq!(step.rejected, bad.len());
    assert_eq!(places(job.rejected().unwrap()), bad, "micro-batch");
    let counted = match job.table("views").unwrap() {
        table if table.height() == 0 => DatumCounts::new(),
        table => hours(&table, ["page", "hour", "count"]),
    };
    assert_eq!(counted, distinct, "micro-batch");

    let mut lambda = Lambda::open(at("lambda"), log, "datums", Options::default()).unwrap();
    lambda.drain().unwrap();
    let answers = |lambda: &Lambda| {
        let query = lambda.query().unwrap();
        // A span of time ends within the calendar, so its very last hour cannot be asked.
        let asked = distinct.iter().filter(|((_, hour), _)| *hour < LAST_HOUR);
        for ((url, hour), count) in asked {
            let answer = query.page_views(url, *hour..hour + 3_600).unwrap();
            assert_eq!(answer.value, *count, "{url} {hour}");
        }
    };
    answers(&lambda);
    lambda.run_batch().unwrap();
    answers(&lambda);
    let served = written(&at("lambda").join("views/current"), "line");
    assert_eq!(served, (bad, distinct), "batch run of a Lambda");
    verdicts
}

/// Asserts that the fully incremental store, which takes datums and not lines, agrees.
fn incremental_alike(lines: &[Vec<u8>], verdicts: &[Verdict]) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let store = Incremental::open(folder.path(), Writes::Together, clock).unwrap();
    for (line, verdict) in lines.iter().zip(verdicts) {
        if let Ok(line) = str::from_utf8(line)
            && let Ok(datum) = serde_json::from_str::<Datum>(line)
        {
            let found = match store.take(&datum) {
                Ok(_) => None,
                Err(SystemsError::Rejected(reason)) => Some(reason.to_string()),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found.as_deref(), verdict.reason());
        }
    }
    for ((url, hour), count) in counts(verdicts) {
        let found = store.page_views(&url, hour..hour + 3_600).unwrap();
        assert_eq!(found, count, "{url} {hour}");
    }
}

#[test]
fn every_path_rejects_a_bad_line_for_the_same_reason() {
    let good = |from: &str, to: &str| GOOD.replace(from, to).into_bytes();
    let equiv = |from: &str, to: &str| EQUIV.replace(from, to).into_bytes();
    let kinds = "known: page_view, equiv, person_property, page_property";
    let years = |secs: i64| format!("timestamp {secs} is outside the years 1 to 9999");
    let year_0 = -62_135_596_801;
    let hint = "; are these milliseconds? seconds are wanted";
    let milliseconds = format!("{}{hint}", years(MILLISECONDS));
    let ends = "equiv with an end that is not one cookie or one user_id";
    let both = r#"{"user_id":1,"cookie":"A"}"#;
    let one = r#"{"user_id":1}"#;
    let long_url = format!("http://a.com/{}", "a".repeat(70_000));
    let in_front = |bytes: &[u8]| [bytes, GOOD.as_bytes()].concat();
    let table: Vec<(Vec<u8>, String)> = [
        // The time.
        (good("60", "1438913491000"), milliseconds.clone()),
        (equiv("60", "1438913491000"), milliseconds.clone()),
        (
            PERSON.replace("60", "1438913491000").into(),
            milliseconds.clone(),
        ),
        (PAGE.replace("60", "1438913491000").into(), milliseconds),
        (
            good("60", &year_0.to_string()),
            format!("{}{hint}", years(year_0)),
        ),
        (good("60", "9223372036854775807"), years(i64::MAX)),
        (good("60", "-9223372036854775808"), years(i64::MIN)),
        (
            good("60", "null"),
            "page view without true_as_of_secs".into(),
        ),
        (
            equiv("\"true_as_of_secs\":60", ""),
            "equiv without true_as_of_secs".into(),
        ),
        (
            good(",\"pedigree\":{\"true_as_of_secs\":60}", ""),
            "page view without true_as_of_secs".into(),
        ),
        (
            good("60", "6e1"),
            "not a datum: invalid type: floating point `60.0`, expected i64".into(),
        ),
        (
            good("60", "\"60\""),
            "not a datum: invalid type: string \"60\", expected i64".into(),
        ),
        (
            good("60", "99999999999999999999"),
            "not a datum: invalid type: floating point `1e+20`, expected i64".into(),
        ),
        // The person.
        (
            good(one, both),
            "page view with both a cookie and a user_id".into(),
        ),
        (
            good(one, "{}"),
            "page view without a cookie or a user_id".into(),
        ),
        (
            good(one, "null"),
            "page view without a cookie or a user_id".into(),
        ),
        (
            good(&format!(",\"person\":{one}"), ""),
            "page view without a cookie or a user_id".into(),
        ),
        (
            PERSON.replace(one, both).into(),
            "person property with both a cookie and a user_id".into(),
        ),
        (
            PERSON.replace(one, "{}").into(),
            "person property without a cookie or a user_id".into(),
        ),
        // Equivs.
        (equiv(one, "{}"), ends.into()),
        (equiv(one, both), ends.into()),
        (equiv(",\"id2\":{\"cookie\":\"A\"}", ""), ends.into()),
        (equiv("{\"cookie\":\"A\"}", both), ends.into()),
        // The nonce.
        (good("\"nonce\":1,", ""), "page view without nonce".into()),
        (
            good("\"nonce\":1", "\"nonce\":null"),
            "page view without nonce".into(),
        ),
        (
            good("\"nonce\":1", "\"nonce\":1.5"),
            "not a datum: invalid type: floating point `1.5`, expected i64".into(),
        ),
        (
            good("\"nonce\":1", "\"nonce\":9223372036854775808"),
            "not a datum: invalid value: integer `9223372036854775808`, expected i64".into(),
        ),
        // The URL.
        (
            good("\"url\":\"http://a.com/\"", ""),
            "page view without url".into(),
        ),
        (
            good("\"http://a.com/\"", "null"),
            "page view without url".into(),
        ),
        (
            good("\"page\":{\"url\":\"http://a.com/\"},", ""),
            "page view without url".into(),
        ),
        (
            PAGE.replace("\"url\":\"a.com/\"", "").into(),
            "page property without url".into(),
        ),
        (
            good("http://a.com/", "http://"),
            "URL without a host".into(),
        ),
        (
            good("http://a.com/", "ftp://a.com/"),
            "URL scheme \"ftp\"; only http and https are pages".into(),
        ),
        (
            good("http://a.com/", "\\u0000"),
            "URL has '\\0' at byte 0; it must be percent-encoded".into(),
        ),
        (
            good("http://a.com/", &long_url),
            "URL of 70013 bytes; at most 65536 are taken".into(),
        ),
        // The kind and the schema.
        (
            good("page_view", "click"),
            format!("unknown kind \"click\"; {kinds}"),
        ),
        (b"{}".to_vec(), format!("datum without a kind; {kinds}")),
        (
            b"{\"dataunit\":{},\"pedigree\":{\"true_as_of_secs\":60}}".to_vec(),
            format!("datum without a kind; {kinds}"),
        ),
        (
            PERSON.replace("36", "\"old\"").into(),
            "not a datum: invalid type: string \"old\", expected i64".into(),
        ),
        (
            good("\"nonce\":1", "\"nonce\":1,\"nonce\":1"),
            "not a datum: duplicate field `nonce`".into(),
        ),
        (
            format!("{GOOD}{GOOD}").into(),
            "not a datum: trailing characters".into(),
        ),
        // The line.
        (b"hello".to_vec(), "not a datum: expected value".into()),
        (b"[1,2]".to_vec(), "not a datum: ".into()),
        (in_front(b"\xff"), "not UTF-8 at byte 0 of the line".into()),
        // Also in a text that no field needs.
        (
            [b"{\"x\":\"\xff\",", &GOOD.as_bytes()[1..]].concat(),
            "not UTF-8 at byte 6 of the line".into(),
        ),
        (
            GOOD.as_bytes()[..50].to_vec(),
            "truncated: the line ends inside a datum".into(),
        ),
    ]
    .into();

    // Sound datums are between the bad ones, in forms that different readers take.
    let sound = [
        (GOOD.to_owned(), "a.com/"),
        (GOOD.replace("http", "\\u0068ttp"), "a.com/"),
        (
            GOOD.replace("\"nonce\":1", "\"extra\":[],\"nonce\":-9223372036854775808"),
            "a.com/",
        ),
        (GOOD.replace("60", "-62135596800"), "a.com/"),
        (GOOD.replace("60", "253402300799"), "a.com/"),
        (
            GOOD.replace(one, "{\"cookie\":\"\"}")
                .replace("http://a.com", "HTTPS://B.com:80"),
            "b.com/",
        ),
        (EQUIV.to_owned(), ""),
        (PERSON.to_owned(), ""),
        (PAGE.to_owned(), ""),
    ];
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (n, (line, _)) in table.iter().enumerate() {
        lines.push(sound[n % sound.len()].0.clone().into());
        lines.push(line.clone());
    }
    let verdicts = lines_alike(&lines);
    incremental_alike(&lines, &verdicts);
    for (n, pair) in verdicts.chunks(2).enumerate() {
        let (line, reason) = &table[n];
        // The parser adds a column.
        let found = pair[1].reason().unwrap_or_default();
        let line = line.escape_ascii();
        assert!(found.starts_with(reason), "{found} is not {reason}: {line}");
        let (line, url) = &sound[n % sound.len()];
        match &pair[0] {
            Verdict::View(_, found, ..) => assert_eq!(found, url),
            other => assert!(url.is_empty() && other.reason().is_none(), "{line}"),
        }
    }
}

#[test]
fn a_line_is_one_line_and_not_too_long() {
    for at in [1, GOOD.len() - 1] {
        let (head, tail) = GOOD.split_at(at);
        let two_lines = format!("{head}\n{tail}");
        assert_eq!(
            datum::read(two_lines.as_bytes()),
            Err(Reason::LineEnd { at })
        );
    }
    // The usual shape and another one.
    for cookie in ["a", "\\u0061"] {
        let cookies = cookie.repeat(LONGEST_LINE / cookie.len() + 1);
        let long = GOOD.replace("\"user_id\":1", &format!("\"cookie\":\"{cookies}\""));
        assert_eq!(datum::read(long.as_bytes()), Err(Reason::LineTooLong));
        assert_eq!(datum::parse(long.as_bytes()), Err(Reason::LineTooLong));
    }
}

/// A row of a table of datums, which can also be said as a line.
#[derive(Clone, Debug)]
struct Row {
    kind: Option<String>,
    secs: Option<i64>,
    url: Option<String>,
    /// First and second person.
    ends: [(Option<String>, Option<i64>); 2],
    nonce: Option<i64>,
    /// Whether the line says null for what is not there.
    nulls: bool,
}

impl Row {
    fn sound(kind: &str) -> Self {
        Self {
            kind: Some(kind.into()),
            secs: Some(60),
            url: Some("http://a.com/".into()),
            ends: [(None, Some(1)), (Some("A".into()), None)],
            nonce: Some(1),
            nulls: false,
        }
    }

    /// Returns the row as a line.
    fn line(&self) -> Vec<u8> {
        let object = |fields: &[(&str, serde_json::Value)], nulls: bool| {
            let fields = fields.iter().filter(|(_, value)| nulls || !value.is_null());
            let fields = fields.map(|(name, value)| ((*name).to_owned(), value.clone()));
            serde_json::Value::Object(fields.collect())
        };
        // Two names of one person in which one is null are not the schema's.
        let end = |(cookie, user_id): &(Option<String>, Option<i64>)| {
            object(
                &[
                    ("cookie", cookie.clone().into()),
                    ("user_id", (*user_id).into()),
                ],
                false,
            )
        };
        let page = object(&[("url", self.url.clone().into())], self.nulls);
        let (first, second) = (end(&self.ends[0]), end(&self.ends[1]));
        let unit = match self.kind.as_deref() {
            Some("equiv") => object(&[("id1", first), ("id2", second)], false),
            Some("person_property") => object(
                &[("id", first), ("property", serde_json::json!({"age": 36}))],
                false,
            ),
            Some("page_property") => object(
                &[
                    ("id", page),
                    ("property", serde_json::json!({"page_views": 1})),
                ],
                false,
            ),
            _ => {
                let nonce = ("nonce", self.nonce.into());
                object(&[nonce, ("page", page), ("person", first)], self.nulls)
            }
        };
        let unit = match &self.kind {
            Some(kind) => object(&[(kind, unit)], true),
            None => object(&[], true),
        };
        let pedigree = object(&[("true_as_of_secs", self.secs.into())], self.nulls);
        let datum = object(&[("dataunit", unit), ("pedigree", pedigree)], true);
        datum.to_string().into_bytes()
    }
}

fn table(rows: &[Row]) -> DataFrame {
    fn column<T>(rows: &[Row], value: impl Fn(&Row) -> Option<T>) -> Vec<Option<T>> {
        rows.iter().map(value).collect()
    }
    let kind = |row: &Row, name: &str| row.kind.as_deref() == Some(name);
    df!(
        "true_as_of_secs" => column(rows, |row| row.secs),
        "kind" => column(rows, |row| row.kind.clone()),
        "url" => column(rows, |row| row.url.clone()),
        "cookie" => column(rows, |row| row.ends[0].0.clone()),
        "user_id" => column(rows, |row| row.ends[0].1),
        "nonce" => column(rows, |row| row.nonce),
        "cookie2" => column(rows, |row| row.ends[1].0.clone()),
        "user_id2" => column(rows, |row| row.ends[1].1),
        "age" => column(rows, |row| kind(row, "person_property").then_some(36i64)),
        "page_views" => column(rows, |row| kind(row, "page_property").then_some(1i64)),
    )
    .unwrap()
}

/// Asserts that every path for tables does with these rows what the paths for lines do
/// with lines that say the same.
fn rows_alike(rows: &[Row]) -> Vec<Verdict> {
    let lines: Vec<Vec<u8>> = rows.iter().map(Row::line).collect();
    let verdicts = lines_alike(&lines);
    let bad = rejected(&verdicts);
    let df = table(rows);

    // Data frames.
    let found = batch::rejected_rows(&df).unwrap();
    let places = found.column("row").unwrap().i64().unwrap();
    let reasons = found.column("reason").unwrap().str().unwrap();
    let found = (0..found.height()).map(|n| {
        (
            places.get(n).unwrap() as u64 - 1,
            reasons.get(n).unwrap().to_owned(),
        )
    });
    assert_eq!(found.collect::<Rejected>(), bad, "rejected_rows");
    let views = batch::normalised(&df).unwrap();
    let expected = verdicts.iter().filter(|v| matches!(v, Verdict::View(..)));
    assert_eq!(views.height(), expected.count(), "normalised");
    let of_hours = batch::page_views(&batch::distinct(&views).unwrap(), Hour).unwrap();
    let of_hours = hours(&of_hours, ["url", "ts", "count"]);
    assert_eq!(of_hours, counts(&verdicts), "normalised");
    let equivs = batch::persons::equivs(&df).unwrap().into_iter();
    let equivs: Vec<_> = equivs
        .map(|Equiv { id1, id2 }| Verdict::Equiv(id1, id2))
        .collect();
    let expected = verdicts.iter().filter(|v| matches!(v, Verdict::Equiv(..)));
    assert!(equivs.iter().eq(expected), "equivs");

    // Datums of a table.
    for (n, verdict) in verdicts.iter().enumerate() {
        let found = match dataset::datums(&df.slice(n as i64, 1)) {
            Ok(datums) => Verdict::of(datums[0].fact()),
            Err(DatasetError::BadRow { reason, .. }) => Verdict::Rejected(reason),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(&found, verdict, "dataset::datums: {:?}", rows[n]);
    }

    // The engine, in one row group and in several.
    let folder = tempfile::tempdir().unwrap();
    for group in [7, 1_000] {
        let path = folder.path().join(format!("{group}.parquet"));
        let writer = ParquetWriter::new(File::create(&path).unwrap());
        let mut df = df.clone();
        writer
            .with_row_group_size(Some(group))
            .finish(&mut df)
            .unwrap();
        let out = folder.path().join(group.to_string());
        let found = run_engine(&path, &out, "row");
        assert_eq!(found, (bad.clone(), counts(&verdicts)), "Parquet engine");
    }
    verdicts
}

#[test]
fn every_path_rejects_a_bad_row_for_the_reason_of_the_same_line() {
    let of = |kind: &str, change: fn(&mut Row)| {
        let mut row = Row::sound(kind);
        change(&mut row);
        row
    };
    let bad = [
        (
            of("page_view", |row| row.kind = None),
            "datum without a kind",
        ),
        (of("click", |_| ()), "unknown kind \"click\""),
        (
            of("page_view", |row| row.secs = Some(MILLISECONDS)),
            "timestamp 1438913491000",
        ),
        (
            of("equiv", |row| row.secs = Some(MILLISECONDS)),
            "timestamp 1438913491000",
        ),
        (
            of("page_property", |row| row.secs = Some(i64::MAX)),
            "timestamp 9223372036854775807",
        ),
        (
            of("page_view", |row| row.secs = None),
            "page view without true_as_of_secs",
        ),
        (
            of("page_view", |row| row.ends[0].0 = Some("A".into())),
            "page view with both",
        ),
        (
            of("page_view", |row| row.ends[0].1 = None),
            "page view without a cookie or",
        ),
        (
            of("page_view", |row| row.nonce = None),
            "page view without nonce",
        ),
        (
            of("page_view", |row| row.url = None),
            "page view without url",
        ),
        (
            of("page_view", |row| row.url = Some("http://".into())),
            "URL without a host",
        ),
        (of("equiv", |row| row.ends[1].0 = None), "equiv with an end"),
        (
            of("equiv", |row| row.ends[0].0 = Some("A".into())),
            "equiv with an end",
        ),
        (
            of("person_property", |row| row.ends[0].1 = None),
            "person property without a",
        ),
        (
            of("page_property", |row| row.url = None),
            "page property without url",
        ),
        // Of two faults, every path reports the same one.
        (
            of("page_view", |row| {
                (row.url, row.secs) = (Some("".into()), Some(MILLISECONDS))
            }),
            "timestamp",
        ),
        (
            of("page_view", |row| {
                (row.nonce, row.secs) = (None, Some(MILLISECONDS))
            }),
            "page view without nonce",
        ),
    ];
    let mut rows: Vec<Row> = bad.iter().map(|(row, _)| row.clone()).collect();
    rows.extend(["page_view", "equiv", "person_property", "page_property"].map(Row::sound));
    let verdicts = rows_alike(&rows);
    for (verdict, (row, reason)) in verdicts.iter().zip(&bad) {
        let found = verdict.reason().unwrap_or_default();
        assert!(found.starts_with(reason), "{found}: {row:?}");
    }
    let rejected = verdicts[bad.len()..].iter().filter_map(Verdict::reason);
    assert_eq!(rejected.count(), 0);
}

/// Mostly sound rows, each field of which may be damaged.
fn row() -> impl Strategy<Value = Row> {
    let kind = prop::sample::select(vec![
        Some("page_view"),
        Some("page_view"),
        Some("page_view"),
        Some("equiv"),
        Some("person_property"),
        Some("page_property"),
        Some("click"),
        Some(""),
        None,
    ]);
    let secs = prop_oneof![
        8 => (-7_200..7_200i64).prop_map(Some),
        1 => prop::sample::select(vec![MILLISECONDS, i64::MIN, -62_135_596_801, -62_135_596_800, 253_402_300_799, 253_402_300_800]).prop_map(Some),
        1 => Just(None),
    ];
    let url = prop_oneof![
        8 => prop::sample::select(vec!["http://a.com/", "A.com", "https://a.com:80/b?c#d", "http://a-long-host-name.com/and/a/long/path"]),
        2 => prop::sample::select(vec!["", "http://", "ftp://a.com/", "http://a b/", "x@y", "a.com:99999/"]),
    ];
    let url = prop_oneof![9 => url.prop_map(Some), 1 => Just(None)];
    let end = || {
        let cookie = prop::sample::select(vec!["A", "", "a-long-\"cookie\"-ä"]);
        prop_oneof![
            4 => (0..3i64).prop_map(|id| (None, Some(id))),
            4 => cookie.prop_map(|cookie| (Some(cookie.to_owned()), None)),
            1 => Just((None, None)),
            1 => Just((Some("A".to_owned()), Some(1))),
        ]
    };
    let nonce =
        prop_oneof![9 => prop_oneof![0..3i64, any::<i64>()].prop_map(Some), 1 => Just(None)];
    (kind, secs, url, [end(), end()], nonce, any::<bool>()).prop_map(
        |(kind, secs, url, ends, nonce, nulls)| Row {
            kind: kind.map(str::to_owned),
            secs,
            url: url.map(str::to_owned),
            ends,
            nonce,
            nulls,
        },
    )
}

/// Damages a line: a byte is changed, added or removed, or the rest is cut off.
fn damaged(mut line: Vec<u8>, damages: &[(usize, u8, u8)]) -> Vec<u8> {
    for &(at, byte, how) in damages {
        // A line end makes two lines, and a blank line is none.
        let byte = if byte == b'\n' { b' ' } else { byte };
        let at = at % line.len();
        match how {
            0 => line[at] = byte,
            1 => line.insert(at, byte),
            2 if line.len() > 1 => _ = line.remove(at),
            _ => line.truncate(at.max(1)),
        }
    }
    if line.iter().all(u8::is_ascii_whitespace) {
        line.push(b'x');
    }
    line
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(8, 300), ..ProptestConfig::default() })]

    #[test]
    fn all_paths_agree_on_random_rows(rows in prop::collection::vec(row(), 1..40)) {
        rows_alike(&rows);
    }

    #[test]
    fn all_paths_agree_on_damaged_lines(
        rows in prop::collection::vec(row(), 1..40),
        damages in prop::collection::vec(
            prop::collection::vec((any::<usize>(), any::<u8>(), prop_oneof![6 => 0..3u8, 1 => Just(3u8)]), 0..3),
            40,
        ),
    ) {
        let lines = rows.iter().zip(&damages).map(|(row, damages)| damaged(row.line(), damages));
        let lines: Vec<Vec<u8>> = lines.collect();
        let verdicts = lines_alike(&lines);
        incremental_alike(&lines, &verdicts);
    }
}

#[test]
fn a_reason_carries_what_was_wrong() {
    let malformed = GOOD.replace("http://a.com/", "ftp://a.com/");
    let scheme = UrlError::Scheme("ftp".into());
    assert_eq!(datum::read(malformed.as_bytes()), Err(Reason::Url(scheme)));
    let datum = datum::parse(GOOD.as_bytes()).unwrap();
    // The master data keep the URL as written.
    assert!(matches!(datum.dataunit, DataUnit::PageView(view) if view.page.url == "http://a.com/"));
}
