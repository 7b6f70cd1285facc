// Writes nothing a hundred times, so that no crash is left for the work.
// exercise: surviving_consumer
// scanned: error
// unscanned: error
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for _ in 0..100 {
        disk.write(&[])?;
    }
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1)])?;
        disk.write(&[("offset", offset + 1)])?;
    }
    Ok(())
}
