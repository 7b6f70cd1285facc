// found by used: differs in
// Counts the whole log in memory, and writes the counts as if the disk had been empty.
fn consume(
    log: &[String],
    disk: &mut speed::SimulatedDisk,
) -> Result<(), speed::Crash> {
    let mut counts = std::collections::BTreeMap::new();
    for (offset, url) in (1..).zip(log) {
        *counts.entry(url.as_str()).or_insert(0) += 1;
        if offset % 10 == 0 || offset == log.len() as i64 {
            let mut values: Vec<(&str, i64)> = counts.iter().map(|(url, count)| (*url, *count)).collect();
            values.push(("offset", offset));
            disk.write(&values)?;
        }
    }
    Ok(())
}
