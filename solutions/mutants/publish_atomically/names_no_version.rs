// found by one_file: in CURRENT, which is no version
// Writes a path into CURRENT, not the name of the version.
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
    folder.write("CURRENT.new", &format!("{version}/"));
    folder.sync("CURRENT.new");
    folder.rename("CURRENT.new", "CURRENT");
}
