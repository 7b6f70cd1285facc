//! What a replica holds, in each form of the store.
use super::{CapError, ReplicaProtocol, ReplicaType};
use crate::crdt::wrong::LwwCounter;
use crate::crdt::{ClockKind, Crdt, GCounter, GSet, LwwRegister, MvRegister, ReplicaId, Stamp};
use std::fmt;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// One more page view.
    View,
    /// A person moves to a city.
    Move(&'static str),
    /// The value.
    Read,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The write is done.
    Done,
    /// So many page views.
    Count(u64),
    /// The city, or several of which none was written with knowledge of the other.
    Cities(Vec<&'static str>),
    /// There was no answer, and the request certainly has no effect.
    Fail,
    /// There was no answer in time. The write may have an effect, now or later, or none.
    Unknown,
}

impl Reply {
    /// Whether it is an answer.
    pub fn is_answer(&self) -> bool {
        !matches!(self, Reply::Fail | Reply::Unknown)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done => f.write_str("ok"),
            Reply::Count(count) => count.fmt(f),
            Reply::Cities(cities) => f.write_str(&cities.join(" or ")),
            Reply::Fail => f.write_str("fail"),
            Reply::Unknown => f.write_str("unknown"),
        }
    }
}

/// A replica's state.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicaState {
    /// Page views, counted by replica.
    Counter(GCounter),
    /// Page views, as a number whose last write wins.
    Number(LwwCounter),
    /// A city whose last write wins.
    City(LwwRegister<&'static str>),
    /// All cities that no later writer has seen.
    Cities(MvRegister<&'static str>),
    /// The names of page views.
    Facts(GSet<usize>),
}

impl ReplicaState {
    /// Creates an empty state of a type.
    pub fn empty(data: ReplicaType) -> ReplicaState {
        match data {
            ReplicaType::Register => ReplicaState::City(LwwRegister::default()),
            ReplicaType::MultiValue => ReplicaState::Cities(MvRegister::default()),
            ReplicaType::Number => ReplicaState::Number(LwwCounter::default()),
            ReplicaType::Counter => ReplicaState::Counter(GCounter::default()),
            ReplicaType::Facts => ReplicaState::Facts(GSet::default()),
        }
    }

    /// Returns the stamp of the last write, where the largest stamp wins.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        match self {
            ReplicaState::Number(number) => number.stamp(),
            ReplicaState::City(register) => register.stamp(),
            _ => None,
        }
    }

    /// Whether a merge keeps one of two states and drops the other.
    pub(super) fn largest_stamp_wins(&self) -> bool {
        matches!(self, ReplicaState::Number(_) | ReplicaState::City(_))
    }

    /// Changes the state at a replica whose clock says `time`. With quorums a stamp is one above
    /// the largest that a quorum knew. `view` is the name of a page view.
    pub(super) fn change(
        &mut self,
        request: Request,
        view: usize,
        at: ReplicaId,
        time: u64,
        protocol: ReplicaProtocol,
    ) -> Result<(), CapError> {
        let stamp = match protocol {
            ReplicaProtocol::Quorum => logical(at, self.stamp()),
            ReplicaProtocol::Gossip => wall(at, time),
        };
        match (self, request) {
            (ReplicaState::Counter(counter), Request::View) => counter.add(at, 1).map(|_| ())?,
            (ReplicaState::Number(number), Request::View) => number.add(stamp, 1)?,
            (ReplicaState::Facts(facts), Request::View) => facts.add(view),
            (ReplicaState::City(register), Request::Move(city)) => register.write(stamp, city)?,
            (ReplicaState::Cities(register), Request::Move(city)) => register.write(at, city)?,
            // A count knows no cities, and a city is not counted.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &ReplicaState) -> Result<(), CapError> {
        match (self, other) {
            (ReplicaState::Counter(one), ReplicaState::Counter(other)) => one.merge(other)?,
            (ReplicaState::Number(one), ReplicaState::Number(other)) => one.merge(other)?,
            (ReplicaState::City(one), ReplicaState::City(other)) => one.merge(other)?,
            (ReplicaState::Cities(one), ReplicaState::Cities(other)) => one.merge(other)?,
            (ReplicaState::Facts(one), ReplicaState::Facts(other)) => one.merge(other)?,
            _ => {
                let (one, other) = ("replica state of one form", "replica state of another");
                return Err(crate::crdt::CrdtError::Types { one, other }.into());
            }
        }
        Ok(())
    }

    /// What a reader is told.
    pub fn reply(&self) -> Reply {
        match self {
            ReplicaState::Counter(counter) => Reply::Count(counter.value() as u64),
            ReplicaState::Number(number) => Reply::Count(number.value() as u64),
            ReplicaState::City(register) => Reply::Cities(register.value().into_iter().collect()),
            ReplicaState::Cities(register) => Reply::Cities(register.value()),
            ReplicaState::Facts(facts) => Reply::Count(facts.value().len() as u64),
        }
    }
}

fn wall(replica: ReplicaId, time: u64) -> Stamp {
    let clock = ClockKind::Wall;
    Stamp {
        time,
        replica,
        clock,
    }
}

fn logical(replica: ReplicaId, last: Option<Stamp>) -> Stamp {
    let time = last.map_or(0, |stamp| stamp.time) + 1;
    let clock = ClockKind::Logical;
    Stamp {
        time,
        replica,
        clock,
    }
}
