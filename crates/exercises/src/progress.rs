//! What a reader has done, kept across restarts in `.progress/` of the project.
//!
//! One JSON file, replaced in whole under a lock, so that two notebooks that
//! check at once both count.
use super::verdict::{Status, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How far the reader is with one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExerciseProgress {
    /// It has passed once.
    pub solved: bool,
    /// The most cases that were right in one check.
    pub best: usize,
    /// How many cases the exercise had then.
    pub cases: usize,
    /// How often it was checked; a stub does not count.
    pub attempts: u64,
    /// How many hints were opened.
    pub hints: usize,
    /// The solution was asked for before it was solved.
    pub gave_up: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    version: u32,
    exercises: BTreeMap<String, ExerciseProgress>,
}

const VERSION: u32 = 1;

/// The folder in which the progress is stored.
#[derive(Clone, Debug)]
pub struct ProgressStore {
    folder: PathBuf,
}

/// Why progress could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum ProgressError {
    /// No folder of the project was found in the current folder or above it.
    #[error("no workbook project here: set LAMBDA_WORKBOOK_ROOT, or start inside it")]
    NoProject,
    /// The file system returned an error for this file or folder.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
    /// There is no exercise of this name.
    #[error("there is no exercise {0}")]
    NoExercise(String),
    /// This file was not written by this version; the text says what is wrong with it.
    #[error("{} cannot be read ({}): delete it to start again", .0.display(), .1)]
    Broken(PathBuf, String),
}

impl ProgressStore {
    /// The project's progress: that of `LAMBDA_WORKBOOK_ROOT`, or of the project
    /// around the current directory.
    pub fn of_project() -> Result<Self, ProgressError> {
        if let Some(folder) = env::var_os("LAMBDA_WORKBOOK_PROGRESS") {
            return Ok(Self::at(Path::new(&folder)));
        }
        Ok(Self::at(&project_root()?.join(".progress")))
    }

    /// Progress in this folder, which is made when needed.
    pub fn at(folder: &Path) -> Self {
        ProgressStore {
            folder: folder.to_owned(),
        }
    }

    /// What is known of every exercise, by id.
    pub fn records(&self) -> Result<BTreeMap<String, ExerciseProgress>, ProgressError> {
        Ok(self.read()?.exercises)
    }

    /// Counts a verdict.
    pub fn count(&self, verdict: &Verdict) -> Result<ExerciseProgress, ProgressError> {
        self.update(verdict.exercise.id, |record| {
            record.solved |= verdict.status == Status::Passed;
            record.best = record.best.max(verdict.passed.len());
            record.cases = verdict.cases;
            record.attempts += u64::from(verdict.status != Status::Unsolved);
        })
    }

    /// Opens one more of `hints` hints; gives how many are open.
    pub fn open_hint(&self, id: &str, hints: usize) -> Result<usize, ProgressError> {
        let record = self.update(id, |record| record.hints = (record.hints + 1).min(hints))?;
        Ok(record.hints)
    }

    /// The reader wants to see the solution.
    pub fn give_up(&self, id: &str) -> Result<(), ProgressError> {
        self.update(id, |record| record.gave_up = true).map(|_| ())
    }

    /// Forgets one exercise.
    pub fn reset(&self, id: &str) -> Result<(), ProgressError> {
        self.update(id, |record| *record = ExerciseProgress::default())
            .map(|_| ())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("exercises.json")
    }

    fn read(&self) -> Result<Stored, ProgressError> {
        let path = self.file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Stored {
                    version: VERSION,
                    ..Stored::default()
                });
            }
            Err(error) => return Err(ProgressError::Io(path, error)),
        };
        match serde_json::from_str::<Stored>(&text) {
            Ok(stored) if stored.version == VERSION => Ok(stored),
            Ok(stored) => Err(ProgressError::Broken(
                path,
                format!("version {}", stored.version),
            )),
            Err(error) => Err(ProgressError::Broken(path, error.to_string())),
        }
    }

    fn update(
        &self,
        id: &str,
        change: impl FnOnce(&mut ExerciseProgress),
    ) -> Result<ExerciseProgress, ProgressError> {
        let at_folder = |error| ProgressError::Io(self.folder.clone(), error);
        fs::create_dir_all(&self.folder).map_err(at_folder)?;
        let lock = File::create(self.folder.join("lock")).map_err(at_folder)?;
        lock.lock().map_err(at_folder)?;
        let mut stored = self.read()?;
        let record = stored.exercises.entry(id.to_owned()).or_default();
        change(record);
        let record = record.clone();
        self.write(&stored).map_err(at_folder)?;
        Ok(record)
    }

    fn write(&self, stored: &Stored) -> io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer_pretty(&mut draft, stored)?;
        draft.write_all(b"\n")?;
        draft.persist(self.file())?;
        Ok(())
    }
}

/// The project: `LAMBDA_WORKBOOK_ROOT`, or the one around the current directory.
pub(super) fn project_root() -> Result<PathBuf, ProgressError> {
    let is_project =
        |folder: &&Path| folder.join("notebooks").is_dir() && folder.join("Cargo.toml").is_file();
    if let Some(root) = env::var_os("LAMBDA_WORKBOOK_ROOT") {
        return Ok(PathBuf::from(root));
    }
    let here = env::current_dir().map_err(|_| ProgressError::NoProject)?;
    let found = here.ancestors().find(is_project).map(Path::to_owned);
    found.ok_or(ProgressError::NoProject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_survives_and_keeps_the_best() {
        let folder = tempfile::tempdir().unwrap();
        let progress = ProgressStore::at(folder.path());
        assert_eq!(progress.records().unwrap().len(), 0);
        progress.update("a", |record| record.best = 3).unwrap();
        let again = ProgressStore::at(folder.path());
        assert_eq!(again.records().unwrap()["a"].best, 3);
        again.reset("a").unwrap();
        assert_eq!(again.records().unwrap()["a"], ExerciseProgress::default());
    }

    #[test]
    fn hints_open_one_by_one_and_then_stay() {
        let folder = tempfile::tempdir().unwrap();
        let progress = ProgressStore::at(folder.path());
        let opened = [1, 2, 3, 4].map(|_| progress.open_hint("a", 3).unwrap());
        assert_eq!(opened, [1, 2, 3, 3]);
    }

    #[test]
    fn a_broken_file_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let progress = ProgressStore::at(folder.path());
        fs::write(progress.file(), "{").unwrap();
        let error = progress.open_hint("a", 3).unwrap_err().to_string();
        assert!(error.contains("delete it to start again"), "{error}");
        assert_eq!(fs::read_to_string(progress.file()).unwrap(), "{");
    }

    #[test]
    fn checks_at_once_all_count() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    ProgressStore::at(folder.path())
                        .update("a", |record| record.attempts += 1)
                        .unwrap()
                });
            }
        });
        assert_eq!(
            ProgressStore::at(folder.path()).records().unwrap()["a"].attempts,
            8
        );
    }
}
