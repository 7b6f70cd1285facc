// found by one_person: in the stage "people"
// Groups both stages by the page.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let url = batch::normalise_url(url).unwrap_or_default();
    speed::partition_of(url.as_bytes(), workers)
}
