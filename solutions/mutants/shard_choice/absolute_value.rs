// found by smallest_hash: 
// The smallest number of 64 bits has no absolute value.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    url_hash.wrapping_abs() % shards
}
