//! Answers a program that asks about a system elsewhere over a pipe, so that cells need not link the
//! clients: the other end of [`lambda::speed::RemoteLog`] and [`lambda::speed::RemoteStores`].
mod log;
mod store;

use lambda::speed::{LogAnswer, SpeedError, read_frame, write_frame};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, BufReader, BufWriter, Read, Write};

/// Connects to the system at an address, says so, and answers until there are no more questions.
///
/// # Errors
/// If a pipe breaks.
pub fn serve(address: &str, questions: impl Read, answers: impl Write) -> io::Result<()> {
    let (questions, mut answers) = (BufReader::new(questions), BufWriter::new(answers));
    match address.split_once("://") {
        Some(("kafka", _)) => match log::open(address) {
            Ok(log) => answer_all(
                questions,
                answers,
                LogAnswer::Number(0),
                |question, body| {
                    let answer = log::answer(&log, question, body);
                    answer.unwrap_or_else(|error| (log::told(error), Vec::new()))
                },
            ),
            Err(error) => write_frame(&mut answers, &log::told(error), &[]),
        },
        Some(("hbase", _)) => match store::OpenTables::open(address) {
            Ok(mut tables) => answer_all(questions, answers, store::READY, |question, body| {
                let answer = tables.answer(question, body);
                answer.unwrap_or_else(|error| (store::told(error), Vec::new()))
            }),
            Err(error) => write_frame(&mut answers, &store::told(error), &[]),
        },
        _ => {
            let error = SpeedError::Remote {
                doing: "connecting".to_owned(),
                address: address.to_owned(),
                problem: "this kind of address is not known; write kafka://host:port or \
                          hbase://host:port"
                    .to_owned(),
            };
            write_frame(&mut answers, &log::told(error), &[])
        }
    }
}

/// Says that the system was reached, and answers one question after another.
fn answer_all<Q: DeserializeOwned, A: Serialize>(
    mut questions: impl Read,
    mut answers: impl Write,
    ready: A,
    mut answer: impl FnMut(Q, &[u8]) -> (A, Vec<u8>),
) -> io::Result<()> {
    write_frame(&mut answers, &ready, &[])?;
    while let Some((question, body)) = read_frame::<Q>(&mut questions)? {
        let (answer, body) = answer(question, &body);
        write_frame(&mut answers, &answer, &[&body])?;
    }
    Ok(())
}

/// Returns whether a text is `host:port`.
fn is_host_and_port(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
