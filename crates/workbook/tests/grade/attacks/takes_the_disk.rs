// Takes the disk out and leaves a default.
// exercise: surviving_consumer
// scanned: compile
// unscanned: compile
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    let mine = std::mem::take(disk);
    let _ = (mine, log);
    Ok(())
}
