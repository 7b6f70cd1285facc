// found by one_file: remove CURRENT: a reader finds no CURRENT
// Removes CURRENT, as a rename would not need.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    for path in folder.paths() {
        if path.starts_with(&format!("{version}/")) {
            folder.remove(&path);
        }
    }
    for (name, text) in files {
        let path = format!("{version}/{name}");
        folder.write(&path, text);
        folder.sync(&path);
    }
    folder.write("CURRENT.new", version);
    folder.sync("CURRENT.new");
    folder.remove("CURRENT");
    folder.rename("CURRENT.new", "CURRENT");
}
