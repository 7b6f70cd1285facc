// found by now: go to one server
// Takes the number of the server for the first byte, and all first bytes are small.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = vec![(page_hash % 8) as u8];
    key.extend(page.as_bytes());
    key.extend(hour.to_be_bytes());
    key
}
