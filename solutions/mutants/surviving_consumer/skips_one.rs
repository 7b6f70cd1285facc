// found by not_stored: row
// Takes the stored offset for the last event that was done.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let stored = disk.get("offset");
    let start = if stored == 0 { 0 } else { stored + 1 };
    for offset in start..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1), ("offset", offset + 1)])?;
    }
    Ok(())
}
