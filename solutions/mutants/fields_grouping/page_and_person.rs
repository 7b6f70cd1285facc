// found by one_page: one addition is lost
// Takes the hash of all that the event says.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let url = batch::normalise_url(url).unwrap_or_default();
    speed::partition_of(format!("{url} {person}").as_bytes(), workers)
}
