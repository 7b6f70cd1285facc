//! The offset before the result, after it, or with it: a crash at every point of each.
use super::simulated_disk::{SimulatedDisk, SimulatedMachine};
use lambda::faults::{Crash, CrashPoint, Crashes};
use polars::prelude::{DataFrame, df};

/// In which order a consumer stores its offset and its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOrder {
    /// The offset in a write of its own, then the count.
    OffsetFirst,
    /// The count in a write of its own, then the offset.
    CountFirst,
    /// Both in one atomic write.
    Together,
}

impl StoreOrder {
    /// All orders.
    pub const ALL: [StoreOrder; 3] = [
        StoreOrder::OffsetFirst,
        StoreOrder::CountFirst,
        StoreOrder::Together,
    ];

    /// Returns the order in words.
    pub fn name(self) -> &'static str {
        match self {
            StoreOrder::OffsetFirst => "offset, then count",
            StoreOrder::CountFirst => "count, then offset",
            StoreOrder::Together => "both in one write",
        }
    }
}

/// Consumes `events` events from the offset that the disk holds.
fn consume(order: StoreOrder, events: i64, disk: &mut SimulatedDisk) -> Result<(), Crash> {
    while disk.get("offset") < events {
        let count = ("count", disk.get("count") + 1);
        let offset = ("offset", disk.get("offset") + 1);
        match order {
            StoreOrder::OffsetFirst => {
                disk.write(&[offset])?;
                disk.write(&[count])?;
            }
            StoreOrder::CountFirst => {
                disk.write(&[count])?;
                disk.write(&[offset])?;
            }
            StoreOrder::Together => disk.write(&[count, offset])?,
        }
    }
    Ok(())
}

/// Runs a consumer once for each moment at which it can crash, before and after the effect of each
/// of its writes, and restarts it. Returns a row for each order: `order`, `crash points`, `loses an
/// event`, `counts one twice`, `exact`: at how many of the points what happens.
///
/// ```
/// use lambda_workbook::speed::commit_orders;
///
/// let table = commit_orders(3);
/// let column = |name| table.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("crash points"), [Some(12), Some(12), Some(6)]);
/// assert_eq!(column("exact")[2], Some(6));
/// ```
pub fn commit_orders(events: i64) -> DataFrame {
    let (mut points, mut lost, mut doubled) = (Vec::new(), Vec::new(), Vec::new());
    for order in StoreOrder::ALL {
        let counted = counted_at_each_point(order, events);
        points.push(counted.len() as i64);
        lost.push(counted.iter().filter(|count| **count < events).count() as i64);
        doubled.push(counted.iter().filter(|count| **count > events).count() as i64);
    }
    let exact = points.iter().zip(lost.iter().zip(&doubled));
    let exact: Vec<i64> = exact
        .map(|(all, (lost, doubled))| all - lost - doubled)
        .collect();
    df!(
        "order" => StoreOrder::ALL.map(StoreOrder::name),
        "crash points" => points,
        "loses an event" => lost,
        "counts one twice" => doubled,
        "exact" => exact,
    )
    .expect("columns of one length")
}

/// Returns the count at the end, for a crash at each point.
fn counted_at_each_point(order: StoreOrder, events: i64) -> Vec<i64> {
    let calm = SimulatedMachine::new(Crashes::at([]));
    let ended = consume(order, events, &mut calm.start());
    debug_assert!(ended.is_ok(), "no crash is planned");
    let writes = calm.writes().len() as u64;
    let points =
        (0..writes).flat_map(|write| [CrashPoint::before(write), CrashPoint::after(write)]);
    let counted = points.map(|point| {
        let machine = SimulatedMachine::new(Crashes::at([point]));
        while consume(order, events, &mut machine.start()).is_err() {}
        machine.start().get("count")
    });
    counted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_write_of_both_is_exact_at_every_crash_point() {
        for events in 1..5 {
            let off = |order| {
                let counted = counted_at_each_point(order, events);
                let less = counted.iter().filter(|n| **n < events).count();
                (
                    less,
                    counted.iter().filter(|n| **n > events).count(),
                    counted.len(),
                )
            };
            let n = events as usize;
            // Between the two writes of an event there are two points: after the one, before the other.
            assert_eq!(off(StoreOrder::OffsetFirst), (2 * n, 0, 4 * n));
            assert_eq!(off(StoreOrder::CountFirst), (0, 2 * n, 4 * n));
            assert_eq!(off(StoreOrder::Together), (0, 0, 2 * n));
        }
    }
}
