//! What is simulated.
use crate::crdt::CrdtError;
use std::fmt;

/// How the store behaves when replicas cannot reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// CP: an answer waits for R or W replicas, and a read writes back what it
    /// found before it answers.
    Quorum,
    /// AP: any replica answers; the last write wins.
    LastWrite,
    /// AP: any replica answers; states are CRDTs.
    Crdt,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 3] = [Form::Quorum, Form::LastWrite, Form::Crdt];
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Quorum => "CP, quorums",
            Form::LastWrite => "AP, last write wins",
            Form::Crdt => "AP, CRDTs",
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

/// A store and its world. Times are milliseconds of simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// N: every replica holds the value, and one client asks each of them.
    pub replicas: usize,
    /// R: copies that a read waits for.
    pub r: usize,
    /// W: copies that a write waits for.
    pub w: usize,
    /// How copies are merged, and whether reads write back.
    pub form: Form,
    /// The network between replicas.
    pub network: Network,
    /// The partition, if there is one.
    pub partition: Option<Partition>,
    /// When clients stop.
    pub run_ms: u64,
    /// A client asks again so long after its last answer.
    pub pause_ms: u64,
    /// After this long a client is told that there is no answer.
    pub timeout_ms: u64,
    /// A read sends what it merged to replicas that knew less.
    pub read_repair: bool,
    /// Each replica sends its state to another so often; 0 is never.
    pub anti_entropy_ms: u64,
    /// How wrong a replica's clock may be, either way.
    pub clock_skew_ms: u64,
}

impl Config {
    /// A store of `replicas`: majorities for [`Form::Quorum`], one copy for the
    /// others; the partition cuts off the smaller half for two of ten seconds.
    ///
    /// # Errors
    /// No replicas.
    pub fn new(replicas: usize, form: Form) -> Result<Self, CapError> {
        let quorum = match form {
            Form::Quorum => replicas / 2 + 1,
            Form::LastWrite | Form::Crdt => 1,
        };
        let config = Config {
            replicas,
            r: quorum,
            w: quorum,
            form,
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
            run_ms: 10_000,
            pause_ms: 50,
            timeout_ms: 200,
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
