//! Views whose counts were computed by another engine, written as this one writes its own.
//!
//! A cluster reduces page views to the counts and sketches of hours, which are no larger than the
//! view. From there, days, weeks and months, the order of rows and the files are made by the code
//! that the local engine uses, so both write the same bytes.
use super::chunked_input::Sink;
use super::open;
use super::rejects::{RejectSpool, Rejects};
use super::scratch::Scratch;
use super::store::Scattered;
use super::tally::CountedRows;
use super::urls::{RawUrls, Urls};
use super::visits::{Visit, VisitsByDomain};
use super::write::{self, Counted};
use super::{REJECTED, first_numbers, into_inner};
use crate::batch::bounces::Stretch;
use crate::batch::sketch::Sketch;
use crate::engine::{BatchJob, EngineError, Input, InputFormat, Views};
use chrono_tz::Tz;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Mutex;

/// The counts of the views of a job, on their way into files.
///
/// ```
/// use lambda_workbook::batch::Sketch;
/// use lambda_workbook::engine::{BatchJob, Views, local::ComputedViews};
/// use std::path::Path;
///
/// let job = BatchJob { views: Views::PageViews, ..BatchJob::of(Path::new("datums.jsonl")) };
/// let mut views = ComputedViews::new(&job);
/// views.add_hour("foo.com/", 3_600, 7, None)?;
/// views.add_hour("foo.com/", 7_200, 2, None)?;
/// let folder = tempfile::tempdir()?;
/// let files = views.write(folder.path())?;
/// // Two hours, a day, a week and a month.
/// assert_eq!(files, [("page_views.parquet".to_owned(), 5)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ComputedViews {
    urls: Urls,
    rows: CountedRows,
    zones: Vec<Tz>,
    visits: VisitsByDomain,
    each_visit: Option<Vec<Visit>>,
    views: Views,
}

impl ComputedViews {
    /// Creates the views of a job, without any row.
    pub fn new(job: &BatchJob) -> Self {
        Self {
            urls: Urls::default(),
            rows: CountedRows::default(),
            zones: job.zones.clone(),
            visits: VisitsByDomain::default(),
            each_visit: job.visits.then(Vec::new),
            views: job.views,
        }
    }

    /// Adds the page views of a normalised URL in one hour, and the sketch of its visitors unless
    /// the job is for page views alone. `ts` is the epoch second at which the hour begins.
    ///
    /// # Errors
    /// If there are more URLs than numbers of 32 bits.
    pub fn add_hour(
        &mut self,
        url: &str,
        ts: i64,
        count: i64,
        visitors: Option<&Sketch>,
    ) -> Result<(), EngineError> {
        let url = self.urls.number(url)?;
        let sketch = visitors.map(Sketch::to_bytes).unwrap_or_default();
        self.rows.add_hour(url, ts, count, sketch);
        Ok(())
    }

    /// Adds the page views of a normalised URL on a local day. `zone` is a position in
    /// [`BatchJob::zones`], and `ts` the epoch second at which the day begins there.
    ///
    /// # Errors
    /// If there are more URLs than numbers of 32 bits.
    pub fn add_local_day(
        &mut self,
        zone: usize,
        url: &str,
        ts: i64,
        count: i64,
    ) -> Result<(), EngineError> {
        let url = self.urls.number(url)?;
        self.rows.add_day(zone, url, ts, count);
        Ok(())
    }

    /// Adds visits to a domain, of which a URL must have been added, and bounces among them.
    ///
    /// # Errors
    /// If no URL of the domain was added.
    pub fn add_visits(
        &mut self,
        domain: &str,
        visits: i64,
        bounces: i64,
    ) -> Result<(), EngineError> {
        let domain = self.domain(domain)?;
        let sum = self.visits.entry(domain).or_default();
        *sum = (sum.0 + visits, sum.1 + bounces);
        Ok(())
    }

    /// Adds a single visit to a domain, for a job that asks for them. `person` is the pair of
    /// hashes that the view of visits names a person by.
    ///
    /// # Errors
    /// If no URL of the domain was added.
    pub fn add_visit(
        &mut self,
        domain: &str,
        person: (u64, u64),
        visit: Stretch,
    ) -> Result<(), EngineError> {
        let domain = self.domain(domain)?;
        if let Some(visits) = &mut self.each_visit {
            visits.push((domain, person, visit));
        }
        Ok(())
    }

    fn domain(&self, name: &str) -> Result<u32, EngineError> {
        let number = self.urls.domain_number(name);
        number.ok_or_else(|| EngineError::UnknownDomain(name.to_owned()))
    }

    /// Writes the files into `folder`, and returns them as (name, number of rows).
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(self, folder: &Path) -> Result<Vec<(String, u64)>, EngineError> {
        let counted = Counted {
            rows: self.rows,
            zones: self.zones,
            visits: self.visits,
            each_visit: self.each_visit,
            views: self.views,
        };
        write::write(folder, self.urls, counted)
    }
}

/// The form of an input, which another engine must know before it reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputForm {
    /// JSON lines or Parquet.
    pub format: InputFormat,
    /// Whether datums can be equivs: a table without columns for their second identifier has none
    /// that say anything.
    pub has_equivs: bool,
}

/// Looks at an input without reading its datums.
///
/// # Errors
/// If it does not exist, is empty, or is no input of datums.
pub fn look(input: &Input) -> Result<InputForm, EngineError> {
    let opened = open::open(input, None)?;
    let source = opened.source();
    Ok(InputForm {
        format: source.format(),
        has_equivs: source.has_equivs(),
    })
}

/// Reads an input for its rejected datums alone, writes them to `rejected.jsonl` in `folder`, and
/// returns their number and the first of them as a sentence.
///
/// Another engine knows which datums are rejected, and not on which line they are: a file that is
/// read in parts has no line numbers until all its parts are counted. Reading ends as soon as
/// `expected` datums were found, so it costs nothing where there are none.
///
/// # Errors
/// If the input cannot be read or the file not be written.
pub fn write_rejected(
    input: &Input,
    folder: &Path,
    expected: u64,
) -> Result<(u64, Option<String>), EngineError> {
    let opened = open::open(input, None)?;
    let source = opened.source();
    let rejects = RejectSpool::new(&Scratch::nameless(folder));
    let lines = Mutex::new(vec![0; source.chunks()]);
    let urls = Urls::default();
    let chunks: Vec<usize> = (0..source.chunks()).collect();
    let wave = source.wave(rayon::current_num_threads()).max(1);
    let mut found = 0;
    // Rows of Parquet are numbered by row groups, which are read in the order of time, so all must be.
    let may_end_early = source.format() == InputFormat::JsonLines || expected == 0;
    for wave in chunks.chunks(wave) {
        if found >= expected && may_end_early {
            break;
        }
        let counts: Result<Vec<u64>, EngineError> = wave
            .par_iter()
            .with_max_len(1)
            .map(|&chunk| {
                let mut sink = Sink {
                    urls: &urls,
                    raw_urls: &mut RawUrls::default(),
                    text: &mut Vec::new(),
                    scattered: Scattered::new(0, source.records(chunk)),
                    rejects: Rejects::default(),
                    lines: 0,
                    read: 0,
                    other_kinds: 0,
                    earliest: i64::MAX,
                };
                source.read(chunk, &mut sink)?;
                let (place, count) = (source.place(chunk), sink.rejects.count);
                lines.lock().expect("no thread panics")[place] = sink.lines;
                rejects.add(place, sink.rejects)?;
                Ok(count)
            })
            .collect();
        found += counts?.iter().sum::<u64>();
    }
    let first = first_numbers(into_inner(lines));
    rejects.write(&folder.join(REJECTED), source.format().unit(), |place| {
        first[place]
    })
}
