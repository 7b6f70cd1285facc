//! What an equiv that arrives late does to the read side and to the write side.
//!
//! Two identifiers view a page, at 13:30 and at 13:40. At 14:00 an equiv says that they are
//! one person. On the read side the next answer is right, because each query converts
//! identifiers with the current index. On the write side the sketch already contains two
//! persons, and a person cannot be removed from a sketch. Its answer stays wrong until the
//! batch layer computes the view again from all data.

use super::index::display_name;
use super::{PersonIndex, ReadSide, WriteSide};
use crate::datum::{Equiv, PersonId};
use calendar::{Granularity, Plan, Span};
use polars::prelude::*;

/// Returns the uniques of `foo.com/about` in the hour from 13:00, as each side answers after each
/// event. The equiv arrives some minutes after 13:00, in the example 60. The columns are `time`,
/// `event`, `truth`, `read_side` and `write_side`.
///
/// # Errors
/// None in practice: the data is fixed.
///
/// ```
/// use lambda_workbook::batch::persons::late_equiv;
/// let late = late_equiv(60)?;
/// let column = |name| late.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("read_side"), [Some(1), Some(2), Some(1), Some(1)]);
/// assert_eq!(column("write_side"), [Some(1), Some(2), Some(2), Some(1)]);
/// // Between the two page views it comes in time.
/// let early = late_equiv(35)?;
/// assert_eq!(early.column("write_side")?.i64()?.to_vec(), [Some(1); 4]);
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn late_equiv(minutes: i64) -> PolarsResult<DataFrame> {
    const URL: &str = "foo.com/about";
    // The data: two page views after 13:00 on January 1, 1970. The day does not matter.
    let hour = 13 * Granularity::Hour.secs();
    let address = PersonId::Cookie("11.11.11.111".to_owned());
    let sally = PersonId::Cookie("sally".to_owned());
    let views = [(30, &address), (40, &sally)];
    let second = |minute: i64| hour + minute * 60;

    // Both sides, and the query that each is asked.
    let span = Span::new(hour, hour + Granularity::Hour.secs())?;
    let plan = Plan::additive(span, &Granularity::ALL)?;
    let (mut reading, mut writing) = (ReadSide::new(), WriteSide::default());
    let mut index = PersonIndex::default();

    // What happens, in the order of time. An equiv of the same minute comes after the page view.
    let mut events = vec![(30, Some(&address)), (40, Some(&sally)), (minutes, None)];
    events.sort_by_key(|(minute, view)| (*minute, view.is_none()));
    let (mut times, mut told) = (Vec::new(), Vec::new());
    let (mut truth, mut read_side, mut write_side) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = 0;
    for (minute, viewer) in events {
        let event = match viewer {
            Some(id) => {
                reading.add(URL, second(minute), id);
                writing.add(URL, second(minute), id, &index);
                seen = 1; // both are one person, whether or not it is known
                format!("{} views {URL}", display_name(id))
            }
            None => {
                index = PersonIndex::of(&[Equiv {
                    id1: address.clone(),
                    id2: sally.clone(),
                }]);
                "11.11.11.111 and sally are one person".to_owned()
            }
        };
        times.push(format!(
            "{}:{:02}",
            13 + minute.div_euclid(60),
            minute.rem_euclid(60)
        ));
        told.push(event);
        truth.push(seen);
        read_side.push(reading.query(URL, span, &index).uniques);
        write_side.push(writing.write()?.query(URL, &plan)?.uniques);
    }

    // The next batch run computes the view from all data, with the equivs known by now.
    let mut recomputed = WriteSide::default();
    for (minute, id) in views {
        recomputed.add(URL, second(minute), id, &index);
    }
    times.push("next batch run".to_owned());
    told.push("the view is computed from all data".to_owned());
    truth.push(1i64);
    read_side.push(reading.query(URL, span, &index).uniques);
    write_side.push(recomputed.write()?.query(URL, &plan)?.uniques);

    df!(
        "time" => times,
        "event" => told,
        "truth" => truth,
        "read_side" => read_side,
        "write_side" => write_side,
    )
}
