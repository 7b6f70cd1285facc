//! A reader of what is served while the next version is computed and published over it.
//!
//! It asks for single hours and for ranges of a week, steadily, and keeps the first answer that each
//! version gives to each question. A later answer of the same version must be the same one; at the end
//! each version is asked again, on its own, and must confirm what it has answered.
use super::record::{Phase, Reads};
use super::room;
use anyhow::{Context, Result, ensure};
use lambda_workbook::calendar::Span;
use lambda_workbook::serving::{OpenVersion, ServedViews};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// URLs that are asked for, at most.
const URLS: usize = 64;
/// Reads before the run, and after it.
const AROUND: usize = 2_000;
/// A read each, so that the reader takes no core from what is measured.
const EVERY: Duration = Duration::from_millis(5);
/// The week of all sets: 2015-08-03 to 2015-08-10.
const WEEK: (i64, i64) = (1_438_560_000, 1_439_164_800);
/// The first of the lesson's hours, in which all sets have page views of two pages.
const HOUR: i64 = 1_438_624_800;

/// A URL and the range that is asked for.
pub type Question = (String, Span);

/// Returns questions about the version that is served in a folder: for each of some URLs an hour, and
/// the week without its first hours.
pub fn questions(out: &Path) -> Result<Vec<Question>> {
    let version = std::fs::canonicalize(out.join("current"))?;
    let store = version.join("serving/page_views");
    let store = OpenVersion::open_in(&store, room::number(&version)?)?;
    let shards = store.shards();
    let mut questions = Vec::new();
    let urls = shards
        .iter()
        .flat_map(|shard| shard.urls().take(URLS.div_ceil(shards.len())));
    for (n, url) in urls.enumerate() {
        let hour = HOUR + (n as i64 % 24) * 3600;
        questions.push((url.clone(), Span::new(hour, hour + 3600)?));
        let from = WEEK.0 + (n as i64 % 30) * 3600;
        questions.push((url, Span::new(from, WEEK.1)?));
    }
    // Pages of the lesson's hours, which have most of the page views.
    for url in ["mysite.com/", "mysite.com/blog"] {
        questions.push((url.to_owned(), Span::new(HOUR, HOUR + 3600)?));
        questions.push((url.to_owned(), Span::new(WEEK.0, WEEK.1)?));
    }
    Ok(questions)
}

/// A thread that reads.
pub struct Reader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Seen>>,
}

/// What was read so far.
struct Seen {
    served: ServedViews,
    questions: Vec<Question>,
    /// Each version with its own views, pinned when it was opened.
    versions: Vec<ServedViews>,
    /// The first answer of each version to each question.
    answers: HashMap<(u64, usize), Option<i64>>,
    reads: Reads,
    /// Microseconds of the phase.
    times: Vec<f64>,
    next: usize,
}

impl Reader {
    /// Reads for a while, and then goes on in a thread of its own.
    pub fn start(served: ServedViews, questions: Vec<Question>) -> Result<Self> {
        let mut seen = Seen::new(served, questions)?;
        for _ in 0..AROUND {
            seen.read();
        }
        seen.reads.before = seen.phase();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                seen.read();
                std::thread::sleep(EVERY);
            }
            seen.reads.during = seen.phase();
            Ok(seen)
        });
        Ok(Self { stop, thread })
    }

    /// Reads on for a while after the end of the run, and says what was found.
    pub fn finish(self) -> Result<Reads> {
        self.stop.store(true, Ordering::Relaxed);
        let mut seen = self.thread.join().expect("the reader does not panic")?;
        for _ in 0..AROUND {
            seen.read();
        }
        seen.reads.after = seen.phase();
        seen.confirm()
    }
}

impl Seen {
    fn new(served: ServedViews, questions: Vec<Question>) -> Result<Self> {
        ensure!(
            !questions.is_empty(),
            "the version served before has no URL"
        );
        Ok(Self {
            versions: vec![served.pinned()],
            served,
            questions,
            answers: HashMap::new(),
            reads: Reads::default(),
            times: Vec::new(),
            next: 0,
        })
    }

    /// Goes over to a new version if there is one, and asks the next question.
    fn read(&mut self) {
        let before = self.served.version();
        let started = Instant::now();
        match self.served.refresh() {
            Ok(false) => {}
            Ok(true) => {
                self.reads.switch = started.elapsed().as_secs_f64() * 1e6;
                self.versions.push(self.served.pinned());
                self.reads.wrong += u64::from(self.served.version() < before);
            }
            Err(_) => self.reads.errors += 1,
        }
        let number = self.next % self.questions.len();
        self.next += 1;
        let (url, span) = &self.questions[number];
        let started = Instant::now();
        let answer = self.served.page_views(url, *span);
        self.times.push(started.elapsed().as_secs_f64() * 1e6);
        match answer {
            Ok(answer) => {
                let version = self.served.version().unwrap_or(0);
                let value = answer.map(|answer| answer.value);
                let first = *self.answers.entry((version, number)).or_insert(value);
                self.reads.wrong += u64::from(first != value);
            }
            Err(_) => self.reads.errors += 1,
        }
    }

    fn phase(&mut self) -> Phase {
        let times = std::mem::take(&mut self.times);
        Phase {
            reads: times.len() as u64,
            median: super::super::median(&times),
            longest: times.iter().copied().fold(0.0, f64::max),
        }
    }

    /// Asks each version each question once more, and compares.
    fn confirm(mut self) -> Result<Reads> {
        for (&(version, number), seen) in &self.answers {
            let views = self
                .versions
                .iter()
                .find(|views| views.version() == Some(version));
            let views = views.with_context(|| format!("version {version} was not opened"))?;
            let (url, span) = &self.questions[number];
            let answer = views.page_views(url, *span)?.map(|answer| answer.value);
            self.reads.wrong += u64::from(answer != *seen);
        }
        // What a switch has changed: else equal answers would prove nothing.
        let (first, last) = (&self.versions[0], &self.versions[self.versions.len() - 1]);
        for (url, span) in &self.questions {
            let of = |views: &ServedViews| -> Result<Option<i64>> {
                Ok(views.page_views(url, *span)?.map(|answer| answer.value))
            };
            self.reads.changed += u64::from(of(first)? != of(last)?);
        }
        self.reads.questions = self.questions.len() as u64;
        Ok(self.reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_workbook::engine::{BatchJob, Local};
    use lambda_workbook::lambda::BuiltBatch;
    use lambda_workbook::serving::ServingOptions;

    fn publish(folder: &Path, views: usize) {
        let datums = folder.join("datums.jsonl");
        let line = |n: usize| {
            format!(
                r#"{{"dataunit":{{"page_view":{{"nonce":{n},"page":{{"url":"http://mysite.com/"}},"person":{{"user_id":{n}}}}}}},"pedigree":{{"true_as_of_secs":{HOUR}}}}}"#
            ) + "\n"
        };
        std::fs::write(&datums, (0..views).map(line).collect::<String>()).unwrap();
        let job = BatchJob::of(datums);
        let out = folder.join("views");
        let how = ServingOptions::default();
        let built = BuiltBatch::compute(&Local::default(), &job, &out, how, &|_| {}).unwrap();
        built.publish().unwrap();
    }

    #[test]
    fn a_reader_follows_a_publication_without_an_error_or_a_wrong_answer() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), 3);
        let out = folder.path().join("views");
        let served = ServedViews::open(&out).unwrap();
        let reader = Reader::start(served, questions(&out).unwrap()).unwrap();
        publish(folder.path(), 5);
        let reads = reader.finish().unwrap();
        assert_eq!((reads.errors, reads.wrong), (0, 0), "{reads:?}");
        assert_eq!(reads.before.reads, AROUND as u64);
        assert_eq!(reads.after.reads, AROUND as u64);
        assert!(reads.switch > 0.0 && reads.changed > 0, "{reads:?}");
    }

    #[test]
    fn an_answer_that_its_version_did_not_give_is_counted_as_wrong() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), 3);
        let out = folder.path().join("views");
        let served = ServedViews::open(&out).unwrap();
        let mut seen = Seen::new(served, questions(&out).unwrap()).unwrap();
        seen.read();
        let version = seen.served.version().unwrap();
        seen.answers.insert((version, 0), Some(-1));
        assert_eq!(seen.confirm().unwrap().wrong, 1);
    }
}
