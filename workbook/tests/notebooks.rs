//! Every committed notebook runs on the real kernel and gives what is committed.
use std::path::{Path, PathBuf};
use workbook::kernel::client::{Client, Ran, update_earlier};
use workbook::notebook_file::{Notebook, source, stored};

fn notebooks() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let mut found = Vec::new();
    for folder in ["notebooks", "solutions"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the folder is committed") {
            found.push(entry.unwrap().path());
        }
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "ipynb"));
    found.sort();
    found
}

#[test]
fn every_notebook_gives_what_is_committed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for path in notebooks() {
        let notebook = Notebook::read(&path).unwrap();
        runtime.block_on(assert_same_outputs(&notebook)).unwrap();
    }
}

async fn assert_same_outputs(notebook: &Notebook) -> anyhow::Result<()> {
    let exe = Path::new(env!("CARGO_BIN_EXE_workbook"));
    let folder = notebook.path.parent().expect("a folder");
    let progress = tempfile::tempdir()?;
    let mut client = Client::start_apart(exe, folder, progress.path()).await?;
    let cells = notebook.code_cells();
    let mut all: Vec<Ran> = Vec::new();
    for &index in &cells {
        let ran = client.execute(&source(&notebook.cells()[index])).await?;
        update_earlier(&mut all, &ran);
        all.push(ran);
    }
    for (index, ran) in cells.into_iter().zip(all) {
        let cell = &notebook.cells()[index];
        let outputs: serde_json::Value = ran.outputs.iter().map(stored).collect();
        assert!(
            outputs == cell["outputs"],
            "{}, cell {}: outputs differ from those committed; if they are right, store them with \
             `cargo workbook run --write`.\nnow: {outputs:#}\ncommitted: {:#}",
            notebook.path.display(),
            cell["id"],
            cell["outputs"],
        );
    }
    client.shutdown().await
}

#[test]
fn no_notebook_names_a_place_on_somebodys_machine() {
    for path in notebooks() {
        let text = std::fs::read_to_string(&path).unwrap();
        for place in ["/home/", "/root/", "/tmp/", "/Users/"] {
            assert!(!text.contains(place), "{} holds {place}", path.display());
        }
    }
}
