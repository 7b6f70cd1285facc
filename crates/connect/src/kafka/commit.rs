//! The commit of a consumer group's offset.
use super::client::{Client, Result, Whom, checked, incomplete, text, topic_name};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{GroupId, OffsetCommitRequest};
use kafka_protocol::protocol::StrBytes;

/// The member of a group that commits.
pub struct Member {
    /// The id that the cluster has given it.
    pub id: StrBytes,
    /// The generation in which it has its partitions.
    pub generation: i32,
}

impl Member {
    /// A consumer that chooses its partitions itself, and is no member.
    pub const NONE: Self = Self {
        id: StrBytes::from_static_str(""),
        generation: -1,
    };
}

/// Commits the offset of the next record of a partition.
pub fn commit_offset(
    client: &mut Client,
    group: &str,
    member: Member,
    topic: &str,
    partition: u32,
    offset: u64,
) -> Result<()> {
    let committed = OffsetCommitRequestPartition::default()
        .with_partition_index(partition as i32)
        .with_committed_offset(offset as i64)
        .with_committed_leader_epoch(-1);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_generation_id_or_member_epoch(member.generation)
        .with_member_id(member.id)
        .with_topics(vec![
            OffsetCommitRequestTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(vec![committed]),
        ]);
    client.call(&Whom::Group(group.to_owned()), &request, |answer| {
        let topic = answer.topics.first();
        let partition = topic.and_then(|topic| topic.partitions.first());
        checked(partition.ok_or_else(incomplete)?.error_code)
    })
}
