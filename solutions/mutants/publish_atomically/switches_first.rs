// found by one_file: a reader finds no version-2/shard-0
// Announces the version, then writes it.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    for path in folder.paths() {
        if path.starts_with(&format!("{version}/")) {
            folder.remove(&path);
        }
    }
    folder.write("CURRENT.new", version);
    folder.sync("CURRENT.new");
    folder.rename("CURRENT.new", "CURRENT");
    for (name, text) in files {
        let path = format!("{version}/{name}");
        folder.write(&path, text);
        folder.sync(&path);
    }
}
