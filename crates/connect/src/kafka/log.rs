//! The log of the speed layer on Kafka.
use super::batches::{self, Fetched};
use super::client::{
    Client, Failure, PATIENCE, Result, Whom, checked, incomplete, text, topic_name,
};
use super::commit::{Member, commit_offset};
use super::producer::Producer;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    BrokerId, CreateTopicsRequest, DeleteRecordsRequest, FetchRequest, GroupId, ListOffsetsRequest,
    OffsetFetchRequest,
};
use lambda::speed::{Log, Records, Result as SpeedResult, SpeedError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of one fetch. A larger batch is sent whole all the same.
const FETCH: i32 = 8 << 20;
/// Milliseconds that a broker may take for an administrative request.
const ADMIN_MS: i32 = 10_000;

/// The options of [`KafkaLog::open`].
#[derive(Clone, Copy, Debug)]
pub struct KafkaOptions {
    /// Whether appends carry the producer's id and a sequence number. Then an append that is
    /// retried, because its acknowledgement was lost, is stored once; without them, twice.
    pub idempotent: bool,
    /// How long a call is tried again while the cluster does not answer.
    pub patience: Duration,
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            idempotent: true,
            patience: PATIENCE,
        }
    }
}

/// A log whose topics are in Kafka. It may be used by several threads, one call at a time.
///
/// One append is one record batch: all of it is stored or nothing, and it is acknowledged by all
/// replicas in sync (`acks=all`). Reads are `read_committed`: records of transactions that were
/// aborted are left out, and the end of a partition is its last stable offset.
pub struct KafkaLog {
    /// `kafka://host:port`, for messages.
    address: String,
    inner: Mutex<Inner>,
}

struct Inner {
    client: Client,
    producer: Option<Producer>,
    options: KafkaOptions,
}

impl KafkaLog {
    /// Connects to one of the brokers `host:port`, and waits until the cluster can be written to.
    ///
    /// # Errors
    /// If no broker answers within the patience, or what answers is none.
    pub fn open(brokers: &[String], options: KafkaOptions) -> SpeedResult<Self> {
        let address = format!("kafka://{}", brokers.join(","));
        let opened = || -> Result<Inner> {
            let mut client = Client::connect(brokers.to_vec(), options.patience)?;
            let producer = match options.idempotent {
                true => Some(Producer::new(&mut client)?),
                false => None,
            };
            Ok(Inner {
                client,
                producer,
                options,
            })
        };
        let inner = opened().map_err(|failure| remote("connecting", &address, &failure))?;
        Ok(Self {
            address,
            inner: Mutex::new(inner),
        })
    }

    /// Creates a topic with settings of Kafka's, such as `cleanup.policy`.
    ///
    /// # Errors
    /// As [`Log::create_topic`], and a setting that Kafka does not know.
    pub fn create_topic_with(
        &self,
        topic: &str,
        partitions: u32,
        settings: &[(&str, &str)],
    ) -> SpeedResult<()> {
        let refused = |problem: String| SpeedError::Topic {
            topic: topic.to_owned(),
            problem,
        };
        if partitions == 0 {
            return Err(refused("needs at least one partition, got 0".to_owned()));
        }
        let settings = settings.iter().map(|(name, value)| {
            CreatableTopicConfig::default()
                .with_name(text(name))
                .with_value(Some(text(value)))
        });
        let wanted = CreatableTopic::default()
            .with_name(topic_name(topic))
            .with_num_partitions(i32::try_from(partitions).unwrap_or(i32::MAX))
            .with_replication_factor(-1)
            .with_configs(settings.collect());
        let request = CreateTopicsRequest::default()
            .with_topics(vec![wanted])
            .with_timeout_ms(ADMIN_MS);
        let mut inner = self.inner();
        let made = inner.client.call(&Whom::Any, &request, |answer| {
            let first = answer.topics.into_iter().next();
            let (code, message) =
                first.map_or((-1, None), |topic| (topic.error_code, topic.error_message));
            match ResponseError::try_from_code(code) {
                None => Ok(Ok(())),
                Some(
                    error @ (ResponseError::TopicAlreadyExists
                    | ResponseError::InvalidTopicException
                    | ResponseError::InvalidPartitions
                    | ResponseError::InvalidConfig
                    | ResponseError::InvalidReplicationFactor
                    | ResponseError::PolicyViolation),
                ) => Ok(Err((error, message.map(|text| text.to_string())))),
                Some(error) => Err(Failure::Refused(error)),
            }
        });
        inner.client.forget(topic);
        match made.map_err(|failure| self.failed("creating a topic", &failure))? {
            // Its partitions have leaders a moment later.
            Ok(()) => self.existing(&mut inner, topic, partitions),
            Err((ResponseError::TopicAlreadyExists, _)) => {
                self.existing(&mut inner, topic, partitions)
            }
            Err((error, message)) => Err(refused(message.unwrap_or_else(|| error.to_string()))),
        }
    }

    /// Makes the acknowledgement of the next append get lost on its way: the broker has stored the
    /// batch, and this producer cannot know. It sends the batch again, as any producer must. To
    /// show what that does.
    pub fn lose_next_acknowledgement(&self) {
        self.inner().client.lose_next_acknowledgement();
    }

    /// Waits until a topic is known, and checks its number of partitions.
    fn existing(&self, inner: &mut Inner, topic: &str, wanted: u32) -> SpeedResult<()> {
        let began = Instant::now();
        let found = loop {
            let found = inner.client.partitions(topic);
            match found.map_err(|failure| self.failed("looking for a topic", &failure))? {
                Some(found) => break found,
                None if began.elapsed() >= inner.options.patience => {
                    return Err(self.no_topic(topic));
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        match found == wanted {
            false => Err(SpeedError::Topic {
                topic: topic.to_owned(),
                problem: format!(
                    "exists with {found} partitions, not {wanted}; use it as it is, or create another \
                     topic, because another number would move keys to other partitions"
                ),
            }),
            true => Ok(()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, doing: &str, failure: &Failure) -> SpeedError {
        remote(doing, &self.address, failure)
    }

    fn no_topic(&self, topic: &str) -> SpeedError {
        SpeedError::NoTopic {
            topic: topic.to_owned(),
            path: (&self.address).into(),
        }
    }

    /// Returns the error of a call about a partition.
    fn about(
        &self,
        inner: &mut Inner,
        doing: &str,
        topic: &str,
        partition: u32,
        failure: Failure,
    ) -> SpeedError {
        if !matches!(
            failure,
            Failure::Refused(ResponseError::UnknownTopicOrPartition)
        ) {
            return self.failed(doing, &failure);
        }
        inner.client.forget(topic);
        match inner.client.partitions(topic) {
            Ok(Some(partitions)) if partition >= partitions => SpeedError::NoPartition {
                topic: topic.to_owned(),
                partition,
                partitions,
            },
            Ok(None) => self.no_topic(topic),
            _ => self.failed(doing, &failure),
        }
    }

    /// Returns the leader of a partition, after a look whether there is one.
    fn leader(&self, inner: &mut Inner, topic: &str, partition: u32) -> SpeedResult<Whom> {
        let found = inner.client.partitions(topic);
        match found.map_err(|failure| self.failed("looking for a topic", &failure))? {
            None => Err(self.no_topic(topic)),
            Some(partitions) if partition >= partitions => Err(SpeedError::NoPartition {
                topic: topic.to_owned(),
                partition,
                partitions,
            }),
            Some(_) => Ok(Whom::Leader(topic.to_owned(), partition as i32)),
        }
    }

    /// Asks for an offset of a partition: -2 is the first that is kept, -1 the end.
    fn offset(
        &self,
        inner: &mut Inner,
        topic: &str,
        partition: u32,
        which: i64,
    ) -> SpeedResult<u64> {
        let leader = self.leader(inner, topic, partition)?;
        let asked = ListOffsetsPartition::default()
            .with_partition_index(partition as i32)
            .with_timestamp(which);
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_isolation_level(READ_COMMITTED)
            .with_topics(vec![
                ListOffsetsTopic::default()
                    .with_name(topic_name(topic))
                    .with_partitions(vec![asked]),
            ]);
        let offset = inner.client.call(&leader, &request, |answer| {
            let partition = answer
                .topics
                .first()
                .and_then(|topic| topic.partitions.first());
            let partition = partition.ok_or_else(incomplete)?;
            checked(partition.error_code).map(|()| partition.offset.max(0) as u64)
        });
        offset
            .map_err(|failure| self.about(inner, "asking for an offset", topic, partition, failure))
    }

    /// Asks for the first offset that is kept of a partition, and for the end.
    fn kept(&self, inner: &mut Inner, topic: &str, partition: u32) -> SpeedResult<(u64, u64)> {
        let begin = self.offset(inner, topic, partition, BEGIN)?;
        Ok((begin, self.offset(inner, topic, partition, END)?))
    }

    /// Returns the error of a read from an offset that is not kept.
    fn out_of_range(
        &self,
        inner: &mut Inner,
        topic: &str,
        partition: u32,
        offset: u64,
    ) -> SpeedError {
        match self.kept(inner, topic, partition) {
            Ok((begin, end)) => SpeedError::OutOfRange {
                topic: topic.to_owned(),
                partition,
                offset,
                begin,
                end,
            },
            Err(error) => error,
        }
    }

    /// Fetches what a broker sends at one time, from an offset on. It waits up to `wait` for a
    /// first record.
    fn fetch(
        &self,
        inner: &mut Inner,
        topic: &str,
        partition: u32,
        from: u64,
        wait: Duration,
    ) -> SpeedResult<Fetched> {
        let leader = self.leader(inner, topic, partition)?;
        let wanted = FetchPartition::default()
            .with_partition(partition as i32)
            .with_fetch_offset(from as i64)
            .with_partition_max_bytes(FETCH);
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(1)
            .with_max_bytes(FETCH)
            .with_isolation_level(READ_COMMITTED)
            .with_topics(vec![
                FetchTopic::default()
                    .with_topic(topic_name(topic))
                    .with_partitions(vec![wanted]),
            ]);
        let fetched = inner.client.call(&leader, &request, |answer| {
            checked(answer.error_code)?;
            let topic = answer.responses.into_iter().next();
            let partition = topic.and_then(|topic| topic.partitions.into_iter().next());
            let partition = partition.ok_or_else(incomplete)?;
            checked(partition.error_code)?;
            Ok(Fetched::of(partition))
        });
        match fetched {
            Ok(fetched) => Ok(fetched),
            Err(Failure::Refused(ResponseError::OffsetOutOfRange)) => {
                Err(self.out_of_range(inner, topic, partition, from))
            }
            Err(failure) => Err(self.about(inner, "reading the log", topic, partition, failure)),
        }
    }

    /// Reads as [`Log::read`] does; if there is no record yet, waits up to `wait` for one. The
    /// broker answers as soon as there is a record (a long poll).
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn read_or_wait(
        &self,
        topic: &str,
        partition: u32,
        from: u64,
        n: usize,
        wait: Duration,
    ) -> SpeedResult<Records> {
        let mut records = Records::from(from);
        let mut inner = self.inner();
        if n == 0 {
            // Nothing to read, but the offset must be one that is kept.
            let (begin, end) = self.kept(&mut inner, topic, partition)?;
            return match (begin..=end).contains(&from) {
                true => Ok(records),
                false => Err(self.out_of_range(&mut inner, topic, partition, from)),
            };
        }
        let wanted = from.saturating_add(n as u64);
        let deadline = Instant::now() + wait;
        let mut wait = wait;
        loop {
            let fetched = self.fetch(&mut inner, topic, partition, records.next(), wait)?;
            let stop = wanted.min(fetched.end);
            let before = records.next();
            batches::unpack(&fetched, stop, &mut records).map_err(|problem| {
                SpeedError::Remote {
                    doing: format!("reading partition {partition} of {topic:?}"),
                    address: self.address.clone(),
                    problem,
                }
            })?;
            if records.next() == before && before < stop {
                // No batch is left before the end: its offsets carry no record any more.
                records.skip_to(stop);
            }
            if records.next() < stop {
                wait = Duration::ZERO;
                continue;
            }
            // Offsets without a record, such as those of an aborted transaction, end no wait.
            wait = deadline.saturating_duration_since(Instant::now());
            if !records.is_empty() || records.next() >= wanted || wait.is_zero() {
                return Ok(records);
            }
        }
    }
}

/// Reads leave out the records of aborted transactions.
const READ_COMMITTED: i8 = 1;
/// The offset of the first record that is kept.
const BEGIN: i64 = -2;
/// The offset that the next record will get.
const END: i64 = -1;

/// Returns the error of a call, with what to do.
pub(super) fn remote(doing: &str, address: &str, failure: &Failure) -> SpeedError {
    use ResponseError as E;
    let remedy = match failure {
        Failure::Unreachable(_) => {
            "check the address, and that the broker runs (`workbook status`, or start one: `workbook up kafka`); \
             a broker that asks for TLS or SASL is not supported: give the address of a PLAINTEXT listener"
        }
        Failure::Refused(E::MessageTooLarge | E::RecordListTooLarge) => {
            "append fewer records at a time, or raise message.max.bytes of the broker"
        }
        Failure::Refused(
            E::TopicAuthorizationFailed
            | E::GroupAuthorizationFailed
            | E::ClusterAuthorizationFailed
            | E::TransactionalIdAuthorizationFailed,
        ) => "give this client the right to do so",
        Failure::Refused(E::NotEnoughReplicas | E::NotEnoughReplicasAfterAppend) => {
            "too few replicas are in sync: start the other brokers"
        }
        Failure::Refused(ResponseError::InvalidTopicException) => {
            "the name of a topic has letters, digits, `.`, `_` and `-`, at most 249 of them"
        }
        Failure::Refused(_) => "see the broker's log",
    };
    SpeedError::Remote {
        doing: doing.to_owned(),
        address: address.to_owned(),
        problem: format!("{failure}; {remedy}"),
    }
}

impl Log for KafkaLog {
    /// Creates a topic that keeps its records until [`Log::delete_before`] is called: the cluster's
    /// own retention is switched off for it.
    fn create_topic(&self, topic: &str, partitions: u32) -> SpeedResult<()> {
        let kept = [("retention.ms", "-1"), ("retention.bytes", "-1")];
        self.create_topic_with(topic, partitions, &kept)
    }

    fn partitions(&self, topic: &str) -> SpeedResult<u32> {
        let found = self.inner().client.partitions(topic);
        found
            .map_err(|failure| self.failed("looking for a topic", &failure))?
            .ok_or_else(|| self.no_topic(topic))
    }

    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> SpeedResult<u64> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        if records.is_empty() {
            return self.offset(inner, topic, partition, END);
        }
        let leader = self.leader(inner, topic, partition)?;
        let appended = match &mut inner.producer {
            Some(producer) => {
                producer.append(&mut inner.client, &leader, topic, partition as i32, records)
            }
            None => Producer::append_plainly(
                &mut inner.client,
                &leader,
                topic,
                partition as i32,
                records,
            ),
        };
        appended
            .map_err(|failure| self.about(inner, "appending to the log", topic, partition, failure))
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> SpeedResult<Records> {
        self.read_or_wait(topic, partition, from, n, Duration::ZERO)
    }

    fn begin(&self, topic: &str, partition: u32) -> SpeedResult<u64> {
        self.offset(&mut self.inner(), topic, partition, BEGIN)
    }

    fn end(&self, topic: &str, partition: u32) -> SpeedResult<u64> {
        self.offset(&mut self.inner(), topic, partition, END)
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> SpeedResult<()> {
        let mut inner = self.inner();
        self.leader(&mut inner, topic, partition)?;
        let done = commit_offset(
            &mut inner.client,
            group,
            Member::NONE,
            topic,
            partition,
            offset,
        );
        done.map_err(|failure| {
            self.about(
                &mut inner,
                "committing an offset",
                topic,
                partition,
                failure,
            )
        })
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> SpeedResult<Option<u64>> {
        let mut inner = self.inner();
        self.leader(&mut inner, topic, partition)?;
        let asked = OffsetFetchRequestTopic::default()
            .with_name(topic_name(topic))
            .with_partition_indexes(vec![partition as i32]);
        let request = OffsetFetchRequest::default()
            .with_group_id(GroupId(text(group)))
            .with_topics(Some(vec![asked]))
            // Not an offset from before a transaction whose end is on its way.
            .with_require_stable(true);
        let found = inner
            .client
            .call(&Whom::Group(group.to_owned()), &request, |answer| {
                checked(answer.error_code)?;
                let partition = answer
                    .topics
                    .first()
                    .and_then(|topic| topic.partitions.first());
                let partition = partition.ok_or_else(incomplete)?;
                checked(partition.error_code)?;
                Ok(u64::try_from(partition.committed_offset).ok())
            });
        found.map_err(|failure| {
            self.about(
                &mut inner,
                "asking for a committed offset",
                topic,
                partition,
                failure,
            )
        })
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> SpeedResult<()> {
        let mut inner = self.inner();
        let (begin, end) = self.kept(&mut inner, topic, partition)?;
        let offset = offset.min(end);
        if offset <= begin {
            return Ok(());
        }
        let leader = self.leader(&mut inner, topic, partition)?;
        let until = DeleteRecordsPartition::default()
            .with_partition_index(partition as i32)
            .with_offset(offset as i64);
        let request = DeleteRecordsRequest::default()
            .with_timeout_ms(ADMIN_MS)
            .with_topics(vec![
                DeleteRecordsTopic::default()
                    .with_name(topic_name(topic))
                    .with_partitions(vec![until]),
            ]);
        let done = inner.client.call(&leader, &request, |answer| {
            let partition = answer
                .topics
                .first()
                .and_then(|topic| topic.partitions.first());
            checked(partition.ok_or_else(incomplete)?.error_code)
        });
        done.map_err(|failure| {
            self.about(
                &mut inner,
                "deleting from the log",
                topic,
                partition,
                failure,
            )
        })
    }

    /// Returns the partition that Kafka's own clients choose.
    fn partition_of_key(&self, key: &[u8], partitions: u32) -> u32 {
        super::murmur2::partition_of(key, partitions)
    }
}
