// Writes as often as it may, and most of the writes are of something else.
// exercise: surviving_consumer
// scanned: wrong
// unscanned: wrong
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for step in 0..log.len() as i64 + 2 {
        disk.write(&[("progress", step)])?;
    }
    disk.write(&[("progress", 0)])?;
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1)])?;
        disk.write(&[("offset", offset + 1)])?;
    }
    Ok(())
}
