// found by has_grown: differs in `to`
// Repeats the batch up to the ends that the partitions have now.
use microbatch::by_hand::{OffsetRange, PlannedBatch, planned_batch};

fn next_batch(partitions: &[OffsetRange], offset_log: &[String], committed: &[i64], most: i64) -> Option<PlannedBatch> {
    let whole = offset_log.iter().filter(|line| line.ends_with(';'));
    let last = whole.filter_map(|line| planned_batch(line)).last();
    let mut last = last.unwrap_or_default();
    if !last.ranges.is_empty() && !committed.contains(&last.batch) {
        for (range, has) in last.ranges.iter_mut().zip(partitions) {
            range.to = has.to.min(range.from + most).max(range.to);
        }
        return Some(last);
    }
    let mut ranges = Vec::new();
    for (partition, has) in partitions.iter().enumerate() {
        let from = last.ranges.get(partition).map_or(has.from, |range| range.to);
        ranges.push(OffsetRange { from, to: has.to.min(from + most) });
    }
    let is_empty = ranges.iter().all(|range| range.from == range.to);
    (!is_empty).then_some(PlannedBatch { batch: last.batch + 1, ranges })
}
