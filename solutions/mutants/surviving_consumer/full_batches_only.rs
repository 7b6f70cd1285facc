// found by calm: is missing
// Waits for ten events, and leaves out the last few.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let mut offset = disk.get("offset");
    while offset + 10 <= log.len() as i64 {
        let end = offset + 10;
        let mut counts = std::collections::BTreeMap::new();
        for url in &log[offset as usize..end as usize] {
            *counts.entry(url.as_str()).or_insert_with(|| disk.get(url)) += 1;
        }
        counts.insert("offset", end);
        disk.write(&counts.into_iter().collect::<Vec<_>>())?;
        offset = end;
    }
    Ok(())
}
