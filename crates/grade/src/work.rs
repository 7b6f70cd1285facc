//! A conversation with a student's program.
use super::compile::{Bench, Program, Stop};
use super::sandbox::{Confined, Ended};
use lambda_workbook::exercises::attempt::AttemptError;
use lambda_workbook::exercises::worker::{HEAD, LONGEST_ANSWER, Nonce, frame, head};
use lambda_workbook::exercises::{Inputs, Respondent, Value, wire};
use std::io;
use std::time::{Duration, Instant};

/// A student's program, started when it is first asked, and again after it ended.
pub struct Worker<'a> {
    bench: &'a Bench,
    program: Program,
    /// For one answer.
    patience: Duration,
    /// For all answers together: what is left of it.
    budget: Duration,
    running: Option<Confined>,
    stopped: Vec<Stop>,
}

/// After so many ends no further question is asked: a program that needs its whole
/// time for every case would hold up the others.
const ENDS: usize = 2;

impl<'a> Worker<'a> {
    /// A program that may take `patience` for one answer and `budget` for all.
    pub fn new(bench: &'a Bench, program: &Program, patience: Duration, budget: Duration) -> Self {
        Worker {
            bench,
            program: program.clone(),
            patience,
            budget,
            running: None,
            stopped: Vec::new(),
        }
    }

    fn converse(&mut self, inputs: &Inputs) -> Result<Value, AttemptError> {
        let stopped = |stop, told: String| AttemptError::Stopped(stop, told);
        if self.running.is_none() {
            let started = self.bench.start(&self.bench.worker(&self.program));
            self.running =
                Some(started.map_err(|error| stopped(Stop::Grader, format!("{error:#}")))?);
        }
        let Some(running) = &mut self.running else {
            return Err(stopped(Stop::Grader, "no program".to_owned()));
        };
        let patience = self.patience.min(self.budget);
        let deadline = Instant::now() + patience;
        let nonce: Nonce = *uuid::Uuid::new_v4().as_bytes();
        let question = frame(&nonce, &wire::encode_inputs(inputs));
        match exchange(running, &question, &nonce, deadline) {
            Ok(Some(message)) => match wire::decode_answer(&message) {
                Ok(Err(AttemptError::Panicked(message))) if is_refusal(&message) => {
                    Err(stopped(Stop::Forbidden, message))
                }
                Ok(Err(AttemptError::Error(message))) if is_refusal(&message) => {
                    Err(stopped(Stop::Forbidden, message))
                }
                Ok(answer) => answer,
                Err(garbled) => Err(stopped(Stop::Forbidden, garbled.to_string())),
            },
            Ok(None) => Err(stopped(
                Stop::Time,
                match patience < self.patience {
                    true => "the time for all cases together is used up".to_owned(),
                    false => format!("no answer within {} s", patience.as_secs_f64()),
                },
            )),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(stopped(
                Stop::Forbidden,
                "it writes to the grader by itself".to_owned(),
            )),
            Err(_) => Err(self.how_it_ended()),
        }
    }

    /// Why a program says no more.
    fn how_it_ended(&mut self) -> AttemptError {
        let Some(running) = self.running.take() else {
            return AttemptError::Stopped(Stop::Grader, "no program".to_owned());
        };
        let (stop, told) = match running.end(Instant::now() + Duration::from_secs(5)) {
            Err(error) => (Stop::Grader, format!("{error:#}")),
            Ok((ended, said)) => why(ended, &said),
        };
        AttemptError::Stopped(stop, told)
    }
}

impl Respondent for Worker<'_> {
    fn ask(&mut self, inputs: &Inputs) -> Result<Value, AttemptError> {
        if let (Some(last), true) = (self.stopped.last(), self.stopped.len() >= ENDS) {
            let told = "not asked: the program had to be started again too often";
            return Err(AttemptError::Stopped(*last, told.to_owned()));
        }
        if self.budget.is_zero() {
            let told = "not asked: the time for all cases together is used up";
            return Err(AttemptError::Stopped(Stop::Time, told.to_owned()));
        }
        let asked = Instant::now();
        let answer = self.converse(inputs);
        self.budget = self.budget.saturating_sub(asked.elapsed());
        if let Err(AttemptError::Stopped(stop, _)) = &answer {
            self.stopped.push(*stop);
            self.running = None;
        }
        answer
    }

    /// Ends the process. The next question starts another one.
    fn forget(&mut self) {
        self.running = None;
    }
}

/// Sends a question and reads its answer; `None` if time was up. What is no answer
/// to this question is [`io::ErrorKind::InvalidData`].
fn exchange(
    running: &mut Confined,
    question: &[u8],
    nonce: &Nonce,
    deadline: Instant,
) -> io::Result<Option<Vec<u8>>> {
    if !running.send(question, deadline)? {
        return Ok(None);
    }
    let mut start = [0; HEAD];
    if !running.receive(&mut start, deadline)? {
        return Ok(None);
    }
    let length = match head(&start) {
        Some((length, echoed)) if echoed == *nonce && length <= LONGEST_ANSWER => length,
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    let mut message = vec![0; length];
    Ok(running.receive(&mut message, deadline)?.then_some(message))
}

/// Whether a message tells of something that the sandbox refused.
fn is_refusal(message: &str) -> bool {
    let refusals = [
        "(os error 1)",
        "(os error 13)",
        "code: 13,",
        "code: 1,",
        "Permission denied",
        "Operation not permitted",
    ];
    refusals.iter().any(|refusal| message.contains(refusal))
}

fn why(ended: Ended, said: &str) -> (Stop, String) {
    let crash = |told: &str| (Stop::Crash, told.to_owned());
    match ended {
        Ended::Late => (
            Stop::Crash,
            "it closed its connection and did not end".to_owned(),
        ),
        Ended::Signal(libc::SIGSYS) => (
            Stop::Forbidden,
            "it called the system for what no answer needs".to_owned(),
        ),
        Ended::Signal(libc::SIGXFSZ) => (Stop::Forbidden, "it wrote to a file".to_owned()),
        Ended::Signal(libc::SIGXCPU) => (Stop::Time, "it used up its CPU time".to_owned()),
        // Not by us: then by the system, for want of memory.
        Ended::Signal(libc::SIGKILL) => (
            Stop::Memory,
            "the system ended it: too much memory".to_owned(),
        ),
        Ended::Signal(libc::SIGABRT) if said.contains("memory allocation of") => (
            Stop::Memory,
            "it asked for more memory than there is for it".to_owned(),
        ),
        _ if said.contains("has overflowed its stack") => {
            crash("its stack overflowed: a recursion without end?")
        }
        // A stack of the system's own size overflows without a word.
        Ended::Signal(signal @ libc::SIGSEGV) => crash(&format!(
            "it crashed (signal {signal}): mostly a recursion without end"
        )),
        Ended::Signal(signal) => crash(&format!("it was ended by signal {signal}")),
        Ended::Code(code) => crash(&format!(
            "it ended by itself, with exit code {code}, before it answered"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: a program that ends by a segmentation fault is told of a recursion, and one
    /// that ends by another signal is not.
    #[test]
    fn a_recursion_without_end_is_named() {
        let (stop, told) = why(Ended::Signal(libc::SIGSEGV), "");
        assert!(matches!(stop, Stop::Crash));
        assert_eq!(
            told,
            "it crashed (signal 11): mostly a recursion without end"
        );
        let (_, told) = why(Ended::Signal(libc::SIGILL), "");
        assert_eq!(told, "it was ended by signal 4");
    }
}
