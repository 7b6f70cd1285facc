//! One function of one submission: from its source to points.
use super::compile::{Bench, Compiled, Program};
use super::extract::{Extracted, Nothing};
use super::linked;
use super::points::Worth;
use super::sandbox::processor_secs;
use super::scan::scan;
use super::together::Together;
use super::work::Worker;
use anyhow::Context;
use lambda_workbook::exercises::{Exercise, Marks, Status, mark};
use lambda_workbook::notebook::Render;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// How grading is done.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub bench: &'a Bench,
    pub seed: u64,
    /// For one answer.
    pub patience: Duration,
    /// For all answers of one submission to one exercise, those on smaller inputs, which
    /// say what is wrong, among them.
    pub budget: Duration,
    /// Whether names are looked at before the sandbox; tests leave it out, to see
    /// that nothing rests on it.
    pub scanned: bool,
    /// Programs that are there already, if any.
    pub together: Option<&'a Together>,
}

/// What one exercise of one student came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graded {
    pub exercise: String,
    /// `passed`, or how the first case failed, or why none was asked.
    pub verdict: String,
    pub reason: String,
    pub points: f64,
    pub of: f64,
    pub cases: Vec<GradedCase>,
    /// What was made of a messy notebook.
    pub notes: Vec<String>,
    /// The notebook that was graded, and when.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// For the student: the verdict in HTML.
    #[serde(skip)]
    pub shown: String,
    /// What was graded.
    #[serde(skip)]
    pub source: String,
}

/// What a grade was made of: with the seed, all that is needed to make it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the notebook's file.
    pub file: String,
    /// The SHA-256 of the file's bytes, in hexadecimal digits.
    pub sha256: String,
    /// When it was graded, in seconds since 1970, UTC.
    pub graded_at_secs: u64,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradedCase {
    pub case: String,
    pub about: String,
    pub verdict: String,
    pub points: f64,
    pub of: f64,
}

/// Words of verdicts that no case has.
pub const COMPILE: &str = "compile";
pub const MISSING: &str = "missing";
pub const UNREADABLE: &str = "unreadable";
pub const FORBIDDEN: &str = "forbidden";
pub const GRADER: &str = "grader";

impl Graded {
    /// An exercise that got no points before any case was asked.
    pub fn nothing(
        exercise: &Exercise,
        worth: &Worth,
        verdict: &str,
        reason: impl Into<String>,
    ) -> Graded {
        Graded {
            exercise: exercise.id.to_owned(),
            verdict: verdict.to_owned(),
            reason: cut(&reason.into(), LONGEST_REASON),
            of: worth.points,
            ..Graded::default()
        }
    }
}

/// Grades what was extracted. Whatever happens, there is a verdict.
pub fn grade(
    rules: &Rules,
    exercise: &'static Exercise,
    worth: &Worth,
    found: Result<Extracted, Nothing>,
) -> Graded {
    let extracted = match found {
        Ok(extracted) => extracted,
        Err(Nothing::Missing(why)) => return Graded::nothing(exercise, worth, MISSING, why),
        Err(Nothing::Forbidden(why)) => return Graded::nothing(exercise, worth, FORBIDDEN, why),
    };
    let run = |source: &str| {
        let run = AssertUnwindSafe(|| run(rules, exercise, worth, source));
        match catch_unwind(run) {
            Ok(Ok(graded)) => graded,
            Ok(Err(error)) => Graded::nothing(exercise, worth, GRADER, format!("{error:#}")),
            Err(_) => Graded::nothing(exercise, worth, GRADER, "the grader panicked"),
        }
    };
    let (mut source, mut others) = (extracted.source, extracted.others);
    let mut notes = extracted.notes;
    // What is refused may stand beside the function, which can do without it.
    let refused = scan(&source).filter(|_| rules.scanned && scan(&extracted.alone).is_none());
    if let Some(why) = &refused {
        notes.push(format!(
            "the function was graded without the rest of its cell: {why}"
        ));
        source = extracted.alone;
        others.clear();
    }
    let mut spent = CompilerTime::start();
    let mut graded = run(&source);
    graded.notes.extend(notes);
    graded.source = source;
    if graded.verdict == COMPILE
        && let Some(why) = refused
    {
        // It could not do without.
        let source = std::mem::take(&mut graded.source);
        graded = Graded::nothing(exercise, worth, FORBIDDEN, why);
        graded.source = source;
    }
    // Another choice of pieces counts only if it gets as far as to be asked.
    if graded.verdict == COMPILE {
        for source in others {
            if spent.is_used_up() {
                graded.notes.push(NO_MORE_PIECES.to_owned());
                break;
            }
            let other = run(&source);
            if ![COMPILE, FORBIDDEN, GRADER].contains(&other.verdict.as_str()) {
                let mut notes = std::mem::take(&mut graded.notes);
                notes.push(OTHER_PIECES.to_owned());
                notes.extend(other.notes);
                graded = Graded {
                    notes,
                    source,
                    ..other
                };
                break;
            }
        }
    }
    graded
}

/// Said where the first choice of pieces did not compile.
pub const OTHER_PIECES: &str = "with other pieces of your notebook it did not compile: \
    see what was graded";

/// Said where no other choice of pieces was tried.
pub const NO_MORE_PIECES: &str = "compiling took so long that no other pieces of your notebook \
    were tried";

/// The time of the processor that choices of pieces took to compile, and their answers to be asked
/// for. An answer is graded by one thread.
struct CompilerTime {
    first: f64,
    last: f64,
}

impl CompilerTime {
    /// Seconds for all choices of one exercise.
    const MOST: f64 = 30.0;
    /// Seconds of one choice, after which no other is tried: most take half a second.
    const MOST_OF_ONE: f64 = 5.0;

    fn start() -> Self {
        let now = processor_secs();
        Self {
            first: now,
            last: now,
        }
    }

    /// Whether the choice since the last call, or all choices together, took too long.
    fn is_used_up(&mut self) -> bool {
        let now = processor_secs();
        let of_one = now - std::mem::replace(&mut self.last, now);
        of_one > Self::MOST_OF_ONE || now - self.first > Self::MOST
    }
}

fn run(
    rules: &Rules,
    exercise: &'static Exercise,
    worth: &Worth,
    source: &str,
) -> anyhow::Result<Graded> {
    let nothing =
        |verdict: &str, reason: String| Ok(Graded::nothing(exercise, worth, verdict, reason));
    if rules.scanned
        && let Some(why) = scan(source)
    {
        return nothing(FORBIDDEN, why);
    }
    let asked = |program: &Program, budget: Duration| {
        let mut worker = Worker::new(rules.bench, program, rules.patience, budget);
        told(mark(exercise, rules.seed, &mut worker), worth)
    };
    if let Some(together) = rules.together
        && let Some(program) = together.program(exercise, source)
    {
        // Right answers take a second or two.
        let graded = asked(program, rules.budget / 4);
        if together.decides(&graded.verdict) {
            return Ok(graded);
        }
    }
    let folder = tempfile::Builder::new()
        .prefix("lambda-workbook-grade-")
        .tempdir()?;
    let program = match rules.bench.compile(exercise, source, folder.path())? {
        Compiled::Program(program) => program,
        Compiled::Errors(said) => return nothing(COMPILE, said),
        Compiled::Stopped(stop, told) => return nothing(Status::Stopped(stop).code(), told),
    };
    if let Some(why) = refusal(&program, exercise)? {
        return nothing(FORBIDDEN, why);
    }
    Ok(asked(&program, rules.budget))
}

/// Why an answer that compiles is not run: it calls what is not in the exercise's
/// vocabulary.
///
/// # Errors
/// If rustc left no object file that can be read.
pub fn refusal(program: &Program, exercise: &Exercise) -> anyhow::Result<Option<String>> {
    let object = std::fs::read(&program.object).context("cannot read the answer's object file")?;
    let refused = match linked::refused(&object, exercise) {
        Ok(refused) => refused,
        Err(error) if error.is::<linked::TooLong>() => return Ok(Some(error.to_string())),
        Err(error) => return Err(error),
    };
    let Some(first) = refused.first() else {
        return Ok(None);
    };
    let more = match refused.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Ok(Some(format!(
        "the answer uses `{first}`{more}, which this exercise does not allow: write your own"
    )))
}

/// The marks as they are written down.
fn told(marks: Marks, worth: &Worth) -> Graded {
    let weights = worth
        .weights
        .iter()
        .map(|(case, weight)| (case.as_str(), *weight));
    let marks = marks.of(worth.points).weighing(weights);
    let each = marks.points();
    let cases = marks
        .cases
        .iter()
        .zip(&each)
        .map(|(case, (_, of, points))| GradedCase {
            case: case.case.to_owned(),
            about: case.about.to_owned(),
            verdict: case.status.code().to_owned(),
            points: *points,
            of: *of,
        });
    let notes = match marks.unearned()[..] {
        [] => Vec::new(),
        ref cases => vec![format!(
            "passed, and without points: {}. There an answer that does no work is right, \
             such as an argument given back; these cases count together with one that asks for more.",
            cases.join(", ")
        )],
    };
    let verdict = &marks.verdict;
    Graded {
        notes,
        exercise: verdict.exercise.id.to_owned(),
        verdict: verdict.status.code().to_owned(),
        reason: cut(&verdict.reason(), LONGEST_REASON),
        points: marks.total(),
        of: worth.points,
        cases: cases.collect(),
        shown: bounded(verdict.render().get("text/html").unwrap_or_default()),
        ..Graded::default()
    }
}

/// Bytes of a reason that a table still has room for.
const LONGEST_REASON: usize = 4_000;

/// Bytes of a verdict on a student's page.
const LONGEST_SHOWN: usize = 100_000;

/// The beginning of a text, at most so many bytes of it.
fn cut(text: &str, most: usize) -> String {
    match text.len() <= most {
        true => text.to_owned(),
        false => format!("{} ...", &text[..text.floor_char_boundary(most)]),
    }
}

/// An answer of a megabyte is not shown.
fn bounded(html: &str) -> String {
    if html.len() > LONGEST_SHOWN {
        return "<p>The answer is too long to be shown.</p>".to_owned();
    }
    html.to_owned()
}
