// found by not_stored: differs in `name`
// At most once: the offset is there, and the count never comes.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[("offset", offset + 1)])?;
        disk.write(&[(url, disk.get(url) + 1)])?;
    }
    Ok(())
}
