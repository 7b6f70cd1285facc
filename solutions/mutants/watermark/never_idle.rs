// found by idle: differs in `watermark`
// Waits for every partition, however long.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let slowest = partitions.iter().map(|p| p.latest).min().flatten();
    before.max(slowest.map(|latest| latest - disorder))
}
