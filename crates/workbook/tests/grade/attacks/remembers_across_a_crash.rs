// Keeps its place in a static, which a crash takes away.
// exercise: surviving_consumer
// scanned: wrong
// unscanned: wrong
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    static DONE: AtomicUsize = AtomicUsize::new(0);
    while let Some(url) = log.get(DONE.load(SeqCst)) {
        let before = disk.get(url);
        let written = disk.write(&[(url, before + 1)]);
        if disk.get(url) > before {
            DONE.fetch_add(1, SeqCst);
        }
        written?;
    }
    let written = disk.write(&[("offset", log.len() as i64)]);
    if disk.get("offset") == log.len() as i64 {
        DONE.store(0, SeqCst);
    }
    written
}
