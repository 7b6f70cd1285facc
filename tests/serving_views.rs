//! What a batch run publishes: the stores beside its Parquet, and their answers.

use crate::extent;
use lambda_workbook::batch::output::{BOUNCES, PAGE_VIEWS, SERVING, UNIQUES};
use lambda_workbook::batch::{self, Sketch};
use lambda_workbook::calendar::{Granularity, Span};
use lambda_workbook::datum::PersonId;
use lambda_workbook::serving::{
    Bounces, ServedViews, Serving, Store, StoreError, Versions, publish,
};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use proptest::prelude::*;
use std::collections::HashMap;
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
        run(folder.path(), &rows);
        let how = Serving { shards, ..Serving::new(14) };
        publish(folder.path(), folder.path(), how).unwrap();
        let served = ServedViews::open(folder.path()).unwrap();
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
            prop_assert_eq!(served.bounces(domain).unwrap(), Some((expected, 1)));
        }
    }
}

/// One view of one page in each of `count` hours.
fn hours(count: i64) -> Vec<View> {
    (0..count)
        .map(|hour| ("foo.com/", hour * HOUR, 1))
        .collect()
}

/// A run with its stores, after the run in `before`.
fn published(before: &Path, count: i64, keep: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &hours(count));
    let how = Serving {
        keep,
        ..Serving::new(14)
    };
    publish(folder.path(), before, how).unwrap();
    folder
}

fn month(served: &ServedViews) -> i64 {
    let month = Span::new(0, 28 * DAY).unwrap();
    served.page_views("foo.com/", month).unwrap().unwrap().value
}

#[test]
fn versions_go_from_run_to_run_and_share_their_files() {
    let first = published(Path::new("none"), 1, 2);
    let second = published(first.path(), 2, 2);
    let third = published(second.path(), 3, 2);
    for store in ["page_views", "uniques", "bounces"] {
        let versions = Versions::of(third.path().join(SERVING).join(store)).unwrap();
        assert_eq!(versions.kept().unwrap(), [2, 3]);
        assert_eq!(versions.served().unwrap(), 3);
    }
    let values = |run: &Path| {
        run.join(SERVING)
            .join("page_views/versions/000002/shard-00/values")
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let of = |run: &Path| fs::metadata(values(run)).unwrap().ino();
        assert_eq!(of(second.path()), of(third.path()));
    }
    // The run before can go: links are files of their own.
    drop(second);
    let versions = Versions::of(third.path().join(SERVING).join("page_views")).unwrap();
    versions.roll_back_to(2).unwrap();
    assert_eq!(month(&ServedViews::open(third.path()).unwrap()), 2);
    // Rolled back is what the next run finds, and keeps beside its own.
    let fourth = published(third.path(), 4, 1);
    let versions = Versions::of(fourth.path().join(SERVING).join("page_views")).unwrap();
    assert_eq!(versions.kept().unwrap(), [4]);
    assert_eq!(month(&ServedViews::open(fourth.path()).unwrap()), 4);
}

#[test]
fn a_reader_keeps_its_version_while_the_folder_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let served = home.path().join("views");
    let first = published(Path::new("none"), 1, 3);
    fs::rename(first.path(), &served).unwrap();
    let reader = ServedViews::open(&served).unwrap();
    let second = published(&served, 2, 3);
    fs::remove_dir_all(&served).unwrap();
    assert_eq!(month(&reader), 1);
    fs::rename(second.path(), &served).unwrap();
    assert_eq!(month(&reader), 1);
    assert!(reader.refresh().unwrap());
    assert_eq!(month(&reader), 2);
    assert!(!reader.refresh().unwrap());
}

#[test]
fn a_view_that_the_run_did_not_make_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &hours(1));
    fs::remove_file(folder.path().join(UNIQUES)).unwrap();
    publish(folder.path(), folder.path(), Serving::new(14)).unwrap();
    let served = ServedViews::open(folder.path()).unwrap();
    let hour = Span::new(0, HOUR).unwrap();
    let error = served.uniques("foo.com/", hour).unwrap_err();
    assert!(matches!(
        error,
        StoreError::NoView {
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
    let folder = published(Path::new("none"), 1, 1);
    let served = ServedViews::open(folder.path()).unwrap();
    let half = Span::new(0, HOUR / 2).unwrap();
    let error = served.page_views("foo.com/", half).unwrap_err().to_string();
    assert!(error.contains("use 0 or 3600"), "{error}");
}

#[test]
fn sketches_of_another_precision_than_was_promised_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &hours(1));
    publish(folder.path(), folder.path(), Serving::new(12)).unwrap();
    let served = ServedViews::open(folder.path()).unwrap();
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
    run(folder.path(), &hours(1));
    fs::copy(folder.path().join(BOUNCES), folder.path().join(PAGE_VIEWS)).unwrap();
    let error = publish(folder.path(), folder.path(), Serving::new(14)).unwrap_err();
    assert!(error.to_string().contains("column \"url\""), "{error}");
    assert!(Store::open(folder.path().join(SERVING).join("page_views")).is_err());
}

#[test]
fn the_counts_of_all_urls_can_be_listed() {
    let folder = published(Path::new("none"), 1, 1);
    let served = ServedViews::open(folder.path()).unwrap();
    assert_eq!(served.names(false).unwrap(), ["foo.com/"]);
    assert_eq!(served.names(true).unwrap(), ["foo.com"]);
    let store = served.page_view_store();
    let found: HashMap<_, _> = store
        .counts("foo.com/", Granularity::Hour, 0..HOUR)
        .unwrap()
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(found, HashMap::from([(0, 1)]));
}
