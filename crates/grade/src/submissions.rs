//! Whose submissions there are, and their notebooks.
//!
//! A folder of submissions holds a folder or a file for each student, by name:
//! `ada/01_1_pacific_days.ipynb`, `ada/chapter-1/01_1_pacific_days.ipynb` (as nbgrader
//! collects), `ada_01_1_pacific_days.ipynb`, or `ada.ipynb`. Links are not followed,
//! archives not unpacked, and what is no plain file of a sensible size is not read. What
//! a browser or a learning platform adds to a name, as in `ada_08_2_top_three (1).ipynb`,
//! is no part of the student's name.
//!
//! Students are told apart by the bytes of these names, so that two names that look the
//! same are two students. macOS stores an accent as a sign of its own and other systems do
//! not: where both forms of one name are there, both students' pages say so.
use super::cells::LONGEST;
use super::definition::{checks_in, exercise_of, id_in};
use super::mark::{FORBIDDEN, MISSING, UNREADABLE};
use super::tokens::{PieceKind, Token, pieces, tokens};
use anyhow::{Context, Result};
use kernel::notebook_file::Notebook;
use lambda_workbook::exercises::Exercise;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use unicode_normalization::UnicodeNormalization;

/// The largest notebook that is read: an executed one has 0.1 MB.
pub const LARGEST: u64 = 8 << 20;
/// Of a student's folder.
const DEEPEST: usize = 4;
const MOST_FILES: usize = 200;
/// Entries of a folder that are looked at for notebooks.
const MOST_ENTRIES: usize = 100_000;
/// How many of a student's notebooks are read for one exercise, and how many bytes of
/// them, where more than one may answer it.
const MOST_READ: usize = 20;
const MOST_BYTES: u64 = 16 << 20;

/// One student and what they handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Student {
    /// As [`shown`] shows how the submission is named: no two students have the same.
    pub name: String,
    pub notebooks: Vec<PathBuf>,
    /// What was handed in and is not read, and why.
    pub problems: Vec<Problem>,
    /// Another student whose name is the same text to Unicode, in other characters.
    pub namesake: Option<String>,
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
    let mut students: BTreeMap<OsString, Student> = BTreeMap::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default();
        if file.as_bytes().starts_with(b".") {
            continue;
        }
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        let stem = path.file_stem().unwrap_or_default();
        let name = match stem.to_str() {
            _ if is_folder && !is_notebook(&path) => file,
            Some(stem) => OsStr::new(without_exercise(stem)),
            None => stem,
        };
        let student = students.entry(name.to_owned()).or_insert_with(|| Student {
            name: shown(name),
            ..Student::default()
        });
        collect(&path, student, 0);
    }
    for student in students.values_mut() {
        student.notebooks.sort();
    }
    // A file that is neither notebook nor mistake, such as a list of students.
    students.retain(|_, student| !student.notebooks.is_empty() || !student.problems.is_empty());
    note_namesakes(&mut students);
    Ok(students.into_values().collect())
}

/// Tells students whose names are the same text to Unicode of each other.
fn note_namesakes(students: &mut BTreeMap<OsString, Student>) {
    let mut same: BTreeMap<String, Vec<OsString>> = BTreeMap::new();
    for name in students.keys() {
        if let Some(text) = name.to_str().filter(|text| !text.is_ascii()) {
            same.entry(text.nfc().collect())
                .or_default()
                .push(name.clone());
        }
    }
    for names in same.values().filter(|names| names.len() > 1) {
        for (at, name) in names.iter().enumerate() {
            let other = shown(&names[usize::from(at == 0)]);
            if let Some(student) = students.get_mut(name) {
                student.namesake = Some(other);
            }
        }
    }
}

/// The end of a file's name, in lower case.
fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default();
    ending.to_string_lossy().to_lowercase()
}

/// Whether a file or folder is named like a notebook. Browsers save one as text or JSON at times:
/// `ada_01_1_pacific_days.ipynb.txt`.
fn is_notebook(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match ending(path).as_str() {
        "ipynb" => true,
        "txt" | "json" => id_in(&stem).is_some(),
        _ => false,
    }
}

/// The first entries of a folder: notebooks before others, each in order; none if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST_ENTRIES)
        .map(|entry| entry.path())
        .collect();
    entries.sort_by_cached_key(|path| (!is_notebook(path), path.clone()));
    entries.truncate(MOST_FILES);
    entries
}

fn collect(path: &Path, student: &mut Student, depth: usize) {
    let name = printable(path.file_name().unwrap_or_default());
    let Ok(meta) = path.symlink_metadata() else {
        return;
    };
    let ending = ending(path);
    if student.notebooks.len() + student.problems.len() >= MOST_FILES {
        return;
    }
    if meta.is_symlink() {
        student.problems.push(problem(
            FORBIDDEN,
            format!("{name} is a link: hand the file in"),
        ));
    } else if meta.is_dir() {
        if name == ".ipynb_checkpoints" || name == "__MACOSX" {
            return;
        }
        let entries = entries(path);
        if depth >= DEEPEST {
            if entries.iter().any(|entry| is_notebook(entry)) {
                student.problems.push(problem(
                    MISSING,
                    format!(
                        "the notebooks in the folder {name} lie too deep: \
                         put them at most {DEEPEST} folders deep"
                    ),
                ));
            }
            return;
        }
        let known = student.notebooks.len() + student.problems.len();
        entries
            .iter()
            .for_each(|entry| collect(entry, student, depth + 1));
        let found = student.notebooks.len() + student.problems.len() > known;
        if ending == "ipynb" && !found {
            student.problems.push(problem(
                UNREADABLE,
                format!("{name} is a folder and no notebook: hand the file in"),
            ));
        } else if depth == 0 && student.notebooks.is_empty() && student.problems.is_empty() {
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
    } else if is_notebook(path) {
        student.notebooks.push(path.to_owned());
    }
}

/// The student of a file that is named after an exercise: `ada_01_1_pacific_days` is
/// Ada's, and so are `ada_01_1_pacific_days (1)` and `ada-01_1_Pacific_Days_final`.
fn without_exercise(stem: &str) -> &str {
    // One separator: a space before it is part of the name.
    const BETWEEN: [&str; 5] = [" - ", "_", "-", " ", "."];
    let Some((id, at)) = id_in(stem) else {
        return stem;
    };
    let (before, behind) = (&stem[..at], &stem[at + id.len()..]);
    let name = if is_of_a_copy(behind) && !before.is_empty() {
        let mut between = BETWEEN.iter();
        between.find_map(|between| before.strip_suffix(between))
    } else if before.is_empty() {
        let behind = without_count(behind);
        let mut between = BETWEEN.iter();
        let name = between.find_map(|between| behind.strip_prefix(between));
        name.or(Some(behind))
    } else {
        return stem;
    };
    match name.unwrap_or(before) {
        "" => stem,
        name => name,
    }
}

/// A name without the ` (1)` that a browser adds.
fn without_count(name: &str) -> &str {
    let inner = name.strip_suffix(')').and_then(|name| {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        name.strip_suffix('(')
    });
    inner.map_or(name, |name| name.trim_end_matches(' '))
}

/// Whether what stands behind the name of an exercise tells one copy of a file from
/// another, such as ` (1)`, `-1`, `_final` or `-Copy1`. Nothing does so, too.
fn is_of_a_copy(behind: &str) -> bool {
    const WORDS: [&str; 13] = [
        "",
        "ipynb",
        "v",
        "copy",
        "final",
        "finished",
        "done",
        "fixed",
        "late",
        "new",
        "solved",
        "solution",
        "submission",
    ];
    let between = |c: char| " -_.()".contains(c);
    let mut words = behind.split(between);
    let is_separated = behind.is_empty() || behind.starts_with(between);
    is_separated
        && words.all(|word| {
            let word = word.to_ascii_lowercase();
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            WORDS.contains(&word)
        })
}

/// Whether a letter looks like itself and like no other in a name.
fn is_plain(c: char) -> bool {
    // Latin letters with their accents; of others some look like Latin ones.
    c == ' ' || c.is_ascii_graphic() || (('\u{c0}'..='\u{17f}').contains(&c) && c.is_alphabetic())
}

/// A name as reports show it, such that different names are shown differently: what
/// cannot be seen or looks like something else is escaped as Rust writes it.
///
/// ```
/// use grade::submissions::shown;
/// use std::ffi::OsStr;
/// let shown = |name: &str| shown(OsStr::new(name));
/// assert_eq!(shown("Zoë Öz-1"), "Zoë Öz-1");
/// assert_eq!(shown("Zoe\u{308}"), "Zoë [Zoe\\u{308}]");
/// assert_eq!(shown("ada "), r"ada\u{20}");
/// assert_eq!(shown("\u{430}da"), "\u{430}da [\\u{430}da]");
/// ```
pub fn shown(name: &OsStr) -> String {
    const LONGEST: usize = 80;
    let spaces = |text: &str| text.len() - text.trim_matches(' ').len() > 0;
    let mut escaped = String::new();
    let mut readable = String::new();
    let mut foreign = false;
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => escaped.push_str("\\\\"),
                c if is_plain(c) => escaped.push(c),
                c => escaped.extend(c.escape_unicode()),
            }
            let is_letter = !is_plain(c) && c.is_alphabetic();
            foreign |= is_letter;
            readable.push(if is_letter || is_plain(c) {
                c
            } else {
                '\u{fffd}'
            });
        }
        for byte in chunk.invalid() {
            escaped.push_str(&format!("\\x{byte:02x}"));
            readable.push('\u{fffd}');
        }
    }
    if spaces(&escaped) {
        let inner = escaped.trim_matches(' ');
        let at = escaped.len() - escaped.trim_start_matches(' ').len();
        let behind = escaped.len() - at - inner.len();
        escaped = format!(
            "{}{inner}{}",
            "\\u{20}".repeat(at),
            "\\u{20}".repeat(behind)
        );
    }
    // An accent that is a sign of its own is read with its letter.
    let composed: Option<String> = name.to_str().map(|text| text.nfc().collect());
    let composed = composed
        .filter(|composed| name.to_str() != Some(composed) && composed.chars().all(is_plain));
    let whole = match foreign {
        _ if let Some(composed) = composed => format!("{} [{escaped}]", composed.trim()),
        true => format!("{} [{escaped}]", readable.trim()),
        false => escaped,
    };
    match whole.chars().count() > LONGEST {
        true => {
            let first: String = whole.chars().take(LONGEST).collect();
            format!("{first}\\~{}", digest(name.as_bytes()))
        }
        false => whole,
    }
}

/// The name of a file, for a message.
pub fn printable(name: &OsStr) -> String {
    shown(name)
}

/// So long that no second name with it can be found.
fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes)[..DIGEST / 2])
}

/// Digits of a digest.
const DIGEST: usize = 20;

/// A file name for a student that is nobody else's and leads nowhere, also where file
/// systems see no difference between upper and lower case.
///
/// ```
/// use grade::submissions::file_name;
/// assert_eq!(file_name("ada.lovelace-1"), "ada.lovelace-1");
/// assert!(!file_name("../../etc/passwd").contains('/'));
/// assert_ne!(file_name("a/b"), file_name("a?b"));
/// assert_ne!(file_name("Ada").to_lowercase(), file_name("ada"));
/// ```
pub fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let kept: String = name
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if plain(c) { c } else { '_' })
        .take(60)
        .collect();
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let behind = kept.rsplit('-').next().unwrap_or_default();
    // Named like what is made below.
    let forged = behind.len() == DIGEST && behind.chars().all(is_digit);
    // Not to be had on every system.
    let stem = kept.split('.').next().unwrap_or_default();
    let reserved = ["", "con", "prn", "aux", "nul"].contains(&stem)
        || ["com", "lpt"]
            .iter()
            .any(|device| stem.starts_with(device) && stem.len() == 4);
    if kept == name && !kept.starts_with('-') && !kept.ends_with('.') && !forged && !reserved {
        return kept;
    }
    let kept = kept.trim_start_matches(['.', '-']);
    format!("{kept}-{}", digest(name.as_bytes()))
}

/// What is read of a notebook: its outputs, pictures and widgets are passed over.
#[derive(Deserialize)]
#[serde(expecting = "a notebook")]
struct RawNotebook {
    #[serde(default)]
    nbformat: Value,
    cells: Option<Vec<RawCell>>,
    /// Of nbformat 3, which has its cells in sheets.
    #[serde(default)]
    worksheets: Option<Vec<RawSheet>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a sheet of cells")]
struct RawSheet {
    #[serde(default)]
    cells: Vec<RawCell>,
}

#[derive(Deserialize)]
#[serde(expecting = "a cell")]
struct RawCell {
    #[serde(default)]
    cell_type: Text,
    #[serde(default)]
    id: Text,
    #[serde(default)]
    metadata: Option<RawMetadata>,
    #[serde(default)]
    source: Text,
    #[serde(default)]
    execution_count: Count,
    /// What nbformat 3 calls the source of a code cell.
    #[serde(default)]
    input: Text,
    /// What nbformat 3 calls the execution count.
    #[serde(default)]
    prompt_number: Count,
}

#[derive(Deserialize)]
#[serde(expecting = "the metadata of a cell")]
struct RawMetadata {
    nbgrader: Option<RawNbgrader>,
}

#[derive(Deserialize)]
#[serde(expecting = "what nbgrader says of a cell")]
struct RawNbgrader {
    #[serde(default)]
    solution: Value,
    #[serde(default)]
    grade_id: Text,
}

/// A count; anything else is none.
#[derive(Clone, Copy, Default)]
struct Count(Option<u64>);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any {
            Count(u64),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Count(count) => Count(Some(count)),
            Any::Other(IgnoredAny) => Count(None),
        })
    }
}

/// A string, or a list of strings; anything else is no text.
#[derive(Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        let mut whole = String::new();
        while let Some(Text(text)) = list.next_element()? {
            whole.push_str(&text);
        }
        Ok(Text(whole))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
        Ok(Text::default())
    }
}

/// The cells of a notebook, with what a grader reads of them. Time and memory are in
/// proportion to the length of the text, and the memory less than twice that length.
///
/// # Errors
/// Says why it is no notebook.
fn decode(text: &str, path: &Path) -> Result<Notebook, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw: RawNotebook = serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => format!("it is not a notebook: {error}"),
        false => format!("it is not a notebook: not JSON: {error}"),
    })?;
    if raw.nbformat != 4 && raw.nbformat != 3 {
        return Err(format!(
            "nbformat {:.20} is not supported; open and save it in a current Jupyter (nbformat 4)",
            raw.nbformat.to_string()
        ));
    }
    let is_old = raw.nbformat == 3;
    let sheets = raw.worksheets.filter(|_| is_old);
    let sheets = sheets.map(|sheets| sheets.into_iter().flat_map(|sheet| sheet.cells).collect());
    let Some(cells) = raw.cells.or(sheets) else {
        return Err("it is not a notebook: it has no list of cells".to_owned());
    };
    let cell = |mut cell: RawCell| {
        if is_old && cell.cell_type.0 == "code" {
            (cell.source, cell.execution_count) = (cell.input, cell.prompt_number);
        }
        let nbgrader = cell.metadata.and_then(|metadata| metadata.nbgrader);
        let metadata = nbgrader.map_or(json!({}), |nbgrader| {
            json!({"nbgrader": {"solution": nbgrader.solution == true, "grade_id": nbgrader.grade_id.0}})
        });
        json!({"cell_type": cell.cell_type.0, "id": cell.id.0, "metadata": metadata, "source": cell.source.0,
            "execution_count": cell.execution_count.0})
    };
    let cells: Vec<Value> = cells.into_iter().map(cell).collect();
    Ok(Notebook {
        path: path.to_owned(),
        json: json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}),
    })
}

/// Reads a notebook, if it is a plain file of a sensible size.
pub fn read(path: &Path) -> Result<Notebook, Problem> {
    let name = printable(path.file_name().unwrap_or_default());
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
    let text = String::from_utf8(text).map_err(|_| {
        unreadable("it is no text in UTF-8: open it in Jupyter and save it again".to_owned())
    })?;
    let mut notebook = decode(&text, path).map_err(unreadable)?;
    // Nothing else of the metadata is read: here the file is known again.
    notebook.json["metadata"] = json!({ SHA256: hexadecimal(&Sha256::digest(text.as_bytes())) });
    Ok(notebook)
}

/// Where a notebook that was read has the digest of its file.
const SHA256: &str = "sha256";

/// Returns the SHA-256 of the file from which [`read`] read a notebook; empty for another one.
pub fn sha256(notebook: &Notebook) -> &str {
    notebook.json["metadata"][SHA256]
        .as_str()
        .unwrap_or_default()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a notebook says about one exercise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answer {
    /// Whether a cell names the exercise's function as its definition does.
    defined: bool,
    /// Whether the notebook checks a function of its own for the exercise.
    checked: bool,
    /// Whether one of these functions has no `todo!` in it.
    answered: bool,
}

/// Reads what a notebook has for an exercise that asks for `function`. Time is in
/// proportion to the notebook.
fn answer(notebook: &Notebook, exercise: &Exercise, function: &str) -> Answer {
    let sources = notebook.cells().iter().filter_map(|cell| {
        let source = cell["source"].as_str()?;
        Some((cell["cell_type"] == "code", source))
    });
    let mut answer = Answer::default();
    // Functions, and whether one of the name is no stub.
    let mut functions: BTreeMap<String, bool> = BTreeMap::new();
    let mut checked: BTreeSet<String> = BTreeSet::new();
    for (is_code, source) in sources {
        answer.defined |= names_function(source, function);
        if !is_code || source.len() > LONGEST {
            continue;
        }
        let tokens = tokens(source);
        let checks = checks_in(&tokens, 0).into_iter();
        let checks = checks.filter(|check| check.exercise == exercise.name);
        checked.extend(checks.map(|check| check.function.to_owned()));
        let pieces = pieces(&tokens).into_iter();
        for piece in pieces.filter(|piece| piece.kind == PieceKind::Fn) {
            let is_stub = holds_todo(&tokens[piece.tokens]);
            *functions.entry(piece.name).or_default() |= !is_stub;
        }
    }
    answer.checked = checked.iter().any(|name| functions.contains_key(name));
    let mut meant = checked.iter().map(String::as_str).chain([function]);
    answer.answered = meant.any(|name| functions.get(name) == Some(&true));
    answer
}

/// Whether a text names a function as its definition does.
fn names_function(source: &str, function: &str) -> bool {
    let wanted = format!("fn {function}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut found = source.match_indices(&wanted);
    found.any(|(at, _)| ends(&source[at + wanted.len()..]))
}

/// Whether a function says that it is not written yet.
fn holds_todo(tokens: &[Token]) -> bool {
    let mut pairs = tokens.windows(2);
    pairs.any(|pair| ["todo", "unimplemented"].contains(&pair[0].text) && pair[1].text == "!")
}

/// Whether the two numbers of an exercise stand in a file's name: `Ex7.3.ipynb` has those of
/// `08_3_opaque_state`.
fn has_number_of(path: &Path, exercise: &Exercise) -> bool {
    let number = |digits: &str| digits.parse::<u32>().ok();
    let own: Vec<u32> = exercise.id.split('_').filter_map(number).take(2).collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let runs = stem.split(|c: char| !c.is_ascii_digit()).filter_map(number);
    runs.collect::<Vec<_>>().windows(2).any(|pair| pair == own)
}

/// When a file was last changed, in seconds: files that were copied together are of the
/// same age.
fn changed(path: &Path) -> u64 {
    let changed = path.symlink_metadata().and_then(|meta| meta.modified());
    let changed = changed.unwrap_or(SystemTime::UNIX_EPOCH);
    changed
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Reads notebooks one by one, at most [`MOST_READ`] and [`MOST_BYTES`] of them.
fn read_some<'p>(
    paths: impl Iterator<Item = &'p PathBuf>,
) -> impl Iterator<Item = (&'p PathBuf, Result<Notebook, Problem>)> {
    let mut bytes = 0;
    let size = |path: &Path| path.symlink_metadata().map_or(0, |meta| meta.len());
    paths
        .take(MOST_READ)
        .take_while(move |path| {
            bytes += size(path).min(LARGEST);
            bytes <= MOST_BYTES
        })
        .map(|path| (path, read(path)))
}

impl Student {
    /// What is said of a student of the same name.
    pub fn note(&self) -> Option<String> {
        let other = self.namesake.as_ref()?;
        Some(format!(
            "{} and {other} are one name in other characters, and are graded as two students: \
             if they are one, put all notebooks into one folder and delete the other one",
            self.name
        ))
    }

    /// The notebook that answers an exercise, and what is said of the choice: one that
    /// is named after the exercise, or else one that holds its function or its check.
    /// Where there are several, at most 20 and 16 MB of them are read.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn notebook(
        &self,
        exercise: &Exercise,
        function: &str,
    ) -> Result<(Notebook, Option<String>), Problem> {
        let of = |path: &Path| exercise_of(path);
        let mut named: Vec<&PathBuf> = self
            .notebooks
            .iter()
            .filter(|path| of(path) == Some(exercise.id))
            .collect();
        if !named.is_empty() {
            return best_named(&mut named, exercise, function);
        }
        let unnamed = self.notebooks.iter().filter(|path| of(path).is_none());
        // The one with its check, or else with its number, or else with an answer, or else
        // the first one.
        let mut best: Option<(_, Notebook)> = None;
        let mut broken = None;
        for (path, notebook) in read_some(unnamed) {
            let notebook = match notebook {
                Ok(notebook) => notebook,
                Err(problem) => {
                    broken = Some(problem);
                    continue;
                }
            };
            let answer = answer(&notebook, exercise, function);
            if !answer.defined && !answer.checked {
                continue;
            }
            let rank = (
                answer.checked,
                has_number_of(path, exercise),
                answer.answered,
            );
            if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                best = Some((rank, notebook));
            }
        }
        if let Some((_, notebook)) = best {
            return Ok((notebook, None));
        }
        Err(broken.unwrap_or_else(|| self.without_notebook(exercise)))
    }

    /// Why there is no notebook for an exercise.
    fn without_notebook(&self, exercise: &Exercise) -> Problem {
        let missing = format!("there is no notebook {}.ipynb", exercise.id);
        match self.problems.first() {
            Some(first) if first.verdict == MISSING && !self.notebooks.is_empty() => {
                problem(MISSING, format!("{missing}, and {}", first.reason))
            }
            Some(first) => first.clone(),
            None => problem(MISSING, missing),
        }
    }
}

/// Of the notebooks that are named after an exercise, the one that counts: one with an
/// answer before a stub, then the newest, then the one with the exact name, then the last.
fn best_named(
    named: &mut [&PathBuf],
    exercise: &Exercise,
    function: &str,
) -> Result<(Notebook, Option<String>), Problem> {
    let all = named.len();
    let is_exact = |path: &Path| path.file_stem().is_some_and(|stem| stem == exercise.id);
    // Where there are more than are read, the exact name and the newest are read.
    if all > 1 {
        named.sort_by_cached_key(|path| {
            Reverse((changed(path), is_exact(path), path.to_path_buf()))
        });
    }
    let exact = named.iter().position(|path| is_exact(path));
    if let Some(place) = exact.filter(|place| *place >= MOST_READ) {
        named[..=place].rotate_right(1);
    }
    let mut best: Option<(_, Notebook)> = None;
    let mut broken = None;
    for (path, notebook) in read_some(named.iter().copied()) {
        match notebook {
            Ok(notebook) => {
                let answered = all > 1 && answer(&notebook, exercise, function).answered;
                let rank = (answered, changed(path), is_exact(path));
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    best = Some((rank, notebook));
                }
            }
            Err(problem) if is_exact(path) => broken = Some(problem),
            Err(problem) => broken = broken.or(Some(problem)),
        }
    }
    let Some((_, notebook)) = best else {
        let none = || {
            problem(
                MISSING,
                format!("there is no notebook {}.ipynb", exercise.id),
            )
        };
        return Err(broken.unwrap_or_else(none));
    };
    let file = printable(notebook.path.file_name().unwrap_or_default());
    let note = (all > 1).then(|| format!("{all} notebooks for this exercise: {file} counts"));
    Ok((notebook, note))
}

#[cfg(test)]
#[path = "submissions_tests.rs"]
mod tests;
