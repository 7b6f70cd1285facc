// found by hours: comes before hour
// Takes the hour into the salt.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let salt = page_hash ^ (hour as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut key = salt.to_be_bytes().to_vec();
    key.extend(page.as_bytes());
    key.extend(hour.to_be_bytes());
    key
}
