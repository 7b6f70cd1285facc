// found by one_file: after a crash at this moment
// What was written may not be on the disk when the rename is.
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
        folder.write(&format!("{version}/{name}"), text);
    }
    folder.write("CURRENT.new", version);
    folder.rename("CURRENT.new", "CURRENT");
}
