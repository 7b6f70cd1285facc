// found by one_page: one addition is lost
// Deals the events out in turn.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    (number % u64::from(workers)) as u32
}
