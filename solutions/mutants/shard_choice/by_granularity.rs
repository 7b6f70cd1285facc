// found by pages: the fullest shard
// Hours on one shard, days on another.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    (granularity.len() as i64 + granularity.as_bytes()[0] as i64) % shards
}
