//! How a bucket grows with the people in it: sets of identifiers beside a sketch of people.
use lambda::batch::Sketch;
use lambda::datum::PersonId;
use polars::prelude::{DataFrame, PolarsResult, df};

/// Bytes of a user id in a set of identifiers.
const IDENTIFIER: i64 = 8;

/// Stores a bucket on both sides, with more and more people. Each person has come by two user ids; the
/// write side knows that these are one. The columns are `people`, `identifiers`, `read side bytes`,
/// `write side bytes` and `write side answers`, one row for each number of people.
///
/// ```
/// use lambda_workbook::people;
/// let buckets = people::growth(&[20_000, 200_000])?;
/// let bytes = |side| buckets.column(side).unwrap().i64().unwrap().to_vec();
/// assert_eq!(bytes("read side bytes"), [Some(320_000), Some(3_200_000)]);
/// assert_eq!(bytes("write side bytes"), [Some(13_111), Some(13_111)]);
/// # Ok::<(), lambda_workbook::polars::prelude::PolarsError>(())
/// ```
///
/// # Errors
/// None in practice: the columns have one length.
pub fn growth(people: &[i64]) -> PolarsResult<DataFrame> {
    let sketches: Vec<Sketch> = { people.iter() }
        .map(|people| Sketch::of(&(0..*people).map(PersonId::UserId).collect::<Vec<_>>()))
        .collect();
    let column = |value: fn(&Sketch) -> i64| sketches.iter().map(value).collect::<Vec<_>>();
    let times = |factor: i64| people.iter().map(|n| n * factor).collect::<Vec<_>>();
    df!(
        "people" => people,
        "identifiers" => times(2),
        "read side bytes" => times(2 * IDENTIFIER),
        "write side bytes" => column(|sketch| sketch.to_bytes().len() as i64),
        "write side answers" => column(Sketch::uniques),
    )
}
