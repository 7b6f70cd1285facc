// found by three_files: a reader finds no version-2/shard-1
// Publishes while the last file is still being written.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    for path in folder.paths() {
        if path.starts_with(&format!("{version}/")) {
            folder.remove(&path);
        }
    }
    for (place, (name, text)) in files.iter().enumerate() {
        if place + 1 == files.len() && place > 0 {
            folder.write("CURRENT.new", version);
            folder.sync("CURRENT.new");
            folder.rename("CURRENT.new", "CURRENT");
        }
        folder.write(&format!("{version}/{name}"), text);
        folder.sync(&format!("{version}/{name}"));
    }
    if files.len() == 1 {
        folder.write("CURRENT.new", version);
        folder.sync("CURRENT.new");
        folder.rename("CURRENT.new", "CURRENT");
    }
}
