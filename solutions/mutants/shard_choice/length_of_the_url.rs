// found by pages: 
// Pages of a site have URLs of much the same length.
fn shard_choice(url: &str, url_hash: i64, granularity: &str, ts: i64, shards: i64) -> i64 {
    let _ = (url, url_hash, granularity, ts);
    url.len() as i64 % shards
}
