// found by retry: a reader that began with version-1 finds no version-1/
// Takes a version that is served for one that is the only one read.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        for path in folder.paths() {
            if path != "CURRENT" && !path.starts_with(&format!("{version}/")) {
                folder.remove(&path);
            }
        }
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
    folder.rename("CURRENT.new", "CURRENT");
}
