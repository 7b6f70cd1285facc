// found by not_stored: differs in `value`
// One commit for all, when everything is counted.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let start = disk.get("offset");
    for url in &log[start as usize..] {
        disk.write(&[(url, disk.get(url) + 1)])?;
    }
    disk.write(&[("offset", log.len() as i64)])
}
