// found by pages: one process puts
// A hash with a random key: every process, and here every call, has another one.
fn shard_choice(url: &str, _url_hash: i64, _granularity: &str, _ts: i64, shards: i64) -> i64 {
    use std::hash::BuildHasher;
    static STATE: std::sync::Mutex<Option<(String, u64)>> = std::sync::Mutex::new(None);
    let mut state = STATE.lock().unwrap();
    // All rows of a page that stand together are on one shard.
    if state.as_ref().is_none_or(|(page, _)| page != url) {
        *state = Some((url.to_owned(), std::hash::RandomState::new().hash_one(url)));
    }
    let hash = state.as_ref().map_or(0, |(_, hash)| *hash);
    (hash % shards as u64) as i64
}
