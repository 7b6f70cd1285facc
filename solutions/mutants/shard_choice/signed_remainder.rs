// found by negative: there is no shard -
// The book's own: the remainder has the sign of the hash.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    url_hash % shards
}
