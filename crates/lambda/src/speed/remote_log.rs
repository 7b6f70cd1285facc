//! A log that lies in another system, reached through the program `connect`.
use super::error::{Result, SpeedError};
use super::log::{Log, Records};
use crate::remote::{Remote, RemoteAnswer};
use serde::{Deserialize, Serialize};
use std::path::Path;

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

impl RemoteAnswer for LogAnswer {
    type Error = SpeedError;

    fn error(self, address: &str) -> Option<SpeedError> {
        Some(match self {
            Self::NoTopic { topic, address } => SpeedError::NoTopic {
                topic,
                path: address.into(),
            },
            Self::Topic { topic, problem } => SpeedError::Topic { topic, problem },
            Self::NoPartition {
                topic,
                partition,
                partitions,
            } => SpeedError::NoPartition {
                topic,
                partition,
                partitions,
            },
            Self::OutOfRange {
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
            Self::Failed { doing, problem } => SpeedError::Remote {
                doing,
                address: address.to_owned(),
                problem,
            },
            Self::Number(_) | Self::Nothing | Self::Records { .. } => return None,
        })
    }
}

/// A log at an address such as `kafka://127.0.0.1:9092`. It may be used by several threads, one
/// call at a time. Dropping it ends the child process.
#[derive(Debug)]
pub struct RemoteLog {
    remote: Remote,
}

impl RemoteLog {
    /// Connects to a log through a program, the usual one if `program` is `None`.
    ///
    /// # Errors
    /// If the program is not there, or cannot reach the log.
    pub fn open(address: &str, program: Option<&Path>) -> Result<Self> {
        let remote = Remote::open::<LogAnswer>(address, program)?;
        Ok(Self { remote })
    }

    fn number(&self, question: &LogQuestion, body: &[&[u8]]) -> Result<u64> {
        match self.remote.ask(question, body)?.0 {
            LogAnswer::Number(number) => Ok(number),
            answer => Err(self.remote.error(answer)),
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
        let (answer, body) = self.remote.ask(
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
            answer => return Err(self.remote.error(answer)),
        };
        let mut records = Records::from(from);
        let mut rest = &body[..];
        for (offset, key, value) in lengths {
            let record = rest.split_at_checked(key as usize + value as usize);
            let Some((record, after)) = record else {
                let problem = "the answer is cut off; ask again".to_owned();
                return Err(self.remote.failed("reading the log", problem).into());
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
        let question = LogQuestion::Committed {
            group,
            topic,
            partition,
        };
        match self.remote.ask(&question, &[])?.0 {
            LogAnswer::Number(offset) => Ok(Some(offset)),
            LogAnswer::Nothing => Ok(None),
            answer => Err(self.remote.error(answer)),
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
