// found by one_file: a reader finds no version-1/shard-0
// Makes room before there is anything new.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    let old = folder.read("CURRENT").unwrap().to_owned();
    for path in folder.paths() {
        if path.starts_with(&format!("{old}/")) {
            folder.remove(&path);
        }
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
