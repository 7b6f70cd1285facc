// found by three_files: after a crash at this moment, a reader finds version-2/shard-0 empty
// Syncs one of the files only.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    for path in folder.paths() {
        if path.starts_with(&format!("{version}/")) {
            folder.remove(&path);
        }
    }
    let mut last = String::new();
    for (name, text) in files {
        last = format!("{version}/{name}");
        folder.write(&last, text);
    }
    folder.sync(&last);
    folder.write("CURRENT.new", version);
    folder.sync("CURRENT.new");
    folder.rename("CURRENT.new", "CURRENT");
}
