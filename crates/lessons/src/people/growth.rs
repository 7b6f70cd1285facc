//! How a bucket grows with the people in it: sets of identifiers beside a sketch of people.
use lambda::batch::Sketch;
use lambda::datum::PersonId;
use polars::prelude::{DataFrame, PolarsResult, df};

/// Bytes of a user id in a set of identifiers.
const IDENTIFIER: i64 = 8;

/// Stores one bucket on both sides. Each person has come by two user ids; the write side knows that
/// these are one. The columns are `people`, `identifiers`, `read side bytes`, `write side bytes` and
/// `write side answers`, one row.
///
/// ```
/// use lambda_workbook::people;
/// let bytes = |people, side| people::bucket_of(people).unwrap().column(side).unwrap().i64().unwrap().get(0);
/// assert_eq!(bytes(20_000, "read side bytes"), Some(320_000));
/// assert_eq!(bytes(20_000, "write side bytes"), bytes(200_000, "write side bytes"));
/// ```
///
/// # Errors
/// None in practice: the numbers are fixed.
pub fn bucket_of(people: i64) -> PolarsResult<DataFrame> {
    let persons: Vec<PersonId> = (0..people).map(PersonId::UserId).collect();
    let sketch = Sketch::of(&persons);
    df!(
        "people" => [people],
        "identifiers" => [2 * people],
        "read side bytes" => [2 * people * IDENTIFIER],
        "write side bytes" => [sketch.to_bytes().len() as i64],
        "write side answers" => [sketch.uniques()],
    )
}
