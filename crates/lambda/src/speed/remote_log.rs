//! A log that lies in another system, reached through the program `connect`.
//!
//! Clients of real systems take time to compile, and cells must not wait for them. So they are in a
//! program of its own, which is built after the kernel. This log starts it as a child process and
//! asks it over a pipe: one question, one answer.
//!
//! ```text
//! frame   length of the head (u32), length of the body (u32), head, body
//! head    a question or an answer, in JSON
//! body    keys and values, one after another
//! ```
use super::error::{Result, SpeedError};
use super::log::{Log, Records};
use serde::{Deserialize, Serialize};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The variable that names the program, if it is not beside the one that runs.
pub const PROGRAM: &str = "LAMBDA_WORKBOOK_CONNECT";

/// A question to the program. Records of an append are in the body; `lengths` are those of each
/// key and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogQuestion {
    /// [`Log::create_topic`].
    CreateTopic {
        /// The topic.
        topic: String,
        /// Its partitions.
        partitions: u32,
    },
    /// [`Log::partitions`].
    Partitions {
        /// The topic.
        topic: String,
    },
    /// [`Log::append`], or without a partition [`Log::append_by_key`].
    Append {
        /// The topic.
        topic: String,
        /// The partition; `None` for that of each record's key.
        partition: Option<u32>,
        /// The lengths of the key and of the value of each record.
        lengths: Vec<(u32, u32)>,
    },
    /// [`Log::read`].
    Read {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The first offset.
        from: u64,
        /// The number of offsets.
        n: usize,
    },
    /// [`Log::begin`].
    Begin {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
    },
    /// [`Log::end`].
    End {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
    },
    /// [`Log::commit`].
    Commit {
        /// The consumer group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset of the next record.
        offset: u64,
    },
    /// [`Log::committed`].
    Committed {
        /// The consumer group.
        group: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
    },
    /// [`Log::delete_before`].
    DeleteBefore {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The first offset that is kept.
        offset: u64,
    },
}

/// An answer of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogAnswer {
    /// It is done; the number that was asked for, or 0.
    Number(u64),
    /// There is no such number.
    Nothing,
    /// Records, whose keys and values are in the body.
    Records {
        /// The offset at which the next read begins.
        next: u64,
        /// The offset of each record, and the lengths of its key and its value.
        records: Vec<(u64, u32, u32)>,
    },
    /// The topic does not exist.
    NoTopic {
        /// The topic.
        topic: String,
        /// The address of the log.
        address: String,
    },
    /// The topic cannot be created.
    Topic {
        /// The topic.
        topic: String,
        /// Why.
        problem: String,
    },
    /// The partition does not exist.
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The number of partitions.
        partitions: u32,
    },
    /// The offset is not kept.
    OutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset.
        offset: u64,
        /// The first that is kept.
        begin: u64,
        /// That of the next record.
        end: u64,
    },
    /// Another error.
    Failed {
        /// What was being done.
        doing: String,
        /// What is wrong, and what to do.
        problem: String,
    },
}

/// The longest head and body that are read.
const LONGEST: usize = 1 << 30;

/// Writes a frame.
///
/// # Errors
/// If the pipe is closed.
pub fn write_frame(to: &mut impl Write, head: &impl Serialize, body: &[&[u8]]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let length: usize = body.iter().map(|part| part.len()).sum();
    for length in [head.len(), length] {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        to.write_all(&length.to_le_bytes())?;
    }
    to.write_all(&head)?;
    for part in body {
        to.write_all(part)?;
    }
    to.flush()
}

/// Reads a frame; `None` if the pipe was closed before it.
///
/// # Errors
/// If the pipe is closed within it, or it is no frame.
pub fn read_frame<T: for<'a> Deserialize<'a>>(
    from: &mut impl Read,
) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut lengths = [0; 8];
    match from.read(&mut lengths[..1])? {
        0 => return Ok(None),
        _ => from.read_exact(&mut lengths[1..])?,
    }
    let length = |at: usize| -> io::Result<usize> {
        let length =
            u32::from_le_bytes(lengths[at..at + 4].try_into().unwrap_or_default()) as usize;
        if length > LONGEST {
            return Err(io::Error::other(format!("a frame of {length} bytes")));
        }
        Ok(length)
    };
    let mut head = vec![0; length(0)?];
    from.read_exact(&mut head)?;
    let mut body = vec![0; length(4)?];
    from.read_exact(&mut body)?;
    Ok(Some((serde_json::from_slice(&head)?, body)))
}

/// A log at an address such as `kafka://127.0.0.1:9092`. It may be used by several threads, one
/// call at a time. Dropping it ends the child process.
#[derive(Debug)]
pub struct RemoteLog {
    address: String,
    program: PathBuf,
    /// `None` after the child ended; the next call starts another.
    child: Mutex<Option<Connected>>,
}

#[derive(Debug)]
struct Connected {
    child: Child,
    questions: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl RemoteLog {
    /// Connects to a log through a program, the usual one if `program` is `None`.
    ///
    /// # Errors
    /// If the program is not there, or cannot reach the log.
    pub fn open(address: &str, program: Option<&Path>) -> Result<Self> {
        let log = Self {
            address: address.to_owned(),
            program: program.map_or_else(usual_program, Path::to_owned),
            child: Mutex::new(None),
        };
        // The first answer says whether the log was reached.
        let connected = log.start()?;
        *log.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected);
        Ok(log)
    }

    fn start(&self) -> Result<Connected> {
        let failed = |problem: String| self.failed("connecting", problem);
        let child = Command::new(&self.program)
            .arg("serve")
            .arg(&self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| {
            failed(format!(
                "cannot start {}: {error}; build it: `cargo build --package workbook --package connect`",
                self.program.display()
            ))
        })?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("the program has no pipes".to_owned()));
        };
        let mut connected = Connected {
            child,
            questions: BufWriter::new(questions),
            answers: BufReader::new(answers),
        };
        match read_frame::<LogAnswer>(&mut connected.answers) {
            Ok(Some((LogAnswer::Number(_), _))) => Ok(connected),
            Ok(Some((answer, _))) => Err(self.error(answer)),
            Ok(None) => Err(failed("the program connect ended at once".to_owned())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn ask(&self, question: &LogQuestion, body: &[&[u8]]) -> Result<(LogAnswer, Vec<u8>)> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connected = match child.take() {
            Some(connected) => connected,
            None => self.start()?,
        };
        let exchanged = write_frame(&mut connected.questions, question, body)
            .and_then(|()| read_frame(&mut connected.answers));
        match exchanged {
            Ok(Some(answer)) => {
                *child = Some(connected);
                Ok(answer)
            }
            // Its end is somewhere between the question and the answer.
            Ok(None) | Err(_) => Err(self.failed(
                "asking",
                "the program connect ended; the question may have had its effect, so look before you ask again".to_owned(),
            )),
        }
    }

    fn number(&self, question: &LogQuestion, body: &[&[u8]]) -> Result<u64> {
        match self.ask(question, body)?.0 {
            LogAnswer::Number(number) => Ok(number),
            answer => Err(self.error(answer)),
        }
    }

    fn failed(&self, doing: &str, problem: String) -> SpeedError {
        SpeedError::Remote {
            doing: doing.to_owned(),
            address: self.address.clone(),
            problem,
        }
    }

    fn error(&self, answer: LogAnswer) -> SpeedError {
        match answer {
            LogAnswer::NoTopic { topic, address } => SpeedError::NoTopic {
                topic,
                path: address.into(),
            },
            LogAnswer::Topic { topic, problem } => SpeedError::Topic { topic, problem },
            LogAnswer::NoPartition {
                topic,
                partition,
                partitions,
            } => SpeedError::NoPartition {
                topic,
                partition,
                partitions,
            },
            LogAnswer::OutOfRange {
                topic,
                partition,
                offset,
                begin,
                end,
            } => SpeedError::OutOfRange {
                topic,
                partition,
                offset,
                begin,
                end,
            },
            LogAnswer::Failed { doing, problem } => self.failed(&doing, problem),
            LogAnswer::Number(_) | LogAnswer::Nothing | LogAnswer::Records { .. } => self.failed(
                "asking",
                "the answer is to another question; restart the program".to_owned(),
            ),
        }
    }

    fn appended(
        &self,
        topic: &str,
        partition: Option<u32>,
        records: &[(&[u8], &[u8])],
    ) -> Result<u64> {
        let lengths = records
            .iter()
            .map(|(key, value)| (key.len() as u32, value.len() as u32));
        let question = LogQuestion::Append {
            topic: topic.to_owned(),
            partition,
            lengths: lengths.collect(),
        };
        let body: Vec<&[u8]> = records
            .iter()
            .flat_map(|(key, value)| [*key, *value])
            .collect();
        self.number(&question, &body)
    }
}

/// The program beside the one that runs, or in the folder above it, where tests lie.
fn usual_program() -> PathBuf {
    if let Some(named) = std::env::var_os(PROGRAM) {
        return named.into();
    }
    let here = std::env::current_exe().unwrap_or_default();
    let folders = here.ancestors().skip(1).take(2);
    let mut programs = folders.map(|folder| folder.join("connect"));
    programs
        .find(|program| program.is_file())
        .unwrap_or_else(|| "connect".into())
}

impl Log for RemoteLog {
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        let topic = topic.to_owned();
        self.number(&LogQuestion::CreateTopic { topic, partitions }, &[])
            .map(|_| ())
    }

    fn partitions(&self, topic: &str) -> Result<u32> {
        let topic = topic.to_owned();
        self.number(&LogQuestion::Partitions { topic }, &[])
            .map(|partitions| partitions as u32)
    }

    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> Result<u64> {
        self.appended(topic, Some(partition), records)
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> Result<Records> {
        let topic = topic.to_owned();
        let (answer, body) = self.ask(
            &LogQuestion::Read {
                topic,
                partition,
                from,
                n,
            },
            &[],
        )?;
        let (next, lengths) = match answer {
            LogAnswer::Records { next, records } => (next, records),
            answer => return Err(self.error(answer)),
        };
        let mut records = Records::from(from);
        let mut rest = &body[..];
        for (offset, key, value) in lengths {
            let record = rest.split_at_checked(key as usize + value as usize);
            let Some((record, after)) = record else {
                return Err(self.failed(
                    "reading the log",
                    "the answer is cut off; ask again".to_owned(),
                ));
            };
            records.skip_to(offset);
            records.push(&record[..key as usize], &record[key as usize..]);
            rest = after;
        }
        records.skip_to(next);
        Ok(records)
    }

    fn begin(&self, topic: &str, partition: u32) -> Result<u64> {
        let topic = topic.to_owned();
        self.number(&LogQuestion::Begin { topic, partition }, &[])
    }

    fn end(&self, topic: &str, partition: u32) -> Result<u64> {
        let topic = topic.to_owned();
        self.number(&LogQuestion::End { topic, partition }, &[])
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()> {
        let (group, topic) = (group.to_owned(), topic.to_owned());
        let question = LogQuestion::Commit {
            group,
            topic,
            partition,
            offset,
        };
        self.number(&question, &[]).map(|_| ())
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>> {
        let (group, topic) = (group.to_owned(), topic.to_owned());
        match self
            .ask(
                &LogQuestion::Committed {
                    group,
                    topic,
                    partition,
                },
                &[],
            )?
            .0
        {
            LogAnswer::Number(offset) => Ok(Some(offset)),
            LogAnswer::Nothing => Ok(None),
            answer => Err(self.error(answer)),
        }
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()> {
        let topic = topic.to_owned();
        let question = LogQuestion::DeleteBefore {
            topic,
            partition,
            offset,
        };
        self.number(&question, &[]).map(|_| ())
    }

    fn append_by_key(&self, topic: &str, records: &[(&[u8], &[u8])]) -> Result<()> {
        self.appended(topic, None, records).map(|_| ())
    }
}
