// found by calm: are allowed
// A write for each event.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1), ("offset", offset + 1)])?;
    }
    Ok(())
}
