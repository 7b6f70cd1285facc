// found by calm: is missing
// The offset is never stored.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let mut offset = 0;
    while offset < log.len() as i64 {
        let end = (offset + 10).min(log.len() as i64);
        let mut counts = std::collections::BTreeMap::new();
        for url in &log[offset as usize..end as usize] {
            *counts.entry(url.as_str()).or_insert_with(|| disk.get(url)) += 1;
        }
        disk.write(&counts.into_iter().collect::<Vec<_>>())?;
        offset = end;
    }
    Ok(())
}
