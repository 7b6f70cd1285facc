//! What an equiv that arrives late does to the read side and to the write side.
//!
//! Two identifiers view a page, at 13:30 and at 13:40. At 14:00 an equiv says that they are
//! one person. On the read side the next answer is right, because each query converts
//! identifiers with the current index. On the write side the sketch already contains two
//! persons, and a person cannot be removed from a sketch. Its answer stays wrong until the
//! batch layer computes the view again from all data.

use super::{PersonIndex, ReadSide, WriteSide};
use crate::datum::{Equiv, PersonId};
use calendar::{Granularity, Plan, Span};
use polars::prelude::*;

/// Returns the uniques of `foo.com/about` in the hour from 13:00, as each side answers after each
/// event. The columns are `time`, `event`, `truth`, `read_side` and `write_side`.
///
/// # Errors
/// None in practice: the data is fixed.
///
/// ```
/// let table = lambda_workbook::batch::persons::late_equiv()?;
/// let column = |name| table.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("read_side"), [Some(1), Some(2), Some(1), Some(1)]);
/// assert_eq!(column("write_side"), [Some(1), Some(2), Some(2), Some(1)]);
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn late_equiv() -> PolarsResult<DataFrame> {
    const URL: &str = "foo.com/about";
    // The data: two page views after 13:00 on January 1, 1970. The day does not matter.
    let hour = 13 * Granularity::Hour.secs();
    let minute = |m: i64| hour + m * 60;
    let address = PersonId::Cookie("11.11.11.111".to_owned());
    let sally = PersonId::Cookie("sally".to_owned());
    let views = [(minute(30), &address), (minute(40), &sally)];

    // Both sides, and the query that each is asked.
    let span = Span::new(hour, hour + Granularity::Hour.secs())?;
    let plan = Plan::additive(span, &Granularity::ALL)?;
    let (mut reading, mut writing) = (ReadSide::new(), WriteSide::default());
    let mut index = PersonIndex::default();
    let (mut read_side, mut write_side) = (Vec::new(), Vec::new());
    let mut ask = |reading: &ReadSide, writing: &WriteSide, index: &PersonIndex| {
        read_side.push(reading.query(URL, span, index).uniques);
        write_side.push(writing.write()?.query(URL, &plan)?.uniques);
        PolarsResult::Ok(())
    };

    // 13:30 and 13:40: the page views arrive.
    for (ts, id) in views {
        reading.add(URL, ts, id);
        writing.add(URL, ts, id, &index);
        ask(&reading, &writing, &index)?;
    }

    // 14:00: the equiv arrives.
    index = PersonIndex::of(&[Equiv {
        id1: address.clone(),
        id2: sally.clone(),
    }]);
    ask(&reading, &writing, &index)?;

    // The next batch run computes the view from all data, with the equivs known by now.
    let mut recomputed = WriteSide::default();
    for (ts, id) in views {
        recomputed.add(URL, ts, id, &index);
    }
    ask(&reading, &recomputed, &index)?;

    df!(
        "time" => ["13:30", "13:40", "14:00", "next batch run"],
        "event" => [
            "11.11.11.111 views foo.com/about",
            "sally views foo.com/about",
            "11.11.11.111 and sally are one person",
            "the view is computed from all data",
        ],
        "truth" => [1i64, 1, 1, 1],
        "read_side" => read_side,
        "write_side" => write_side,
    )
}
