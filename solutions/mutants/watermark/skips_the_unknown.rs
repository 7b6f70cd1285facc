// found by no_row: differs in `watermark`
// Leaves out a partition of which nothing is known.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard = partitions.iter().filter(|p| p.silent < idle_after);
    let slowest = heard.filter_map(|p| p.latest).min();
    before.max(slowest.map(|latest| latest - disorder))
}
