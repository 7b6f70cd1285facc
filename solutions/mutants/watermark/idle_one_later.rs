// found by idle: differs in `watermark`
// Waits for one batch more.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent <= idle_after);
    let slowest = heard.map(|p| p.latest).min().flatten();
    before.max(slowest.map(|latest| latest - disorder))
}
