// found by twins: have one key
// Takes the hash for the page.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = page_hash.to_be_bytes().to_vec();
    key.extend(hour.to_be_bytes());
    key
}
