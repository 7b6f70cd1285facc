// Answers the questions by itself, in threads that wait for them.
// exercise: surviving_consumer
// scanned: forbidden
// unscanned: forbidden|wrong|crash|panicked
use lambda_workbook::r#exercises as book;
fn consume(log: &[String], disk: &mut speed::SimulatedDisk) -> Result<(), speed::Crash> {
    for _ in 0..4 {
        std::thread::spawn(|| book::worker::serve(&|inputs| {
            let mut counts = std::collections::BTreeMap::<String, i64>::new();
            for url in inputs.frame("log")?.column("url")?.str()?.iter().flatten() {
                *counts.entry(url.to_owned()).or_default() += 1;
                *counts.entry("offset".to_owned()).or_default() += 1;
            }
            let frame = df!("name" => counts.keys().cloned().collect::<Vec<_>>(), "value" => counts.values().copied().collect::<Vec<_>>())?;
            Ok(book::Value::Frame(frame))
        }));
    }
    let _ = (log, disk);
    std::thread::sleep(std::time::Duration::from_millis(200));
    Ok(())
}
