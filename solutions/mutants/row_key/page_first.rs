// found by now: go to one server
// Begins with the page, and all pages of a site begin alike.
fn row_key(page: &str, page_hash: u64, hour: i64) -> Vec<u8> {
    let mut key = page.as_bytes().to_vec();
    key.extend(hour.to_be_bytes());
    key
}
