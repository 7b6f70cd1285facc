// Writes as often as it may, and most of the writes are of something else.
// exercise: surviving_consumer
// scanned: wrong
// unscanned: wrong
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for step in 0..2 {
        disk.write(&[("progress", step)])?;
    }
    disk.write(&[("progress", 0)])?;
    let mut offset = disk.get("offset");
    while offset < log.len() as i64 {
        let end = (offset + 10).min(log.len() as i64);
        let mut counts = std::collections::BTreeMap::new();
        for url in &log[offset as usize..end as usize] {
            *counts.entry(url.as_str()).or_insert_with(|| disk.get(url)) += 1;
        }
        disk.write(&counts.into_iter().collect::<Vec<_>>())?;
        disk.write(&[("offset", end)])?;
        offset = end;
    }
    Ok(())
}
