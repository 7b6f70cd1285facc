//! Consumer groups: the partitions of a topic are shared out among those members that are alive.
//!
//! A member joins and is told its partitions. It must say regularly that it is alive; one that does
//! not is taken out after the session timeout, and its partitions go to the others. Each such change
//! begins a new *generation* of the group. Offsets are committed with the generation: a member that
//! was taken out, and does not know it, is refused.
use super::client::{Client, Failure, Result, Whom, checked, text, topic_name};
use super::commit::{Member, commit_offset};
use super::log::{KafkaOptions, remote};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, GroupId, HeartbeatRequest,
    JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use lambda::speed::{Result as SpeedResult, SpeedError};
use std::time::Duration;

/// The way in which partitions are shared out: neighbouring ones to one member.
const RANGE: &str = "range";
/// The version of the consumer protocol's messages.
const PROTOCOL: i16 = 0;

/// A member of a consumer group. Dropped, it leaves the group.
pub struct GroupMember {
    address: String,
    group: String,
    topic: String,
    client: Client,
    session: Duration,
    member: StrBytes,
    generation: i32,
    partitions: Vec<u32>,
    /// Whether the member has left, or is treated as crashed.
    gone: bool,
}

impl GroupMember {
    /// Joins a group that reads a topic, and waits until the partitions are shared out. A member
    /// that is not heard of for the time `session` is taken out.
    ///
    /// # Errors
    /// If the cluster does not answer, or refuses the session timeout.
    pub fn join(
        brokers: &[String],
        group: &str,
        topic: &str,
        session: Duration,
        options: KafkaOptions,
    ) -> SpeedResult<Self> {
        let address = format!("kafka://{}", brokers.join(","));
        let client = Client::connect(brokers.to_vec(), options.patience);
        let mut member = Self {
            client: client.map_err(|failure| remote("joining a group", &address, &failure))?,
            address,
            group: group.to_owned(),
            topic: topic.to_owned(),
            session,
            member: StrBytes::default(),
            generation: -1,
            partitions: Vec::new(),
            gone: false,
        };
        let joined = member.rejoin();
        joined.map_err(|failure| member.failed("joining a group", &failure))?;
        Ok(member)
    }

    /// Returns the partitions of this member, in order.
    pub fn partitions(&self) -> &[u32] {
        &self.partitions
    }

    /// Returns the generation of the group in which the member has its partitions.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// Says that the member is alive. If the group changed, joins again; returns whether it did, and
    /// [`partitions`](Self::partitions) may be others then. To be called several times in a session.
    ///
    /// # Errors
    /// If the cluster does not answer.
    pub fn heartbeat(&mut self) -> SpeedResult<bool> {
        let request = HeartbeatRequest::default()
            .with_group_id(self.id())
            .with_generation_id(self.generation)
            .with_member_id(self.member.clone());
        let beat = self.client.call(&self.coordinator(), &request, |answer| {
            checked(answer.error_code)
        });
        match beat {
            Ok(()) => Ok(false),
            Err(Failure::Refused(
                ResponseError::RebalanceInProgress
                | ResponseError::IllegalGeneration
                | ResponseError::UnknownMemberId,
            )) => {
                let joined = self.rejoin();
                joined.map_err(|failure| self.failed("joining a group again", &failure))?;
                Ok(true)
            }
            Err(failure) => Err(self.failed("saying that a member is alive", &failure)),
        }
    }

    /// Commits the offset of the next record of a partition.
    ///
    /// # Errors
    /// If the group has changed, so that the partition may be another member's now: call
    /// [`heartbeat`](Self::heartbeat), and read the committed offset again.
    pub fn commit(&mut self, partition: u32, offset: u64) -> SpeedResult<()> {
        let member = Member {
            id: self.member.clone(),
            generation: self.generation,
        };
        let done = commit_offset(
            &mut self.client,
            &self.group,
            member,
            &self.topic,
            partition,
            offset,
        );
        done.map_err(|failure| self.failed("committing an offset", &failure))
    }

    /// Ends the member as a crash does: it says nothing more, and does not leave the group.
    pub fn crash(mut self) {
        self.gone = true;
    }

    fn id(&self) -> GroupId {
        GroupId(text(&self.group))
    }

    fn coordinator(&self) -> Whom {
        Whom::Group(self.group.clone())
    }

    fn failed(&self, doing: &str, failure: &Failure) -> SpeedError {
        match failure {
            Failure::Refused(
                ResponseError::IllegalGeneration
                | ResponseError::UnknownMemberId
                | ResponseError::RebalanceInProgress,
            ) => SpeedError::Remote {
                doing: doing.to_owned(),
                address: self.address.clone(),
                problem: format!(
                    "{failure}: the group {:?} has changed since this member got its partitions; say \
                     that it is alive, and continue from the committed offsets",
                    self.group
                ),
            },
            other => remote(doing, &self.address, other),
        }
    }

    /// Joins until a generation is complete.
    fn rejoin(&mut self) -> Result<()> {
        let began = std::time::Instant::now();
        loop {
            match self.join_once() {
                // The group changed while it was being joined: join the next generation.
                Err(Failure::Refused(
                    error @ (ResponseError::RebalanceInProgress
                    | ResponseError::IllegalGeneration
                    | ResponseError::UnknownMemberId
                    | ResponseError::MemberIdRequired),
                )) if began.elapsed() < self.client.patience() => {
                    if error == ResponseError::UnknownMemberId {
                        self.member = StrBytes::default();
                    }
                }
                other => return other,
            }
        }
    }

    fn join_once(&mut self) -> Result<()> {
        // Join: the answer comes when all members have joined, and names the leader.
        let millis = i32::try_from(self.session.as_millis()).unwrap_or(i32::MAX);
        let subscription =
            ConsumerProtocolSubscription::default().with_topics(vec![text(&self.topic)]);
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(StrBytes::from_static_str(RANGE))
            .with_metadata(message(&subscription)?);
        let request = JoinGroupRequest::default()
            .with_group_id(self.id())
            .with_session_timeout_ms(millis)
            .with_rebalance_timeout_ms(millis)
            .with_member_id(self.member.clone())
            .with_protocol_type(StrBytes::from_static_str("consumer"))
            .with_protocols(vec![protocol]);
        let coordinator = self.coordinator();
        let joined = self.client.call(&coordinator, &request, |answer| {
            // The first answer only gives the id with which to join.
            if answer.error_code == ResponseError::MemberIdRequired.code() {
                return Ok(Err(answer.member_id));
            }
            checked(answer.error_code).map(|()| Ok(answer))
        })?;
        let joined = match joined {
            Err(member) => {
                self.member = member;
                return Err(Failure::Refused(ResponseError::MemberIdRequired));
            }
            Ok(joined) => joined,
        };
        self.member = joined.member_id;
        self.generation = joined.generation_id;

        // The leader shares the partitions out.
        let mut assignments = Vec::new();
        if joined.leader == self.member {
            let partitions = self.client.partitions(&self.topic)?.unwrap_or(0);
            let mut members: Vec<StrBytes> = joined
                .members
                .into_iter()
                .map(|member| member.member_id)
                .collect();
            members.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
            for (member, share) in members.iter().zip(ranges(partitions, members.len())) {
                let owned = kafka_protocol::messages::consumer_protocol_assignment::TopicPartition::default()
                    .with_topic(topic_name(&self.topic))
                    .with_partitions(share.map(|partition| partition as i32).collect());
                let assignment =
                    ConsumerProtocolAssignment::default().with_assigned_partitions(vec![owned]);
                assignments.push(
                    SyncGroupRequestAssignment::default()
                        .with_member_id(member.clone())
                        .with_assignment(message(&assignment)?),
                );
            }
        }
        let request = SyncGroupRequest::default()
            .with_group_id(self.id())
            .with_generation_id(self.generation)
            .with_member_id(self.member.clone())
            .with_protocol_type(Some(StrBytes::from_static_str("consumer")))
            .with_protocol_name(Some(StrBytes::from_static_str(RANGE)))
            .with_assignments(assignments);
        let assigned = self.client.call(&coordinator, &request, |answer| {
            checked(answer.error_code).map(|()| answer.assignment)
        })?;
        self.partitions = partitions_of(assigned)?;
        Ok(())
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        if !self.gone {
            let leaving = MemberIdentity::default().with_member_id(self.member.clone());
            let request = LeaveGroupRequest::default()
                .with_group_id(self.id())
                .with_members(vec![leaving]);
            let _ = self.client.try_call(&self.coordinator(), &request);
        }
    }
}

/// Shares partitions out among members: each gets neighbours, and the first ones get the rest.
fn ranges(partitions: u32, members: usize) -> impl Iterator<Item = std::ops::Range<u32>> {
    let members = members.max(1) as u32;
    let (each, rest) = (partitions / members, partitions % members);
    let begin = move |member: u32| member * each + member.min(rest);
    (0..members).map(move |member| begin(member)..begin(member + 1))
}

/// Encodes a message of the consumer protocol: its version, then its fields.
fn message(fields: &impl Encodable) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    bytes.put_i16(PROTOCOL);
    fields.encode(&mut bytes, PROTOCOL).map_err(|error| {
        Failure::Unreachable(format!("a message of the group cannot be encoded: {error}"))
    })?;
    Ok(bytes.freeze())
}

/// Decodes the partitions of an assignment; none, if it is empty.
fn partitions_of(mut assignment: Bytes) -> Result<Vec<u32>> {
    if assignment.remaining() < 2 {
        return Ok(Vec::new());
    }
    let version = assignment.get_i16();
    let decoded = ConsumerProtocolAssignment::decode(&mut assignment, version.clamp(0, 3))
        .map_err(|error| {
            Failure::Unreachable(format!(
                "the group's leader is another program, and its message cannot be decoded: {error}"
            ))
        })?;
    let partitions = decoded
        .assigned_partitions
        .into_iter()
        .flat_map(|topic| topic.partitions);
    let mut partitions: Vec<u32> = partitions
        .map(|partition| partition.max(0) as u32)
        .collect();
    partitions.sort_unstable();
    Ok(partitions)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: every partition has one member, and no member has two more than another.
    #[test]
    fn ranges_share_all_partitions_out() {
        for (partitions, members) in [(4, 2), (5, 2), (1, 3), (0, 2), (7, 3)] {
            let shares: Vec<Vec<u32>> =
                ranges(partitions, members).map(Iterator::collect).collect();
            assert_eq!(shares.len(), members);
            assert_eq!(shares.concat(), (0..partitions).collect::<Vec<_>>());
            let sizes = || shares.iter().map(Vec::len);
            assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1);
        }
    }
}
