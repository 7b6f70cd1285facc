// found by never_came: differs in `watermark`
// Waits for a first row of every partition, even of one that is idle.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    if partitions.iter().any(|p| p.latest.is_none()) {
        return before;
    }
    let heard = partitions.iter().filter(|p| p.silent < idle_after);
    let slowest = heard.map(|p| p.latest).min().flatten();
    before.max(slowest.map(|latest| latest - disorder))
}
