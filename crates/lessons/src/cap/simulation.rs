//! Replicas and clients, event by event, on a clock of its own.
//!
//! Every client speaks to one replica, which coordinates its requests: it takes
//! its own copy, sends to all others, and answers when R or W copies are in.
use super::network::Wire;
use super::{
    CapError, ClientAnswer, Config, Form, ReplicaState, Reply, Request, SimulationOutcome,
};
use crate::crdt::ReplicaId;
use dataset::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// So long after the end replicas have time to meet.
const PATIENCE_MS: u64 = 60_000;

#[derive(Clone, Debug)]
enum SimulatedEvent {
    /// A client asks its replica.
    Ask(usize, Request),
    /// A replica is sent something.
    Arrive {
        from: usize,
        to: usize,
        what: Message,
    },
    /// A client waits no longer.
    Timeout(u64),
    /// A replica tells another what it knows.
    Gossip(usize),
}

#[derive(Clone, Debug)]
enum Message {
    /// "What do you know?" and the answer.
    Fetch(u64),
    Known(u64, ReplicaState),
    /// "Take this in" and the acknowledgement.
    Store(u64, ReplicaState),
    Stored(u64),
    /// Anti-entropy and read repair: no answer is awaited.
    Told(ReplicaState),
}

/// A request under way.
struct Open {
    coordinator: usize,
    request: Request,
    asked_ms: u64,
    /// Views acknowledged when it was asked.
    acknowledged: u64,
    /// Which replicas have answered in this phase.
    heard: BTreeSet<usize>,
    phase: Phase,
}

enum Phase {
    /// Waits for R copies, which are merged here.
    Fetching {
        merged: ReplicaState,
        known: Vec<(usize, ReplicaState)>,
    },
    /// Waits for W copies to be stored.
    Storing { reply: Reply },
}

struct World<'a> {
    config: &'a Config,
    wire: Wire,
    random: Random,
    now: u64,
    /// By time, then in the order of their making.
    events: BTreeMap<(u64, u64), SimulatedEvent>,
    made: u64,
    states: Vec<ReplicaState>,
    /// How far each replica's clock is ahead of the earliest one.
    clocks: Vec<u64>,
    open: BTreeMap<u64, Open>,
    /// Clients ask again until the end; a script's requests are all given.
    endless: bool,
    outcome: SimulationOutcome,
}

/// Runs clients that count and read page views, one after another.
pub fn run(config: &Config, seed: u64) -> Result<SimulationOutcome, CapError> {
    let mut world = World::new(config, seed, ReplicaState::count(config.form))?;
    world.endless = true;
    for client in 0..config.replicas {
        let at = world.random.below(config.pause_ms + 1);
        let request = world.next_request();
        world.at(at, SimulatedEvent::Ask(client, request));
    }
    world.play(config.run_ms)
}

/// Runs a script: who asks what, when. The replicas begin as `start`.
pub fn script(
    config: &Config,
    seed: u64,
    start: ReplicaState,
    asks: &[(u64, usize, Request)],
) -> Result<SimulationOutcome, CapError> {
    let mut world = World::new(config, seed, start)?;
    for (at, replica, request) in asks {
        let (replica, replicas) = (*replica, config.replicas);
        if replica >= replicas {
            return Err(CapError::NoSuchReplica { replica, replicas });
        }
        world.at(*at, SimulatedEvent::Ask(replica, *request));
    }
    world.play(config.run_ms)
}

impl<'a> World<'a> {
    fn new(config: &'a Config, seed: u64, start: ReplicaState) -> Result<Self, CapError> {
        config.check()?;
        let mut random = Random::new(&[seed, 2]);
        let skew = 2 * config.clock_skew_ms + 1;
        let clocks = (0..config.replicas).map(|_| random.below(skew)).collect();
        let states = vec![start; config.replicas];
        let outcome = SimulationOutcome {
            answers: Vec::new(),
            acknowledged: 0,
            reads: 0,
            stale_reads: 0,
            missed_views: 0,
            lost_writes: 0,
            converged_ms: None,
            states: Vec::new(),
        };
        let mut world = World {
            config,
            wire: Wire::new(config, seed),
            random,
            now: 0,
            events: BTreeMap::new(),
            made: 0,
            states,
            clocks,
            open: BTreeMap::new(),
            endless: false,
            outcome,
        };
        if config.anti_entropy_ms > 0 {
            for replica in 0..config.replicas {
                let at = world.random.below(config.anti_entropy_ms);
                world.at(at, SimulatedEvent::Gossip(replica));
            }
        }
        Ok(world)
    }

    fn at(&mut self, at: u64, event: SimulatedEvent) {
        self.made += 1;
        self.events.insert((at, self.made), event);
    }

    fn next_request(&mut self) -> Request {
        match self.random.below(2) {
            0 => Request::View,
            _ => Request::Read,
        }
    }

    fn play(mut self, run_ms: u64) -> Result<SimulationOutcome, CapError> {
        let healed = self
            .config
            .partition
            .map_or(0, |partition| partition.until_ms);
        let end = run_ms.max(healed);
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            // Late answers and late copies of writes belong to the run.
            let quiet = self.now >= end && self.open.is_empty();
            if quiet && self.states.windows(2).all(|pair| pair[0] == pair[1]) {
                self.outcome.converged_ms = Some(self.now - end);
                break;
            }
            if self.now > end + PATIENCE_MS {
                break;
            }
            self.happen(event, run_ms)?;
        }
        let mut all = self.states[0].clone();
        for state in &self.states {
            all.merge(state)?;
        }
        if let Reply::Count(count) = all.reply() {
            self.outcome.lost_writes = self.outcome.acknowledged.saturating_sub(count);
        }
        self.outcome.states = self.states;
        Ok(self.outcome)
    }

    fn happen(&mut self, event: SimulatedEvent, run_ms: u64) -> Result<(), CapError> {
        match event {
            SimulatedEvent::Ask(client, request) if self.now < run_ms => self.ask(client, request),
            SimulatedEvent::Ask(..) => Ok(()),
            SimulatedEvent::Arrive { from, to, what } => self.arrive(from, to, what),
            SimulatedEvent::Timeout(id) => {
                self.answer(id, Reply::NoAnswer);
                Ok(())
            }
            SimulatedEvent::Gossip(from) => {
                let others = self.config.replicas - 1;
                if others > 0 {
                    let to = self.random.below(others as u64) as usize;
                    let told = Message::Told(self.states[from].clone());
                    self.send(from, if to < from { to } else { to + 1 }, told);
                }
                self.at(
                    self.now + self.config.anti_entropy_ms,
                    SimulatedEvent::Gossip(from),
                );
                Ok(())
            }
        }
    }

    fn send(&mut self, from: usize, to: usize, what: Message) {
        for arrival in self.wire.arrivals(from, to, self.now).into_iter().flatten() {
            let what = what.clone();
            self.at(arrival, SimulatedEvent::Arrive { from, to, what });
        }
    }

    fn send_all(&mut self, from: usize, what: &Message) {
        for to in (0..self.config.replicas).filter(|to| *to != from) {
            self.send(from, to, what.clone());
        }
    }

    fn ask(&mut self, coordinator: usize, request: Request) -> Result<(), CapError> {
        self.made += 1;
        let id = self.made;
        let merged = self.states[coordinator].clone();
        let open = Open {
            coordinator,
            request,
            asked_ms: self.now,
            acknowledged: self.outcome.acknowledged,
            heard: BTreeSet::from([coordinator]),
            phase: Phase::Fetching {
                merged,
                known: Vec::new(),
            },
        };
        self.open.insert(id, open);
        self.at(
            self.now + self.config.timeout_ms,
            SimulatedEvent::Timeout(id),
        );
        // A replica's own count is only written by itself, so it need not ask.
        let needs = request == Request::Read
            || self.config.form == Form::Quorum && matches!(request, Request::Move(_));
        if !needs {
            return self.store(id);
        }
        if self.config.r > 1 {
            self.send_all(coordinator, &Message::Fetch(id));
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
        let behind: Vec<usize> = known
            .iter()
            .filter(|(_, state)| *state != merged)
            .map(|(from, _)| *from)
            .collect();
        let read = open.request == Request::Read;
        self.states[at].merge(&merged)?;
        if !read || self.config.form == Form::Quorum {
            return self.store(id);
        }
        if self.config.read_repair {
            for to in behind {
                self.send(at, to, Message::Told(merged.clone()));
            }
        }
        self.answer(id, merged.reply());
        Ok(())
    }

    /// Changes the coordinator's state and sends it around.
    fn store(&mut self, id: u64) -> Result<(), CapError> {
        let Some(open) = self.open.get_mut(&id) else {
            return Ok(());
        };
        let (at, request) = (open.coordinator, open.request);
        let mut reply = Reply::Done;
        if let (Request::Read, Phase::Fetching { merged, .. }) = (request, &open.phase) {
            reply = merged.reply();
        }
        open.heard = BTreeSet::from([at]);
        open.phase = Phase::Storing { reply };
        let clock = self.now + self.clocks[at];
        self.states[at].change(request, ReplicaId(at as u32), clock, self.config.form)?;
        let state = self.states[at].clone();
        self.send_all(at, &Message::Store(id, state));
        self.stored(id);
        Ok(())
    }

    /// Answers when W copies are stored.
    fn stored(&mut self, id: u64) {
        let Some(open) = self.open.get(&id) else {
            return;
        };
        let Phase::Storing { reply } = &open.phase else {
            return;
        };
        if open.heard.len() >= self.config.w {
            let reply = reply.clone();
            self.answer(id, reply);
        }
    }

    fn arrive(&mut self, from: usize, to: usize, what: Message) -> Result<(), CapError> {
        match what {
            Message::Fetch(id) => {
                let known = Message::Known(id, self.states[to].clone());
                self.send(to, from, known);
            }
            Message::Known(id, state) => {
                let Some(open) = self.open.get_mut(&id) else {
                    return Ok(());
                };
                if let Phase::Fetching { merged, known } = &mut open.phase {
                    merged.merge(&state)?;
                    known.push((from, state));
                    open.heard.insert(from);
                    self.fetched(id)?;
                }
            }
            Message::Store(id, state) => {
                self.states[to].merge(&state)?;
                self.send(to, from, Message::Stored(id));
            }
            Message::Stored(id) => {
                if let Some(open) = self.open.get_mut(&id) {
                    if matches!(open.phase, Phase::Storing { .. }) {
                        open.heard.insert(from);
                    }
                    self.stored(id);
                }
            }
            Message::Told(state) => self.states[to].merge(&state)?,
        }
        Ok(())
    }

    fn answer(&mut self, id: u64, reply: Reply) {
        let Some(open) = self.open.remove(&id) else {
            return;
        };
        if let Reply::Count(count) = reply {
            let missed = open.acknowledged.saturating_sub(count);
            self.outcome.reads += 1;
            self.outcome.stale_reads += usize::from(missed > 0);
            self.outcome.missed_views += missed;
        }
        let counted = open.request == Request::View && reply == Reply::Done;
        self.outcome.acknowledged += u64::from(counted);
        self.outcome.answers.push(ClientAnswer {
            replica: open.coordinator,
            request: open.request,
            asked_ms: open.asked_ms,
            answered_ms: self.now,
            reply,
        });
        if self.endless {
            let request = self.next_request();
            self.at(
                self.now + self.config.pause_ms,
                SimulatedEvent::Ask(open.coordinator, request),
            );
        }
    }
}
