// found by slowest: differs in `watermark`
// Takes the latest row of all partitions.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent < idle_after);
    let latest = heard.map(|p| p.latest).max().flatten();
    before.max(latest.map(|latest| latest - disorder))
}
