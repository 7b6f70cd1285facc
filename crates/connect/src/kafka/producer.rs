//! Appends: with the producer's id and sequence numbers, so that a retry is stored once.
use super::client::{Client, Failure, Result, Whom, checked, incomplete, topic_name};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest, TransactionalId};
use kafka_protocol::records::{
    Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds that the replicas may take to acknowledge.
const ACKNOWLEDGE_MS: i32 = 10_000;
/// All replicas in sync acknowledge.
const ALL: i16 = -1;
/// Milliseconds after which the cluster aborts a transaction that is neither committed nor aborted.
const TRANSACTION_MS: i32 = 60_000;
/// A producer without an identity.
const ANONYMOUS: Identity = Identity { id: -1, epoch: -1 };

/// The identity of a producer. Of two with one transactional id, the older is refused: its epoch is
/// less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Given by the cluster.
    pub id: i64,
    /// Rises when a producer with the same transactional id begins.
    pub epoch: i16,
}

/// An idempotent producer, with at most one batch of a partition on its way.
#[derive(Debug)]
pub struct Producer {
    identity: Identity,
    transactional_id: Option<TransactionalId>,
    /// The sequence number of the next record, by topic and partition.
    sequences: HashMap<(String, i32), i32>,
}

impl Producer {
    /// Asks the cluster for an identity. It waits for a cluster that is starting.
    pub fn new(client: &mut Client) -> Result<Self> {
        Self::with(client, None)
    }

    /// Asks for the identity of a transactional id. An older producer with this id is fenced, and
    /// its open transaction is aborted.
    pub fn transactional(client: &mut Client, id: &str) -> Result<Self> {
        Self::with(client, Some(TransactionalId(super::client::text(id))))
    }

    fn with(client: &mut Client, id: Option<TransactionalId>) -> Result<Self> {
        let whom = match &id {
            Some(id) => Whom::Transaction(id.0.to_string()),
            None => Whom::Any,
        };
        let request = InitProducerIdRequest::default()
            .with_transactional_id(id.clone())
            .with_transaction_timeout_ms(TRANSACTION_MS);
        let identity = client.call(&whom, &request, |answer| {
            checked(answer.error_code)?;
            Ok(Identity {
                id: answer.producer_id.0,
                epoch: answer.producer_epoch,
            })
        })?;
        Ok(Self {
            identity,
            transactional_id: id,
            sequences: HashMap::new(),
        })
    }

    /// Returns the identity.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Appends records as one batch, and returns the offset of the first. The same batch is sent
    /// again, with the same sequence numbers, until it is acknowledged.
    pub fn append(
        &mut self,
        client: &mut Client,
        leader: &Whom,
        topic: &str,
        partition: i32,
        records: &[(&[u8], &[u8])],
    ) -> Result<u64> {
        let key = (topic.to_owned(), partition);
        let sequence = self.sequences.get(&key).copied().unwrap_or(0);
        let batch = encoded(
            records,
            self.identity,
            sequence,
            self.transactional_id.is_some(),
        )?;
        let request = request(topic, partition, batch, self.transactional_id.clone());
        let first = client.call(leader, &request, base_offset)?;
        // Sequence numbers begin again after the largest.
        let next = (i64::from(sequence) + records.len() as i64) & i64::from(i32::MAX);
        self.sequences.insert(key, next as i32);
        Ok(first)
    }

    /// Appends without an identity: a batch that is sent again after its acknowledgement was lost
    /// is stored twice.
    pub fn append_plainly(
        client: &mut Client,
        leader: &Whom,
        topic: &str,
        partition: i32,
        records: &[(&[u8], &[u8])],
    ) -> Result<u64> {
        let request = request(
            topic,
            partition,
            encoded(records, ANONYMOUS, -1, false)?,
            None,
        );
        client.call(leader, &request, base_offset)
    }
}

/// The offset of the first record that an answer names.
fn base_offset(answer: kafka_protocol::messages::ProduceResponse) -> Result<u64> {
    let topic = answer.responses.first();
    let partition = topic.and_then(|topic| topic.partition_responses.first());
    let partition = partition.ok_or_else(incomplete)?;
    checked(partition.error_code).map(|()| partition.base_offset.max(0) as u64)
}

fn request(
    topic: &str,
    partition: i32,
    batch: Bytes,
    id: Option<TransactionalId>,
) -> ProduceRequest {
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(batch));
    ProduceRequest::default()
        .with_transactional_id(id)
        .with_acks(ALL)
        .with_timeout_ms(ACKNOWLEDGE_MS)
        .with_topic_data(vec![
            TopicProduceData::default()
                .with_name(topic_name(topic))
                .with_partition_data(vec![data]),
        ])
}

/// Encodes records as one batch.
fn encoded(
    records: &[(&[u8], &[u8])],
    who: Identity,
    sequence: i32,
    transactional: bool,
) -> Result<Bytes> {
    // A record without a time would be past every retention.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let record = |(place, (key, value)): (usize, &(&[u8], &[u8]))| Record {
        transactional,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: -1,
        producer_id: who.id,
        producer_epoch: who.epoch,
        timestamp_type: TimestampType::Creation,
        offset: place as i64,
        sequence: if sequence < 0 {
            -1
        } else {
            sequence.wrapping_add(place as i32) & i32::MAX
        },
        timestamp: now.as_millis() as i64,
        key: Some(Bytes::copy_from_slice(key)),
        value: Some(Bytes::copy_from_slice(value)),
        headers: Default::default(),
    };
    let records: Vec<Record> = records.iter().enumerate().map(record).collect();
    let mut batch = BytesMut::new();
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    RecordBatchEncoder::encode(&mut batch, &records, &options)
        .map_err(|error| Failure::Unreachable(format!("the records cannot be encoded: {error}")))?;
    Ok(batch.freeze())
}
