//! Data frames in, data frames out: the store and its measurements in a cell.
use super::build::{Builder, Layout};
use super::error::{Result, StoreError};
use super::header::Header;
use super::index_design::DesignCost;
use super::requirements::Shown;
use super::scatter::Percentiles;
use super::store::Store;
use super::values::{Value, ValueKind};
use crate::calendar::Granularity;
use polars::prelude::*;
use std::ops::Range;
use std::path::Path;

/// Builds a version from a batch view, a frame with `url`, `granularity`, `ts`
/// and the column `values` (counts as `Int64`, sketches as `Binary`), sorted by
/// the first three, and swaps it in. O(rows).
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::{Layout, Store, build_frame};
///
/// let views = df!("url" => ["foo.com/", "foo.com/", "foo.com/a"], "true_as_of_secs" => [60i64, 4000, 9])?;
/// let view = batch::page_views_all(&views)?;
/// let folder = tempfile::tempdir()?;
/// build_frame(folder.path(), Layout::counts(2), &view, "count")?;
/// let store = Store::open(folder.path())?;
/// assert_eq!(store.count("foo.com/", Granularity::Day, 0)?, Some(2));
/// let hours = store.frame("foo.com/", Granularity::Hour, 0..86_400)?;
/// assert_eq!(hours.column("ts")?.i64()?.to_vec(), [Some(0), Some(3600)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build_frame(
    folder: impl AsRef<Path>,
    layout: Layout,
    view: &DataFrame,
    values: &str,
) -> Result<Header> {
    let mut builder = Builder::start(folder, layout)?;
    push_frame(&mut builder, view, values)?;
    builder.finish()
}

/// Pushes the rows of a frame, as [`build_frame`] does.
pub(super) fn push_frame(builder: &mut Builder, view: &DataFrame, values: &str) -> Result<()> {
    let column = |name: &str| view.column(name).map_err(unfit(name));
    let urls = column("url")?.str().map_err(unfit("url"))?;
    let codes = column("granularity")?.str().map_err(unfit("granularity"))?;
    let ts = column("ts")?.i64().map_err(unfit("ts"))?;
    let (counts, bytes) = match builder.values() {
        ValueKind::Counts => (Some(column(values)?.i64().map_err(unfit(values))?), None),
        _ => (None, Some(column(values)?.binary().map_err(unfit(values))?)),
    };
    let before = builder.rows();
    for row in 0..view.height() {
        let refused = |problem: &str| StoreError::Row {
            row: before + row as u64,
            problem: problem.to_owned(),
        };
        let missing = || refused("a value is missing; fill it or drop the row first");
        let code = codes.get(row).ok_or_else(missing)?;
        let granularity: Granularity = code
            .parse()
            .map_err(|error: crate::calendar::UnknownGranularity| refused(&error.to_string()))?;
        let value = match (counts, bytes) {
            (Some(counts), _) => counts.get(row).map(Value::Count),
            (_, Some(bytes)) => bytes.get(row).map(Value::Bytes),
            _ => None,
        };
        builder.push(
            urls.get(row).ok_or_else(missing)?,
            granularity,
            ts.get(row).ok_or_else(missing)?,
            value.ok_or_else(missing)?,
        )?;
    }
    Ok(())
}

/// What is wrong with a column.
fn unfit(name: &str) -> impl Fn(PolarsError) -> StoreError {
    let name = name.to_owned();
    move |error| StoreError::Layout {
        problem: format!("column {name:?}: {error}"),
    }
}

impl Store {
    /// The buckets of a URL that start in `range`: `ts` and `count`, or `ts` and
    /// `bytes`. No rows for a URL that the view does not hold.
    pub fn frame(
        &self,
        url: &str,
        granularity: Granularity,
        range: Range<i64>,
    ) -> Result<DataFrame> {
        let frame = if self.header().values == ValueKind::Counts {
            let found = self.counts(url, granularity, range)?.unwrap_or_default();
            let (ts, counts): (Vec<i64>, Vec<i64>) = found.into_iter().unzip();
            df!("ts" => ts, "count" => counts)
        } else {
            let found = self
                .byte_values(url, granularity, range)?
                .unwrap_or_default();
            let (ts, bytes): (Vec<i64>, Vec<Vec<u8>>) = found.into_iter().unzip();
            df!("ts" => ts, "bytes" => bytes)
        };
        Ok(frame.expect("two columns of one length"))
    }
}

impl Percentiles {
    /// One row for each: `servers`, `p50`, `p90`, `p99`, `p999` and `mean` in
    /// milliseconds, `slow`, `slow_formula`, `one_shard_per_s`, `all_shards_per_s`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let floats = |of: fn(&Self) -> f64| rows.iter().map(of).collect::<Vec<_>>();
        df!(
            "servers" => rows.iter().map(|row| i64::from(row.servers)).collect::<Vec<_>>(),
            "p50" => floats(|row| row.p50),
            "p90" => floats(|row| row.p90),
            "p99" => floats(|row| row.p99),
            "p999" => floats(|row| row.p999),
            "mean" => floats(|row| row.mean),
            "slow" => floats(|row| row.slow),
            "slow_formula" => floats(|row| row.slow_formula),
            "one_shard_per_s" => floats(|row| row.one_shard_per_s),
            "all_shards_per_s" => floats(|row| row.all_shards_per_s),
        )
        .expect("columns of one length")
    }
}

impl DesignCost {
    /// One row for each: `design`, `query`, `how`, `rows`, `seeks`, `reads`,
    /// `pages`, `bytes`, `ms`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let words = |of: fn(&Self) -> &'static str| rows.iter().map(of).collect::<Vec<_>>();
        let numbers =
            |of: fn(&Self) -> u64| rows.iter().map(|row| of(row) as i64).collect::<Vec<_>>();
        df!(
            "design" => words(|row| row.design),
            "query" => words(|row| row.query),
            "how" => words(|row| row.how.as_str()),
            "rows" => numbers(|row| row.cost.rows),
            "seeks" => numbers(|row| row.cost.seeks),
            "reads" => numbers(|row| row.cost.reads),
            "pages" => numbers(|row| row.cost.pages),
            "bytes" => numbers(|row| row.cost.bytes),
            "ms" => rows.iter().map(|row| row.cost.time.as_secs_f64() * 1000.0).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

impl Shown {
    /// One row for each: `requirement`, `variant`, `holds`, `evidence`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        df!(
            "requirement" => rows.iter().map(|row| row.requirement).collect::<Vec<_>>(),
            "variant" => rows.iter().map(|row| row.variant).collect::<Vec<_>>(),
            "holds" => rows.iter().map(|row| row.holds).collect::<Vec<_>>(),
            "evidence" => rows.iter().map(|row| row.evidence.as_str()).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving::{ServiceTime, requirements, simulate};

    #[test]
    fn a_view_that_cannot_be_stored_says_which_column_or_row() {
        let folder = tempfile::tempdir().unwrap();
        let good = df!("url" => ["a", "b"], "granularity" => ["h", "h"], "ts" => [0i64, 0], "count" => [1i64, 2]).unwrap();
        let tried = |view: DataFrame, layout: Layout| {
            let error = build_frame(folder.path(), layout, &view, "count").unwrap_err();
            error.to_string()
        };
        let counts = Layout::counts(1);
        let with = |column: Column| good.clone().with_column(column).unwrap().clone();
        for (view, layout, text) in [
            (good.drop("ts").unwrap(), counts, "column \"ts\""),
            (
                with(Column::new("count".into(), [1.5, 2.5])),
                counts,
                "column \"count\"",
            ),
            (good.clone(), Layout::sketches(1, 14), "column \"count\""),
            (
                with(Column::new("granularity".into(), ["h", "y"])),
                counts,
                "row 1 cannot be stored: no granularity \"y\"",
            ),
            (
                with(Column::new("count".into(), [Some(1i64), None])),
                counts,
                "row 1 cannot be stored: a value is missing",
            ),
            (
                with(Column::new("url".into(), ["b", "a"])),
                counts,
                "row 1 cannot be stored: (a, h, 0) sorts before",
            ),
        ] {
            let error = tried(view, layout);
            assert!(error.contains(text), "{error}, not {text}");
        }
    }

    #[test]
    fn sketches_come_as_a_binary_column_and_go_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let view = df!("url" => ["a"], "granularity" => ["h"], "ts" => [7200i64], "sketch" => [b"abc".as_slice()]).unwrap();
        build_frame(folder.path(), Layout::sketches(1, 14), &view, "sketch").unwrap();
        let store = Store::open(folder.path()).unwrap();
        let found = store.frame("a", Granularity::Hour, 0..9000).unwrap();
        assert_eq!(
            found.column("bytes").unwrap().binary().unwrap().get(0),
            Some(&b"abc"[..])
        );
        assert_eq!(
            store
                .frame("none", Granularity::Hour, 0..9000)
                .unwrap()
                .height(),
            0
        );
    }

    #[test]
    fn measurements_come_as_frames() {
        let rows = simulate(3, 10, &ServiceTime::LESSON, 1);
        assert_eq!(Percentiles::frame(&rows).shape(), (3, 10));
        let folder = tempfile::tempdir().unwrap();
        let shown = [requirements::sharded_by_time(folder.path()).unwrap()];
        assert_eq!(Shown::frame(&shown).shape(), (1, 4));
        assert_eq!(DesignCost::frame(&[]).shape(), (0, 9));
    }
}
