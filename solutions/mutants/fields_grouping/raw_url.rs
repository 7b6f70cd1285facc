// found by spellings: one addition is lost
// Groups by the URL as it was sent, while the row has the normalised one.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let key = if stage == "people" { person } else { url };
    speed::partition_of(key.as_bytes(), workers)
}
