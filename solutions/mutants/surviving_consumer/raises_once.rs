// found by calm: differs in `value`
// A page that comes twice in a batch is raised once.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let mut offset = disk.get("offset");
    while offset < log.len() as i64 {
        let end = (offset + 10).min(log.len() as i64);
        let mut counts = std::collections::BTreeMap::new();
        for url in &log[offset as usize..end as usize] {
            counts.insert(url.as_str(), disk.get(url) + 1);
        }
        counts.insert("offset", end);
        disk.write(&counts.into_iter().collect::<Vec<_>>())?;
        offset = end;
    }
    Ok(())
}
