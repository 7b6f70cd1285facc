//! What was graded before: a folder with a file for each exercise of each student, so that
//! a run that was stopped goes on where it was, and only new or changed submissions are
//! graded again.
use super::mark::Graded;
use super::submissions::file_name;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file of what holds for all students.
const ALL: &str = "ledger.json";

/// The grades of a folder of submissions.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    /// Held while this lives: two runs would take each other's grades for their own.
    _lock: fs::File,
    /// What the cases are drawn from.
    pub seeds: Seeds,
}

/// What the cases of each student are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// The seed of all students, or what theirs are made of.
    pub seed: u64,
    /// Whether every student has cases of their own, so that an answer that knows
    /// somebody else's is worth nothing.
    pub per_student: bool,
}

impl Seeds {
    /// Returns the seed of a student.
    ///
    /// ```
    /// use grade::ledger::Seeds;
    ///
    /// let shared = Seeds { seed: 7, per_student: false };
    /// assert_eq!(shared.of("ada"), shared.of("bob"));
    /// let own = Seeds { seed: 7, per_student: true };
    /// assert_ne!(own.of("ada"), own.of("bob"));
    /// assert_eq!(own.of("ada"), own.of("ada"));
    /// ```
    pub fn of(&self, student: &str) -> u64 {
        use sha2::{Digest, Sha256};
        if !self.per_student {
            return self.seed;
        }
        let digest = Sha256::new()
            .chain_update(self.seed.to_le_bytes())
            .chain_update(student.as_bytes())
            .finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // It is read in JSON by programs that know 53 bits of a number.
        u64::from_le_bytes(first) >> 12
    }
}

/// One grade, and what it depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Of everything that the grade depends on.
    pub digest: String,
    pub graded: Graded,
    /// For the student: the verdict in HTML.
    pub shown: String,
    /// What was graded.
    pub source: String,
}

impl Entry {
    /// Returns the grade with all that the student's page shows.
    pub fn whole(&self) -> Graded {
        Graded {
            shown: self.shown.clone(),
            source: self.source.clone(),
            ..self.graded.clone()
        }
    }
}

impl Ledger {
    /// Opens a ledger, or begins one: `seeds` is given what stands in the ledger, and
    /// says what holds now. Other seeds ask everybody again.
    ///
    /// # Errors
    /// If the folder cannot be read or written, or holds something else.
    pub fn open(folder: &Path, seeds: impl FnOnce(Option<Seeds>) -> Seeds) -> Result<Ledger> {
        fs::create_dir_all(folder.join("students"))
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let lock = fs::File::create(folder.join(".lock"))
            .with_context(|| format!("cannot lock {}", folder.display()))?;
        if lock.try_lock().is_err() {
            bail!(
                "another run is grading into {}: wait for it, or give this one another --out",
                folder.display()
            );
        }
        let file = folder.join(ALL);
        let before = match fs::read(&file) {
            Ok(text) => Some(read(&file, &text)?),
            Err(_) => None,
        };
        let seeds = seeds(before);
        let ledger = Ledger {
            folder: folder.to_owned(),
            _lock: lock,
            seeds,
        };
        if before.is_some_and(|before| before != seeds) {
            ledger.forget()?;
        }
        write(&file, &serde_json::to_vec(&seeds)?)?;
        Ok(ledger)
    }

    /// Forgets every grade.
    ///
    /// # Errors
    /// If the folder cannot be emptied.
    pub fn forget(&self) -> Result<()> {
        let students = self.folder.join("students");
        fs::remove_dir_all(&students)
            .and_then(|()| fs::create_dir(&students))
            .with_context(|| format!("cannot empty {}", students.display()))
    }

    /// Returns the grade of one exercise of a student, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something else.
    pub fn entry(&self, student: &str, exercise: &str) -> Result<Option<Entry>> {
        let file = self.file(student, exercise);
        match fs::read(&file) {
            Ok(text) => read(&file, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// Stores the grade of one exercise of a student, whole or not at all; `None` forgets it.
    ///
    /// # Errors
    /// If the file cannot be written or removed.
    pub fn store(&self, student: &str, exercise: &str, entry: Option<&Entry>) -> Result<()> {
        let file = self.file(student, exercise);
        match entry {
            Some(entry) => {
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)
                        .with_context(|| format!("cannot make {}", folder.display()))?;
                }
                write(&file, &serde_json::to_vec(entry)?)
            }
            None => match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).with_context(|| format!("cannot remove {}", file.display()))
                }
                _ => Ok(()),
            },
        }
    }

    fn file(&self, student: &str, exercise: &str) -> PathBuf {
        let students = self.folder.join("students");
        students
            .join(file_name(student))
            .join(format!("{exercise}.json"))
    }
}

fn read<'a, T: Deserialize<'a>>(file: &Path, text: &'a [u8]) -> Result<T> {
    serde_json::from_slice(text).with_context(|| {
        format!(
            "{} cannot be read: delete it, and what it held is graded again",
            file.display()
        )
    })
}

/// Writes a file whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let written = (|| -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    })();
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digest: &str) -> Entry {
        Entry {
            digest: digest.to_owned(),
            graded: Graded::default(),
            shown: "<p>".to_owned(),
            source: "fn f() {}".to_owned(),
        }
    }

    #[test]
    fn grades_are_found_again_until_the_seed_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let seeds = |seed| Seeds {
            seed,
            per_student: false,
        };
        let ledger = Ledger::open(folder.path(), |before| before.unwrap_or(seeds(7))).unwrap();
        let exercise = "01_1_pacific_days";
        ledger.store("../ada", exercise, Some(&entry("d"))).unwrap();
        let other = Ledger::open(folder.path(), |_| seeds(8)).unwrap_err();
        assert!(
            other.to_string().contains("another run is grading"),
            "{other}"
        );
        drop(ledger);
        let again = Ledger::open(folder.path(), |before| before.unwrap_or(seeds(8))).unwrap();
        assert_eq!(again.seeds.seed, 7);
        let found = again.entry("../ada", exercise).unwrap().unwrap();
        assert_eq!(
            (found.digest.as_str(), found.whole().source.as_str()),
            ("d", "fn f() {}")
        );
        assert!(again.entry("bob", exercise).unwrap().is_none());
        drop(again);
        let other = Ledger::open(folder.path(), |_| seeds(8)).unwrap();
        assert!(other.entry("../ada", exercise).unwrap().is_none());
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let seeds = Seeds {
            seed: 7,
            per_student: true,
        };
        let ledger = Ledger::open(folder.path(), |_| seeds).unwrap();
        ledger
            .store("ada", "02_3_visits", Some(&entry("d")))
            .unwrap();
        fs::write(folder.path().join("students/ada/02_3_visits.json"), "{").unwrap();
        let told = format!("{:#}", ledger.entry("ada", "02_3_visits").unwrap_err());
        assert!(
            told.contains("ada/02_3_visits.json cannot be read: delete it"),
            "{told}"
        );
    }
}
