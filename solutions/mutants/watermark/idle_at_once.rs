// found by waiting: differs in `watermark`
// Leaves a partition out in the first batch without a row.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent == 0);
    let slowest = heard.map(|p| p.latest).min().flatten();
    before.max(slowest.map(|latest| latest - disorder))
}
