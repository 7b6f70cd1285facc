// found by used: row 1 differs in `name`
// Counts the whole log in memory, and writes the counts as if the disk had been empty.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let mut counts = std::collections::BTreeMap::new();
    for (offset, url) in log.iter().enumerate() {
        *counts.entry(url.as_str()).or_insert(0) += 1;
        disk.write(&[(url, counts[url.as_str()]), ("offset", offset as i64 + 1)])?;
    }
    Ok(())
}
