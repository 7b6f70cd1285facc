// found by not_stored: differs in `value`
// At least once: counted, and not committed.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1)])?;
        disk.write(&[("offset", offset + 1)])?;
    }
    Ok(())
}
