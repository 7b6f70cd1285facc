//! Normalised master data, denormalised views.
//!
//! In a *normalised schema* each fact is stored once: users are in one table, locations in
//! another, and a number joins them. Every query for a user's city then needs a join. In a
//! *denormalised schema* the city is stored beside each user, so no join is needed, but the
//! same fact is stored many times. If an update misses one of the rows, the data contradict
//! themselves, and it is impossible to say which city is right.
//!
//! In the Lambda Architecture both have their place. The master data is normalised. A view
//! may be denormalised, because it is computed from the master data and never updated:
//!
//! 1. The view that [`denormalised`] computes from normalised master data has no
//!    [`contradictions`], whatever was updated.
//! 2. Denormalised *master data* has contradictions as soon as an update stops half way.
//!
//! Source: Marz and Warren, "Big Data", section 10.4.

use polars::prelude::*;

/// Returns the users of the lesson, with the columns `user_id`, `name` and `location_id`.
pub fn users() -> PolarsResult<DataFrame> {
    df!(
        "user_id" => [1i64, 2, 3],
        "name" => ["Sally", "George", "Bob"],
        "location_id" => [3i64, 1, 3],
    )
}

/// Returns the locations of the lesson, with the columns `location_id`, `city`, `state` and
/// `population`.
pub fn locations() -> PolarsResult<DataFrame> {
    df!(
        "location_id" => [1i64, 2, 3],
        "city" => ["New York", "San Diego", "Chicago"],
        "state" => ["NY", "CA", "IL"],
        "population" => [8_200_000i64, 1_300_000, 2_700_000],
    )
}

/// Returns the users joined with their locations: the columns `user_id`, `name`,
/// `location_id`, `city` and `state`, sorted by `user_id`. The city and state of an unknown
/// location are null.
///
/// # Errors
/// A missing column.
///
/// ```
/// use lambda_workbook::batch::normal_form::{denormalised, locations, users};
///
/// let view = denormalised(&users()?, &locations()?)?;
/// assert_eq!(view.column("city")?.str()?.get(0), Some("Chicago")); // Sally's
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn denormalised(users: &DataFrame, locations: &DataFrame) -> PolarsResult<DataFrame> {
    let columns = ["user_id", "name", "location_id", "city", "state"];
    users
        .clone()
        .lazy()
        .join(
            locations.clone().lazy(),
            [col("location_id")],
            [col("location_id")],
            JoinArgs::new(JoinType::Left),
        )
        .select(columns.map(col))
        .sort(["user_id"], Default::default())
        .collect()
}

/// Returns a table after an update that gives a location another city, and that is
/// interrupted after it has written `rows` rows of that location.
///
/// In a normalised table a location has one row, so the update cannot stop half way.
///
/// # Errors
/// A missing column, or one of another type.
///
/// ```
/// use lambda_workbook::batch::normal_form::*;
///
/// let master = denormalised(&users()?, &locations()?)?;
/// let half = with_city(&master, 3, "Evanston", 1)?; // Sally's row, then a power failure
/// assert_eq!(contradictions(&half)?.height(), 1);
/// let moved = with_city(&locations()?, 3, "Evanston", 1)?;
/// assert_eq!(contradictions(&denormalised(&users()?, &moved)?)?.height(), 0);
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn with_city(
    table: &DataFrame,
    location_id: i64,
    city: &str,
    rows: usize,
) -> PolarsResult<DataFrame> {
    let ids = table.column("location_id")?.i64()?;
    let cities = table.column("city")?.str()?;
    let mut left = rows;
    let updated: StringChunked = (0..table.height())
        .map(|row| {
            if ids.get(row) == Some(location_id) && left > 0 {
                left -= 1;
                return Some(city);
            }
            cities.get(row)
        })
        .collect();
    let mut table = table.clone();
    table.with_column(updated.with_name("city".into()).into_column())?;
    Ok(table)
}

/// Returns the locations that have several cities in a table: the columns `location_id`,
/// `cities` (their number) and `said` (their names, sorted and joined by commas), sorted by
/// `location_id`. The result is empty if the table does not contradict itself.
///
/// # Errors
/// A missing column.
pub fn contradictions(table: &DataFrame) -> PolarsResult<DataFrame> {
    let names = col("city").drop_nulls().unique();
    table
        .clone()
        .lazy()
        .group_by([col("location_id")])
        .agg([
            names.clone().len().cast(DataType::Int64).alias("cities"),
            names
                .sort(Default::default())
                .str()
                .join(", ", true)
                .alias("said"),
        ])
        .filter(col("cities").gt(lit(1)))
        .sort(["location_id"], Default::default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_has_the_lessons_rows() {
        let view = denormalised(&users().unwrap(), &locations().unwrap()).unwrap();
        let expected = df!(
            "user_id" => [1i64, 2, 3],
            "name" => ["Sally", "George", "Bob"],
            "location_id" => [3i64, 1, 3],
            "city" => ["Chicago", "New York", "Chicago"],
            "state" => ["IL", "NY", "IL"],
        );
        assert!(view.equals(&expected.unwrap()), "{view}");
        assert_eq!(contradictions(&view).unwrap().height(), 0);
    }

    #[test]
    fn an_update_that_stops_half_way_leaves_a_denormalised_master_wrong() {
        let master = denormalised(&users().unwrap(), &locations().unwrap()).unwrap();
        let half = with_city(&master, 3, "Evanston", 1).unwrap();
        let found = contradictions(&half).unwrap();
        assert_eq!(
            found.column("location_id").unwrap().i64().unwrap().get(0),
            Some(3)
        );
        let said = found.column("said").unwrap().str().unwrap();
        assert_eq!(said.get(0), Some("Chicago, Evanston"));
        let whole = with_city(&master, 3, "Evanston", usize::MAX).unwrap();
        assert_eq!(contradictions(&whole).unwrap().height(), 0);
    }

    #[test]
    fn a_view_that_is_rebuilt_agrees_with_itself_after_any_update() {
        for rows in 0..3 {
            let moved = with_city(&locations().unwrap(), 3, "Evanston", rows).unwrap();
            let view = denormalised(&users().unwrap(), &moved).unwrap();
            assert_eq!(contradictions(&view).unwrap().height(), 0);
            let city = if rows == 0 { "Chicago" } else { "Evanston" };
            assert_eq!(
                view.column("city").unwrap().str().unwrap().get(2),
                Some(city)
            );
        }
    }
}
