//! What a replica holds, in each form of the store.
use super::{CapError, Form};
use crate::crdt::wrong::LwwCounter;
use crate::crdt::{ClockKind, Crdt, GCounter, LwwRegister, MvRegister, ReplicaId, Stamp};
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
    /// The city, or several if replicas differ and nobody may decide.
    Cities(Vec<&'static str>),
    /// There was no answer in time. A write may still take effect.
    NoAnswer,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done => f.write_str("done"),
            Reply::Count(count) => count.fmt(f),
            Reply::Cities(cities) => f.write_str(&cities.join(" or ")),
            Reply::NoAnswer => f.write_str("no answer"),
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
    /// All cities that nobody overwrote.
    Cities(MvRegister<&'static str>),
}

impl ReplicaState {
    /// An empty count in this form.
    pub fn count(form: Form) -> ReplicaState {
        match form {
            Form::Quorum | Form::Crdt => ReplicaState::Counter(GCounter::default()),
            Form::LastWrite => ReplicaState::Number(LwwCounter::default()),
        }
    }

    /// No city yet in this form.
    pub fn city(form: Form) -> ReplicaState {
        match form {
            Form::Quorum | Form::LastWrite => ReplicaState::City(LwwRegister::default()),
            Form::Crdt => ReplicaState::Cities(MvRegister::default()),
        }
    }

    /// Changes the state at a replica whose clock says `time`. With quorums a
    /// register's stamp is one above the largest that a quorum knew.
    pub(super) fn change(
        &mut self,
        request: Request,
        at: ReplicaId,
        time: u64,
        form: Form,
    ) -> Result<(), CapError> {
        match (self, request) {
            (ReplicaState::Counter(counter), Request::View) => counter.add(at, 1).map(|_| ())?,
            (ReplicaState::Number(number), Request::View) => number.add(wall(at, time), 1)?,
            (ReplicaState::City(register), Request::Move(city)) => {
                let stamp = match form {
                    Form::Quorum => logical(at, register.stamp()),
                    _ => wall(at, time),
                };
                register.write(stamp, city)?;
            }
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
