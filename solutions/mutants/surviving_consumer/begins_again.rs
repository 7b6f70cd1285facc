// found by not_stored: differs in `value`
// Stores the offset, and does not read it.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for (offset, url) in log.iter().enumerate() {
        disk.write(&[(url, disk.get(url) + 1), ("offset", offset as i64 + 1)])?;
    }
    Ok(())
}
