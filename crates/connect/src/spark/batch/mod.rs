//! The batch layer on a Spark Connect server, in SQL.
//!
//! The steps, each of which leaves its rows in Parquet files in a temporary folder, from which the
//! next reads:
//!
//! 1. `read_lines.sql` or `read_rows.sql`, and `facts.sql`: each datum becomes a fact with a
//!    normalised URL. What the queries cannot be sure of is sent here and decided by the rule
//!    itself, [`lambda::datum::read`]; what is right after all goes back as a file (`again`).
//! 2. `edges.sql`, `round.sql`: equivs are joined to persons in rounds of min-label propagation.
//! 3. `views.sql`: page views are deduplicated, and each gets the two hashes of its person.
//! 4. `codes.sql`, `few.sql`, `many.sql`: page views and the codes of their persons' hashes are
//!    counted by URL and hour; `visits.sql`: visits are counted by domain; `local_days.sql`.
//!
//! From there the counts come here, and [`ComputedViews`] makes coarser buckets and writes the
//! files, as for the local engine. So the files of both engines are the same, byte by byte.
//!
//! The server must see the folder of the views and the input under the same paths as this machine:
//! it runs here, or both are on a shared file system.
mod again;
pub(super) mod queries;
mod shapes;

use super::error::SparkError;
use super::protocol::ExecutionProgress;
use super::session::Session;
use again::Again;
use calendar::{Granularity, local_day};
use lambda::batch::Sketch;
use lambda::batch::bounces::Stretch;
use lambda::engine::local::{ComputedViews, REJECTED, look, write_rejected};
use lambda::engine::{
    BatchJob, DatumCounts, Engine, EngineError, InputFormat, RunPhase, RunProgress, Summary, Views,
    Watch,
};
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use queries::Queries;
use std::fs::File;
use std::path::Path;

/// An [`Engine`] that computes on a Spark Connect server.
///
/// ```no_run
/// use connect::spark::Spark;
/// use lambda::engine::{BatchJob, Engine};
/// use std::path::Path;
///
/// let spark = Spark::at("127.0.0.1:15002");
/// let summary = spark.run(&BatchJob::of(Path::new("datums.jsonl")), Path::new("views"), &|_| ())?;
/// assert!(summary.counts.distinct > 0);
/// # Ok::<(), lambda::engine::EngineError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spark {
    address: String,
}

/// The most rounds of min-label propagation, so that a server which answers wrongly is no endless
/// loop. A chain of 1,000 identifiers in random order takes 14.
const MOST_ROUNDS: usize = 64;

impl Spark {
    /// Creates the engine for the server at `host:port`, which is asked when a job is run.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }

    /// Returns the address of the server, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Engine for Spark {
    fn name(&self) -> &'static str {
        "spark connect"
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        // Look at the input first: a wrong one needs no server.
        let form = look(&job.input)?;
        let session = Session::open(&self.address)?;
        session.check_version()?;
        let scratch = tempfile::Builder::new()
            .prefix("spark-")
            .tempdir_in(folder)
            .map_err(EngineError::io(folder, "making a temporary folder"))?;
        let run = Run {
            session: &session,
            queries: Queries::new(job, form, scratch.path(), &self.address)?,
            job,
            format: form.format,
            is_stream: false,
            folder,
            watch,
            bytes: job.input.bytes()?,
        };
        run.run()
    }
}

/// An [`Engine`] that computes the views of what a stream has written, see [`Spark::stream`]. The
/// input of its jobs is [`StreamJob::input`](lambda::engine::StreamJob::input).
///
/// It begins where [`Spark`] has read its input, and runs the same queries from there.
#[derive(Clone, Debug)]
pub struct SparkFacts {
    spark: Spark,
}

impl SparkFacts {
    /// Creates the engine for the server at `host:port`, which is asked when a job is run.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            spark: Spark::at(address),
        }
    }
}

impl Engine for SparkFacts {
    fn name(&self) -> &'static str {
        lambda::engine::STREAMING
    }

    fn run(&self, job: &BatchJob, folder: &Path, watch: Watch<'_>) -> Result<Summary, EngineError> {
        if job.input.files().is_empty() {
            return Err(EngineError::Empty(job.input.path().to_owned()));
        }
        let address = &self.spark.address;
        let session = Session::open(address)?;
        session.check_version()?;
        let scratch = tempfile::Builder::new()
            .prefix("spark-")
            .tempdir_in(folder)
            .map_err(EngineError::io(folder, "making a temporary folder"))?;
        let run = Run {
            session: &session,
            queries: Queries::of_stream(job, scratch.path(), address)?,
            job,
            format: InputFormat::JsonLines,
            is_stream: true,
            folder,
            watch,
            bytes: job.input.bytes()?,
        };
        run.run()
    }
}

/// The state of a run.
struct Run<'a> {
    session: &'a Session,
    queries: Queries<'a>,
    job: &'a BatchJob,
    format: InputFormat,
    /// Whether the input is facts that a stream has written.
    is_stream: bool,
    folder: &'a Path,
    watch: Watch<'a>,
    /// Size of the input.
    bytes: u64,
}

type Result<T, E = SparkError> = std::result::Result<T, E>;

impl Run<'_> {
    fn run(&self) -> std::result::Result<Summary, EngineError> {
        // Read the datums, and let the rule decide about the unusual ones.
        let (mut counts, mut first_rejected) = self.read()?;
        if !self.is_stream {
            let (rejected, first) = write_rejected(&self.job.input, self.folder, counts.rejected)?;
            if rejected != counts.rejected {
                return Err(self.other_input(counts.rejected, rejected));
            }
            first_rejected = first;
        }
        self.job
            .refuse_nothing(&counts, self.format, first_rejected.as_deref())?;

        // Join identifiers to persons, drop duplicates, and count.
        let mut views = ComputedViews::new(self.job);
        let read = counts.read;
        if counts.distinct > 0 {
            self.progress(RunPhase::Persons, read, self.bytes);
            let labels = self.persons()?;
            self.progress(RunPhase::Dedupe, read, self.bytes);
            self.execute_all(
                RunPhase::Dedupe,
                read,
                &self.queries.views(labels.as_deref()),
            )?;
            let distinct = self.count(&mut views, read)?;
            counts.duplicates = counts.distinct - distinct;
            counts.distinct = distinct;
        }

        // Write the files.
        self.progress(RunPhase::Write, read, self.bytes);
        let mut files = views.write(self.folder)?;
        files.push((REJECTED.to_owned(), counts.rejected));
        files.sort();
        Ok(Summary {
            format: self.format,
            counts,
            files,
            first_rejected,
        })
    }

    /// Reads the input into facts. In the counts, `distinct` is that of all page views. For a
    /// stream, writes the rejected datums and returns the first of them in a sentence.
    fn read(&self) -> Result<(DatumCounts, Option<String>)> {
        let statements = match self.is_stream {
            true => vec![self.queries.facts_of_stream()],
            false => self.queries.read(),
        };
        self.execute_all(RunPhase::Read, 0, &statements)?;
        let mut counts = DatumCounts::default();
        self.session.query(&self.queries.fact_counts(), |rows| {
            let (facts, numbers) = (rows.texts("fact")?, rows.numbers("n")?);
            for row in 0..rows.len() {
                let n = numbers.at(row)? as u64;
                counts.read += n;
                match facts.get(row) {
                    Some("page_view") => counts.distinct += n,
                    Some(_) => counts.other_kinds += n,
                    None => counts.rejected += n,
                }
            }
            Ok(())
        })?;
        let mut first_rejected = None;
        if counts.rejected > 0 || self.is_stream {
            // What is not sure: some of it may be right.
            let path = self.queries.again();
            let (mut again, unsure) = match self.is_stream {
                true => (
                    Again::of_stream(path, self.folder.join(REJECTED))?,
                    self.queries.unsure_of_stream(),
                ),
                false => (Again::new(&self.job.input, path)?, self.queries.unsure()),
            };
            self.session.query(&unsure, |rows| again.decide(rows))?;
            let decided = again.finish()?;
            first_rejected = decided.first_rejected;
            counts.read -= decided.blank;
            counts.distinct += decided.page_views;
            counts.other_kinds += decided.others;
            counts.rejected = decided.rejected;
            if decided.page_views + decided.equivs > 0 {
                self.execute_all(RunPhase::Read, counts.read, &self.queries.with_again())?;
            }
        }
        Ok((counts, first_rejected))
    }

    /// Joins identifiers to persons, and returns the view with the smallest identifier of each;
    /// `None` if there is no equiv, or no view of persons.
    fn persons(&self) -> Result<Option<String>> {
        if self.job.views == Views::PageViews {
            return Ok(None);
        }
        let mut edges = self.queries.edges(0);
        self.session.execute(&self.queries.first_edges())?;
        self.session.execute(&edges.view)?;
        let mut count = self.number(&edges.count)?;
        if count == 0 {
            return Ok(None);
        }
        for round in 1..=MOST_ROUNDS {
            let next = self.queries.edges(round);
            self.session.execute(&self.queries.round(&edges, round))?;
            self.session.execute(&next.view)?;
            let next_count = self.number(&next.count)?;
            let is_done =
                next_count == count && self.number(&self.queries.new_edges(&edges, &next))? == 0;
            (edges, count) = (next, next_count);
            if is_done {
                return Ok(Some(edges.name));
            }
        }
        Err(SparkError::Rows(format!(
            "persons are not joined after {MOST_ROUNDS} rounds"
        )))
    }

    /// Fetches the counts of all views, and returns the number of distinct page views.
    fn count(&self, views: &mut ComputedViews, read: u64) -> Result<u64> {
        let precision = self.job.precision;
        let mut distinct = 0;
        if self.job.views == Views::PageViews {
            self.session.query(&self.queries.hours(), |rows| {
                let (urls, ts, n) = (rows.texts("url")?, rows.numbers("ts")?, rows.numbers("n")?);
                for row in 0..rows.len() {
                    distinct += n.at(row)? as u64;
                    views.add_hour(urls.at(row)?, ts.at(row)?, n.at(row)?, None)?;
                }
                Ok(())
            })?;
        } else {
            // Hours whose sketches hold codes, then those whose sketches hold registers.
            self.execute_all(RunPhase::Dedupe, read, &self.queries.codes())?;
            self.session.query(&self.queries.few(), |rows| {
                let (urls, ts, n) = (rows.texts("url")?, rows.numbers("ts")?, rows.numbers("n")?);
                let lists = rows.lists("codes")?;
                for row in 0..rows.len() {
                    distinct += n.at(row)? as u64;
                    let codes = lists.get(row).into_iter().map(|code| code as u32);
                    let sketch = Sketch::of_codes(precision, codes).map_err(damaged)?;
                    views.add_hour(urls.at(row)?, ts.at(row)?, n.at(row)?, Some(&sketch))?;
                }
                Ok(())
            })?;
            self.session.query(&self.queries.many(), |rows| {
                let (urls, ts, n) = (rows.texts("url")?, rows.numbers("ts")?, rows.numbers("n")?);
                let lists = rows.lists("registers")?;
                for row in 0..rows.len() {
                    distinct += n.at(row)? as u64;
                    let mut ranks = vec![0; precision.registers()];
                    for packed in lists.get(row) {
                        let register = usize::try_from(packed >> 6).unwrap_or(usize::MAX);
                        if let Some(rank) = ranks.get_mut(register) {
                            *rank = (packed & 63) as u8;
                        }
                    }
                    let sketch = Sketch::of_registers(precision, &ranks).map_err(damaged)?;
                    views.add_hour(urls.at(row)?, ts.at(row)?, n.at(row)?, Some(&sketch))?;
                }
                Ok(())
            })?;
            self.visits(views)?;
        }
        if !self.job.zones.is_empty() {
            self.local_days(views)?;
        }
        Ok(distinct)
    }

    /// Fetches visits and bounces by domain, and the single visits if the job asks for them.
    fn visits(&self, views: &mut ComputedViews) -> Result<()> {
        self.session.execute(&self.queries.visits())?;
        self.session
            .query(&self.queries.visits_by_domain(), |rows| {
                let domains = rows.texts("domain")?;
                let (visits, bounces) = (rows.numbers("visits")?, rows.numbers("bounces")?);
                for row in 0..rows.len() {
                    views.add_visits(domains.at(row)?, visits.at(row)?, bounces.at(row)?)?;
                }
                Ok(())
            })?;
        if !self.job.visits {
            return Ok(());
        }
        self.session.query(&self.queries.each_visit(), |rows| {
            let domains = rows.texts("domain")?;
            let (p1, p2) = (rows.numbers("p1")?, rows.numbers("p2")?);
            let (first, last) = (rows.numbers("first")?, rows.numbers("last")?);
            let many = rows.truths("many")?;
            for row in 0..rows.len() {
                let visit = Stretch {
                    first: first.at(row)?,
                    last: last.at(row)?,
                    many: many.get(row),
                };
                let person = (p1.at(row)? as u64, p2.at(row)? as u64);
                views.add_visit(domains.at(row)?, person, visit)?;
            }
            Ok(())
        })
    }

    /// Counts by local day. The days themselves are computed here, where the rules of zones are.
    fn local_days(&self, views: &mut ComputedViews) -> Result<()> {
        let mut utc_days = Vec::new();
        self.session.query(&self.queries.utc_days(), |rows| {
            let days = rows.numbers("utc_day")?;
            utc_days.extend((0..rows.len()).filter_map(|row| days.get(row)));
            Ok(())
        })?;
        let (mut zones, mut of, mut starts, mut ends) = (vec![], vec![], vec![], vec![]);
        for (place, &zone) in self.job.zones.iter().enumerate() {
            for &utc_day in &utc_days {
                let mut day = local_day(utc_day, zone);
                while day.start < utc_day + Granularity::Day.secs() {
                    zones.push(place as i64);
                    of.push(utc_day);
                    starts.push(day.start);
                    ends.push(day.end);
                    day = local_day(day.end, zone);
                }
            }
        }
        let path = self.queries.days();
        let failed = || EngineError::parquet(&path, "writing");
        let days = df!("zone" => zones, "utc_day" => of, "first" => starts, "next" => ends);
        let mut days = days.map_err(failed())?;
        let file = File::create(&path).map_err(EngineError::io(&path, "writing"))?;
        ParquetWriter::new(file)
            .finish(&mut days)
            .map_err(failed())?;

        self.session.execute(&self.queries.days_view())?;
        self.session.query(&self.queries.local_days(), |rows| {
            let (zones, urls) = (rows.numbers("zone")?, rows.texts("url")?);
            let (ts, n) = (rows.numbers("ts")?, rows.numbers("n")?);
            for row in 0..rows.len() {
                let zone = zones.at(row)? as usize;
                views.add_local_day(zone, urls.at(row)?, ts.at(row)?, n.at(row)?)?;
            }
            Ok(())
        })
    }

    /// Returns the one number of a query.
    fn number(&self, sql: &str) -> Result<i64> {
        let mut number = None;
        self.session.query(sql, |rows| {
            if !rows.is_empty() {
                number = Some(rows.numbers("n")?.at(0)?);
            }
            Ok(())
        })?;
        number.ok_or_else(|| SparkError::Rows("a count is missing".to_owned()))
    }

    /// Runs statements, and reports the progress of their stages.
    fn execute_all(&self, step: RunPhase, rows: u64, statements: &[String]) -> Result<()> {
        for sql in statements {
            self.session
                .execute_watched(sql, |progress: &ExecutionProgress| {
                    let read = progress.stages.iter().map(|stage| stage.input_bytes_read);
                    let bytes = match step {
                        RunPhase::Read => read.sum::<i64>().max(0) as u64,
                        _ => self.bytes,
                    };
                    self.progress(step, rows, bytes);
                })?;
        }
        Ok(())
    }

    fn progress(&self, step: RunPhase, rows: u64, bytes: u64) {
        (self.watch)(RunProgress {
            step,
            rows,
            bytes: bytes.min(self.bytes),
            bytes_total: self.bytes,
        });
    }

    /// Returns the error for an input that the server and this machine read differently.
    fn other_input(&self, there: u64, here: u64) -> EngineError {
        EngineError::Remote(format!(
            "{}: the server found {there} {}s that are no datums in {}, and this machine {here}; \
             let nothing write to the input while it is read, and see that both read the same file",
            self.session.address(),
            self.format.unit(),
            self.job.input.path().display(),
        ))
    }
}

fn damaged(error: lambda::batch::sketch::SketchError) -> SparkError {
    SparkError::Rows(error.to_string())
}
