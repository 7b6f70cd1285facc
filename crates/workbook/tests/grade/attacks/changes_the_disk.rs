// Puts a disk that never crashes in place of the one that it was given.
// exercise: surviving_consumer
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::faults::Crashes;
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    let machine = speed::SimulatedMachine::new(Crashes::at([]));
    *disk = machine.start();
    for url in log {
        disk.write(&[(url, disk.get(url) + 1)])?;
    }
    disk.write(&[("offset", log.len() as i64)])
}
