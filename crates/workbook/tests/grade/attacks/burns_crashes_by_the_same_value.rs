// Writes the offset again and again before it counts.
// exercise: surviving_consumer
// scanned: error|wrong
// unscanned: error|wrong
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for _ in 0..36 {
        disk.write(&[("offset", disk.get("offset"))])?;
    }
    for url in log {
        disk.write(&[(url, disk.get(url) + 1)])?;
    }
    disk.write(&[("offset", log.len() as i64)])
}
