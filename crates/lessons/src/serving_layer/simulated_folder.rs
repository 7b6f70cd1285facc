//! A folder in memory, for a publication that is checked step by step.
//!
//! It has the operations by which a store publishes a version: write a file, sync it, rename it,
//! remove it. It records them, so that a check can replay them and let a reader read, or the
//! machine crash, between any two.
//!
//! This folder keeps names: a new name, a rename and a removal are on the disk at once, and only
//! the bytes of a file wait for a sync. A real file system also holds names back until their folder
//! is synced. The store does that: `crates/lambda/src/serving/build.rs` syncs the folders of a
//! version, and `crates/lambda/src/versions.rs` those around it, before and after the rename.
use std::collections::{BTreeMap, BTreeSet};

/// Text files by path, such as `version-1/shard-0`, and a record of all operations on them.
///
/// ```
/// use lambda_workbook::serving::{FolderOperation, SimulatedFolder};
///
/// let mut folder = SimulatedFolder::default();
/// folder.write("CURRENT.new", "version-1");
/// folder.sync("CURRENT.new");
/// folder.rename("CURRENT.new", "CURRENT");
/// assert_eq!(folder.read("CURRENT"), Some("version-1"));
/// assert_eq!(folder.paths(), ["CURRENT"]);
/// assert_eq!(folder.operations().len(), 3);
/// assert_eq!(folder.operations()[1], FolderOperation::Sync("CURRENT.new".to_owned()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct SimulatedFolder {
    files: BTreeMap<String, String>,
    /// The files that have been written and not synced since.
    unsynced: BTreeSet<String>,
    operations: Vec<FolderOperation>,
}

/// One operation on a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderOperation {
    /// Empties the file at a path, or creates it, and then fills it with a text.
    Write(String, String),
    /// Waits until the bytes of a file are on the disk.
    Sync(String),
    /// Moves a file from the first path to the second in one step, and replaces what is there.
    Rename(String, String),
    /// Removes a file.
    Remove(String),
}

impl SimulatedFolder {
    /// Creates a folder with some files and no operation.
    pub fn holding(files: BTreeMap<String, String>) -> Self {
        SimulatedFolder {
            files,
            ..SimulatedFolder::default()
        }
    }

    /// Returns the text of a file; `None` if there is no such file.
    pub fn read(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns the paths of all files, sorted.
    pub fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Writes a file, or writes it anew. This is not atomic: for a moment the file is there and
    /// empty.
    pub fn write(&mut self, path: &str, text: &str) {
        self.apply(FolderOperation::Write(path.to_owned(), text.to_owned()));
    }

    /// Waits until a file is on the disk. A file that was written and not synced may be empty
    /// after a crash.
    pub fn sync(&mut self, path: &str) {
        self.apply(FolderOperation::Sync(path.to_owned()));
    }

    /// Gives a file another path. This is atomic: a reader of `to` finds the old file or the new
    /// one.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.apply(FolderOperation::Rename(from.to_owned(), to.to_owned()));
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) {
        self.apply(FolderOperation::Remove(path.to_owned()));
    }

    /// Returns all operations in their order, also those on files that do not exist, which change
    /// nothing.
    pub fn operations(&self) -> &[FolderOperation] {
        &self.operations
    }

    /// Returns the folder that a crash at this moment would leave in the worst case: all files that
    /// were written and not synced are empty. It records no operations yet.
    ///
    /// ```
    /// use lambda_workbook::serving::SimulatedFolder;
    ///
    /// let mut folder = SimulatedFolder::default();
    /// folder.write("CURRENT", "version-1");
    /// assert_eq!(folder.after_crash().read("CURRENT"), Some(""));
    /// folder.sync("CURRENT");
    /// assert_eq!(folder.after_crash().read("CURRENT"), Some("version-1"));
    /// ```
    pub fn after_crash(&self) -> SimulatedFolder {
        let mut files = self.files.clone();
        for path in &self.unsynced {
            files.insert(path.clone(), String::new());
        }
        SimulatedFolder::holding(files)
    }

    fn apply(&mut self, operation: FolderOperation) {
        match &operation {
            FolderOperation::Write(path, text) => {
                self.files.insert(path.clone(), text.clone());
                self.unsynced.insert(path.clone());
            }
            FolderOperation::Rename(from, to) => {
                if let Some(text) = self.files.remove(from) {
                    self.files.insert(to.clone(), text);
                    match self.unsynced.remove(from) {
                        true => self.unsynced.insert(to.clone()),
                        false => self.unsynced.remove(to),
                    };
                }
            }
            FolderOperation::Remove(path) => {
                self.files.remove(path);
                self.unsynced.remove(path);
            }
            FolderOperation::Sync(path) => {
                self.unsynced.remove(path);
            }
        }
        self.operations.push(operation);
    }
}
