// found by first_start: differs in `from`
// Begins a partition that no plan names at offset 0.
use microbatch::by_hand::{OffsetRange, PlannedBatch, planned_batch};

fn next_batch(partitions: &[OffsetRange], offset_log: &[String], committed: &[i64], most: i64) -> Option<PlannedBatch> {
    let whole = offset_log.iter().filter(|line| line.ends_with(';'));
    let last = whole.filter_map(|line| planned_batch(line)).last();
    let last = match last {
        Some(plan) if !committed.contains(&plan.batch) => return Some(plan),
        last => last.unwrap_or_default(),
    };
    let mut ranges = Vec::new();
    for (partition, has) in partitions.iter().enumerate() {
        let from = last.ranges.get(partition).map_or(0, |range| range.to);
        ranges.push(OffsetRange { from, to: has.to.min(from + most) });
    }
    let is_empty = ranges.iter().all(|range| range.from == range.to);
    (!is_empty).then_some(PlannedBatch { batch: last.batch + 1, ranges })
}
