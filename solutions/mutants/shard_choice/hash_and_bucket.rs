// found by buckets: asks two servers, as its rows are on the shards
// Spreads the rows of a page, too.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    (url_hash ^ (ts / 3_600)).rem_euclid(shards)
}
