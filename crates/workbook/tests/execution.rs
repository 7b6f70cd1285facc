//! A notebook, executed on the real kernel: what the checks of its outputs read.
use kernel::client::{CellRun, Client, update_earlier};
use kernel::notebook_file::{Notebook, source, stored};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Returns the folder of the whole project.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .nth(2)
        .expect("the workspace")
        .to_owned()
}

/// Returns the program under test.
pub fn exe() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_workbook"))
}

/// Runs a conversation with a kernel to its end.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(work)
        .expect("the kernel answers")
}

/// Starts a kernel for notebooks in `folder`: outputs are the same each time, and checks
/// count in `progress`.
pub async fn start(folder: &Path, progress: &Path) -> anyhow::Result<Client> {
    Client::start_with_progress(exe(), folder, progress).await
}

/// The names of the notebooks in a folder of the project, without `.ipynb`, in order.
pub fn stems(folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(root().join(folder)).expect("the folder is committed");
    let paths = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "ipynb"));
    let mut stems: Vec<String> = paths
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    stems.sort();
    stems
}

/// A notebook and what each of its code cells gave.
pub struct Execution {
    pub notebook: Notebook,
    /// The place of each code cell in the notebook, and its outputs at the end.
    pub cells: Vec<(usize, CellRun)>,
}

impl Execution {
    /// Runs every code cell, in order, also after one that fails.
    pub async fn of(notebook: Notebook, client: &mut Client) -> anyhow::Result<Execution> {
        let places = notebook.code_cells();
        let mut all: Vec<CellRun> = Vec::new();
        for &place in &places {
            let ran = client.execute(&source(&notebook.cells()[place])).await?;
            update_earlier(&mut all, &ran);
            all.push(ran);
        }
        let cells = places.into_iter().zip(all).collect();
        Ok(Execution { notebook, cells })
    }

    /// Runs a chapter on a kernel of its own, with no progress in exercises.
    pub fn of_chapter(notebook: Notebook) -> Execution {
        block_on(async {
            let progress = tempfile::tempdir()?;
            let mut client = start(&root().join("notebooks"), progress.path()).await?;
            let execution = Execution::of(notebook, &mut client).await?;
            client.shutdown().await?;
            Ok(execution)
        })
    }

    /// Returns the cells that failed, each with its error.
    pub fn errors(&self) -> Vec<(&Value, &Value)> {
        let cells = self.cells.iter();
        let failed = cells.filter_map(|(place, ran)| Some((place, ran.error()?)));
        failed
            .map(|(place, error)| (&self.notebook.cells()[*place], error))
            .collect()
    }

    /// Returns the ids of the cells that gave something else than what is stored in the notebook.
    pub fn changed(&self) -> Vec<&str> {
        let cells = self.cells.iter().filter_map(|(place, ran)| {
            let cell = &self.notebook.cells()[*place];
            let outputs: Value = ran.outputs.iter().map(stored).collect();
            (outputs != cell["outputs"]).then(|| cell["id"].as_str().unwrap_or_default())
        });
        cells.collect()
    }

    /// Fails unless every cell gave what is stored in the notebook, and none an error.
    pub fn assert_gives_what_is_committed(&self) {
        for (place, ran) in &self.cells {
            let cell = &self.notebook.cells()[*place];
            let outputs: Value = ran.outputs.iter().map(stored).collect();
            assert!(
                outputs == cell["outputs"],
                "{}, cell {}: outputs differ from those committed; if they are right, store them with \
                 `cargo workbook run --write`.\nnow: {outputs:#}\ncommitted: {:#}",
                self.notebook.path.display(),
                cell["id"],
                cell["outputs"],
            );
        }
        assert_eq!(self.errors(), []);
    }
}
