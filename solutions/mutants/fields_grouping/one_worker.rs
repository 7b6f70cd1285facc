// found by many: spread them
// Sends everything to the first worker.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    0
}
