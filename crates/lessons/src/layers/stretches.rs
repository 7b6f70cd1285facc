//! Stretches of time of one domain's visits, as a list: what exercise 6.2 works on.
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};

/// A person, the second of the first and of the last page view of a stretch, and the number of its
/// page views.
pub type PersonStretch = (i64, i64, i64, i64);

/// Reads a table with the columns `person`, `first`, `last` and `views`, in the order of its rows.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::lambda::stretches::{stretches_of, table_of};
/// let table = df!("person" => [7i64], "first" => [0i64], "last" => [60i64], "views" => [2i64])?;
/// assert_eq!(stretches_of(&table)?, [(7, 0, 60, 2)]);
/// assert!(table_of(&[(7, 0, 60, 2)])?.equals(&table));
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// If a column is missing or has another type, or a value is null.
pub fn stretches_of(table: &DataFrame) -> PolarsResult<Vec<PersonStretch>> {
    let column = |name: &str| table.column(name)?.i64();
    let (persons, firsts) = (column("person")?, column("first")?);
    let (lasts, views) = (column("last")?, column("views")?);
    let stretch = |row| match (
        persons.get(row),
        firsts.get(row),
        lasts.get(row),
        views.get(row),
    ) {
        (Some(person), Some(first), Some(last), Some(views)) => Ok((person, first, last, views)),
        _ => polars_bail!(ComputeError: "stretch {row} lacks a value"),
    };
    (0..table.height()).map(stretch).collect()
}

/// Makes a table of stretches, in their order.
///
/// # Errors
/// None that depends on the stretches.
pub fn table_of(stretches: &[PersonStretch]) -> PolarsResult<DataFrame> {
    df!(
        "person" => stretches.iter().map(|stretch| stretch.0).collect::<Vec<_>>(),
        "first" => stretches.iter().map(|stretch| stretch.1).collect::<Vec<_>>(),
        "last" => stretches.iter().map(|stretch| stretch.2).collect::<Vec<_>>(),
        "views" => stretches.iter().map(|stretch| stretch.3).collect::<Vec<_>>(),
    )
}
