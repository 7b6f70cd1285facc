// found by slowest: differs in `watermark`
// Expects the rows of a partition in order.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent < idle_after);
    before.max(heard.map(|p| p.latest).min().flatten())
}
