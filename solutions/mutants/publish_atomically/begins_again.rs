// found by retry: step 1, remove version-2/shard-0: a reader finds no version-2/shard-0
// Does not look whether the version is served already.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
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
