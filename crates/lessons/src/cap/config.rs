//! What is simulated.
use crate::crdt::CrdtError;
use std::fmt;

/// What a replica does before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicaProtocol {
    /// An answer waits for R or W replicas, and a read writes back what it found before it
    /// answers: consistent, and not always available.
    Quorum,
    /// Any replica answers at once and tells the others afterwards: available, and not always
    /// consistent.
    Gossip,
}

impl ReplicaProtocol {
    /// Both.
    pub const ALL: [ReplicaProtocol; 2] = [ReplicaProtocol::Quorum, ReplicaProtocol::Gossip];
}

impl fmt::Display for ReplicaProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReplicaProtocol::Quorum => "quorum",
            ReplicaProtocol::Gossip => "gossip",
        })
    }
}

/// What a replica holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicaType {
    /// One value, which each write replaces: the write with the largest stamp wins.
    Register,
    /// One value, or several that no writer has seen together.
    MultiValue,
    /// A number: a page view reads it, adds one and writes it back. The largest stamp wins.
    Number,
    /// A G-counter: each replica adds to a count of its own.
    Counter,
    /// A set of facts: a page view adds its own name.
    Facts,
}

impl ReplicaType {
    /// The types that the sweep compares.
    pub const COMPARED: [ReplicaType; 3] = [
        ReplicaType::Register,
        ReplicaType::Number,
        ReplicaType::Counter,
    ];
}

impl fmt::Display for ReplicaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReplicaType::Register => "register",
            ReplicaType::MultiValue => "multi-value register",
            ReplicaType::Number => "number",
            ReplicaType::Counter => "G-counter",
            ReplicaType::Facts => "set of facts",
        })
    }
}

/// What the network does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The shortest and the longest way in ms; messages overtake each other.
    pub delay_ms: (u64, u64),
    /// Lost messages in a thousand.
    pub loss_per_mille: u64,
    /// Messages in a thousand that come twice.
    pub twice_per_mille: u64,
}

/// A time in which the first replicas hear nothing of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// When it begins, in ms.
    pub from_ms: u64,
    /// When it has healed.
    pub until_ms: u64,
    /// How many replicas stand on the first side.
    pub first: usize,
}

/// A crash of one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaCrash {
    /// The replica.
    pub replica: usize,
    /// When it crashes, in ms. What is sent to it until it is back is lost.
    pub at_ms: u64,
    /// When it is back, in ms.
    pub back_ms: u64,
    /// Whether its disk is lost: it comes back empty, and counts under a new id.
    pub disk_lost: bool,
}

/// A store and its world. Times are milliseconds of simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// N: every replica holds the value, and the clients of one place ask each of them.
    pub replicas: usize,
    /// R: copies that a read waits for.
    pub r: usize,
    /// W: copies that a write waits for.
    pub w: usize,
    /// What a replica does before it answers.
    pub protocol: ReplicaProtocol,
    /// What a replica holds.
    pub data: ReplicaType,
    /// The network between replicas.
    pub network: Network,
    /// The partition, if there is one.
    pub partition: Option<Partition>,
    /// The crash, if there is one.
    pub crash: Option<ReplicaCrash>,
    /// When clients stop.
    pub run_ms: u64,
    /// The mean time between two requests to one replica. Requests come by the clock and do not
    /// wait for the answers of earlier ones.
    pub pause_ms: u64,
    /// After this long a request has no answer.
    pub timeout_ms: u64,
    /// A client whose page view has an unknown outcome asks again.
    pub retry_unknown: bool,
    /// A read sends what it merged to replicas that knew less.
    pub read_repair: bool,
    /// Each replica sends its state to another so often; 0 is never.
    pub anti_entropy_ms: u64,
    /// How wrong a replica's clock may be, either way.
    pub clock_skew_ms: u64,
}

impl Config {
    /// Creates a store of `replicas`: majorities for [`ReplicaProtocol::Quorum`], one copy for
    /// [`ReplicaProtocol::Gossip`]. The partition cuts off the smaller half for two of ten
    /// seconds, and no replica crashes.
    ///
    /// # Errors
    /// No replicas.
    pub fn new(
        replicas: usize,
        protocol: ReplicaProtocol,
        data: ReplicaType,
    ) -> Result<Self, CapError> {
        let quorum = match protocol {
            ReplicaProtocol::Quorum => replicas / 2 + 1,
            ReplicaProtocol::Gossip => 1,
        };
        let config = Config {
            replicas,
            r: quorum,
            w: quorum,
            protocol,
            data,
            network: Network {
                delay_ms: (1, 20),
                loss_per_mille: 10,
                twice_per_mille: 10,
            },
            partition: Some(Partition {
                from_ms: 4_000,
                until_ms: 6_000,
                first: (replicas / 2).max(1),
            }),
            crash: None,
            run_ms: 10_000,
            pause_ms: 50,
            timeout_ms: 200,
            retry_unknown: false,
            read_repair: true,
            anti_entropy_ms: 100,
            clock_skew_ms: 5,
        };
        config.check()?;
        Ok(config)
    }

    /// The same with other quorums.
    pub fn quorums(self, r: usize, w: usize) -> Result<Self, CapError> {
        let config = Config { r, w, ..self };
        config.check()?;
        Ok(config)
    }

    /// The same with a partition of `ms`, which begins after 4 s; 0 is none.
    /// Clients go on for as long after it as before it.
    pub fn partitioned_for(self, ms: u64) -> Self {
        let first = (self.replicas / 2).max(1);
        let (from_ms, until_ms) = (4_000, 4_000 + ms);
        let partition = Partition {
            from_ms,
            until_ms,
            first,
        };
        Config {
            partition: (ms > 0).then_some(partition),
            run_ms: until_ms + 4_000,
            ..self
        }
    }

    /// The same with a replica that crashes during the partition and loses its disk: the one
    /// that was cut off.
    pub fn losing_a_disk(self) -> Self {
        let crash = ReplicaCrash {
            replica: 0,
            at_ms: 5_500,
            back_ms: 6_500,
            disk_lost: true,
        };
        Config {
            crash: Some(crash),
            ..self
        }
    }

    /// Whether every read quorum meets every write quorum.
    pub fn overlaps(&self) -> bool {
        self.r + self.w > self.replicas
    }

    /// Whether there is such a store.
    pub fn check(&self) -> Result<(), CapError> {
        let Config {
            replicas,
            r,
            w,
            network,
            ..
        } = *self;
        if replicas == 0 {
            return Err(CapError::NoReplicas);
        }
        for (name, asked) in [("R", r), ("W", w)] {
            if asked == 0 || asked > replicas {
                return Err(CapError::Quorum {
                    name,
                    asked,
                    replicas,
                });
            }
        }
        if network.delay_ms.0 > network.delay_ms.1 {
            return Err(CapError::Delay(network.delay_ms));
        }
        if let Some(crash) = self.crash.filter(|crash| crash.replica >= replicas) {
            let replica = crash.replica;
            return Err(CapError::NoSuchReplica { replica, replicas });
        }
        for share in [network.loss_per_mille, network.twice_per_mille] {
            if share > 1_000 {
                return Err(CapError::Share(share));
            }
        }
        Ok(())
    }
}

/// Why a store cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    /// The cluster has no replicas.
    #[error("a cluster of no replicas holds nothing; give it at least one")]
    NoReplicas,
    /// R or W is not between 1 and N.
    #[error("{name} = {asked} copies of N = {replicas}: choose {name} from 1 to {replicas}")]
    Quorum {
        /// The name of the quorum, "R" or "W".
        name: &'static str,
        /// The number of copies that was asked for.
        asked: usize,
        /// N, the number of replicas.
        replicas: usize,
    },
    /// The shortest delay, in ms, is greater than the longest.
    #[error("a delay of {} to {} ms; write the shorter one first", .0.0, .0.1)]
    Delay((u64, u64)),
    /// More than 1000 of 1000 messages would be lost or duplicated.
    #[error("{0} of a thousand messages; at most 1000 are")]
    Share(u64),
    /// A client asks for a replica that does not exist.
    #[error("there is no replica {replica} among {replicas}; they are numbered from 0")]
    NoSuchReplica {
        /// The number of the replica that was asked for.
        replica: usize,
        /// The number of replicas.
        replicas: usize,
    },
    /// A state could not be changed or merged.
    #[error(transparent)]
    Crdt(#[from] CrdtError),
}

impl From<CapError> for polars::error::PolarsError {
    fn from(error: CapError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}
