//! What an equiv that is learned late does to each side.
//!
//! Two identifiers view a page, at 13:30 and 13:40. At 14:00 it turns out that
//! they are one person. Read-side, the next answer is right: it converts with
//! today's index. Write-side, the sketch has two persons, and nothing can take one
//! out: it stays wrong until the batch layer computes the view from all data anew.

use super::{PersonIndex, ReadSide, WriteSide};
use crate::datum::{Equiv, PersonId};
use calendar::{Granularity, Plan, Span};
use polars::prelude::*;

/// Uniques of `foo.com/about` in the hour of 13:00, as each side answers after
/// each event: `time`, `event`, `truth`, `read_side`, `write_side`.
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
    // 13:00 of the clock; which day does not matter.
    let hour = 13 * Granularity::Hour.secs();
    let minute = |m: i64| hour + m * 60;
    let address = PersonId::Cookie("11.11.11.111".to_owned());
    let sally = PersonId::Cookie("sally".to_owned());
    let views = [(minute(30), &address), (minute(40), &sally)];

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
    for (ts, id) in views {
        reading.add(URL, ts, id);
        writing.add(URL, ts, id, &index);
        ask(&reading, &writing, &index)?;
    }
    index = PersonIndex::of(&[Equiv {
        id1: address.clone(),
        id2: sally.clone(),
    }]);
    ask(&reading, &writing, &index)?;
    // The next batch run: from all data, with all equivs known by now.
    let mut anew = WriteSide::default();
    for (ts, id) in views {
        anew.add(URL, ts, id, &index);
    }
    ask(&reading, &anew, &index)?;

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
