//! Answers questions about a log: the other end of [`lambda::speed::RemoteLog`].
use crate::kafka::{KafkaLog, KafkaOptions};
use lambda::remote::is_host_and_port;
use lambda::speed::{Log, LogAnswer, LogQuestion, SpeedError};
use uuid::Uuid;

/// A log that is asked about, and what its topics are called there.
pub(super) struct OpenLog {
    log: KafkaLog,
    /// What the broker has before the name of each topic.
    prefix: String,
}

/// Opens the log at an address. Options may follow it, with `&` between them.
///
/// `?topics=new` gives each topic a name on the broker that no other opened log gives, so that a
/// notebook that is run again finds none of its old records. Two show what a producer's retry
/// does: `?idempotent=false` makes the producer send its records without numbers, and
/// `?lose_acknowledgement=true` loses the acknowledgement of its first append, so that it sends the
/// records again.
///
/// # Errors
/// What is wrong with the address, or why the log cannot be reached.
pub(super) fn open(address: &str) -> Result<OpenLog, SpeedError> {
    let wrong = |problem: &str| SpeedError::Remote {
        doing: "connecting".to_owned(),
        address: address.to_owned(),
        problem: problem.to_owned(),
    };
    let brokers = address.strip_prefix("kafka://").unwrap_or(address);
    let (brokers, options) = brokers.split_once('?').unwrap_or((brokers, ""));
    let (mut idempotent, mut lose) = (true, false);
    let mut prefix = String::new();
    for option in options.split('&').filter(|option| !option.is_empty()) {
        match option {
            "idempotent=true" => idempotent = true,
            "idempotent=false" => idempotent = false,
            "lose_acknowledgement=true" => lose = true,
            "lose_acknowledgement=false" => lose = false,
            "topics=new" => prefix = format!("{}-", Uuid::new_v4().simple()),
            _ => {
                return Err(wrong(&format!(
                    "the option {option:?} is not known; the options are topics=new, \
                     idempotent=false and lose_acknowledgement=true"
                )));
            }
        }
    }
    let brokers: Vec<String> = brokers
        .trim_end_matches('/')
        .split(',')
        .map(str::to_owned)
        .collect();
    if !brokers.iter().all(|broker| is_host_and_port(broker)) {
        return Err(wrong(
            "it is no address of a broker; write kafka://host:port, or several brokers with commas",
        ));
    }
    let options = KafkaOptions {
        idempotent,
        ..KafkaOptions::default()
    };
    let log = KafkaLog::open(&brokers, options)?;
    if lose {
        log.lose_next_acknowledgement();
    }
    Ok(OpenLog { log, prefix })
}

pub(super) fn answer(
    OpenLog { log, prefix }: &OpenLog,
    mut question: LogQuestion,
    body: &[u8],
) -> Result<(LogAnswer, Vec<u8>), SpeedError> {
    topic(&mut question).insert_str(0, prefix);
    let number = |number: u64| (LogAnswer::Number(number), Vec::new());
    Ok(match question {
        LogQuestion::CreateTopic { topic, partitions } => {
            log.create_topic(&topic, partitions)?;
            number(0)
        }
        LogQuestion::Partitions { topic } => number(log.partitions(&topic)?.into()),
        LogQuestion::Append {
            topic,
            partition,
            lengths,
        } => {
            let mut rest = body;
            let mut records: Vec<(&[u8], &[u8])> = Vec::with_capacity(lengths.len());
            for (key, value) in lengths {
                let (record, after) = rest
                    .split_at_checked(key as usize + value as usize)
                    .ok_or_else(|| SpeedError::Remote {
                        doing: "appending to the log".to_owned(),
                        address: topic.clone(),
                        problem: "the question is cut off".to_owned(),
                    })?;
                records.push(record.split_at(key as usize));
                rest = after;
            }
            match partition {
                Some(partition) => number(log.append(&topic, partition, &records)?),
                None => {
                    log.append_by_key(&topic, &records)?;
                    number(0)
                }
            }
        }
        LogQuestion::Read {
            topic,
            partition,
            from,
            n,
        } => {
            let found = log.read(&topic, partition, from, n)?;
            let lengths = found.iter().map(|record| {
                (
                    record.offset,
                    record.key.len() as u32,
                    record.value.len() as u32,
                )
            });
            let answer = LogAnswer::Records {
                next: found.next(),
                records: lengths.collect(),
            };
            let body = found.iter().flat_map(|record| [record.key, record.value]);
            (answer, body.collect::<Vec<_>>().concat())
        }
        LogQuestion::Begin { topic, partition } => number(log.begin(&topic, partition)?),
        LogQuestion::End { topic, partition } => number(log.end(&topic, partition)?),
        LogQuestion::Commit {
            group,
            topic,
            partition,
            offset,
        } => {
            log.commit(&group, &topic, partition, offset)?;
            number(0)
        }
        LogQuestion::Committed {
            group,
            topic,
            partition,
        } => match log.committed(&group, &topic, partition)? {
            Some(offset) => number(offset),
            None => (LogAnswer::Nothing, Vec::new()),
        },
        LogQuestion::DeleteBefore {
            topic,
            partition,
            offset,
        } => {
            log.delete_before(&topic, partition, offset)?;
            number(0)
        }
    })
}

/// The topic that a question is about.
fn topic(question: &mut LogQuestion) -> &mut String {
    match question {
        LogQuestion::CreateTopic { topic, .. }
        | LogQuestion::Partitions { topic }
        | LogQuestion::Append { topic, .. }
        | LogQuestion::Read { topic, .. }
        | LogQuestion::Begin { topic, .. }
        | LogQuestion::End { topic, .. }
        | LogQuestion::Commit { topic, .. }
        | LogQuestion::Committed { topic, .. }
        | LogQuestion::DeleteBefore { topic, .. } => topic,
    }
}

/// An error as an answer.
pub(super) fn told(error: SpeedError) -> LogAnswer {
    match error {
        SpeedError::NoTopic { topic, path } => LogAnswer::NoTopic {
            topic,
            address: path.to_string_lossy().into_owned(),
        },
        SpeedError::Topic { topic, problem } => LogAnswer::Topic { topic, problem },
        SpeedError::NoPartition {
            topic,
            partition,
            partitions,
        } => LogAnswer::NoPartition {
            topic,
            partition,
            partitions,
        },
        SpeedError::OutOfRange {
            topic,
            partition,
            offset,
            begin,
            end,
        } => LogAnswer::OutOfRange {
            topic,
            partition,
            offset,
            begin,
            end,
        },
        SpeedError::Remote { doing, problem, .. } => LogAnswer::Failed { doing, problem },
        other => LogAnswer::Failed {
            doing: "asking".to_owned(),
            problem: other.to_string(),
        },
    }
}
