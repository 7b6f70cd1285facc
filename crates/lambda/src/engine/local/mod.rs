//! The engine that runs on this machine's cores, in bounded memory.
//!
//! 1. Equivs, wherever they stand in the input, are joined to persons in a first,
//!    quick pass ([`person`]): what follows needs all of them.
//! 2. The input is cut into chunks that threads read apart ([`source`]): JSON
//!    lines by place in the file ([`json`]), Parquet by row group ([`parquet`]).
//! 3. Each page view becomes a few machine words ([`record`]), its URL a number
//!    of a dictionary ([`urls`]), and falls into a partition by its hash
//!    ([`store`]). What is over the memory budget goes to a temporary file.
//! 4. Each partition is deduped exactly ([`distinct`]), counted and sketched by
//!    hour ([`tally`]), and sent on to be joined to visits ([`visits`]).
//!    A duplicate has its original's timestamp, so whatever is earlier than all
//!    that is still to be read can be deduped and forgotten on the way.
//! 5. The counts are sorted and written ([`write`], [`write_uniques`]), the
//!    rejected lines too ([`rejects`]).
//!
//! Memory beside the budget: the chunks being read, the pages' dictionary, the
//! identifiers that have an equiv, and the views themselves. None of it grows
//! with the number of page views.

mod distinct;
mod json;
mod open;
mod parquet;
mod parts;
mod person;
mod positional;
mod record;
mod rejects;
mod scan;
mod source;
mod store;
mod tally;
mod urls;
mod visits;
mod write;
mod write_uniques;
mod write_visits;

pub use json::LONGEST_LINE;
pub use person::visitor;

use super::{Counts, Engine, EngineError, Job, Progress, Step, Summary, Views, Watch};
use crate::batch::bounces::Stretch;
use crate::batch::persons::components::Joined;
use distinct::Distinct;
use person::Persons;
use rayon::prelude::*;
use rejects::{RejectSpool, Rejects};
use source::{Sink, Source};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Scattered, Store};
use tally::{Hours, Tally};
use urls::{Domains, RawUrls, Urls};
use visits::Visits;
use write::Counted;

/// Second, URL, account, cookie and nonce of a page view in plain JSON; `None` for
/// what only the schema can read. The speed layer reads single lines by it.
pub fn plain_page_view(line: &[u8]) -> Option<(i64, &str, Option<i64>, &str, i64)> {
    let found = scan::scan(line)?;
    let (user, cookie) = match found.person {
        record::Person::User(id) => (Some(id), ""),
        record::Person::Cookie(cookie) => (None, str::from_utf8(cookie).ok()?),
    };
    Some((found.secs, found.url, user, cookie, found.nonce))
}

/// The file of what could not be read.
pub const REJECTED: &str = "rejected.jsonl";

/// This machine.
#[derive(Debug, Clone)]
pub struct Local {
    /// Bytes of page views held in memory before some go to disk.
    pub memory: usize,
    /// Bytes of a chunk of JSON lines; `None` for the usual.
    pub json_chunk: Option<u64>,
}

impl Default for Local {
    fn default() -> Self {
        Local {
            memory: 256 << 20,
            json_chunk: None,
        }
    }
}

/// Words of stretches that a thread keeps to itself.
const VISITS_A_THREAD: usize = 1 << 20;

/// Records that a partition should have when it is deduped: its table then
/// stays in a core's cache.
const RECORDS_A_PARTITION: usize = 1 << 15;

impl Engine for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn run(&self, job: &Job, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        let input = open::open(&job.input, self.json_chunk)?;
        let source = input.source();
        let run = Run::new(self, source, job, folder, watch);
        let (counts, counted, urls, rejects, lines) = run.go()?;

        watch(Progress {
            step: Step::Write,
            rows: counts.read,
            ..run_end(source, counts.read)
        });
        // Where each chunk's first line stands in the whole input.
        let mut first_lines = lines;
        let mut next = 1;
        for lines in &mut first_lines {
            next += std::mem::replace(lines, next);
        }
        let unit = source.format().unit();
        let (_, first_rejected) =
            rejects.write(&folder.join(REJECTED), unit, |place| first_lines[place])?;
        if job.nothing_is_an_error && counts.read == 0 {
            return Err(EngineError::Empty(job.input.path().to_owned()));
        }
        if job.nothing_is_an_error && counts.rejected == counts.read {
            return Err(EngineError::AllRejected {
                path: job.input.path().to_owned(),
                rejected: counts.rejected,
                unit,
                first: first_rejected.unwrap_or_default(),
            });
        }
        let mut files = write::write(folder, urls, counted)?;
        files.push((REJECTED.to_owned(), counts.rejected));
        files.sort();
        Ok(Summary {
            format: source.format(),
            counts,
            files,
            first_rejected,
        })
    }
}

fn run_end(source: &dyn Source, rows: u64) -> Progress {
    let bytes = (0..source.chunks()).map(|chunk| source.bytes(chunk)).sum();
    Progress {
        step: Step::Write,
        rows,
        bytes,
        bytes_total: bytes,
    }
}

fn inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().expect("no thread panics")
}

/// One run: reading and deduping in turns.
struct Run<'a> {
    source: &'a dyn Source,
    budget: usize,
    job: &'a Job,
    watch: Watch<'a>,
    bits: u32,
    store: Store,
    visits: Mutex<Visits>,
    persons: Persons,
    hours: Hours,
    urls: Urls,
    rejects: RejectSpool,
    workers: Mutex<Vec<Worker>>,
    /// Lines of each chunk, by place in the input.
    lines: Vec<u64>,
    counts: Counts,
    rows: AtomicU64,
    bytes: AtomicU64,
    bytes_total: u64,
    /// What is earlier was deduped and forgotten.
    closed: i64,
}

/// What a thread keeps from one piece of work to the next.
struct Worker {
    raw_urls: RawUrls,
    distinct: Distinct,
    tally: Tally,
    /// Stretches of distinct views, on their way to [`Visits`].
    visits: Scattered,
    /// Room for a cookie.
    bytes: Vec<u8>,
}

/// What one chunk gave.
struct Chunk {
    place: usize,
    scattered: Scattered,
    lines: u64,
    read: u64,
    other_kinds: u64,
    rejected: u64,
    earliest: i64,
}

type Outcome = (Counts, Counted, Urls, RejectSpool, Vec<u64>);

impl<'a> Run<'a> {
    fn new(
        engine: &Local,
        source: &'a dyn Source,
        job: &'a Job,
        folder: &Path,
        watch: Watch<'a>,
    ) -> Self {
        let chunks = 0..source.chunks();
        let wave = source.wave(rayon::current_num_threads());
        let wave: usize = chunks
            .clone()
            .take(wave)
            .map(|chunk| source.records(chunk))
            .sum();
        let waiting = source.most_waiting() + wave;
        let bits = (waiting / RECORDS_A_PARTITION).max(1).ilog2().clamp(5, 9);
        Run {
            source,
            budget: engine.memory / size_of::<u64>(),
            job,
            watch,
            bits,
            store: Store::new(bits, folder),
            visits: Mutex::new(Visits::new(bits, folder, job.visits)),
            persons: Persons::default(),
            hours: Hours::default(),
            urls: Urls::default(),
            rejects: RejectSpool::new(folder),
            workers: Mutex::default(),
            lines: vec![0; source.chunks()],
            counts: Counts::default(),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            bytes_total: chunks.map(|chunk| source.bytes(chunk)).sum(),
            closed: i64::MIN,
        }
    }

    fn go(mut self) -> Result<Outcome, EngineError> {
        let chunks: Vec<usize> = (0..self.source.chunks()).collect();
        let wave = self.source.wave(rayon::current_num_threads()).max(1);
        self.persons = self.join(&chunks, wave)?;
        for wave in chunks.chunks(wave) {
            let read: Result<Vec<Chunk>, EngineError> = wave
                .par_iter()
                .with_max_len(1)
                .map(|&chunk| self.read(chunk))
                .collect();
            for chunk in read? {
                self.take(chunk)?;
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
            }
        }
        self.progress(Step::Dedupe);
        self.close(i64::MAX)?;
        let mut tally = Tally::new(&self.job.zones, self.job.precision);
        for worker in std::mem::take(&mut *self.workers.lock().expect("no thread panics")) {
            tally.add(worker.tally);
        }
        self.counts.distinct = tally.distinct;
        self.counts.duplicates = tally.duplicates;
        let (visits, each_visit) = inner(self.visits).into_counted();
        let counted = Counted {
            hours: self.hours,
            days: tally.days,
            visits,
            each_visit,
            views: self.job.views,
            precision: self.job.precision,
        };
        Ok((self.counts, counted, self.urls, self.rejects, self.lines))
    }

    /// The persons that the equivs of the whole input make.
    fn join(&self, chunks: &[usize], wave: usize) -> Result<Persons, EngineError> {
        let mut joined = Joined::default();
        if self.job.views == Views::PageViews {
            return Ok(Persons::of(joined));
        }
        self.progress(Step::Persons);
        for wave in chunks.chunks(wave) {
            let equivs: Result<Vec<_>, EngineError> = wave
                .par_iter()
                .with_max_len(1)
                .map(|&chunk| self.source.equivs(chunk))
                .collect();
            for equiv in equivs?.into_iter().flatten() {
                joined.join(&equiv.id1, &equiv.id2);
            }
        }
        Ok(Persons::of(joined))
    }

    /// Moves records and visits to disk that are over the budget.
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

    fn read(&self, chunk: usize) -> Result<Chunk, EngineError> {
        let mut worker = self.worker();
        let mut sink = Sink {
            urls: &self.urls,
            raw_urls: &mut worker.raw_urls,
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
        self.give_back(worker);
        self.rows.fetch_add(read, Ordering::Relaxed);
        self.bytes
            .fetch_add(self.source.bytes(chunk), Ordering::Relaxed);
        self.progress(Step::Read);
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

    fn take(&mut self, chunk: Chunk) -> Result<(), EngineError> {
        if chunk.earliest < self.closed {
            // Twins of these may have been forgotten: rather no view than a wrong one.
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

    /// Dedupes and counts what is from before `secs`.
    fn close(&mut self, secs: i64) -> Result<(), EngineError> {
        let mut store = std::mem::replace(&mut self.store, Store::new(0, Path::new("")));
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
                if worker.visits.words() > VISITS_A_THREAD
                    && let Err(error) = self.send_on(&mut worker)
                {
                    *failed.lock().expect("no thread panics") = Some(error);
                }
                self.give_back(worker);
            },
        );
        self.store = store;
        self.closed = secs;
        closed?;
        if let Some(error) = inner(failed) {
            return Err(error);
        }
        let mut workers = std::mem::take(&mut *self.workers.lock().expect("no thread panics"));
        self.hours
            .close(secs, workers.iter_mut().map(|worker| &mut worker.tally));
        for worker in &mut workers {
            self.send_on(worker)?;
        }
        self.workers = Mutex::new(workers);
        let visits = self.visits.get_mut().expect("no thread panics");
        if secs == i64::MAX || visits.may_close() {
            visits.close(secs)?;
        }
        Ok(())
    }

    /// Counts a view that is new.
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

    /// Adds a thread's stretches to the others', on disk if they are many.
    fn send_on(&self, worker: &mut Worker) -> Result<(), EngineError> {
        let mut visits = self.visits.lock().expect("no thread panics");
        // As many as it had: growing costs more than this room.
        let expected = worker.visits.len();
        let sent = std::mem::replace(&mut worker.visits, visits.scattered(expected));
        visits.add(sent);
        if visits.words() > self.budget / 2 {
            visits.spill()?;
        }
        Ok(())
    }

    fn worker(&self) -> Worker {
        let idle = self.workers.lock().expect("no thread panics").pop();
        idle.unwrap_or_else(|| Worker {
            raw_urls: RawUrls::default(),
            distinct: Distinct::default(),
            tally: Tally::new(&self.job.zones, self.job.precision),
            visits: self.visits.lock().expect("no thread panics").scattered(0),
            bytes: Vec::new(),
        })
    }

    fn give_back(&self, worker: Worker) {
        self.workers.lock().expect("no thread panics").push(worker);
    }

    fn progress(&self, step: Step) {
        (self.watch)(Progress {
            step,
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
        });
    }
}
