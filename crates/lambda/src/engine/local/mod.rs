//! The engine that runs on the cores of this machine, in bounded memory.
//!
//! A run has these phases:
//!
//! 1. A first, quick pass reads the equivs of the whole input and joins identifiers to persons
//!    (`person`), because all later phases need them.
//! 2. The input is split into chunks, which threads read independently (`chunked_input`): JSON
//!    lines by position in the file (`json`), Parquet by row group (`parquet`).
//! 3. Each page view is encoded as a few machine words (`record`), with its URL as a number
//!    of a dictionary (`urls`), and put into a partition by its hash (`store`). Records
//!    beyond the memory budget are spilled to a temporary file.
//! 4. Each partition is deduplicated exactly (`distinct`) and counted by hour (`tally`),
//!    and its page views are repartitioned by person and joined to visits (`visits`). A
//!    duplicate has the timestamp of its original. So records that are earlier than everything
//!    that is still to be read can be deduplicated, counted and dropped while reading goes on.
//! 5. Counts of hours and local days that are over their part of the budget are spilled as sorted
//!    runs (`runs`), and merged at the end. The counts are sorted and written ([`write`], `write_hours`,
//!    `counts_writer`, `write_visits`), and
//!    so are the rejected datums (`rejects`).
//!
//! A run that is asked to writes down how far it is between two waves, and a later one goes on there
//! (`checkpoint`).
//!
//! Besides the budget, a run needs memory for the chunks that are being read, the dictionary of
//! URLs, the identifiers that have an equiv, and all hours of one URL. These do not grow with
//! the number of page views. The view of single visits ([`BatchJob::visits`]) does: it is in memory
//! until it is written.

mod checkpoint;
mod chunked_input;
mod computed;
mod counts_writer;
mod distinct;
mod equivs;
mod json;
mod open;
mod parquet;
mod parquet_file;
mod parts;
mod person;
mod positional;
mod record;
mod rejects;
mod runs;
mod scratch;
mod store;
mod tally;
mod urls;
mod visits;
mod write;
mod write_hours;
mod write_visits;

pub use checkpoint::Checkpoints;
pub use computed::{ComputedViews, InputForm, look, write_rejected};
pub use equivs::each_equiv;
pub use person::{HASHES_TO_SECOND_SEED, visitor};

use super::{
    BatchJob, DatumCounts, Engine, EngineError, RunPhase, RunProgress, Summary, Views, Watch,
};
use crate::batch::bounces::Stretch;
use crate::batch::persons::components::Joined;
use checkpoint::{Keeper, State};
use chunked_input::{ChunkedInput, Sink};
use distinct::Distinct;
use person::Persons;
use rayon::prelude::*;
use rejects::{RejectSpool, Rejects};
use scratch::{Scratch, Words};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{RecordStore, Scattered};
use tally::{CountedRows, Tally};
use urls::{Domains, RawUrls, Urls};
use visits::Visits;
use write::Counted;

/// The name of the file of rejected datums.
pub const REJECTED: &str = "rejected.jsonl";

/// The engine on this machine.
#[derive(Debug, Clone)]
pub struct Local {
    /// The memory budget for page views and visits, in bytes; the default is 256 MiB. Counts of
    /// hours and local days may take half as much besides. What is over the budget is spilled to
    /// disk.
    pub memory: usize,
    /// Size of a chunk of JSON lines in bytes; `None` for the default.
    pub json_chunk: Option<u64>,
    /// Where a run writes down how far it is, so that the next run of the same job goes on there
    /// if this one is killed; `None` for nowhere. Not used for a job with single visits.
    pub checkpoints: Option<Checkpoints>,
}

impl Default for Local {
    fn default() -> Self {
        Local {
            memory: 256 << 20,
            json_chunk: None,
            checkpoints: None,
        }
    }
}

/// The room on disk that a run may need besides its views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes of temporary files, at most: an estimate from the number of datums, all of which are
    /// taken for page views.
    pub temporary: u64,
    /// Bytes that are free on the disk of the folder; `None` if the system does not say.
    pub free: Option<u64>,
}

impl Local {
    /// Estimates the room for temporary files that a run of a job into `folder` may need, without
    /// reading its datums.
    ///
    /// ```
    /// use lambda_workbook::engine::{BatchJob, Local};
    /// use std::path::Path;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let input = folder.path().join("datums.jsonl");
    /// std::fs::write(&input, "no datum\n".repeat(1_000_000))?;
    /// let job = BatchJob::of(input);
    /// let engine = Local { memory: 1_000_000, ..Local::default() };
    /// let room = engine.room(&job, folder.path())?;
    /// assert!(room.temporary > 1_000_000, "{room:?}");
    /// assert_eq!(Local::default().room(&job, folder.path())?.temporary, 0); // it fits into memory
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the input does not exist, is empty, or is no input of datums.
    pub fn room(&self, job: &BatchJob, folder: &Path) -> Result<Room, EngineError> {
        let input = open::open(&job.input, self.json_chunk)?;
        // Each page view waits once to be deduplicated, and once more to be joined to a visit.
        let times = match job.views {
            Views::All => 2,
            Views::PageViews => 1,
        };
        let record = record::HEAD * size_of::<u64>();
        let waiting = input.source().most_waiting() as u64 * record as u64 * times;
        Ok(Room {
            temporary: waiting.saturating_sub(self.memory as u64),
            free: free_bytes(folder),
        })
    }
}

/// Returns the bytes that are free on the disk of a folder, or of the nearest one above that is
/// there.
fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let there = folder.ancestors().find(|path| path.exists());
        let there = there.filter(|path| !path.as_os_str().is_empty());
        let disk = rustix::fs::statvfs(there.unwrap_or(Path::new("."))).ok()?;
        Some(disk.f_bavail * disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// The temporary file of the records that wait to be deduplicated.
const PAGE_VIEWS: &str = "page_views";

/// Size of the buffer of stretches that a thread fills before it adds them to those of the
/// other threads, in words.
const VISIT_BUFFER_WORDS: usize = 1 << 20;

/// Number of records that a partition should have when it is deduplicated. The hash table of this
/// size fits into the cache of a core.
const RECORDS_PER_PARTITION: usize = 1 << 15;

impl Engine for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        let input = open::open(&job.input, self.json_chunk)?;
        let source = input.source();
        let mut keeper = match &self.checkpoints {
            Some(checkpoints) => checkpoints.open(job, source)?,
            None => None,
        };
        if let Some(keeper) = &keeper
            && let Some(summary) = keeper.finished()
        {
            watch(RunProgress {
                step: RunPhase::Resume,
                ..run_end(source, summary.counts.read)
            });
            keeper.hand_over(&summary, folder)?;
            return Ok(summary);
        }
        let done = compute(self, source, job, folder, watch, keeper.as_mut());
        match (&done, keeper) {
            (Ok(summary), Some(keeper)) => keeper.hand_over(summary, folder)?,
            (Err(error), Some(keeper)) => keeper.give_up(error),
            (_, None) => {}
        }
        done
    }
}

/// Computes the views of a job and writes them into `folder`, or where the keeper wants them.
fn compute(
    engine: &Local,
    source: &dyn ChunkedInput,
    job: &BatchJob,
    folder: &Path,
    watch: Watch<'_>,
    mut keeper: Option<&mut Keeper>,
) -> Result<Summary, EngineError> {
    // Read, deduplicate and count.
    let run = Run::new(engine, source, job, folder, watch, keeper.as_deref_mut())?;
    let (counts, counted, urls, rejects, lines) = run.run()?;

    watch(RunProgress {
        step: RunPhase::Write,
        rows: counts.read,
        ..run_end(source, counts.read)
    });
    let folder = match &keeper {
        Some(keeper) => keeper.views()?,
        None => folder.to_owned(),
    };
    // Write the rejected datums. Their line numbers are relative to their chunk.
    let first_lines = first_numbers(lines);
    let unit = source.format().unit();
    let (_, first_rejected) =
        rejects.write(&folder.join(REJECTED), unit, |place| first_lines[place])?;
    // Write the views, unless the input has no valid datum.
    job.refuse_nothing(&counts, source.format(), first_rejected.as_deref())?;
    let mut files = write::write(&folder, urls, counted)?;
    files.push((REJECTED.to_owned(), counts.rejected));
    files.sort();
    let summary = Summary {
        format: source.format(),
        counts,
        files,
        first_rejected,
    };
    if let Some(keeper) = keeper {
        keeper.finish(&summary)?;
    }
    Ok(summary)
}

/// Returns the progress after the whole input was read, with `rows` datums.
fn run_end(source: &dyn ChunkedInput, rows: u64) -> RunProgress {
    let bytes = (0..source.chunks()).map(|chunk| source.bytes(chunk)).sum();
    RunProgress {
        step: RunPhase::Write,
        rows,
        bytes,
        bytes_total: bytes,
    }
}

/// Turns the number of lines of each chunk into the number of its first line, counted from 1.
fn first_numbers(mut lines: Vec<u64>) -> Vec<u64> {
    let mut next = 1;
    for lines in &mut lines {
        next += std::mem::replace(lines, next);
    }
    lines
}

/// Returns what a mutex protects.
fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().expect("no thread panics")
}

/// The state of a run, which reads and deduplicates in turns.
struct Run<'a> {
    source: &'a dyn ChunkedInput,
    /// The memory budget in words.
    budget: usize,
    job: &'a BatchJob,
    watch: Watch<'a>,
    /// Where the run writes down how far it is, if it does.
    keeper: Option<&'a mut Keeper>,
    /// Where its temporary files are.
    scratch: Scratch,
    /// Number of chunks that a run before this one has read.
    begun: usize,
    /// The number of partitions is 2 to the power of this.
    bits: u32,
    /// The records that are not deduplicated yet.
    store: RecordStore,
    /// The page views that are not joined to finished visits yet.
    visits: Mutex<Visits>,
    persons: Persons,
    /// The hours and local days that are counted.
    counted: Mutex<CountedRows>,
    /// The memory for them, in bytes, and for what one thread counts.
    most_rows: usize,
    most_tally: usize,
    urls: Urls,
    rejects: RejectSpool,
    /// The workers that no thread is using.
    workers: Mutex<Vec<Worker>>,
    /// Number of lines of each chunk, by position in the input.
    lines: Vec<u64>,
    counts: DatumCounts,
    /// Number of datums read so far, for the progress.
    rows: AtomicU64,
    /// Bytes read so far, for the progress.
    bytes: AtomicU64,
    bytes_total: u64,
    /// All records from before this epoch second are deduplicated and dropped.
    closed: i64,
}

/// The state that a thread uses for one piece of work, and that the next thread reuses.
struct Worker {
    raw_urls: RawUrls,
    /// A buffer for the text of a chunk.
    text: Vec<u8>,
    distinct: Distinct,
    tally: Tally,
    /// A buffer of stretches that will be added to [`Visits`].
    visits: Scattered,
    /// A buffer for a cookie.
    bytes: Vec<u8>,
}

/// The contents of one chunk.
struct Chunk {
    /// Its position in the input.
    place: usize,
    scattered: Scattered,
    lines: u64,
    read: u64,
    other_kinds: u64,
    rejected: u64,
    /// Epoch second of the earliest page view.
    earliest: i64,
}

/// The result of a run, from which the files are written. The last part is the number of lines
/// of each chunk.
type Outcome = (DatumCounts, Counted, Urls, RejectSpool, Vec<u64>);

impl<'a> Run<'a> {
    fn new(
        engine: &Local,
        source: &'a dyn ChunkedInput,
        job: &'a BatchJob,
        folder: &Path,
        watch: Watch<'a>,
        mut keeper: Option<&'a mut Keeper>,
    ) -> Result<Self, EngineError> {
        let found = match &mut keeper {
            Some(keeper) => keeper.load()?,
            None => None,
        };
        let scratch = match &keeper {
            Some(keeper) => keeper.scratch(),
            None => Scratch::nameless(folder),
        };
        // Choose the number of partitions by the number of records that will wait at once: the
        // source's estimate, and those of one wave.
        let chunks = 0..source.chunks();
        let wave = source.wave(rayon::current_num_threads());
        let wave: usize = chunks
            .clone()
            .take(wave)
            .map(|chunk| source.records(chunk))
            .sum();
        let waiting = source.most_waiting() + wave;
        let bits = match &found {
            Some(saved) => saved.state.bits,
            None => (waiting / RECORDS_PER_PARTITION).max(1).ilog2().clamp(5, 9),
        };
        let mut run = Run {
            source,
            budget: engine.memory / size_of::<u64>(),
            job,
            watch,
            keeper,
            begun: 0,
            bits,
            store: RecordStore::new(bits, &scratch, PAGE_VIEWS),
            visits: Mutex::new(Visits::new(bits, &scratch, job.visits)),
            persons: Persons::default(),
            counted: Mutex::new(CountedRows::new(&scratch)),
            most_rows: engine.memory / 4,
            most_tally: engine.memory / 4 / rayon::current_num_threads().max(1),
            urls: Urls::default(),
            rejects: RejectSpool::new(&scratch),
            scratch,
            workers: Mutex::default(),
            lines: vec![0; source.chunks()],
            counts: DatumCounts::default(),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            bytes_total: chunks.map(|chunk| source.bytes(chunk)).sum(),
            closed: i64::MIN,
        };
        if let Some(mut saved) = found {
            run.persons = Persons::from_pairs(saved.persons);
            run.restore(saved.state, &mut saved.memory)?;
            run.progress(RunPhase::Resume);
        }
        Ok(run)
    }

    /// Takes up what the run before this one had written down.
    fn restore(&mut self, state: State, memory: &mut Words) -> Result<(), EngineError> {
        self.begun = state.next;
        self.closed = state.closed;
        self.counts = state.counts;
        self.lines = state.lines;
        self.rows = state.rows.into();
        self.bytes = state.bytes.into();
        for url in &state.urls {
            self.urls.number(url)?;
        }
        self.store.restore(state.page_views, memory)?;
        let visits = self.visits.get_mut().expect("no thread panics");
        visits.restore(state.visits, state.visits_by_domain, memory)?;
        let counted = self.counted.get_mut().expect("no thread panics");
        counted.restore(state.hours, state.days)?;
        self.rejects.restore(state.rejects)
    }

    /// Writes down how far the run is: the first `next` chunks are read.
    fn save(&mut self, next: usize) -> Result<(), EngineError> {
        // What threads have for themselves is added to what all have.
        let mut workers = std::mem::take(&mut *self.workers.lock().expect("no thread panics"));
        for worker in &mut workers {
            let rows = self.counted.get_mut().expect("no thread panics");
            rows.spill_tally(&mut worker.tally, &self.urls)?;
            self.counts.distinct += std::mem::take(&mut worker.tally.distinct);
            self.counts.duplicates += std::mem::take(&mut worker.tally.duplicates);
            self.flush_visits(worker)?;
        }
        self.workers = Mutex::new(workers);
        let counted = self.counted.get_mut().expect("no thread panics");
        let (hours, days) = counted.save(&self.urls)?;
        let rejects = self.rejects.save()?;
        let Some(keeper) = self.keeper.as_mut() else {
            return Ok(());
        };
        let visits = self.visits.get_mut().expect("no thread panics");
        keeper.save(self.persons.pairs(), |memory| {
            let page_views = self.store.save(memory)?;
            let (visits, visits_by_domain) = visits.save(memory)?;
            Ok(State {
                next,
                bits: self.bits,
                closed: self.closed,
                counts: self.counts,
                lines: self.lines.clone(),
                rows: self.rows.load(Ordering::Relaxed),
                bytes: self.bytes.load(Ordering::Relaxed),
                urls: self.urls.in_order(),
                page_views,
                visits,
                visits_by_domain,
                hours,
                days,
                rejects,
                memory: String::new(),
            })
        })
    }

    /// Reads the whole input, and deduplicates and counts it.
    fn run(mut self) -> Result<Outcome, EngineError> {
        let chunks: Vec<usize> = (0..self.source.chunks()).collect();
        let wave = self.source.wave(rayon::current_num_threads()).max(1);
        // Find the persons in a first pass.
        if self.begun == 0 {
            self.persons = self.join(&chunks, wave)?;
        }
        // Read the input wave by wave. Between two waves, free memory: count what is earlier
        // than all that is still to be read, and spill what is over the budget.
        for wave in chunks[self.begun..].chunks(wave) {
            let read: Result<Vec<Chunk>, EngineError> = wave
                .par_iter()
                .with_max_len(1)
                .map(|&chunk| self.read(chunk))
                .collect();
            for chunk in read? {
                self.add(chunk)?;
            }
            let next = wave[wave.len() - 1] + 1;
            if next < chunks.len() {
                if let Some(earliest) = self.source.earliest_from(next)
                    && earliest > self.closed
                    && self.store.may_close()
                {
                    self.close(earliest)?;
                }
                self.keep_to_budget()?;
                if self.keeper.as_ref().is_some_and(|keeper| keeper.is_due()) {
                    self.save(next)?;
                }
            }
        }
        // Count the rest.
        if self.closed < i64::MAX {
            self.progress(RunPhase::Dedupe);
            self.close(i64::MAX)?;
            if self
                .keeper
                .as_ref()
                .is_some_and(|keeper| keeper.is_worth_it())
            {
                self.save(chunks.len())?;
            }
        }
        // Add up what the threads have counted.
        for worker in std::mem::take(&mut *self.workers.lock().expect("no thread panics")) {
            self.counts.distinct += worker.tally.distinct;
            self.counts.duplicates += worker.tally.duplicates;
        }
        let (visits, each_visit) = into_inner(self.visits).into_counted();
        let counted = Counted {
            rows: into_inner(self.counted),
            zones: self.job.zones.clone(),
            visits,
            each_visit,
            views: self.job.views,
        };
        Ok((self.counts, counted, self.urls, self.rejects, self.lines))
    }

    /// Reads the equivs of the whole input and joins the identifiers to persons. Nothing is
    /// read if no view of persons is asked for.
    fn join(&self, chunks: &[usize], wave: usize) -> Result<Persons, EngineError> {
        let mut joined = Joined::default();
        if self.job.views == Views::PageViews {
            return Ok(Persons::of(joined));
        }
        self.progress(RunPhase::Persons);
        equivs::each_of(self.source, chunks, wave, &mut |equiv| {
            joined.join(&equiv.id1, &equiv.id2);
            Ok::<(), EngineError>(())
        })?;
        Ok(Persons::of(joined))
    }

    /// Spills to disk if records and visits together are over the budget. Either is spilled if
    /// it uses more than half of the budget.
    fn keep_to_budget(&mut self) -> Result<(), EngineError> {
        let visits = self.visits.get_mut().expect("no thread panics");
        if self.store.words() + visits.words() > self.budget {
            if visits.words() > self.budget / 2 {
                visits.spill()?;
            }
            if self.store.words() > self.budget / 2 {
                self.store.spill()?;
            }
        }
        Ok(())
    }

    /// Reads a chunk, on the current thread.
    fn read(&self, chunk: usize) -> Result<Chunk, EngineError> {
        let mut worker = self.worker();
        let mut sink = Sink {
            urls: &self.urls,
            raw_urls: &mut worker.raw_urls,
            text: &mut worker.text,
            scattered: Scattered::new(self.bits, self.source.records(chunk)),
            rejects: Rejects::default(),
            lines: 0,
            read: 0,
            other_kinds: 0,
            earliest: i64::MAX,
        };
        self.source.read(chunk, &mut sink)?;
        let place = self.source.place(chunk);
        let Sink {
            scattered,
            rejects,
            lines,
            read,
            other_kinds,
            earliest,
            ..
        } = sink;
        let rejected = rejects.count;
        self.rejects.add(place, rejects)?;
        self.return_worker(worker);
        self.rows.fetch_add(read, Ordering::Relaxed);
        self.bytes
            .fetch_add(self.source.bytes(chunk), Ordering::Relaxed);
        self.progress(RunPhase::Read);
        Ok(Chunk {
            place,
            scattered,
            lines,
            read,
            other_kinds,
            rejected,
            earliest,
        })
    }

    /// Adds the records and numbers of a chunk.
    fn add(&mut self, chunk: Chunk) -> Result<(), EngineError> {
        if chunk.earliest < self.closed {
            // A duplicate of these records may have been dropped already, so fail rather than
            // publish a wrong count.
            return Err(EngineError::Statistics {
                path: self.job.input.path().to_owned(),
                row_group: chunk.place,
            });
        }
        self.lines[chunk.place] = chunk.lines;
        self.counts.read += chunk.read;
        self.counts.other_kinds += chunk.other_kinds;
        self.counts.rejected += chunk.rejected;
        self.store.add(chunk.scattered);
        Ok(())
    }

    /// Deduplicates and counts the records from before `secs` (epoch seconds), and drops them.
    /// No record from before `secs` may be read afterwards.
    fn close(&mut self, secs: i64) -> Result<(), EngineError> {
        // Deduplicate and count each partition, on all threads. The store is taken out of `self`
        // meanwhile, because the threads need `self`.
        let empty = RecordStore::new(0, &self.scratch, PAGE_VIEWS);
        let mut store = std::mem::replace(&mut self.store, empty);
        let domains = self.urls.domains();
        let failed = Mutex::new(None);
        let closed = store.close(
            secs,
            |records| {
                let mut worker = self.worker();
                worker.distinct.reset(records);
                worker
            },
            |worker, record| {
                if worker.distinct.insert(record) {
                    self.count(worker, record, &domains);
                } else {
                    worker.tally.duplicates += 1;
                }
            },
            |mut worker| {
                if let Err(error) = self.keep_worker_to_budget(&mut worker) {
                    *failed.lock().expect("no thread panics") = Some(error);
                }
                self.return_worker(worker);
            },
        );
        self.store = store;
        self.closed = secs;
        closed?;
        if let Some(error) = into_inner(failed) {
            return Err(error);
        }
        // Finish the hours and the visits that have ended.
        let mut workers = std::mem::take(&mut *self.workers.lock().expect("no thread panics"));
        let rows = self.counted.get_mut().expect("no thread panics");
        rows.close(secs, workers.iter_mut().map(|worker| &mut worker.tally));
        rows.keep_to(self.most_rows, &self.urls)?;
        for worker in &mut workers {
            self.flush_visits(worker)?;
        }
        self.workers = Mutex::new(workers);
        let visits = self.visits.get_mut().expect("no thread panics");
        if secs == i64::MAX || visits.may_close() {
            visits.close(secs)?;
        }
        Ok(())
    }

    /// Counts a page view that is not a duplicate.
    #[inline]
    fn count(&self, worker: &mut Worker, record: &[u64], domains: &Domains) {
        if self.job.views == Views::PageViews {
            worker.tally.count(record, None);
            return;
        }
        let person = self.persons.of_record(record, &mut worker.bytes);
        worker.tally.count(record, Some(person));
        let domain = domains.of(record::url(record));
        let view = Stretch::of(record::secs(record));
        visits::push(&mut worker.visits, person, domain, view);
    }

    /// Spills what a thread has counted if that is over its part of the budget, and passes its
    /// stretches on if they fill its buffer.
    fn keep_worker_to_budget(&self, worker: &mut Worker) -> Result<(), EngineError> {
        if worker.tally.bytes() > self.most_tally {
            let mut rows = self.counted.lock().expect("no thread panics");
            rows.spill_tally(&mut worker.tally, &self.urls)?;
        }
        match worker.visits.words() > VISIT_BUFFER_WORDS {
            true => self.flush_visits(worker),
            false => Ok(()),
        }
    }

    /// Adds a thread's stretches to those of the other threads, and spills them all if they use
    /// more than half of the budget.
    fn flush_visits(&self, worker: &mut Worker) -> Result<(), EngineError> {
        let mut visits = self.visits.lock().expect("no thread panics");
        // The new buffer gets room for as many stretches as the old one had, because growing a
        // buffer costs more.
        let expected = worker.visits.len();
        let full = std::mem::replace(&mut worker.visits, visits.scattered(expected));
        visits.add(full);
        if visits.words() > self.budget / 2 {
            visits.spill()?;
        }
        Ok(())
    }

    /// Returns an idle worker, or a new one.
    fn worker(&self) -> Worker {
        let idle = self.workers.lock().expect("no thread panics").pop();
        idle.unwrap_or_else(|| Worker {
            raw_urls: RawUrls::default(),
            text: Vec::new(),
            distinct: Distinct::default(),
            tally: Tally::new(&self.job.zones, self.job.precision),
            visits: self.visits.lock().expect("no thread panics").scattered(0),
            bytes: Vec::new(),
        })
    }

    /// Makes a worker available to other threads.
    fn return_worker(&self, worker: Worker) {
        self.workers.lock().expect("no thread panics").push(worker);
    }

    /// Reports the progress to the caller.
    fn progress(&self, step: RunPhase) {
        (self.watch)(RunProgress {
            step,
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
        });
    }
}
