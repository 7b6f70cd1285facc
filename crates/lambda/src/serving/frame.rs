//! Stores built from data frames, and data frames read from stores, for use in a cell.
use super::build::{Builder, Layout};
use super::error::{Result, ServingError};
use super::header::Header;
use super::store::Store;
use super::values::{RowValue, ValueKind};
use calendar::Granularity;
use polars::prelude::*;
use std::ops::Range;
use std::path::Path;

/// Builds and publishes a version from a batch view. The frame has the columns `url`,
/// `granularity` and `ts`, by which it is sorted, and the values in the column named
/// `values`: counts as `Int64`, sketches or other bytes as `Binary`. O(rows).
///
/// # Errors
/// A column that is missing or of another type, a null, a row that [`Builder::push`] refuses,
/// and all errors of [`Builder::finish`]. The version that was served before is served on.
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

/// Pushes the rows of a frame into a builder.
///
/// # Errors
/// As [`build_frame`].
pub(super) fn push_frame(builder: &mut Builder, view: &DataFrame, values: &str) -> Result<()> {
    // The columns, each with the type that it must have.
    let column = |name: &str| view.column(name).map_err(unfit(name));
    let urls = column("url")?.str().map_err(unfit("url"))?;
    let codes = column("granularity")?.str().map_err(unfit("granularity"))?;
    let ts = column("ts")?.i64().map_err(unfit("ts"))?;
    let (counts, bytes) = match builder.values() {
        ValueKind::Counts => (Some(column(values)?.i64().map_err(unfit(values))?), None),
        _ => (None, Some(column(values)?.binary().map_err(unfit(values))?)),
    };

    // The rows. Errors count them from the first row of the build, not of this frame.
    let before = builder.rows();
    for row in 0..view.height() {
        let refused = |problem: &str| ServingError::Row {
            row: before + row as u64,
            problem: problem.to_owned(),
        };
        let missing = || refused("a value is missing; fill it or drop the row first");
        let code = codes.get(row).ok_or_else(missing)?;
        let granularity: Granularity = code
            .parse()
            .map_err(|error: calendar::UnknownGranularity| refused(&error.to_string()))?;
        let value = match (counts, bytes) {
            (Some(counts), _) => counts.get(row).map(RowValue::Count),
            (_, Some(bytes)) => bytes.get(row).map(RowValue::Bytes),
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

/// Returns a function that adds the name of a column to an error about it.
fn unfit(name: &str) -> impl Fn(PolarsError) -> ServingError {
    let name = name.to_owned();
    move |error| ServingError::Layout {
        problem: format!("column {name:?}: {error}"),
    }
}

impl Store {
    /// Returns the buckets of a URL that start in `range`, in order of time, with the columns
    /// `ts` (epoch seconds, UTC) and `count`, or `ts` and `bytes` if the values are not
    /// counts. A URL that the view does not hold has no rows.
    ///
    /// # Errors
    /// A range that ends before it starts, or a damaged block.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
