// found by pages: the fullest shard
// All pages of a site begin with the same letter.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    i64::from(url.as_bytes()[0]) % shards
}
