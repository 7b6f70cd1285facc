// Keeps its place in a static, which a crash takes away.
// exercise: surviving_consumer
// scanned: wrong
// unscanned: wrong
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    static DONE: AtomicUsize = AtomicUsize::new(0);
    while let Some(first) = log.get(DONE.load(SeqCst)) {
        let (at, before) = (DONE.load(SeqCst), disk.get(first));
        let end = (at + 10).min(log.len());
        let mut counts = std::collections::BTreeMap::new();
        for url in &log[at..end] {
            *counts.entry(url.as_str()).or_insert_with(|| disk.get(url)) += 1;
        }
        let written = disk.write(&counts.into_iter().collect::<Vec<_>>());
        if disk.get(first) > before {
            DONE.store(end, SeqCst);
        }
        written?;
    }
    let written = disk.write(&[("offset", log.len() as i64)]);
    if disk.get("offset") == log.len() as i64 {
        DONE.store(0, SeqCst);
    }
    written
}
