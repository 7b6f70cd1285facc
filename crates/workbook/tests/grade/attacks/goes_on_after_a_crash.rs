// Takes no notice of the crash, and goes on.
// exercise: surviving_consumer
// scanned: wrong|time|error
// unscanned: wrong|time|error
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for (offset, url) in log.iter().enumerate() {
        while disk.write(&[(url, disk.get(url) + 1), ("offset", offset as i64 + 1)]).is_err() && disk.get("offset") < 0 {}
    }
    Ok(())
}
