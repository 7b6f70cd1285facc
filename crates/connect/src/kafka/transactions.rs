//! Transactions: results and the offsets that they were computed from become visible, or none of
//! them does.
//!
//! A worker reads records, computes results, and in one transaction appends the results and commits
//! its offsets. If it crashes before the commit, the cluster aborts the transaction, readers with
//! `read_committed` never see the results, and the next worker begins at the same offsets. If it
//! crashes after it, the next worker begins behind them. So every record has its effect once. The
//! partitions learn of a commit one after another, some milliseconds apart; a reader of committed
//! offsets waits while one is under way.
//!
//! What it needs: results that go nowhere but to this cluster, readers that leave out what is not
//! committed, and one transactional id for each worker's share of the work, by which a worker that
//! was only slow is fenced off when the next one begins.
use super::client::{Client, Failure, Result, Whom, checked, incomplete, text, topic_name};
use super::log::{KafkaOptions, remote};
use super::producer::Producer;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, GroupId, ProducerId,
    TransactionalId, TxnOffsetCommitRequest,
};
use lambda::speed::{Result as SpeedResult, SpeedError};
use std::collections::HashSet;

/// A producer whose appends are in transactions.
pub struct KafkaTransactions {
    address: String,
    id: TransactionalId,
    client: Client,
    producer: Producer,
}

impl KafkaTransactions {
    /// Begins to work under a transactional id. A producer that worked under it before is fenced off:
    /// its open transaction is aborted, and its next call is an error.
    ///
    /// # Errors
    /// If the cluster does not answer within the patience.
    pub fn open(brokers: &[String], id: &str, options: KafkaOptions) -> SpeedResult<Self> {
        let address = format!("kafka://{}", brokers.join(","));
        let opened = || -> Result<(Client, Producer)> {
            let mut client = Client::connect(brokers.to_vec(), options.patience)?;
            let producer = Producer::transactional(&mut client, id)?;
            Ok((client, producer))
        };
        let opened = opened();
        let (client, producer) =
            opened.map_err(|failure| remote("beginning to work", &address, &failure))?;
        Ok(Self {
            address,
            id: TransactionalId(text(id)),
            client,
            producer,
        })
    }

    /// Begins a transaction. The cluster aborts it if it is not ended within a minute.
    pub fn begin(&mut self) -> Transaction<'_> {
        Transaction {
            with: self,
            partitions: HashSet::new(),
            groups: HashSet::new(),
            ended: false,
        }
    }

    fn failed(&self, doing: &str, failure: &Failure) -> SpeedError {
        remote(doing, &self.address, failure)
    }

    fn coordinator(&self) -> Whom {
        Whom::Transaction(self.id.0.to_string())
    }

    fn end(&mut self, commit: bool) -> Result<()> {
        let identity = self.producer.identity();
        let request = EndTxnRequest::default()
            .with_transactional_id(self.id.clone())
            .with_producer_id(ProducerId(identity.id))
            .with_producer_epoch(identity.epoch)
            .with_committed(commit);
        let coordinator = self.coordinator();
        self.client
            .call(&coordinator, &request, |answer| checked(answer.error_code))
    }
}

/// A transaction. Dropped without a commit, it is aborted.
pub struct Transaction<'a> {
    with: &'a mut KafkaTransactions,
    /// The partitions that belong to it.
    partitions: HashSet<(String, u32)>,
    /// The consumer groups whose offsets belong to it.
    groups: HashSet<String>,
    ended: bool,
}

impl Transaction<'_> {
    /// Appends records, which readers see after the commit, and returns the offset of the first.
    ///
    /// # Errors
    /// If the cluster refuses, or this producer was fenced off.
    pub fn append(
        &mut self,
        topic: &str,
        partition: u32,
        records: &[(&[u8], &[u8])],
    ) -> SpeedResult<u64> {
        let with = &mut *self.with;
        let mut appended = || -> Result<u64> {
            // The coordinator must know the partition first, to end the transaction there.
            let identity = with.producer.identity();
            if !self.partitions.contains(&(topic.to_owned(), partition)) {
                let added = AddPartitionsToTxnTopic::default()
                    .with_name(topic_name(topic))
                    .with_partitions(vec![partition as i32]);
                let request = AddPartitionsToTxnRequest::default()
                    .with_v3_and_below_transactional_id(with.id.clone())
                    .with_v3_and_below_producer_id(ProducerId(identity.id))
                    .with_v3_and_below_producer_epoch(identity.epoch)
                    .with_v3_and_below_topics(vec![added]);
                let coordinator = Whom::Transaction(with.id.0.to_string());
                with.client.call(&coordinator, &request, |answer| {
                    let topic = answer.results_by_topic_v3_and_below.first();
                    let partition = topic.and_then(|topic| topic.results_by_partition.first());
                    checked(partition.ok_or_else(incomplete)?.partition_error_code)
                })?;
                self.partitions.insert((topic.to_owned(), partition));
            }
            let leader = Whom::Leader(topic.to_owned(), partition as i32);
            with.producer
                .append(&mut with.client, &leader, topic, partition as i32, records)
        };
        let appended = appended();
        appended.map_err(|failure| self.with.failed("appending to the log", &failure))
    }

    /// Commits the offsets of a consumer group with this transaction: for each partition that of the
    /// next record to read.
    ///
    /// # Errors
    /// If the cluster refuses, or this producer was fenced off.
    pub fn commit_offsets(
        &mut self,
        group: &str,
        topic: &str,
        offsets: &[(u32, u64)],
    ) -> SpeedResult<()> {
        let with = &mut *self.with;
        let identity = with.producer.identity();
        let group_id = GroupId(text(group));
        let mut committed = || -> Result<()> {
            if !self.groups.contains(group) {
                let request = AddOffsetsToTxnRequest::default()
                    .with_transactional_id(with.id.clone())
                    .with_producer_id(ProducerId(identity.id))
                    .with_producer_epoch(identity.epoch)
                    .with_group_id(group_id.clone());
                let coordinator = Whom::Transaction(with.id.0.to_string());
                with.client
                    .call(&coordinator, &request, |answer| checked(answer.error_code))?;
                self.groups.insert(group.to_owned());
            }
            let partition = |(partition, offset): &(u32, u64)| {
                TxnOffsetCommitRequestPartition::default()
                    .with_partition_index(*partition as i32)
                    .with_committed_offset(*offset as i64)
                    .with_committed_leader_epoch(-1)
            };
            let topic = TxnOffsetCommitRequestTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(offsets.iter().map(partition).collect());
            let request = TxnOffsetCommitRequest::default()
                .with_transactional_id(with.id.clone())
                .with_group_id(group_id.clone())
                .with_producer_id(ProducerId(identity.id))
                .with_producer_epoch(identity.epoch)
                .with_generation_id(-1)
                .with_topics(vec![topic]);
            with.client
                .call(&Whom::Group(group.to_owned()), &request, |answer| {
                    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
                    partitions
                        .map(|partition| partition.error_code)
                        .try_for_each(checked)
                })
        };
        let committed = committed();
        committed.map_err(|failure| self.with.failed("committing offsets", &failure))
    }

    /// Makes everything in the transaction visible.
    ///
    /// # Errors
    /// If the cluster refuses, or this producer was fenced off. If it does not answer, the
    /// transaction may be committed: the next worker sees it in the committed offsets.
    pub fn commit(mut self) -> SpeedResult<()> {
        self.ended = true;
        let ended = self.end(true);
        ended.map_err(|failure| self.with.failed("committing a transaction", &failure))
    }

    /// Throws everything in the transaction away.
    ///
    /// # Errors
    /// If the cluster does not answer; then it aborts the transaction by itself.
    pub fn abort(mut self) -> SpeedResult<()> {
        self.ended = true;
        let ended = self.end(false);
        ended.map_err(|failure| self.with.failed("aborting a transaction", &failure))
    }

    fn end(&mut self, commit: bool) -> Result<()> {
        // The coordinator knows nothing of a transaction without content.
        match self.partitions.is_empty() && self.groups.is_empty() {
            true => Ok(()),
            false => self.with.end(commit),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end(false);
        }
    }
}
