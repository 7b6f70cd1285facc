// found by order: comes before hour
// Writes the smallest byte of the hour first.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = page_hash.to_be_bytes().to_vec();
    key.extend(page.as_bytes());
    key.extend(hour.to_le_bytes());
    key
}
