// found by buckets: asks two servers, as its rows are on the shards
// The shard is chosen by the hour, as in a log.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    (ts / 3_600) % shards
}
