//! Whose submissions there are, and their notebooks.
//!
//! A folder of submissions holds a folder or a file for each student, by name:
//! `ada/01_pacific_days.ipynb`, `ada/chapter-1/01_pacific_days.ipynb` (as nbgrader
//! collects), `ada_01_pacific_days.ipynb`, or `ada.ipynb`. Links are not followed,
//! archives not unpacked, and what is no plain file of a sensible size is not read.
use super::mark::{FORBIDDEN, MISSING, UNREADABLE};
use anyhow::{Context, Result};
use kernel::notebook_file::Notebook;
use lambda_workbook::exercises::{self, Exercise};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The largest notebook that is read: an executed one has 0.1 MB.
pub const LARGEST: u64 = 8 << 20;
/// Of a student's folder.
const DEEPEST: usize = 4;
const MOST_FILES: usize = 200;

/// One student and what they handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Student {
    /// As the submission is named, without characters that control a terminal.
    pub name: String,
    pub notebooks: Vec<PathBuf>,
    /// What was handed in and is not read, and why.
    pub problems: Vec<Problem>,
}

/// Why something is not graded: a verdict, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub verdict: &'static str,
    pub reason: String,
}

fn problem(verdict: &'static str, reason: String) -> Problem {
    Problem { verdict, reason }
}

/// The students of a folder, by name.
pub fn students(folder: &Path) -> Result<Vec<Student>> {
    let mut students: BTreeMap<String, Student> = BTreeMap::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if file.starts_with('.') {
            continue;
        }
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = printable(if is_folder {
            &file
        } else {
            without_exercise(&stem)
        });
        let student = students.entry(name.clone()).or_insert_with(|| Student {
            name,
            ..Student::default()
        });
        collect(&path, student, 0);
    }
    for student in students.values_mut() {
        student.notebooks.sort();
    }
    // A file that is neither notebook nor mistake, such as a list of students.
    students.retain(|_, student| !student.notebooks.is_empty() || !student.problems.is_empty());
    Ok(students.into_values().collect())
}

fn collect(path: &Path, student: &mut Student, depth: usize) {
    let name = printable(&path.file_name().unwrap_or_default().to_string_lossy());
    let Ok(meta) = path.symlink_metadata() else {
        return;
    };
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    if student.notebooks.len() + student.problems.len() >= MOST_FILES {
        return;
    }
    if meta.is_symlink() {
        student.problems.push(problem(
            FORBIDDEN,
            format!("{name} is a link: hand the file in"),
        ));
    } else if meta.is_dir() {
        if name == ".ipynb_checkpoints" || name == "__MACOSX" || depth >= DEEPEST {
            return;
        }
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .take(MOST_FILES)
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        entries
            .iter()
            .for_each(|entry| collect(entry, student, depth + 1));
        if depth == 0 && student.notebooks.is_empty() && student.problems.is_empty() {
            student.problems.push(problem(
                MISSING,
                "there is no notebook in the folder".to_owned(),
            ));
        }
    } else if ["zip", "gz", "tgz", "tar", "7z", "rar", "xz"].contains(&ending.as_str()) {
        student.problems.push(problem(
            UNREADABLE,
            format!("{name} is an archive: hand in the notebooks"),
        ));
    } else if ending == "ipynb" {
        student.notebooks.push(path.to_owned());
    }
}

/// `ada_01_pacific_days` is Ada's.
fn without_exercise(stem: &str) -> &str {
    let mut ids: Vec<&str> = exercises::ALL.iter().map(|exercise| exercise.id).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
    let between = |c: char| "_- .".contains(c);
    let found = ids
        .iter()
        .find_map(|id| stem.strip_suffix(id).or_else(|| stem.strip_prefix(id)));
    let name = found.map_or(stem, |name| name.trim_matches(between));
    if name.is_empty() { stem } else { name }
}

/// A name without what controls terminals, at a readable length.
fn printable(name: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    name.chars()
        .map(|c| if odd(c) { '\u{fffd}' } else { c })
        .take(120)
        .collect()
}

/// A file name for a student that is nobody else's and leads nowhere.
///
/// ```
/// use grade::submissions::file_name;
/// assert_eq!(file_name("ada.lovelace-1"), "ada.lovelace-1");
/// assert!(!file_name("../../etc/passwd").contains('/'));
/// assert_ne!(file_name("a/b"), file_name("a?b"));
/// ```
pub fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let kept: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(60)
        .collect();
    if kept == name && !kept.starts_with(['.', '-']) {
        return kept;
    }
    // Upper and lower case differ in no digest, where file systems see none.
    let digest = Sha256::digest(name.as_bytes());
    let digest: String = digest
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{}-{digest}", kept.trim_start_matches(['.', '-']))
}

/// Reads a notebook, if it is a plain file of a sensible size.
pub fn read(path: &Path) -> Result<Notebook, Problem> {
    let name = printable(&path.file_name().unwrap_or_default().to_string_lossy());
    let unreadable = |why: String| problem(UNREADABLE, format!("{name}: {why}"));
    // A pipe must not hold us up, and a link lead nowhere.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = File::options().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => problem(FORBIDDEN, format!("{name} is a link: hand the file in")),
        _ => unreadable(error.to_string()),
    })?;
    let meta = file
        .metadata()
        .map_err(|error| unreadable(error.to_string()))?;
    if !meta.is_file() {
        return Err(unreadable("it is no file".to_owned()));
    }
    if meta.len() > LARGEST {
        let (size, most) = (meta.len() >> 20, LARGEST >> 20);
        return Err(unreadable(format!(
            "{size} MB, more than {most}: clear the outputs and save it again"
        )));
    }
    let mut text = Vec::new();
    file.take(LARGEST)
        .read_to_end(&mut text)
        .map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| unreadable("it is no text".to_owned()))?;
    Notebook::parse(&text, path)
        .map_err(|error| problem(UNREADABLE, printable_reason(&error, &name, path)))
}

/// The reason without the teacher's folders.
fn printable_reason(error: &anyhow::Error, name: &str, path: &Path) -> String {
    format!("{error:#}").replace(&path.display().to_string(), name)
}

impl Student {
    /// The notebook that answers an exercise, and what is said of the choice: by
    /// name, or else the one that holds its function.
    pub fn notebook(
        &self,
        exercise: &Exercise,
        function: &str,
    ) -> Result<(Notebook, Option<String>), Problem> {
        let named: Vec<&PathBuf> = self
            .notebooks
            .iter()
            .filter(|path| exercise_of(path) == Some(exercise.id))
            .collect();
        let exact = named
            .iter()
            .find(|path| path.file_stem().is_some_and(|stem| stem == exercise.id));
        if let Some(path) = exact.or(named.last()) {
            let file = printable(&path.file_name().unwrap_or_default().to_string_lossy());
            let note = (named.len() > 1)
                .then(|| format!("{} notebooks for this exercise: {file} counts", named.len()));
            return Ok((read(path)?, note));
        }
        let mut broken = None;
        let unnamed = self
            .notebooks
            .iter()
            .filter(|path| exercise_of(path).is_none());
        for path in unnamed {
            match read(path) {
                Ok(notebook)
                    if notebook
                        .json
                        .to_string()
                        .contains(&format!("fn {function}")) =>
                {
                    return Ok((notebook, None));
                }
                Ok(_) => {}
                Err(problem) => broken = Some(problem),
            }
        }
        let first = self.problems.first().cloned();
        Err(broken.or(first).unwrap_or_else(|| {
            problem(
                MISSING,
                format!("there is no notebook {}.ipynb", exercise.id),
            )
        }))
    }
}

/// The exercise that a notebook's name tells.
pub fn exercise_of(path: &Path) -> Option<&'static str> {
    let stem = path.file_stem()?.to_string_lossy();
    let ids = exercises::ALL.iter().map(|exercise| exercise.id);
    ids.filter(|id| stem.contains(id)).max_by_key(|id| id.len())
}

#[cfg(test)]
#[path = "submissions_tests.rs"]
mod tests;
