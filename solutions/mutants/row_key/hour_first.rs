// found by now: go to one server
// Begins with the time, as most people do first.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = hour.to_be_bytes().to_vec();
    key.extend(page.as_bytes());
    key
}
