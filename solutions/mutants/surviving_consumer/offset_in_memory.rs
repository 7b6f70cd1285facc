// found by calm: row 2 is missing
// The offset is never stored.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for url in log {
        disk.write(&[(url, disk.get(url) + 1)])?;
    }
    Ok(())
}
