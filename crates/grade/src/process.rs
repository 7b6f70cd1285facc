//! A grader in a process of its own, which may die: whatever a submission does to it,
//! the batch goes on.
//!
//! The process is asked for one exercise of one student at a time, a line of JSON each
//! way. One that ends or takes too long is ended, and the next question starts another:
//! that submission has the verdict `grader`, and no other is touched.
use super::compile::Bench;
use super::extract::{Extracted, Nothing, extract, function};
use super::ledger::Entry;
use super::mark::{Graded, Origin, Rules, grade};
use super::points::Worth;
use super::sandbox::{Groups, survive_broken_pipes};
use super::submissions::{Student, printable, sha256, students};
use super::task::Task;
use super::together::Together;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How a process grades: all that does not change from one student to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The folder of submissions.
    pub submissions: PathBuf,
    /// Ids of exercises.
    pub exercises: Vec<String>,
    /// For one answer.
    pub patience: Duration,
    /// For all answers of one submission to one exercise.
    pub budget: Duration,
    pub sandboxed: bool,
    /// Where programs get control groups, if the system has delegated one.
    pub groups: Option<Groups>,
}

/// What is asked: to grade one exercise of one student.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    /// The student's place among all, and their name.
    pub place: usize,
    pub student: String,
    /// The exercise's place in [`Setup::exercises`].
    pub exercise: usize,
    pub worth: Worth,
    pub seed: u64,
    /// The time, in seconds since 1970, UTC.
    pub now_secs: u64,
    /// The digest of a grade that is known: if nothing has changed, it stands.
    pub known: Option<String>,
    /// The exercises of this student that will be asked for and have no known grade, by their
    /// places: they are compiled together. None, where that went wrong.
    pub together: Vec<usize>,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    /// The known grade stands.
    Unchanged,
    Graded(Box<Entry>),
    /// The student is not there any more.
    Gone,
}

/// What a grader's process takes of memory at most, its libraries among it: a hostile
/// submission ends this process, and not the machine.
const MEMORY: u64 = 6 << 30;

/// Bytes of the longest answer: the source, the verdict and the reasons are bounded.
const LONGEST: u64 = 16 << 20;

/// The grader's process, as the batch has it.
pub struct Grader<'a> {
    exe: &'a Path,
    setup: &'a Setup,
    /// For one question: compiling, all answers, and reading the notebook.
    deadline: Duration,
    running: Option<Running>,
}

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl<'a> Grader<'a> {
    /// A process that starts with the first question.
    pub fn new(exe: &'a Path, setup: &'a Setup, deadline: Duration) -> Self {
        Grader {
            exe,
            setup,
            deadline,
            running: None,
        }
    }

    /// Asks a question: the new grade, or `None` if the known one stands.
    ///
    /// # Errors
    /// Why there is no grade: the process ended, or took too long.
    pub fn ask(&mut self, question: &Question) -> Result<Option<Entry>> {
        let told = self.exchange(question);
        if told.is_err() {
            self.running = None;
        }
        match told? {
            Told::Unchanged => Ok(None),
            Told::Graded(entry) => Ok(Some(*entry)),
            Told::Gone => bail!("the submission was removed while the class was graded"),
        }
    }

    fn exchange(&mut self, question: &Question) -> Result<Told> {
        let running = match self.running.take() {
            Some(running) => running,
            None => Running::start(self.exe, self.setup)?,
        };
        let running = self.running.insert(running);
        let line = serde_json::to_string(question)? + "\n";
        running
            .questions
            .write_all(line.as_bytes())
            .context("the grader's process has ended")?;
        match running.answers.recv_timeout(self.deadline) {
            Ok(line) => {
                serde_json::from_str(&line).context("the grader's process said something else")
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => bail!(
                "the grader's process took more than {} s for it and was ended",
                self.deadline.as_secs()
            ),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                let status = running.child.wait()?;
                bail!("the grader's process ended while it graded this ({status})")
            }
        }
    }
}

impl Running {
    fn start(exe: &Path, setup: &Setup) -> Result<Running> {
        survive_broken_pipes();
        let mut command = Command::new(exe);
        command
            .arg("grade-process")
            .arg(serde_json::to_string(setup)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0);
        // SAFETY: a system call without memory arguments, between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", exe.display()))?;
        let questions = child.stdin.take().context("no pipe for questions")?;
        let answers = child.stdout.take().context("no pipe for answers")?;
        let (tell, told) = channel();
        // It ends with the process, whose end of the pipe it reads.
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            loop {
                let mut line = String::new();
                match (&mut answers).take(LONGEST).read_line(&mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) if tell.send(line).is_err() => return,
                    Ok(_) => {}
                }
            }
        });
        Ok(Running {
            child,
            questions,
            answers: told,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: the group of our own child, which is reaped only below.
        unsafe { libc::kill(-(self.child.id() as i32), libc::SIGKILL) };
        let _ = self.child.wait();
    }
}

/// Answers questions on standard input until there are no more: the process itself.
///
/// # Errors
/// If the set-up is broken, or nobody reads the answers.
pub fn serve(setup: &str, bench: impl FnOnce(bool) -> Result<Bench>) -> Result<()> {
    let setup: Setup = serde_json::from_str(setup).context("no set-up of a grader")?;
    limit_memory()?;
    let mut bench = bench(setup.sandboxed)?;
    bench.groups = setup.groups.clone();
    let tasks = Task::chosen(&bench.root, &setup.exercises)?;
    let mut class = students(&setup.submissions)?;
    let mut out = std::io::stdout().lock();
    let mut together = (String::new(), Together::default());
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?).context("no question")?;
        // Somebody may have handed in since.
        let is_theirs = |student: &Student| student.name == question.student;
        if !class.get(question.place).is_some_and(is_theirs) {
            class = students(&setup.submissions)?;
        }
        let student = match class.get(question.place) {
            Some(student) if is_theirs(student) => Some(student),
            _ => class.iter().find(|student| is_theirs(student)),
        };
        let task = tasks.get(question.exercise).context("no such exercise")?;
        if together.0 != question.student {
            let programs = student.map(|student| together_of(&bench, student, &tasks, &question));
            together = (question.student.clone(), programs.unwrap_or_default());
        }
        let rules = Rules {
            bench: &bench,
            seed: question.seed,
            patience: setup.patience,
            budget: setup.budget,
            scanned: true,
            together: Some(&together.1),
        };
        let told = match student {
            None => Told::Gone,
            Some(student) => graded(&rules, student, task, &question),
        };
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
        out.flush()?;
    }
    Ok(())
}

/// Compiles a student's answers together, as far as they can be read.
fn together_of(bench: &Bench, student: &Student, tasks: &[Task], question: &Question) -> Together {
    let compile = || {
        let tasks = question
            .together
            .iter()
            .filter_map(|&place| tasks.get(place));
        let sources = tasks.filter_map(
            |Task {
                 exercise, handout, ..
             }| {
                let (notebook, _) = student.notebook(exercise, function(exercise)).ok()?;
                let found = extract(&notebook, handout, exercise).ok()?;
                Some((*exercise, found.source))
            },
        );
        Together::compile(bench, sources.collect())
    };
    // Then each is read and compiled alone, and the one that it comes from has its verdict.
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_default()
}

fn limit_memory() -> Result<()> {
    let limit = libc::rlimit {
        rlim_cur: MEMORY,
        rlim_max: MEMORY,
    };
    // SAFETY: a structure on this stack.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()).context("cannot limit the grader's memory"),
    }
}

/// Reads, compiles, asks and judges.
fn graded(rules: &Rules, student: &Student, task: &Task, question: &Question) -> Told {
    // What the student handed in for this exercise, out of its notebook.
    let origin;
    let found = match student.notebook(task.exercise, function(task.exercise)) {
        Ok((notebook, note)) => {
            origin = Some(Origin {
                file: printable(notebook.path.file_name().unwrap_or_default()),
                sha256: sha256(&notebook).to_owned(),
                graded_at_secs: question.now_secs,
            });
            extract(&notebook, &task.handout, task.exercise).map(|mut found| {
                found
                    .notes
                    .splice(0..0, student.note().into_iter().chain(note));
                found
            })
        }
        Err(problem) => {
            let nothing = Graded::nothing(
                task.exercise,
                &question.worth,
                problem.verdict,
                problem.reason,
            );
            return told(String::new(), nothing);
        }
    };

    // Nothing is done twice.
    let digest = digest(rules, &found, &question.worth);
    if question.known.as_ref() == Some(&digest) {
        return Told::Unchanged;
    }
    let graded = grade(rules, task.exercise, &question.worth, found);
    told(digest, Graded { origin, ..graded })
}

fn told(digest: String, mut graded: Graded) -> Told {
    let shown = std::mem::take(&mut graded.shown);
    let source = std::mem::take(&mut graded.source);
    Told::Graded(Box::new(Entry {
        digest,
        graded,
        shown,
        source,
    }))
}

/// What a grade depends on.
fn digest(rules: &Rules, found: &Result<Extracted, Nothing>, worth: &Worth) -> String {
    let build = rules.bench.libraries.display();
    let all = format!(
        "{found:?}\n{worth:?}\n{}\n{build}\n{:?}\n{:?}",
        rules.seed, rules.patience, rules.budget
    );
    Sha256::digest(all.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
