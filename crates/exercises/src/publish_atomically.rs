//! Exercise 4.3: publish a version of a view while readers read, and while the machine may crash.
//!
//! The function works on a [`SimulatedFolder`], and its operations are what it answers. The
//! judging process replays them on files of its own. After each operation, and in the middle of
//! each write, it lets every reader read, the one that begins now and those that began before,
//! and it looks at what a crash would leave. That covers all interleavings: a reader reads
//! `CURRENT` at some moment, and its files at that moment or any later one.
//!
//! A publication that crashed is run again. It may have crashed behind its last step: then
//! `CURRENT` names the version already, and the folder must stay as it is.
use super::attempt::AttemptError;
use super::draw::Draw;
use super::exercise::{Case, Exercise};
use super::respondent::Ask;
use super::value::{Inputs, Value, counted};
use lessons::serving_layer::{FolderOperation, SimulatedFolder};
use polars::prelude::{DataFrame, PolarsResult, df, polars_bail};
use std::collections::{BTreeMap, BTreeSet};

/// The reader's function.
pub type Function = fn(&mut SimulatedFolder, &str, &[(String, String)]);

/// Feeds the reader's function. Returns the operations on the folder, one a row.
pub fn answer(function: Function, inputs: &Inputs) -> PolarsResult<Value> {
    let folder = files(inputs.frame("folder")?, "path")?;
    let mut folder = SimulatedFolder::holding(folder.into_iter().collect());
    let new = files(inputs.frame("files")?, "name")?;
    function(&mut folder, inputs.text("version")?, &new);
    let rows: Vec<(&str, &str, &str)> = { folder.operations().iter() }
        .map(|operation| match operation {
            FolderOperation::Write(path, text) => (WRITE, path.as_str(), text.as_str()),
            FolderOperation::Sync(path) => (SYNC, path.as_str(), ""),
            FolderOperation::Rename(from, to) => (RENAME, from.as_str(), to.as_str()),
            FolderOperation::Remove(path) => (REMOVE, path.as_str(), ""),
        })
        .collect();
    let frame = df!(
        "operation" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "path" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "text" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    );
    Ok(Value::Frame(frame?))
}

const WRITE: &str = "write";
const SYNC: &str = "sync";
const RENAME: &str = "rename";
const REMOVE: &str = "remove";

/// The most operations that are replayed, as each of them looks at all files: a publication takes
/// some thirty.
const MOST: usize = 500;

/// Asks for the operations, replays them, and says what is wrong, if anything is.
fn trial(inputs: &Inputs, ask: Ask) -> Result<Value, AttemptError> {
    let Value::Frame(frame) = ask.ask(inputs)? else {
        return Err(AttemptError::Error("operations are a table".to_owned()));
    };
    let operations = operations_of(&frame)?;
    let publication = Publication::of(inputs)?;
    let found = publication.replayed(&operations);
    Ok(Value::Text(
        publication.about(found.as_deref().unwrap_or(RIGHT)),
    ))
}

/// Reads the operations that [`answer`] returns.
fn operations_of(frame: &DataFrame) -> PolarsResult<Vec<FolderOperation>> {
    if frame.height() > MOST {
        polars_bail!(ComputeError: "{} operations, more than {MOST}", frame.height());
    }
    if frame.height() == 0 {
        return Ok(Vec::new());
    }
    let (names, paths, texts) = (
        frame.column("operation")?.str()?,
        frame.column("path")?.str()?,
        frame.column("text")?.str()?,
    );
    let operation = |row| {
        let (path, text) = (paths.get(row)?.to_owned(), texts.get(row)?.to_owned());
        match names.get(row)? {
            WRITE => Some(FolderOperation::Write(path, text)),
            SYNC => Some(FolderOperation::Sync(path)),
            RENAME => Some(FolderOperation::Rename(path, text)),
            REMOVE => Some(FolderOperation::Remove(path)),
            _ => None,
        }
    };
    match (0..frame.height()).map(operation).collect() {
        Some(operations) => Ok(operations),
        None => {
            polars_bail!(ComputeError: "an operation is a write, a sync, a rename or a removal")
        }
    }
}

/// Exercise 4.3.
pub static EXERCISE: Exercise = Exercise {
    id: "04_3_publish_atomically",
    name: "publish_atomically",
    title: "Exercise 4.3, publish while a reader reads",
    signature: "fn publish(folder: &mut serving::SimulatedFolder, version: &str, files: &[(String, String)])",
    hints: &[
        "A reader reads `CURRENT` at any moment, and then the files of that version. So the new files must be \
         complete, and safe from a crash, before `CURRENT` names them. Which of the four operations is atomic?",
        "Write each file to `format!(\"{version}/{name}\")` and sync it. Then write and sync a file beside `CURRENT`, \
         such as `CURRENT.new`, and rename it. Leave the old version alone: somebody may still be reading it.",
        "A publication that crashed behind the rename has published: \
         `if folder.read(\"CURRENT\") == Some(version) { return; }` comes before anything else. One that crashed \
         earlier has left files in the folder of this version: \
         `for path in folder.paths() { if path.starts_with(&format!(\"{version}/\")) { folder.remove(&path); } }`.",
    ],
    vocabulary: &["lessons::serving_layer::simulated_folder::SimulatedFolder"],
    cases,
    reference,
    idle: &[|inputs| answer(|_, _, _| (), inputs)],
    trial: Some(trial),
};

const CURRENT: &str = "CURRENT";
const RIGHT: &str =
    "every reader sees a whole version, and so does a restart after a crash at any moment";

fn reference(inputs: &Inputs) -> PolarsResult<Value> {
    Ok(Value::Text(Publication::of(inputs)?.about(RIGHT)))
}

/// The files of one version: text by name.
type Version = BTreeMap<String, String>;

/// What is to be published, and over what.
struct Publication {
    /// All files at the start, by path.
    folder: BTreeMap<String, String>,
    /// The name of the version that is served at the start.
    served: String,
    /// The name of the version to publish. It is the served one if an earlier publication has
    /// crashed after its last step.
    new: String,
    /// The files of every version, as they must be: those in the folder at the start, as readers
    /// may have begun with any of them, and those of the version to publish.
    versions: BTreeMap<String, Version>,
}

impl Publication {
    /// # Errors
    /// If no version is served at the start, or there is nothing to publish, or the version to
    /// publish is served with other files.
    fn of(inputs: &Inputs) -> PolarsResult<Self> {
        let folder: BTreeMap<String, String> = files(inputs.frame("folder")?, "path")?
            .into_iter()
            .collect();
        let files: Version = files(inputs.frame("files")?, "name")?.into_iter().collect();
        let new = inputs.text("version")?.to_owned();
        let served = folder.get(CURRENT).cloned().unwrap_or_default();
        let in_folder = |name: &str| {
            version_in(
                folder.iter().map(|(path, text)| (path, text.as_str())),
                name,
            )
        };
        let found = in_folder(&served);
        if found.is_empty() || files.is_empty() {
            polars_bail!(InvalidOperation: "the version that is served and the new one have files");
        }
        if served == new && found != files {
            polars_bail!(InvalidOperation: "a version that is served already has all of its files");
        }
        let names = folder
            .keys()
            .filter_map(|path| Some(path.split_once('/')?.0));
        let mut versions: BTreeMap<String, Version> = names
            .map(|name| (name.to_owned(), in_folder(name)))
            .collect();
        // What an earlier publication has left of the new version is no version.
        versions.insert(new.clone(), files);
        Ok(Publication {
            folder,
            served,
            new,
            versions,
        })
    }

    fn about(&self, found: &str) -> String {
        let (files, new) = (counted(self.versions[&self.new].len(), "file"), &self.new);
        match self.served == self.new {
            true => format!("{new} with {files}, which is served already: {found}"),
            false => format!("{new} with {files} in place of {}: {found}", self.served),
        }
    }

    /// Replays operations. Returns the first thing that is wrong, in words.
    fn replayed(&self, operations: &[FolderOperation]) -> Option<String> {
        // Every file with its text, and whether it is on the disk.
        let synced = |(path, text): (&String, &String)| (path.clone(), (text.clone(), true));
        let mut files: BTreeMap<String, (String, bool)> = self.folder.iter().map(synced).collect();
        // Readers of every version that is there may still read; the new one counts if served.
        let names = self.versions.keys().map(String::as_str);
        let mut begun: BTreeSet<&str> = names
            .filter(|name| *name != self.new || *name == self.served)
            .collect();
        for (step, operation) in (1..).zip(operations) {
            let (name, path) = match operation {
                FolderOperation::Write(path, _) => (WRITE, path),
                FolderOperation::Sync(path) => (SYNC, path),
                FolderOperation::Rename(path, _) => (RENAME, path),
                FolderOperation::Remove(path) => (REMOVE, path),
            };
            let told = |found: String| Some(format!("step {step}, {name} {path}: {found}"));
            let is_write = matches!(operation, FolderOperation::Write(..));
            if !is_write && !files.contains_key(path) {
                return told("there is no such file".to_owned());
            }
            // In the middle of a write the file is empty.
            if is_write {
                files.insert(path.clone(), (String::new(), false));
                if let Some(found) = self.wrong(&files, &mut begun) {
                    return told(found);
                }
            }
            match operation {
                FolderOperation::Write(path, text) => {
                    files.insert(path.clone(), (text.clone(), false));
                }
                FolderOperation::Sync(path) => {
                    files.entry(path.clone()).and_modify(|file| file.1 = true);
                }
                FolderOperation::Rename(from, to) => {
                    let file = files.remove(from).expect("the file exists");
                    files.insert(to.clone(), file);
                }
                FolderOperation::Remove(path) => {
                    files.remove(path);
                }
            }
            if let Some(found) = self.wrong(&files, &mut begun) {
                return told(found);
            }
        }
        let served = files.get(CURRENT).map(|(text, _)| text.as_str());
        match served == Some(self.new.as_str()) {
            true => None,
            false => Some(format!(
                "after the last step CURRENT still names {}",
                self.served
            )),
        }
    }

    /// Returns what a reader finds wrong at this moment, or what a crash would leave wrong. `begun`
    /// has the versions with which readers have begun.
    fn wrong<'a>(
        &'a self,
        files: &BTreeMap<String, (String, bool)>,
        begun: &mut BTreeSet<&'a str>,
    ) -> Option<String> {
        // A reader that begins now.
        let seen =
            |(path, (text, _)): (&'_ String, &'_ (String, bool))| (path.clone(), text.clone());
        let seen: BTreeMap<String, String> = files.iter().map(seen).collect();
        let current = match self.served(&seen) {
            Ok(name) => name,
            Err(found) => return Some(format!("a reader finds {found}")),
        };
        if current != self.new && begun.contains(self.new.as_str()) {
            return Some(format!(
                "a reader that has seen {} sees {current} again",
                self.new
            ));
        }
        begun.insert(current);
        // Readers that began before.
        for name in begun.iter() {
            if let Err(found) = self.whole(&seen, name) {
                return Some(format!("a reader that began with {name} finds {found}"));
            }
        }
        // A crash: what was not synced is lost.
        let left = |(path, (text, synced)): (&'_ String, &'_ (String, bool))| {
            let text = if *synced { text.clone() } else { String::new() };
            (path.clone(), text)
        };
        let left = files.iter().map(left).collect();
        let found = self.served(&left).err()?;
        Some(format!(
            "after a crash at this moment, a reader finds {found}"
        ))
    }

    /// Returns the version that `CURRENT` names, if all of its files are as they must be.
    fn served(&self, files: &BTreeMap<String, String>) -> Result<&str, String> {
        let name = match files.get(CURRENT).map(String::as_str) {
            None => return Err("no CURRENT".to_owned()),
            Some("") => return Err("CURRENT empty".to_owned()),
            Some(name) => name,
        };
        let Some((name, _)) = self.versions.get_key_value(name) else {
            return Err(format!("{name:?} in CURRENT, which is no version"));
        };
        self.whole(files, name).map(|()| name.as_str())
    }

    /// Compares the files of a version with what they must be.
    fn whole(&self, files: &BTreeMap<String, String>, name: &str) -> Result<(), String> {
        let wanted = &self.versions[name];
        let found = version_in(files.iter().map(|(path, text)| (path, text.as_str())), name);
        for (file, text) in wanted {
            match found.get(file) {
                None => return Err(format!("no {name}/{file}")),
                Some(found) if found.is_empty() => return Err(format!("{name}/{file} empty")),
                Some(found) if found != text => {
                    return Err(format!("another text in {name}/{file}"));
                }
                Some(_) => {}
            }
        }
        match found.keys().find(|file| !wanted.contains_key(*file)) {
            None => Ok(()),
            Some(file) => Err(format!("{name}/{file}, which is no file of this version")),
        }
    }
}

/// Returns the files of a version among all files.
fn version_in<'a>(files: impl Iterator<Item = (&'a String, &'a str)>, name: &str) -> Version {
    let prefix = format!("{name}/");
    let of_version = files.filter_map(|(path, text)| {
        let file = path.strip_prefix(&prefix)?;
        Some((file.to_owned(), text.to_owned()))
    });
    of_version.collect()
}

/// Returns the files of a table: path and text, in the order of the rows.
fn files(frame: &DataFrame, path: &str) -> PolarsResult<Vec<(String, String)>> {
    let (paths, texts) = (frame.column(path)?.str()?, frame.column("text")?.str()?);
    let pairs = paths.iter().flatten().zip(texts.iter().flatten());
    Ok(pairs
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect())
}

fn case(
    name: &'static str,
    about: &'static str,
    why: &'static str,
    folder: &[(String, String)],
    version: &str,
    files: &[(String, String)],
) -> Case {
    let frame = |rows: &[(String, String)], path: &str| {
        df!(
            path => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
            "text" => rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    };
    let inputs = Inputs::new()
        .with("folder", Value::Frame(frame(folder, "path")))
        .with("version", Value::Text(version.to_owned()))
        .with("files", Value::Frame(frame(files, "name")));
    Case {
        name,
        about,
        why,
        inputs,
    }
}

fn cases(seed: u64) -> Vec<Case> {
    let mut draw = Draw::of(seed);
    let number = draw.number(2, 3..1_000_000);
    let (old, new) = (
        format!("version-{}", number - 1),
        format!("version-{number}"),
    );
    let count = draw.number(1, 2..1_000_000);
    let shards = |of: i64, counts: i64| -> Vec<(String, String)> {
        let file = |shard| {
            (
                format!("shard-{shard}"),
                format!("count {}", counts + shard),
            )
        };
        (0..of).map(file).collect()
    };
    let served = |of: i64| -> Vec<(String, String)> {
        let path = |(name, text)| (format!("{old}/{name}"), text);
        let files = shards(of, count).into_iter().map(path);
        [(CURRENT.to_owned(), old.clone())]
            .into_iter()
            .chain(files)
            .collect()
    };
    let files = |of: i64| shards(of, count + 1_000_000);
    let left = |name: &str, text: &str| (format!("{new}/{name}"), text.to_owned());
    let mut leftover = served(2);
    leftover.extend([left("shard-0", ""), left("shard-7", "count 7")]);
    // A retry after a crash behind the rename: the new version is served, and the old one is read.
    let mut published = served(2);
    published[0].1 = new.clone();
    published.extend(files(2).iter().map(|(name, text)| left(name, text)));
    let (several, more) = (5 + draw.below(4), 5 + draw.below(4));
    let mut random = served(several);
    random.extend(
        (0..draw.below(9) + 1).map(|shard| left(&format!("shard-{}", 3 * shard), "half of a")),
    );
    vec![
        case(
            "one_file",
            "a version of one file replaces another",
            "a graph made of two versions is wrong, and nothing in it says so",
            &served(1),
            &new,
            &files(1),
        ),
        case(
            "three_files",
            "a version of three files replaces another",
            "a version that is published before its last file is there has pages without a count",
            &served(3),
            &new,
            &files(3),
        ),
        case(
            "leftover",
            "an earlier publication of this version crashed and left two files",
            "a file that is left over has rows that the new version does not have",
            &leftover,
            &new,
            &files(2),
        ),
        case(
            "retry",
            "an earlier publication of this version crashed after its rename, so that the version is served already",
            "a retry that begins by removing files destroys the version that all readers are reading",
            &published,
            &new,
            &files(2),
        ),
        case(
            "random",
            "versions of several files, and several that are left over",
            "what holds for chosen folders must hold for all",
            &random,
            &new,
            &files(more),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::mutants::tests! {
        publish_atomically::publish, stub: |_, _, _| todo!(), mutants:
        begins_again, in_place, keeps_leftovers, misses_a_file, names_no_version, never_switches, never_syncs,
        removes_current, removes_the_old_after, removes_the_old_first, switches_before_the_last, switches_first,
        syncs_the_last, syncs_too_late, tidies_up, trusts_the_folder, writes_current_in_place,
    }

    /// What the check says of operations by which version-2 of two files replaces version-1.
    fn found(operations: &[FolderOperation]) -> String {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let folder = [
            file(CURRENT, "version-1"),
            file("version-1/a", "1"),
            file("version-1/b", "1"),
        ];
        let files = [file("a", "2"), file("b", "2")];
        let case = case("", "", "", &folder, "version-2", &files);
        let publication = Publication::of(&case.inputs).unwrap();
        publication.replayed(operations).unwrap_or_default()
    }

    #[test]
    fn every_reader_and_every_crash_is_looked_at() {
        let write =
            |path: &str, text: &str| FolderOperation::Write(path.to_owned(), text.to_owned());
        let sync = |path: &str| FolderOperation::Sync(path.to_owned());
        let rename = |from: &str, to: &str| FolderOperation::Rename(from.to_owned(), to.to_owned());
        let remove = |path: &str| FolderOperation::Remove(path.to_owned());
        let right = [
            write("version-2/a", "2"),
            sync("version-2/a"),
            write("version-2/b", "2"),
            sync("version-2/b"),
            write("new", "version-2"),
            sync("new"),
            rename("new", CURRENT),
        ];
        assert_eq!(found(&right), "");

        // Without any one of the operations it is wrong.
        for left_out in 0..right.len() {
            let mut operations = right.to_vec();
            operations.remove(left_out);
            assert_ne!(found(&operations), "", "without {:?}", right[left_out]);
        }
        // Two neighbours may change places only if they are about different files.
        let swapped = |place: usize| {
            let mut operations = right.to_vec();
            operations.swap(place, place + 1);
            found(&operations)
        };
        let harmless: Vec<usize> = (0..6).filter(|place| swapped(*place).is_empty()).collect();
        assert_eq!(harmless, [1, 3]);

        // What follows the rename.
        let then = |operation| found(&[&right[..], &[operation]].concat());
        assert!(
            then(remove("version-1/b")).contains("that began with version-1 finds no version-1/b")
        );
        assert!(then(write(CURRENT, "version-1")).contains("finds CURRENT empty"));
        assert!(then(rename("version-1/a", CURRENT)).contains("no version"));
        assert!(then(remove("version-3/a")).contains("no such file"));
        assert_eq!(then(sync(CURRENT)), "");
    }

    #[test]
    fn a_retry_behind_the_rename_may_lose_nothing() {
        let cases = cases(READERS_SEED);
        let retry = cases.iter().find(|case| case.name == "retry").unwrap();
        let publication = Publication::of(&retry.inputs).unwrap();
        let wrong = |operation: FolderOperation| publication.replayed(&[operation]);
        let write = |path: &str, text: &str| {
            wrong(FolderOperation::Write(path.to_owned(), text.to_owned()))
        };
        assert_eq!(publication.replayed(&[]), None);
        // A file of either version, and `CURRENT`, is missed at once.
        for path in publication.folder.keys() {
            assert!(
                wrong(FolderOperation::Remove(path.clone())).is_some(),
                "{path}"
            );
            assert!(write(path, &publication.folder[path]).is_some(), "{path}");
        }
        // The folder is as it was after what touches no version.
        assert_eq!(write("CURRENT.new", "version-2"), None);
        // The version that was served before must not be served again.
        let back = [
            FolderOperation::Write("CURRENT.new".to_owned(), "version-1".to_owned()),
            FolderOperation::Sync("CURRENT.new".to_owned()),
            FolderOperation::Rename("CURRENT.new".to_owned(), CURRENT.to_owned()),
        ];
        let found = publication.replayed(&back).unwrap();
        assert!(found.contains("sees version-1 again"), "{found}");

        // A version that is served with other files than those to publish is outside.
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let folder = [file(CURRENT, "version-2"), file("version-2/a", "1")];
        let other = case("", "", "", &folder, "version-2", &[file("a", "2")]);
        assert!(Publication::of(&other.inputs).is_err());
    }
}
