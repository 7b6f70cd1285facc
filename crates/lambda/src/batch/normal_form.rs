//! Normalised or denormalised: both, each in its place.
//!
//! The master data say each thing once: users in one table, locations in
//! another, joined by a number. A reader who wants a user's city then pays a
//! join for each question. With the city written beside each user there is no
//! join, but one thing is said many times, and an update that misses a row makes
//! the data contradict themselves: nobody can say which city is right.
//!
//! Views need not choose. A view is computed from the master data and never
//! updated, so it can be denormalised and cannot contradict itself:
//!
//! 1. [`denormalised`] of a normalised master has no [`contradictions`], whatever
//!    was updated.
//! 2. A denormalised *master* has some as soon as an update stops half way.
//!
//! Source: Marz and Warren, "Big Data", section 10.4.

use polars::prelude::*;

/// The lesson's users: `user_id`, `name`, `location_id`.
pub fn users() -> PolarsResult<DataFrame> {
    df!(
        "user_id" => [1i64, 2, 3],
        "name" => ["Sally", "George", "Bob"],
        "location_id" => [3i64, 1, 3],
    )
}

/// The lesson's locations: `location_id`, `city`, `state`, `population`.
pub fn locations() -> PolarsResult<DataFrame> {
    df!(
        "location_id" => [1i64, 2, 3],
        "city" => ["New York", "San Diego", "Chicago"],
        "state" => ["NY", "CA", "IL"],
        "population" => [8_200_000i64, 1_300_000, 2_700_000],
    )
}

/// The view with everything in a row: `user_id`, `name`, `location_id`, `city`,
/// `state`, sorted by `user_id`. A user of an unknown location has nulls.
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

/// A table after its location got another city: `rows` rows of that location are
/// written before the update stops; all of them unless it is interrupted.
///
/// In a normalised table one row is all there is to write.
///
/// ```
/// use lambda_workbook::batch::normal_form::*;
///
/// let master = denormalised(&users()?, &locations()?)?;
/// let half = with_city(&master, 3, "Evanston", 1)?; // Sally's row, and then the power went
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

/// The locations of which a table says two things: `location_id`, `cities` (how
/// many), `said` (their names), sorted. Empty if the table agrees with itself.
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
