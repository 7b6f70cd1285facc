//! Checkpoints: a run that was killed goes on where it was, and does nothing twice.
//!
//! Between two waves of chunks everything that a run knows is its dictionary of URLs, its persons,
//! the records that wait, and the sorted runs of what it has counted. Temporary files only grow, so
//! it is enough to note how far each one reaches, and to write down what is in memory.
//!
//! ```text
//! FOLDER/work.json              which work it is: the input, the options, the boot of the machine
//! FOLDER/page_views, visits     records that wait and were spilled
//! FOLDER/hours, days            sorted runs of what is counted
//! FOLDER/rejected               rejected datums
//! FOLDER/persons                identifiers that an equiv joins, with their person
//! FOLDER/memory-0, memory-1     records that wait in memory, of this checkpoint or the one before
//! FOLDER/checkpoint.json        how far each file reaches, and the rest; replaced by one rename
//! FOLDER/views/                 the files of the views, once they are whole
//! FOLDER/finished.json          what the run found, once the views are whole
//! ```
//!
//! What a killed process has written is safe with the operating system. A power failure may take
//! some of it, so checkpoints of an earlier boot are not used, and nothing has to be flushed.

use super::chunked_input::ChunkedInput;
use super::person::PersonKey;
use super::rejects::RejectsState;
use super::runs::RunsState;
use super::scratch::{Scratch, Words};
use super::store::StoreState;
use super::visits::DomainCounts;
use crate::engine::{BatchJob, DatumCounts, EngineError, Summary, Views};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The number of the form of these files.
const FORM: u32 = 1;
const WORK: &str = "work.json";
const CHECKPOINT: &str = "checkpoint.json";
const FINISHED: &str = "finished.json";
const PERSONS: &str = "persons";
const VIEWS: &str = "views";

/// Where and how often a run writes down how far it is.
///
/// A later run of the same job goes on there. The job is the same if the files have the same path,
/// size and time of change, the options that choose the views are the same, and the machine was not
/// started anew. What other work has left in the folder is removed.
///
/// ```
/// use lambda_workbook::engine::{BatchJob, Engine, Local, RunPhase, local::Checkpoints};
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let input = folder.path().join("datums.jsonl");
/// let view = r#"{"dataunit":{"page_view":{"nonce":1,"page":{"url":"http://a.com/"},
///     "person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#.replace('\n', "");
/// std::fs::write(&input, view + "\n")?;
/// let job = BatchJob::of(input);
/// let checkpoints = Checkpoints { folder: folder.path().join("kept"), every: Duration::ZERO };
/// let engine = Local { checkpoints: Some(checkpoints.clone()), ..Local::default() };
///
/// // A run whose views are never published, as if it had been killed then.
/// let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
/// std::fs::create_dir(&first)?;
/// let summary = engine.run(&job, &first, &|_| ())?;
/// assert_eq!(checkpoints.rows_read(), Some(1));
///
/// // The next one has nothing left to do.
/// std::fs::create_dir(&second)?;
/// let again = engine.run(&job, &second, &|progress| assert_eq!(progress.step, RunPhase::Resume))?;
/// assert_eq!(again, summary);
/// let read = |folder: &std::path::Path| std::fs::read(folder.join("page_views.parquet"));
/// assert_eq!(read(&first)?, read(&second)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoints {
    /// The folder, which nothing else may use.
    pub folder: PathBuf,
    /// The time between two checkpoints, at least. They are rarer where writing one takes more
    /// than a twentieth of it.
    pub every: Duration,
}

/// Which work a folder of checkpoints is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Work {
    form: u32,
    boot: String,
    /// Path, size and time of the last change (nanoseconds since 1970) of each file.
    input: Vec<(PathBuf, u64, u64)>,
    chunks: usize,
    zones: Vec<String>,
    views: Views,
    precision: u8,
}

impl Work {
    /// Returns `None` where it cannot be told whether two runs have the same work.
    fn of(job: &BatchJob, source: &dyn ChunkedInput) -> Option<Self> {
        // The view of single visits is in memory until it is written, however large it is.
        if job.visits {
            return None;
        }
        let input = job.input.files().iter().map(|path| {
            let about = fs::metadata(path).ok()?;
            let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            let changed = u64::try_from(changed.as_nanos()).ok()?;
            Some((fs::canonicalize(path).ok()?, about.len(), changed))
        });
        Some(Work {
            form: FORM,
            boot: boot()?,
            input: input.collect::<Option<_>>()?,
            chunks: source.chunks(),
            zones: job
                .zones
                .iter()
                .map(|zone| zone.name().to_owned())
                .collect(),
            views: job.views,
            precision: job.precision.bits(),
        })
    }
}

/// Names the boot of the machine; `None` where the system does not.
fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// All that a run knows between two waves.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    /// Number of chunks that were read.
    pub next: usize,
    pub bits: u32,
    pub closed: i64,
    pub counts: DatumCounts,
    pub lines: Vec<u64>,
    pub rows: u64,
    pub bytes: u64,
    /// The URLs in the order of their numbers.
    pub urls: Vec<Box<str>>,
    pub page_views: StoreState,
    pub visits: StoreState,
    pub visits_by_domain: Vec<DomainCounts>,
    pub hours: RunsState,
    pub days: RunsState,
    pub rejects: RejectsState,
    /// The file of the records in memory.
    pub memory: String,
}

/// A checkpoint as it is read.
pub struct Saved {
    pub state: State,
    /// Identifiers that an equiv joins, each with its person.
    pub persons: Vec<(PersonKey, PersonKey)>,
    /// The records that were in memory.
    pub memory: Words,
}

/// The folder of the checkpoints of one run.
pub struct Keeper {
    folder: PathBuf,
    every: Duration,
    /// When the last checkpoint was complete, or the run began.
    last: Instant,
    /// How long the last one took to write.
    took: Duration,
    /// Number of checkpoints, which chooses the file of the records in memory.
    count: usize,
    has_persons: bool,
}

impl Checkpoints {
    /// Returns how many datums the run has read that was cut off; `None` if it has left nothing to
    /// go on from.
    pub fn rows_read(&self) -> Option<u64> {
        if let Some(summary) = read::<Summary>(&self.folder.join(FINISHED)) {
            return Some(summary.counts.read);
        }
        let state: State = read(&self.folder.join(CHECKPOINT))?;
        Some(state.counts.read)
    }

    /// Opens the folder for a run of a job. What other work has left there is removed. Returns
    /// `None` where the system cannot tell whether a later run has the same work.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn open(
        &self,
        job: &BatchJob,
        source: &dyn ChunkedInput,
    ) -> Result<Option<Keeper>, EngineError> {
        let folder = &self.folder;
        let work = Work::of(job, source);
        let found: Option<Work> = read(&folder.join(WORK));
        if folder.exists() && (work.is_none() || found != work) {
            fs::remove_dir_all(folder).map_err(EngineError::io(folder, "removing"))?;
        }
        let Some(work) = work else { return Ok(None) };
        fs::create_dir_all(folder).map_err(EngineError::io(folder, "making"))?;
        if found.as_ref() != Some(&work) {
            write(&folder.join(WORK), &work)?;
        }
        Ok(Some(Keeper {
            folder: folder.clone(),
            every: self.every,
            last: Instant::now(),
            took: Duration::ZERO,
            count: 0,
            has_persons: folder.join(PERSONS).exists(),
        }))
    }
}

impl Keeper {
    /// Returns where the run puts its temporary files.
    pub fn scratch(&self) -> Scratch {
        Scratch::kept(&self.folder)
    }

    /// Returns the folder in which the files of the views are written.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn views(&self) -> Result<PathBuf, EngineError> {
        let views = self.folder.join(VIEWS);
        let _ = fs::remove_dir_all(&views); // files that were cut off, if any
        fs::create_dir_all(&views).map_err(EngineError::io(&views, "making"))?;
        Ok(views)
    }

    /// Returns the last checkpoint of the run before; `None` if there is none.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn load(&mut self) -> Result<Option<Saved>, EngineError> {
        let Some(state) = read::<State>(&self.folder.join(CHECKPOINT)) else {
            return Ok(None);
        };
        let path = self.folder.join(PERSONS);
        let io = || EngineError::io(&path, "reading");
        let mut persons = Vec::new();
        if self.has_persons {
            let bytes = fs::read(&path).map_err(io())?;
            let (words, _) = bytes.as_chunks::<8>();
            let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
            let (quads, _) = words.as_chunks::<4>();
            persons.extend(quads.iter().map(|&[a, b, c, d]| ((a, b), (c, d))));
        }
        let memory = self.folder.join(&state.memory);
        let file = File::open(&memory).map_err(EngineError::io(&memory, "reading"))?;
        // The next one is written beside it.
        self.count = usize::from(state.memory == memory_name(0));
        Ok(Some(Saved {
            state,
            persons,
            memory: Words::of(memory, file),
        }))
    }

    /// Returns whether it is time for a checkpoint.
    pub fn is_due(&self) -> bool {
        // One that takes long is made less often, so that they take a twentieth of the time.
        let rarer = (self.took * 20).min(self.every * 20);
        self.last.elapsed() >= self.every.max(rarer)
    }

    /// Returns whether the last checkpoint, or the begin of the run, is long enough ago for the
    /// work since then to be worth one.
    pub fn is_worth_it(&self) -> bool {
        self.last.elapsed() >= self.every / 2
    }

    /// Writes a checkpoint. `memory` writes the records in memory and returns the rest.
    ///
    /// # Errors
    /// If the disk refuses. The checkpoint before stays.
    pub fn save(
        &mut self,
        persons: impl Iterator<Item = (PersonKey, PersonKey)>,
        memory: impl FnOnce(&mut dyn Write) -> io::Result<State>,
    ) -> Result<(), EngineError> {
        let started = Instant::now();
        if !self.has_persons {
            let path = self.folder.join(PERSONS);
            let write = |path: &Path| -> io::Result<()> {
                let mut out = BufWriter::new(File::create(path)?);
                for ((a, b), (c, d)) in persons {
                    for word in [a, b, c, d] {
                        out.write_all(&word.to_le_bytes())?;
                    }
                }
                out.flush()
            };
            write(&path).map_err(EngineError::io(&path, "writing"))?;
            self.has_persons = true;
        }
        let name = memory_name(self.count);
        let path = self.folder.join(&name);
        let write_memory = |path: &Path| -> io::Result<State> {
            let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
            let state = memory(&mut out)?;
            out.flush()?;
            Ok(state)
        };
        let state = write_memory(&path).map_err(EngineError::io(&path, "writing"))?;
        let state = State {
            memory: name,
            ..state
        };
        write(&self.folder.join(CHECKPOINT), &state)?;
        self.count += 1;
        // The records of the checkpoint before.
        let _ = fs::remove_file(self.folder.join(memory_name(self.count)));
        self.took = started.elapsed();
        self.last = Instant::now();
        Ok(())
    }

    /// Returns what the run before has found, if it has written all views.
    pub fn finished(&self) -> Option<Summary> {
        read(&self.folder.join(FINISHED))
    }

    /// Notes that all views are written.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(&self, summary: &Summary) -> Result<(), EngineError> {
        write(&self.folder.join(FINISHED), summary)
    }

    /// Puts the files of the views into `folder`. They stay here too, under the same bytes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn hand_over(&self, summary: &Summary, folder: &Path) -> Result<(), EngineError> {
        for (name, _) in &summary.files {
            let (from, to) = (self.folder.join(VIEWS).join(name), folder.join(name));
            // Some file systems have no second name for a file.
            let given = fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ()));
            given.map_err(EngineError::io(&to, "writing"))?;
        }
        Ok(())
    }

    /// Removes the folder after an error, unless the disk refused and a later run can go on.
    pub fn give_up(self, error: &EngineError) {
        let is_of_disk = matches!(error, EngineError::Io { .. } | EngineError::Parquet { .. });
        let has_begun = [CHECKPOINT, FINISHED].map(|name| self.folder.join(name).exists());
        if !is_of_disk || has_begun == [false, false] {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn memory_name(count: usize) -> String {
    format!("memory-{}", count % 2)
}

/// Reads a file of JSON; `None` if it is not there or not whole.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let file = BufReader::new(File::open(path).ok()?);
    serde_json::from_reader(file).ok()
}

/// Writes a file of JSON under its name at one instant.
fn write(path: &Path, value: &impl Serialize) -> Result<(), EngineError> {
    let draft = path.with_extension("new");
    let io = || EngineError::io(path, "writing");
    let mut out = BufWriter::new(File::create(&draft).map_err(io())?);
    serde_json::to_writer(&mut out, value).map_err(|error| io()(error.into()))?;
    out.into_inner().map_err(|error| io()(error.into_error()))?;
    fs::rename(&draft, path).map_err(io())
}
