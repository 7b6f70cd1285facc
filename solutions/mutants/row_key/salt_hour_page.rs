// found by hours: pieces
// Begins with the server and the hour, so the rows of all its pages are mixed.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = vec![((page_hash >> 61) << 5) as u8];
    key.extend(hour.to_be_bytes());
    key.extend(page.as_bytes());
    key
}
