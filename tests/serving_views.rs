//! What a batch run publishes: the stores beside its Parquet, and their answers.

use crate::extent;
use lambda_workbook::batch::output::{BOUNCES, InputFile, MANIFEST, Manifest, PAGE_VIEWS, UNIQUES};
use lambda_workbook::batch::{self, Sketch};
use lambda_workbook::calendar::{Granularity, Span};
use lambda_workbook::datum::PersonId;
use lambda_workbook::engine::DatumCounts;
use lambda_workbook::lambda::versions::Versions;
use lambda_workbook::serving::{Bounces, ServedViews, ServingError, ServingOptions, build_stores};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use proptest::prelude::*;
use std::fs::{self, File};
use std::path::Path;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A distinct view: URL, second, user.
type View = (&'static str, i64, i64);

fn views(rows: &[View]) -> DataFrame {
    df!(
        "url" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "true_as_of_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "cookie" => vec![None::<&str>; rows.len()],
        "user_id" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Writes the Parquet of a run, in row groups of a few rows.
fn run(folder: &Path, rows: &[View]) {
    let views = views(rows);
    for (name, mut view) in [
        (PAGE_VIEWS, batch::page_views_all(&views).unwrap()),
        (UNIQUES, batch::uniques_all(&views).unwrap()),
        (BOUNCES, batch::bounces(&views).unwrap()),
    ] {
        ParquetWriter::new(File::create(folder.join(name)).unwrap())
            .with_row_group_size(Some(5))
            .finish(&mut view)
            .unwrap();
    }
}

/// Publishes the views of a run as the next version of a folder.
fn publish(folder: &Path, rows: &[View], how: ServingOptions) -> Result<ServedViews, ServingError> {
    publish_with(folder, rows, how, |_| {})
}

/// The same, after `change` had its way with the Parquet files.
fn publish_with(
    folder: &Path,
    rows: &[View],
    how: ServingOptions,
    change: impl FnOnce(&Path),
) -> Result<ServedViews, ServingError> {
    let draft = Versions::at(folder).draft()?;
    run(draft.path(), rows);
    change(draft.path());
    build_stores(&draft, how)?;
    let manifest = Manifest {
        made_by: Manifest::MADE_BY.into(),
        version: Manifest::VERSION,
        engine: "a test".into(),
        input: InputFile {
            name: "rows".into(),
            format: "rows".into(),
            bytes: 0,
        },
        counts: DatumCounts::default(),
        precision: how.precision,
        zones: Vec::new(),
        files: Vec::new(),
        batch: 0,
        cut: Vec::new(),
        persons: None,
    };
    let text = serde_json::to_vec(&manifest).unwrap();
    fs::write(draft.path().join(MANIFEST), text).unwrap();
    draft.publish(how.keep)?;
    ServedViews::open(folder)
}

fn view() -> impl Strategy<Value = View> {
    let url = prop::sample::select(vec!["foo.com/", "foo.com/a", "bar.org/"]);
    (url, 0..60 * DAY, 0..6i64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(extent::rounds(48, 1_000)))]
    #[test]
    fn answers_for_any_range_equal_a_count_of_the_views(
        rows in prop::collection::vec(view(), 1..120),
        from in -30..62 * 24i64, hours in 0..40 * 24i64, shards in 1..6u32,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let how = ServingOptions { shards, ..ServingOptions::new(14) };
        let served = publish(folder.path(), &rows, how).unwrap();
        let span = Span::new(from * HOUR, (from + hours) * HOUR).unwrap();
        for url in ["foo.com/", "foo.com/a", "bar.org/"] {
            if rows.iter().all(|row| row.0 != url) {
                prop_assert!(served.page_views(url, span).unwrap().is_none());
                prop_assert!(served.uniques(url, span).unwrap().is_none());
                prop_assert!(served.extent(url).unwrap().is_none());
                continue;
            }
            let seen: Vec<&View> = rows
                .iter()
                .filter(|row| row.0 == url && span.contains(row.1))
                .collect();
            let counted = served.page_views(url, span).unwrap().unwrap();
            prop_assert_eq!(counted.value, seen.len() as i64);
            let parts = counted.parts.iter();
            let sum: i64 = parts.map(|(read, part)| read.sign() * part.unwrap_or(0)).sum();
            prop_assert_eq!(sum, counted.value, "the explanation adds up");
            let persons: Vec<PersonId> = seen.iter().map(|row| PersonId::UserId(row.2)).collect();
            let uniques = served.uniques(url, span).unwrap().unwrap();
            prop_assert_eq!(uniques.value, Sketch::of(&persons));
            prop_assert!(uniques.plan.is_additive());
            let whole = served.extent(url).unwrap().unwrap();
            prop_assert!(rows.iter().all(|row| row.0 != url || whole.contains(row.1)));
        }
        let rates = batch::bounces(&views(&rows)).unwrap();
        for row in 0..rates.height() {
            let number = |name: &str| rates.column(name).unwrap().i64().unwrap().get(row).unwrap();
            let domain = rates.column("domain").unwrap().str().unwrap().get(row).unwrap();
            let expected = Bounces { visits: number("visits"), bounces: number("bounces") };
            prop_assert_eq!(served.bounces(domain).unwrap(), Some(expected));
        }
    }
}

/// One view of one page in each of `count` hours.
fn hours(count: i64) -> Vec<View> {
    (0..count)
        .map(|hour| ("foo.com/", hour * HOUR, 1))
        .collect()
}

/// Publishes one view in each of `count` hours.
fn published(folder: &Path, count: i64, keep: usize) -> ServedViews {
    let how = ServingOptions {
        keep,
        ..ServingOptions::new(14)
    };
    publish(folder, &hours(count), how).unwrap()
}

fn month(served: &ServedViews) -> i64 {
    let month = Span::new(0, 28 * DAY).unwrap();
    served.page_views("foo.com/", month).unwrap().unwrap().value
}

#[test]
fn all_views_go_from_version_to_version_and_back_together() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for count in 1..=3 {
        published(folder, count, 2);
    }
    let served = ServedViews::open(folder).unwrap();
    assert_eq!(served.versions().kept().unwrap(), [2, 3]);
    assert_eq!((served.version(), month(&served)), (Some(3), 3));
    // Back: page views, uniques and bounces at once.
    served.versions().roll_back_to(2).unwrap();
    assert!(served.refresh().unwrap());
    assert_eq!((served.version(), month(&served)), (Some(2), 2));
    assert_eq!(served.bounces("foo.com").unwrap().unwrap().visits, 2);
    // The version that is served is never removed, and numbers are not used twice.
    let fourth = published(folder, 4, 1);
    assert_eq!(fourth.versions().kept().unwrap(), [4]);
    assert_eq!(month(&fourth), 4);
}

#[test]
fn a_reader_keeps_its_version_until_it_asks() {
    let folder = tempfile::tempdir().unwrap();
    let reader = published(folder.path(), 1, 1);
    let held = reader.pinned();
    published(folder.path(), 2, 1);
    assert_eq!(month(&reader), 1);
    assert!(reader.clone().refresh().unwrap());
    // Clones go over together; a pinned one keeps its version, although that version was removed.
    assert_eq!((month(&reader), month(&held)), (2, 1));
    assert!(!reader.refresh().unwrap());
}

#[test]
fn before_the_first_version_nothing_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let served = ServedViews::open_or_none(folder.path().join("views")).unwrap();
    let hour = Span::new(0, HOUR).unwrap();
    assert_eq!((served.version(), served.batch()), (None, 0));
    assert!(served.page_views("foo.com/", hour).unwrap().is_none());
    assert!(served.uniques("foo.com/", hour).unwrap().is_none());
    assert!(served.bounces("foo.com").unwrap().is_none());
    assert!(ServedViews::open(folder.path().join("views")).is_err());
}

#[test]
fn a_view_that_the_run_did_not_make_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let remove = |run: &Path| fs::remove_file(run.join(UNIQUES)).unwrap();
    let served = publish_with(folder.path(), &hours(1), ServingOptions::new(14), remove).unwrap();
    let hour = Span::new(0, HOUR).unwrap();
    let error = served.uniques("foo.com/", hour).unwrap_err();
    assert!(matches!(
        error,
        ServingError::NoView {
            name: "uniques",
            ..
        }
    ));
    assert!(
        error
            .to_string()
            .ends_with("run the batch again with all views")
    );
    assert!(served.page_views("foo.com/", hour).unwrap().is_some());
}

#[test]
fn a_range_of_half_an_hour_is_refused_with_the_hours_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let served = published(folder.path(), 1, 1);
    let half = Span::new(0, HOUR / 2).unwrap();
    let error = served.page_views("foo.com/", half).unwrap_err().to_string();
    assert!(error.contains("use 0 or 3600"), "{error}");
}

#[test]
fn sketches_of_another_precision_than_was_promised_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let served = publish(folder.path(), &hours(1), ServingOptions::new(12)).unwrap();
    let error = served.uniques("foo.com/", Span::new(0, HOUR).unwrap());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("cannot be merged with one of precision"),
        "{error}"
    );
}

#[test]
fn parquet_of_another_view_is_named_with_its_column() {
    let folder = tempfile::tempdir().unwrap();
    let other = |run: &Path| _ = fs::copy(run.join(BOUNCES), run.join(PAGE_VIEWS)).unwrap();
    let error = publish_with(folder.path(), &hours(1), ServingOptions::new(14), other).unwrap_err();
    assert!(error.to_string().contains("column \"url\""), "{error}");
    // Nothing of it is left.
    assert!(ServedViews::open(folder.path()).is_err());
    assert!(Versions::at(folder.path()).kept().unwrap().is_empty());
}

#[test]
fn the_counts_of_all_urls_can_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    let served = published(folder.path(), 1, 1);
    assert_eq!(served.names(false).unwrap(), ["foo.com/"]);
    assert_eq!(served.names(true).unwrap(), ["foo.com"]);
    let found = served.page_views_by_bucket("foo.com/", Granularity::Hour, 0..HOUR);
    assert_eq!(found.unwrap(), [(0, 1)]);
}
