//! Answers a program that asks about a system elsewhere over a pipe, so that cells need not link the
//! clients: the other end of [`lambda::speed::RemoteLog`], [`lambda::speed::RemoteStores`] and
//! [`lambda::engine::SparkConnect`].
mod engine;
mod interrupt;
mod log;
mod store;

use lambda::engine::EngineAnswer;
use lambda::remote::{read_frame, write_frame};
use lambda::speed::{LogAnswer, SpeedError};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::{Mutex, PoisonError};

/// Connects to the system at an address, says so, and answers until there are no more questions.
///
/// # Errors
/// If a pipe breaks.
pub fn serve(address: &str, questions: impl Read, answers: impl Write + Send) -> io::Result<()> {
    let (questions, mut answers) = (BufReader::new(questions), BufWriter::new(answers));
    match address.split_once("://") {
        Some(("kafka", _)) => match log::open(address) {
            Ok(log) => answer_all(
                questions,
                answers,
                LogAnswer::Number(0),
                |question, body, _| {
                    let answer = log::answer(&log, question, body);
                    answer.unwrap_or_else(|error| (log::told(error), Vec::new()))
                },
            ),
            Err(error) => write_frame(&mut answers, &log::told(error), &[]),
        },
        Some(("hbase", _)) => match store::OpenTables::open(address) {
            Ok(mut tables) => answer_all(questions, answers, store::READY, |question, body, _| {
                let answer = tables.answer(question, body);
                answer.unwrap_or_else(|error| (store::told(error), Vec::new()))
            }),
            Err(error) => write_frame(&mut answers, &store::told(error), &[]),
        },
        Some(("sc", _)) => match engine::Served::open(address) {
            Ok(served) => answer_all(
                questions,
                answers,
                EngineAnswer::Done,
                |question, body, report| {
                    let answer = served.answer(question, body, report);
                    answer.unwrap_or_else(|error| (engine::told(error), Vec::new()))
                },
            ),
            Err(error) => write_frame(&mut answers, &engine::told(error), &[]),
        },
        _ => {
            let error = SpeedError::Remote {
                doing: "connecting".to_owned(),
                address: address.to_owned(),
                problem: "this kind of address is not known; write kafka://host:port, \
                          hbase://host:port or sc://host:port"
                    .to_owned(),
            };
            write_frame(&mut answers, &log::told(error), &[])
        }
    }
}

/// Says that the system was reached, and answers one question after another. `answer` may report
/// its progress before it returns.
fn answer_all<Q: DeserializeOwned, A: Serialize>(
    mut questions: impl Read,
    mut answers: impl Write + Send,
    ready: A,
    mut answer: impl FnMut(Q, &[u8], &(dyn Fn(A) + Sync)) -> (A, Vec<u8>),
) -> io::Result<()> {
    write_frame(&mut answers, &ready, &[])?;
    let answers = Mutex::new(answers);
    let write = |answer: &A, body: &[u8]| {
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        write_frame(&mut *answers, answer, &[body])
    };
    while let Some((question, body)) = read_frame::<Q>(&mut questions)? {
        // A report that cannot be written is followed by an answer that cannot.
        let report = |answer: A| drop(write(&answer, &[]));
        let (answer, body) = answer(question, &body, &report);
        write(&answer, &body)?;
    }
    Ok(())
}
