//! Replicas and clients, event by event, on a clock of its own.
//!
//! Clients ask the replica at their side, which coordinates the request: it takes its own copy,
//! sends to all others, and answers when R or W copies are in. Requests come at times that are
//! drawn before the run and do not depend on answers: a client that waits would ask less while
//! the network is cut, and the cut would look shorter than it is.
//!
//! Beside each state runs the truth: the set of writes in its past. Of two states of which one
//! wins, the winner's past is kept. Of states that are merged, the union of both.
use super::network::Wire;
use super::{
    CapError, ClientAnswer, Config, ReplicaProtocol, ReplicaState, ReplicaType, Reply, Request,
    SimulationOutcome,
};
use crate::crdt::ReplicaId;
use dataset::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// So long after the end replicas have time to meet, in ms.
const PATIENCE_MS: u64 = 60_000;

/// A set of writes, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct WriteSet(Vec<u64>);

impl WriteSet {
    fn insert(&mut self, write: usize) {
        let place = write / 64;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        self.0[place] |= 1 << (write % 64);
    }

    fn contains(&self, write: usize) -> bool {
        let word = self.0.get(write / 64).copied().unwrap_or(0);
        word >> (write % 64) & 1 == 1
    }

    fn unite(&mut self, other: &WriteSet) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}

/// A state and what is true of it.
#[derive(Clone, Debug)]
struct Held {
    state: ReplicaState,
    /// The writes in its past.
    past: WriteSet,
    /// The write that made the value, where one value replaces another.
    last: Option<usize>,
}

impl Held {
    fn merge(&mut self, other: &Held) -> Result<(), CapError> {
        let before = self.state.stamp();
        self.state.merge(&other.state)?;
        if !self.state.largest_stamp_wins() {
            self.past.unite(&other.past);
        } else if self.state.stamp() != before {
            (self.past, self.last) = (other.past.clone(), other.last);
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum SimulatedEvent {
    /// A client asks its replica; a page view has a name, and a repeated one the same.
    Ask(usize, Request, usize),
    /// A replica is sent something.
    Arrive {
        from: usize,
        to: usize,
        what: Sent,
    },
    /// A request waits no longer.
    Timeout(u64),
    /// A replica tells another what it knows.
    Gossip(usize),
    /// A replica crashes, or is back.
    Crash(usize),
    Back(usize),
}

#[derive(Clone, Debug)]
enum Sent {
    /// "What do you know?" and the answer.
    Fetch(u64),
    Known(u64, Held),
    /// "Take this in" and the acknowledgement.
    Store(u64, Held),
    Stored(u64),
    /// Anti-entropy and read repair: no answer is awaited.
    Told(Held),
}

/// A request under way.
struct Open {
    coordinator: usize,
    request: Request,
    view: usize,
    asked_ms: u64,
    /// Answers that were given before it was asked.
    answers_before: usize,
    /// The number of its write, once the coordinator has made it.
    write: Option<usize>,
    /// Which replicas have answered in this phase.
    heard: BTreeSet<usize>,
    phase: Phase,
    /// The coordinator crashed meanwhile.
    orphan: bool,
}

enum Phase {
    /// Waits for R copies, which are merged here.
    Fetching {
        merged: Held,
        known: Vec<(usize, Held)>,
    },
    /// Waits for W copies to be stored; what is then answered, and of a read, what it saw.
    Storing { reply: Reply, seen: Option<Held> },
}

/// A write, for the account at the end.
struct Written {
    view: usize,
    /// The places of question and acknowledgement among all answers.
    asked: usize,
    acknowledged: Option<usize>,
}

/// An answered read: how many answers there were before it was asked, and what it saw.
struct Seen {
    asked: usize,
    past: WriteSet,
    last: Option<usize>,
}

struct World<'a> {
    config: &'a Config,
    wire: Wire,
    random: Random,
    now: u64,
    /// By time, then in the order of their making.
    events: BTreeMap<(u64, u64), SimulatedEvent>,
    made: u64,
    empty: Held,
    copies: Vec<Held>,
    /// How far each replica's clock is ahead of the earliest one, and its last stamp.
    clocks: Vec<u64>,
    stamped: Vec<u64>,
    /// Whether it runs, and how often it has lost its disk.
    up: Vec<bool>,
    lives: Vec<u32>,
    open: BTreeMap<u64, Open>,
    writes: Vec<Written>,
    seen: Vec<Seen>,
    outcome: SimulationOutcome,
}

/// Runs clients that write and read. The writes are page views, or moves for registers.
///
/// # Errors
/// A configuration that cannot be.
pub fn run(config: &Config, seed: u64) -> Result<SimulationOutcome, CapError> {
    let mut world = World::new(config, seed, ReplicaState::empty(config.data))?;
    let write = match config.data {
        ReplicaType::Register | ReplicaType::MultiValue => Request::Move("Tokyo"),
        _ => Request::View,
    };
    let (mut asks, mut views) = (Vec::new(), 0);
    for replica in 0..config.replicas {
        let mut at = 0;
        loop {
            at += 1 + world.random.below(2 * config.pause_ms);
            if at >= config.run_ms {
                break;
            }
            let reads = world.random.below(2) == 0;
            asks.push((at, replica, if reads { Request::Read } else { write }));
        }
    }
    for (at, replica, request) in asks {
        views += 1;
        world.at(at, SimulatedEvent::Ask(replica, request, views));
    }
    world.play(config.run_ms)
}

/// Runs a script: who asks what, when. The replicas begin as `start`.
///
/// # Errors
/// A configuration that cannot be, or a replica that there is not.
pub fn script(
    config: &Config,
    seed: u64,
    start: ReplicaState,
    asks: &[(u64, usize, Request)],
) -> Result<SimulationOutcome, CapError> {
    let mut world = World::new(config, seed, start)?;
    for (view, (at, replica, request)) in asks.iter().enumerate() {
        let (replica, replicas) = (*replica, config.replicas);
        if replica >= replicas {
            return Err(CapError::NoSuchReplica { replica, replicas });
        }
        world.at(*at, SimulatedEvent::Ask(replica, *request, view));
    }
    world.play(config.run_ms)
}

impl<'a> World<'a> {
    fn new(config: &'a Config, seed: u64, start: ReplicaState) -> Result<Self, CapError> {
        config.check()?;
        let mut random = Random::new(&[seed, 2]);
        let skew = 2 * config.clock_skew_ms + 1;
        let clocks = (0..config.replicas).map(|_| random.below(skew)).collect();
        let empty = Held {
            state: start,
            past: WriteSet::default(),
            last: None,
        };
        let mut world = World {
            config,
            wire: Wire::new(config, seed),
            random,
            now: 0,
            events: BTreeMap::new(),
            made: 0,
            copies: vec![empty.clone(); config.replicas],
            empty,
            clocks,
            stamped: vec![0; config.replicas],
            up: vec![true; config.replicas],
            lives: vec![0; config.replicas],
            open: BTreeMap::new(),
            writes: Vec::new(),
            seen: Vec::new(),
            outcome: SimulationOutcome {
                answers: Vec::new(),
                acknowledged: 0,
                unknown: 0,
                reads: 0,
                stale_reads: 0,
                lost_writes: 0,
                doubled: 0,
                converged_ms: None,
                states: Vec::new(),
            },
        };
        if config.anti_entropy_ms > 0 {
            for replica in 0..config.replicas {
                let at = world.random.below(config.anti_entropy_ms);
                world.at(at, SimulatedEvent::Gossip(replica));
            }
        }
        if let Some(crash) = config.crash {
            world.at(crash.at_ms, SimulatedEvent::Crash(crash.replica));
            world.at(crash.back_ms, SimulatedEvent::Back(crash.replica));
        }
        Ok(world)
    }

    fn at(&mut self, at: u64, event: SimulatedEvent) {
        self.made += 1;
        self.events.insert((at, self.made), event);
    }

    fn play(mut self, run_ms: u64) -> Result<SimulationOutcome, CapError> {
        let healed = self
            .config
            .partition
            .map_or(0, |partition| partition.until_ms);
        let back = self.config.crash.map_or(0, |crash| crash.back_ms);
        let end = run_ms.max(healed).max(back);
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            // Late answers and late copies of writes belong to the run.
            let quiet = self.now >= end && self.open.is_empty();
            let equal = |pair: &[Held]| pair[0].state == pair[1].state;
            if quiet && self.copies.windows(2).all(equal) {
                self.outcome.converged_ms = Some(self.now - end);
                break;
            }
            if self.now > end + PATIENCE_MS {
                break;
            }
            self.happen(event, run_ms)?;
        }
        self.account()
    }

    /// Says what became of the writes, and which reads were stale.
    fn account(mut self) -> Result<SimulationOutcome, CapError> {
        let mut all = self.copies[0].clone();
        for copy in &self.copies {
            all.merge(copy)?;
        }
        // Page views in the final state, by name: a repeated one may be there twice.
        let kept: BTreeSet<usize> = { self.writes.iter().enumerate() }
            .filter(|(write, _)| all.past.contains(*write))
            .map(|(_, written)| written.view)
            .collect();
        let acknowledged = |written: &&Written| written.acknowledged.is_some();
        let lost = { self.writes.iter() }
            .filter(acknowledged)
            .filter(|written| !kept.contains(&written.view));
        self.outcome.lost_writes = lost.count();
        if let Reply::Count(count) = all.state.reply() {
            self.outcome.doubled = (count as usize).saturating_sub(kept.len());
        }
        let replaces = all.state.largest_stamp_wins();
        let stale = |read: &&Seen| {
            // Whether the value that it saw was done before a write was even asked; nothing was
            // written before the first.
            let older = |written: &Written| match read.last {
                Some(write) => {
                    { self.writes[write].acknowledged }.is_some_and(|at| at < written.asked)
                }
                None => true,
            };
            self.writes.iter().enumerate().any(|(write, written)| {
                let before = written.acknowledged.is_some_and(|at| at < read.asked);
                before
                    && match replaces {
                        true => older(written),
                        false => all.past.contains(write) && !read.past.contains(write),
                    }
            })
        };
        self.outcome.stale_reads = self.seen.iter().filter(stale).count();
        self.outcome.reads = self.seen.len();
        self.outcome.states = self.copies.into_iter().map(|copy| copy.state).collect();
        Ok(self.outcome)
    }

    fn happen(&mut self, event: SimulatedEvent, run_ms: u64) -> Result<(), CapError> {
        match event {
            SimulatedEvent::Ask(client, request, view) if self.now < run_ms => {
                self.ask(client, request, view)
            }
            SimulatedEvent::Ask(..) => Ok(()),
            SimulatedEvent::Arrive { to, .. } if !self.up[to] => Ok(()),
            SimulatedEvent::Arrive { from, to, what } => self.arrive(from, to, what),
            SimulatedEvent::Timeout(id) => {
                self.give_up(id);
                Ok(())
            }
            SimulatedEvent::Gossip(from) => {
                let others = self.config.replicas - 1;
                if others > 0 && self.up[from] {
                    let to = self.random.below(others as u64) as usize;
                    let told = Sent::Told(self.copies[from].clone());
                    self.send(from, if to < from { to } else { to + 1 }, told);
                }
                let next = self.now + self.config.anti_entropy_ms;
                self.at(next, SimulatedEvent::Gossip(from));
                Ok(())
            }
            SimulatedEvent::Crash(replica) => {
                self.up[replica] = false;
                for open in self.open.values_mut() {
                    open.orphan |= open.coordinator == replica;
                }
                Ok(())
            }
            SimulatedEvent::Back(replica) => {
                self.up[replica] = true;
                if self.config.crash.is_some_and(|crash| crash.disk_lost) {
                    // A replica that lost its counts must not count on under the old id.
                    self.copies[replica] = self.empty.clone();
                    self.lives[replica] += 1;
                }
                Ok(())
            }
        }
    }

    fn send(&mut self, from: usize, to: usize, what: Sent) {
        for arrival in self.wire.arrivals(from, to, self.now).into_iter().flatten() {
            let what = what.clone();
            self.at(arrival, SimulatedEvent::Arrive { from, to, what });
        }
    }

    fn send_all(&mut self, from: usize, what: &Sent) {
        for to in (0..self.config.replicas).filter(|to| *to != from) {
            self.send(from, to, what.clone());
        }
    }

    fn ask(&mut self, coordinator: usize, request: Request, view: usize) -> Result<(), CapError> {
        self.made += 1;
        let id = self.made;
        let open = Open {
            coordinator,
            request,
            view,
            asked_ms: self.now,
            answers_before: self.outcome.answers.len(),
            write: None,
            heard: BTreeSet::from([coordinator]),
            phase: Phase::Fetching {
                merged: self.copies[coordinator].clone(),
                known: Vec::new(),
            },
            orphan: false,
        };
        self.open.insert(id, open);
        if !self.up[coordinator] {
            // The connection is refused.
            self.answer(id, Reply::Fail, None);
            return Ok(());
        }
        let timeout = self.now + self.config.timeout_ms;
        self.at(timeout, SimulatedEvent::Timeout(id));
        // A write that replaces a value needs the stamp that a quorum knows. A replica's own
        // count is only raised by itself, so it need not ask.
        let needs = request == Request::Read
            || self.config.protocol == ReplicaProtocol::Quorum
                && self.copies[coordinator].state.largest_stamp_wins();
        if !needs {
            return self.store(id);
        }
        if self.config.r > 1 {
            self.send_all(coordinator, &Sent::Fetch(id));
        }
        self.fetched(id)
    }

    /// Goes on when R copies are in.
    fn fetched(&mut self, id: u64) -> Result<(), CapError> {
        let Some(open) = self.open.get(&id) else {
            return Ok(());
        };
        let Phase::Fetching { merged, known } = &open.phase else {
            return Ok(());
        };
        if open.heard.len() < self.config.r {
            return Ok(());
        }
        let (merged, at) = (merged.clone(), open.coordinator);
        let behind: Vec<usize> = { known.iter() }
            .filter(|(_, copy)| copy.state != merged.state)
            .map(|(from, _)| *from)
            .collect();
        let read = open.request == Request::Read;
        self.copies[at].merge(&merged)?;
        if !read || self.config.protocol == ReplicaProtocol::Quorum {
            return self.store(id);
        }
        if self.config.read_repair {
            for to in behind {
                self.send(at, to, Sent::Told(merged.clone()));
            }
        }
        let reply = merged.state.reply();
        self.answer(id, reply, Some(merged));
        Ok(())
    }

    /// Changes the coordinator's copy and sends it around.
    fn store(&mut self, id: u64) -> Result<(), CapError> {
        let Some(open) = self.open.get_mut(&id) else {
            return Ok(());
        };
        let (at, request, view) = (open.coordinator, open.request, open.view);
        let (mut reply, mut seen) = (Reply::Done, None);
        if let (Request::Read, Phase::Fetching { merged, .. }) = (request, &open.phase) {
            (reply, seen) = (merged.state.reply(), Some(merged.clone()));
        }
        open.heard = BTreeSet::from([at]);
        open.phase = Phase::Storing { reply, seen };
        if request != Request::Read {
            let write = self.writes.len();
            open.write = Some(write);
            self.writes.push(Written {
                view,
                asked: open.answers_before,
                acknowledged: None,
            });
            // Two writes of one replica have different stamps.
            let clock = (self.now + self.clocks[at]).max(self.stamped[at] + 1);
            self.stamped[at] = clock;
            let id = ReplicaId(at as u32 + 1_000 * self.lives[at]);
            let copy = &mut self.copies[at];
            let before = copy.state.stamp();
            copy.state
                .change(request, view, id, clock, self.config.protocol)?;
            // A write with a smaller stamp than the value's has no effect.
            if !copy.state.largest_stamp_wins() || copy.state.stamp() != before {
                copy.past.insert(write);
                copy.last = Some(write);
            }
        }
        let copy = self.copies[at].clone();
        self.send_all(at, &Sent::Store(id, copy));
        self.stored(id);
        Ok(())
    }

    /// Answers when W copies are stored.
    fn stored(&mut self, id: u64) {
        let Some(open) = self.open.get(&id) else {
            return;
        };
        let Phase::Storing { reply, seen } = &open.phase else {
            return;
        };
        if open.heard.len() >= self.config.w {
            let (reply, seen) = (reply.clone(), seen.clone());
            self.answer(id, reply, seen);
        }
    }

    fn arrive(&mut self, from: usize, to: usize, what: Sent) -> Result<(), CapError> {
        match what {
            Sent::Fetch(id) => {
                let known = Sent::Known(id, self.copies[to].clone());
                self.send(to, from, known);
            }
            Sent::Known(id, copy) => {
                let Some(open) = self.open.get_mut(&id).filter(|open| !open.orphan) else {
                    return Ok(());
                };
                if let Phase::Fetching { merged, known } = &mut open.phase {
                    merged.merge(&copy)?;
                    known.push((from, copy));
                    open.heard.insert(from);
                    self.fetched(id)?;
                }
            }
            Sent::Store(id, copy) => {
                self.copies[to].merge(&copy)?;
                self.send(to, from, Sent::Stored(id));
            }
            Sent::Stored(id) => {
                if let Some(open) = self.open.get_mut(&id).filter(|open| !open.orphan) {
                    if matches!(open.phase, Phase::Storing { .. }) {
                        open.heard.insert(from);
                    }
                    self.stored(id);
                }
            }
            Sent::Told(copy) => self.copies[to].merge(&copy)?,
        }
        Ok(())
    }

    /// The time of a request is over. A coordinator that has stored nothing says so; one that
    /// has sent a write around, or has crashed, does not know what became of it.
    fn give_up(&mut self, id: u64) {
        let Some(open) = self.open.get(&id) else {
            return;
        };
        let write = open.request != Request::Read;
        let stored = matches!(open.phase, Phase::Storing { .. });
        let reply = match write && (stored || open.orphan) {
            true => Reply::Unknown,
            false => Reply::Fail,
        };
        let again =
            reply == Reply::Unknown && open.request == Request::View && self.config.retry_unknown;
        if again {
            let ask = SimulatedEvent::Ask(open.coordinator, open.request, open.view);
            self.at(self.now + self.config.pause_ms, ask);
        }
        self.answer(id, reply, None);
    }

    fn answer(&mut self, id: u64, reply: Reply, seen: Option<Held>) {
        let Some(open) = self.open.remove(&id) else {
            return;
        };
        if let Some(copy) = seen.filter(|_| open.request == Request::Read) {
            self.seen.push(Seen {
                asked: open.answers_before,
                past: copy.past,
                last: copy.last,
            });
        }
        if let (Some(write), Reply::Done) = (open.write, &reply) {
            self.writes[write].acknowledged = Some(self.outcome.answers.len());
            self.outcome.acknowledged += 1;
        }
        self.outcome.unknown += usize::from(reply == Reply::Unknown);
        self.outcome.answers.push(ClientAnswer {
            replica: open.coordinator,
            request: open.request,
            asked_ms: open.asked_ms,
            answered_ms: self.now,
            reply,
        });
    }
}
