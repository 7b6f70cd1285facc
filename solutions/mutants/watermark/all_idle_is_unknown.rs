// found by all_idle: differs in `watermark`
// Knows nothing when all partitions are idle.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent < idle_after);
    let slowest = heard.map(|p| p.latest).min()??;
    before.max(Some(slowest - disorder))
}
