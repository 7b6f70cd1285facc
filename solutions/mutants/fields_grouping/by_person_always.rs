// found by one_page: in the stage "pages"
// Groups both stages by the person.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    speed::partition_of(person.as_bytes(), workers)
}
