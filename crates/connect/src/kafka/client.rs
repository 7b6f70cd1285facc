//! A client of a Kafka cluster: which broker to ask, and when to ask again.
use super::wire::{Call, Connection};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{ApiKey, FindCoordinatorRequest, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;
use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long a call is tried again while the cluster is not ready.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The broker refused, with a reason of Kafka's.
    #[error("{0}")]
    Refused(ResponseError),
    /// There was no answer for as long as the client waits.
    #[error("{0}")]
    Unreachable(String),
}

/// The result of a call.
pub type Result<T> = std::result::Result<T, Failure>;

/// Whom a request is for.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Any broker.
    Any,
    /// The leader of a partition.
    Leader(String, i32),
    /// The coordinator of a consumer group.
    Group(String),
    /// The coordinator of a transactional id.
    Transaction(String),
}

/// A client. It has one connection to each broker that it needs, and no thread of its own.
pub struct Client {
    /// `host:port` of the brokers that are asked first.
    bootstrap: Vec<String>,
    /// `host:port` by the broker's id, as the cluster names them.
    brokers: HashMap<i32, String>,
    /// The number of partitions, and the leader of each, by topic.
    topics: HashMap<String, Vec<i32>>,
    /// `host:port` of the coordinator, by its kind and what it coordinates.
    coordinators: HashMap<(i8, String), String>,
    connections: HashMap<String, Connection>,
    patience: Duration,
    /// Whether the next answer to a batch is thrown away.
    loses_next: bool,
}

/// Converts a code of Kafka's to a result.
pub fn checked(code: i16) -> Result<()> {
    match ResponseError::try_from_code(code) {
        None => Ok(()),
        Some(error) => Err(Failure::Refused(error)),
    }
}

/// The failure for a response that lacks what was asked for.
pub fn incomplete() -> Failure {
    Failure::Refused(ResponseError::UnknownServerError)
}

/// Returns a text as the protocol has it.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Returns a topic's name as the protocol has it.
pub fn topic_name(topic: &str) -> TopicName {
    TopicName(text(topic))
}

impl Client {
    /// Connects to one of the brokers `host:port`.
    ///
    /// # Errors
    /// If none of them answers.
    pub fn connect(bootstrap: Vec<String>, patience: Duration) -> Result<Self> {
        let mut client = Self {
            bootstrap,
            brokers: HashMap::new(),
            topics: HashMap::new(),
            coordinators: HashMap::new(),
            connections: HashMap::new(),
            patience,
            loses_next: false,
        };
        client.refresh(None)?;
        Ok(client)
    }

    /// Returns how long a call is tried again.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Calls until there is an answer that counts, or the patience is at its end. `judge` gives the
    /// result of an answer. An answer that says that another broker is to be asked, or that the
    /// cluster is not ready, is asked for again; so is one after which the connection broke.
    ///
    /// The request may be done more than once, so it must be one that may be repeated.
    pub fn call<Q: Call, T>(
        &mut self,
        whom: &Whom,
        request: &Q,
        judge: impl Fn(Q::Response) -> Result<T>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            let failure = match self.try_call(whom, request).and_then(&judge) {
                Err(Failure::Refused(error)) if !is_passing(error) => {
                    return Err(Failure::Refused(error));
                }
                Err(failure) => failure,
                done => return done,
            };
            if began.elapsed() >= self.patience {
                return Err(failure);
            }
            // What is known of the cluster may be old.
            self.topics.clear();
            self.coordinators.clear();
            std::thread::sleep(PAUSE);
            let _ = self.refresh(None);
        }
    }

    /// Calls once.
    pub fn try_call<Q: Call>(&mut self, whom: &Whom, request: &Q) -> Result<Q::Response> {
        let address = self.address_of(whom)?;
        self.ask(&address, request)
    }

    fn ask<Q: Call>(&mut self, address: &str, request: &Q) -> Result<Q::Response> {
        let unreachable = |error: &dyn Display| Failure::Unreachable(format!("{address}: {error}"));
        let mut connection = match self.connections.remove(address) {
            Some(connection) => connection,
            None => Connection::open(address).map_err(|error| unreachable(&error))?,
        };
        let answer = connection
            .call(request)
            .map_err(|error| unreachable(&error))?;
        if Q::KEY == ApiKey::Produce && std::mem::take(&mut self.loses_next) {
            return Err(unreachable(
                &"the acknowledgement was lost, as was asked for",
            ));
        }
        // Kept only after a whole exchange.
        self.connections.insert(address.to_owned(), connection);
        Ok(answer)
    }

    fn address_of(&mut self, whom: &Whom) -> Result<String> {
        let id = match whom {
            Whom::Any => return self.any(),
            Whom::Leader(topic, partition) => self.leader(topic, *partition)?,
            Whom::Group(group) => return self.coordinator(group, 0),
            Whom::Transaction(id) => return self.coordinator(id, 1),
        };
        match self.brokers.get(&id) {
            Some(address) => Ok(address.clone()),
            None => Err(Failure::Refused(ResponseError::LeaderNotAvailable)),
        }
    }

    /// Returns the address of a broker that is connected, or else of the first.
    fn any(&mut self) -> Result<String> {
        let known = self.connections.keys().next().or(self.bootstrap.first());
        known
            .cloned()
            .ok_or_else(|| Failure::Unreachable("no address was given".to_owned()))
    }

    fn leader(&mut self, topic: &str, partition: i32) -> Result<i32> {
        if !self.topics.contains_key(topic) {
            self.refresh(Some(topic))?;
        }
        let leader = self
            .topics
            .get(topic)
            .and_then(|leaders| leaders.get(partition as usize));
        leader
            .copied()
            .ok_or(Failure::Refused(ResponseError::UnknownTopicOrPartition))
    }

    fn coordinator(&mut self, key: &str, kind: i8) -> Result<String> {
        let known = (kind, key.to_owned());
        if let Some(address) = self.coordinators.get(&known) {
            return Ok(address.clone());
        }
        let request = FindCoordinatorRequest::default()
            .with_key(text(key))
            .with_key_type(kind);
        let any = self.any()?;
        let found = self.ask(&any, &request)?;
        checked(found.error_code)?;
        let address = format!("{}:{}", found.host, found.port);
        self.coordinators.insert(known, address.clone());
        Ok(address)
    }

    /// Asks the cluster for its brokers, and for the leaders of a topic.
    fn refresh(&mut self, topic: Option<&str>) -> Result<()> {
        let topics = topic
            .iter()
            .map(|topic| MetadataRequestTopic::default().with_name(Some(topic_name(topic))));
        let request = MetadataRequest::default()
            .with_topics(Some(topics.collect()))
            .with_allow_auto_topic_creation(false);
        let mut candidates: Vec<String> = self.connections.keys().cloned().collect();
        candidates.extend(self.bootstrap.iter().cloned());
        candidates.extend(self.brokers.values().cloned());
        let mut failure = Failure::Unreachable("no address was given".to_owned());
        for address in candidates {
            match self.ask(&address, &request) {
                Err(other) => failure = other,
                Ok(answer) => {
                    let brokers = answer.brokers.iter();
                    self.brokers = brokers
                        .map(|broker| {
                            (broker.node_id.0, format!("{}:{}", broker.host, broker.port))
                        })
                        .collect();
                    for found in answer.topics {
                        checked(found.error_code)?;
                        let mut leaders: Vec<(i32, i32)> = { found.partitions.iter() }
                            .map(|partition| (partition.partition_index, partition.leader_id.0))
                            .collect();
                        leaders.sort_unstable();
                        let name = found
                            .name
                            .map(|name| name.0.to_string())
                            .unwrap_or_default();
                        let leaders = leaders.into_iter().map(|(_, leader)| leader).collect();
                        self.topics.insert(name, leaders);
                    }
                    return Ok(());
                }
            }
        }
        Err(failure)
    }

    /// Returns the number of partitions of a topic; `None` if there is no such topic.
    ///
    /// # Errors
    /// If the cluster does not answer.
    pub fn partitions(&mut self, topic: &str) -> Result<Option<u32>> {
        let began = Instant::now();
        loop {
            if let Some(leaders) = self.topics.get(topic) {
                return Ok(Some(leaders.len() as u32));
            }
            match self.refresh(Some(topic)) {
                Ok(()) => {}
                Err(Failure::Refused(ResponseError::UnknownTopicOrPartition)) => return Ok(None),
                Err(failure) if began.elapsed() >= self.patience => return Err(failure),
                Err(Failure::Refused(error)) if !is_passing(error) => {
                    return Err(Failure::Refused(error));
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Throws away the next answer to a batch, with its connection, as a broken network does.
    pub fn lose_next_acknowledgement(&mut self) {
        self.loses_next = true;
    }

    /// Forgets what is known of a topic.
    pub fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }
}

/// Whether an error passes by itself: the cluster is starting, or elects a leader.
pub fn is_passing(error: ResponseError) -> bool {
    use ResponseError as E;
    matches!(
        error,
        E::LeaderNotAvailable
            | E::NotLeaderOrFollower
            | E::RequestTimedOut
            | E::BrokerNotAvailable
            | E::ReplicaNotAvailable
            | E::NetworkException
            | E::CoordinatorLoadInProgress
            | E::CoordinatorNotAvailable
            | E::NotCoordinator
            | E::NotEnoughReplicas
            | E::NotEnoughReplicasAfterAppend
            | E::NotController
            | E::ConcurrentTransactions
            | E::KafkaStorageError
            | E::FencedLeaderEpoch
            | E::UnknownLeaderEpoch
            | E::OffsetNotAvailable
            | E::UnstableOffsetCommit
    )
}
