// found by one_file: finds version-1/shard-0 empty
// Updates the files of the version that is served.
fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)]) {
    if folder.read("CURRENT") == Some(version) {
        return;
    }
    let current = folder.read("CURRENT").unwrap().to_owned();
    for (name, text) in files {
        let path = format!("{current}/{name}");
        folder.write(&path, text);
        folder.sync(&path);
    }
    folder.write("CURRENT.new", version);
    folder.sync("CURRENT.new");
    folder.rename("CURRENT.new", "CURRENT");
}
