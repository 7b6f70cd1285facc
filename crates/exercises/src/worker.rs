//! The process that holds a student's function, seen from inside: it reads
//! arguments, calls the function, and writes what came of it.
//!
//! It knows neither expectations nor marks, so there is nothing in it to read and
//! nothing to forge: all it can say is a value, and the grader compares that.
//!
//! A frame is its length (8 bytes), the question's nonce (16 bytes), and a message
//! of [`wire`](super::wire). An answer carries the nonce of its question: an answer
//! written before the question was asked is none.
use super::attempt::{AttemptAnswer, AttemptError, attempt};
use super::wire;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// A nonce: unforeseeable, one for each question.
pub type Nonce = [u8; 16];

/// The longest message either side takes.
pub const LONGEST: usize = 16 << 20;

/// The longest answer that a grader takes: right ones have some kilobytes.
pub const LONGEST_ANSWER: usize = 2 << 20;

/// The file descriptors of questions and answers: no standard stream, so that what
/// the function prints gets in nobody's way.
pub const FILES: [i32; 2] = [3, 4];

/// Answers questions until there are no more. This is what a grader's program does.
///
/// # Panics
/// If it is called again: the questions are the frame's, and not the function's.
#[cfg(unix)]
pub fn serve(answer: AttemptAnswer) {
    static SERVED: AtomicBool = AtomicBool::new(false);
    assert!(
        !SERVED.swap(true, Ordering::SeqCst),
        "questions are answered by the frame around the answer"
    );
    use std::fs::File;
    use std::os::fd::FromRawFd;
    // SAFETY: whoever starts this program opens both, and nothing else here uses them.
    let [questions, answers] = FILES.map(|fd| unsafe { File::from_raw_fd(fd) });
    // The grader has gone away, or gives up: it needs no more words.
    let _ = converse(questions, answers, answer);
}

/// [`serve`] on any streams.
pub fn converse(
    mut questions: impl Read,
    mut answers: impl Write,
    answer: AttemptAnswer,
) -> io::Result<()> {
    while let Some((nonce, message)) = read_frame(&mut questions)? {
        let inputs = wire::decode_inputs(&message).map_err(io::Error::other)?;
        let mut message = wire::encode_answer(&attempt(answer, &inputs));
        if message.len() > LONGEST_ANSWER {
            let told = format!(
                "an answer of {} MB, more than {}: it has far too many rows or columns",
                message.len() >> 20,
                LONGEST_ANSWER >> 20
            );
            message = wire::encode_answer(&Err(AttemptError::Error(told)));
        }
        answers.write_all(&frame(&nonce, &message))?;
        answers.flush()?;
    }
    Ok(())
}

/// A message as it goes over the wire.
pub fn frame(nonce: &Nonce, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + message.len());
    bytes.extend((message.len() as u64).to_le_bytes());
    bytes.extend(nonce);
    bytes.extend(message);
    bytes
}

/// The bytes before a message.
pub const HEAD: usize = 8 + 16;

/// The length and the nonce of a frame; `None` if it is longer than anything is.
pub fn head(bytes: &[u8; HEAD]) -> Option<(usize, Nonce)> {
    let (length, nonce) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let nonce = nonce.try_into().ok()?;
    (length <= LONGEST).then_some((length, nonce))
}

fn read_frame(from: &mut impl Read) -> io::Result<Option<(Nonce, Vec<u8>)>> {
    let mut start = [0; HEAD];
    match from.read(&mut start[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut start[1..])?,
    }
    let (length, nonce) =
        head(&start).ok_or_else(|| io::Error::other("a frame that is too long"))?;
    let mut message = vec![0; length];
    from.read_exact(&mut message)?;
    Ok(Some((nonce, message)))
}

#[cfg(test)]
mod tests {
    use super::super::value::{Inputs, Value};
    use super::*;

    #[test]
    fn every_question_gets_an_answer_with_its_nonce() {
        let question = |n: i64| wire::encode_inputs(&Inputs::new().with("n", Value::Int(n)));
        let questions = [frame(&[1; 16], &question(7)), frame(&[2; 16], &question(8))].concat();
        let mut answers = Vec::new();
        let twice = |inputs: &Inputs| Ok(Value::Int(2 * inputs.int("n")?));
        converse(&questions[..], &mut answers, &twice).unwrap();
        let mut answers = &answers[..];
        for (nonce, expected) in [([1; 16], 14), ([2; 16], 16)] {
            let (told, message) = read_frame(&mut answers).unwrap().expect("an answer");
            assert_eq!(told, nonce);
            let answer = wire::decode_answer(&message).unwrap();
            assert!(matches!(answer, Ok(Value::Int(n)) if n == expected));
        }
        assert!(read_frame(&mut answers).unwrap().is_none());
    }

    #[test]
    fn a_frame_longer_than_anything_is_refused_before_memory_is_taken() {
        let mut long = [0; HEAD];
        long[..8].copy_from_slice(&(LONGEST as u64 + 1).to_le_bytes());
        assert!(read_frame(&mut &long[..]).is_err());
    }
}
