// found by comes_back: differs in `watermark`
// Goes back with the partition that comes back.
use microbatch::by_hand::PartitionClock;

fn watermark(before: Option<i64>, partitions: &[PartitionClock], disorder: i64, idle_after: i64) -> Option<i64> {
    let heard: Vec<_> = partitions.iter().filter(|p| p.silent < idle_after).collect();
    if heard.is_empty() {
        return before;
    }
    heard.iter().map(|p| p.latest).min().flatten().map(|latest| latest - disorder)
}
