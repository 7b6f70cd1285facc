//! Every interleaving of a small store: is it linearizable?
//!
//! A register at N replicas. A client asks its home replica, which takes its own copy and sends
//! to the others. Messages may take any time, so a partition is a run in which some have not
//! arrived yet. With R = W = 1 nothing is waited for.
//!
//! What is covered is the scope of a check: the requests of the clients, in every order; with
//! [`QuorumStore::with_duplicates`] each message may arrive again at any later time; with
//! [`QuorumStore::losing_disks`] so many disks lose what they hold. What is not: more requests,
//! more replicas, a crash of a coordinator in the middle of a request.
use crate::interleavings;
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use stateright::{Model, Property};
use std::collections::BTreeSet;

/// A request: the values are those of a register that begins as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// Write this.
    Write(u8),
    /// Read.
    Read,
}

/// A small store, and what each client asks, one after another. Client n is at
/// home at replica n.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuorumStore {
    /// N.
    pub replicas: usize,
    /// R.
    pub r: usize,
    /// W.
    pub w: usize,
    /// A read stores what it found at W replicas before it answers.
    pub write_back: bool,
    /// What clients ask.
    pub clients: Vec<Vec<Op>>,
    /// A message may arrive again, as long as its request is under way; one that stores, always.
    pub duplicates: bool,
    /// How many disks may lose what they hold.
    pub lost_disks: u8,
    /// What is checked.
    claim: QuorumClaim,
}

/// What is claimed of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuorumClaim {
    /// The answers so far are those of one copy.
    Linearizable,
    /// The same, of runs in which every message has arrived.
    LinearizableIfAllArrives,
    /// When every message has arrived, every request is answered.
    AnsweredIfAllArrives,
}

/// A value with its stamp: (number of the write, client, value).
type Copy = (u8, usize, u8);

/// A message of a client's `phase`-th phase, between its home and a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuorumMessage {
    /// "What do you hold?"
    Fetch { client: usize, phase: u8, to: usize },
    /// "This."
    Known {
        client: usize,
        phase: u8,
        from: usize,
        copy: Copy,
    },
    /// "Hold this."
    Store {
        client: usize,
        phase: u8,
        to: usize,
        copy: Copy,
    },
    /// "I do."
    Stored {
        client: usize,
        phase: u8,
        from: usize,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Client {
    /// Requests begun.
    begun: usize,
    busy: bool,
    phase: u8,
    storing: bool,
    heard: BTreeSet<usize>,
    best: Copy,
}

/// A state of the store.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct QuorumState {
    /// What replicas hold.
    pub copies: Vec<Copy>,
    clients: Vec<Client>,
    /// Messages under way.
    pub wire: BTreeSet<QuorumMessage>,
    history: LinearizabilityTester<usize, Register<u8>>,
    /// What was answered last: the client, and what it read.
    pub answered: Option<(usize, Option<u8>)>,
    /// Disks that have lost what they held.
    lost: u8,
}

/// A step of the quorum model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuorumStep {
    /// A client asks its next request.
    Ask(usize, Op),
    /// A message arrives.
    Arrive(QuorumMessage),
    /// The disk of a replica loses what it holds; the replica goes on, empty.
    LoseDisk(usize),
}

/// An event of a schedule, in words of the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The next write is asked.
    Write,
    /// The next read is asked.
    Read,
    /// A message from one replica to another arrives.
    Deliver(usize, usize),
}

/// The name of the claim that is checked.
const CLAIM: &str = "the claim";

/// What checking found. A counterexample is not linearizable.
pub type Checked = interleavings::Checked<(QuorumState, Option<QuorumStep>)>;

impl QuorumStore {
    /// Creates a store in which reads do not write back, messages arrive once, and no disk is
    /// lost. Client n asks what is in `clients[n]`, one request after another.
    pub fn new(replicas: usize, r: usize, w: usize, clients: Vec<Vec<Op>>) -> Self {
        QuorumStore {
            replicas,
            r,
            w,
            write_back: false,
            clients,
            duplicates: false,
            lost_disks: 0,
            claim: QuorumClaim::Linearizable,
        }
    }

    /// The same, and a read stores what it found at W replicas before it answers.
    pub fn writing_back(self) -> Self {
        QuorumStore {
            write_back: true,
            ..self
        }
    }

    /// The same, and messages may arrive again.
    pub fn with_duplicates(self) -> Self {
        QuorumStore {
            duplicates: true,
            ..self
        }
    }

    /// The same, and so many disks may lose what they hold, each at any moment.
    pub fn losing_disks(self, lost_disks: u8) -> Self {
        QuorumStore { lost_disks, ..self }
    }

    /// Checks every interleaving, or up to the first that is not linearizable.
    ///
    /// ```
    /// use lambda_workbook::cap::quorum_model::{Op::*, QuorumStore};
    /// let clients = vec![vec![Write(1)], vec![Read]];
    /// let ap = QuorumStore::new(2, 1, 1, clients);
    /// assert_eq!(ap.check().counterexample.unwrap().len(), 3); // write, read, and the end
    /// ```
    ///
    /// # Panics
    /// If R or W is not in 1 to N, or there are more clients than replicas.
    pub fn check(&self) -> Checked {
        self.checked(QuorumClaim::Linearizable)
    }

    /// Checks only runs in which every message has arrived: Gilbert and Lynch's corollary 1.1.
    ///
    /// # Panics
    /// As [`QuorumStore::check`].
    pub fn check_if_all_arrives(&self) -> Checked {
        self.checked(QuorumClaim::LinearizableIfAllArrives)
    }

    /// Checks that every request is answered in every run in which every message has arrived.
    ///
    /// # Panics
    /// As [`QuorumStore::check`].
    pub fn check_answers_if_all_arrives(&self) -> Checked {
        self.checked(QuorumClaim::AnsweredIfAllArrives)
    }

    fn checked(&self, claim: QuorumClaim) -> Checked {
        let quorum = 1..=self.replicas;
        assert!(
            quorum.contains(&self.r) && quorum.contains(&self.w),
            "R and W are from 1 to N: {self:?}"
        );
        assert!(
            self.clients.len() <= self.replicas,
            "client n is at home at replica n: {self:?}"
        );
        let model = QuorumStore {
            claim,
            ..self.clone()
        };
        interleavings::check(model, CLAIM, |path| path.into_vec())
    }

    /// Runs a schedule: requests of the first client that writes and of the first
    /// that reads, and messages by their way. A message goes before a newer one
    /// of the same way only by its place in [`QuorumMessage`]'s order.
    ///
    /// # Errors
    /// The place of the first event that cannot happen.
    pub fn play(&self, events: &[Event]) -> Result<Vec<(QuorumState, Option<QuorumStep>)>, usize> {
        let mut run = Vec::new();
        let mut state = self.start();
        for (place, event) in events.iter().enumerate() {
            let mut actions = Vec::new();
            self.actions(&state, &mut actions);
            let fits = |action: &QuorumStep| match (event, action) {
                (Event::Write, QuorumStep::Ask(_, Op::Write(_))) => true,
                (Event::Read, QuorumStep::Ask(_, Op::Read)) => true,
                (Event::Deliver(from, to), QuorumStep::Arrive(message)) => {
                    message.way() == (*from, *to)
                }
                _ => false,
            };
            let action = actions.into_iter().find(fits).ok_or(place)?;
            let next = self.next_state(&state, action).ok_or(place)?;
            run.push((std::mem::replace(&mut state, next), Some(action)));
        }
        run.push((state, None));
        Ok(run)
    }

    fn start(&self) -> QuorumState {
        QuorumState {
            copies: vec![Copy::default(); self.replicas],
            clients: vec![Client::default(); self.clients.len()],
            wire: BTreeSet::new(),
            history: LinearizabilityTester::new(Register(0)),
            answered: None,
            lost: 0,
        }
    }

    fn others(&self, home: usize) -> impl Iterator<Item = usize> {
        (0..self.replicas).filter(move |to| *to != home)
    }

    fn op(&self, client: usize, state: &QuorumState) -> Op {
        self.clients[client][state.clients[client].begun - 1]
    }

    /// R copies are in.
    fn fetched(&self, client: usize, state: &mut QuorumState) {
        let op = self.op(client, state);
        if state.clients[client].heard.len() < self.r {
            return;
        }
        match op {
            Op::Read if !self.write_back => self.answer(client, state),
            _ => self.begin_store(client, op, state),
        }
    }

    /// Changes the copy, or keeps what was read, and sends it around.
    fn begin_store(&self, client: usize, op: Op, state: &mut QuorumState) {
        let me = &mut state.clients[client];
        if let Op::Write(value) = op {
            me.best = (me.best.0 + 1, client, value);
        }
        me.storing = true;
        me.phase += 1;
        me.heard = BTreeSet::from([client]);
        let (phase, copy) = (me.phase, me.best);
        state.wire.retain(|message| !message.is_asking(client));
        state.copies[client] = state.copies[client].max(copy);
        for to in self.others(client) {
            state.wire.insert(QuorumMessage::Store {
                client,
                phase,
                to,
                copy,
            });
        }
        self.stored(client, state);
    }

    fn writers(&self) -> usize {
        let writes = |ops: &&Vec<Op>| ops.iter().any(|op| matches!(op, Op::Write(_)));
        self.clients.iter().filter(writes).count()
    }

    /// W copies are stored.
    fn stored(&self, client: usize, state: &mut QuorumState) {
        if state.clients[client].heard.len() >= self.w {
            self.answer(client, state);
        }
    }

    fn answer(&self, client: usize, state: &mut QuorumState) {
        let op = self.op(client, state);
        let me = &mut state.clients[client];
        (me.busy, me.storing) = (false, false);
        me.heard.clear();
        let read = (op == Op::Read).then_some(me.best.2);
        me.best = Copy::default();
        let told = read.map_or(RegisterRet::WriteOk, RegisterRet::ReadOk);
        state.history.on_return(client, told).expect("it was asked");
        state.wire.retain(|message| !message.is_asking(client));
        state.answered = Some((client, read));
    }
}

impl QuorumMessage {
    /// Whether it is of no use once its client's request goes on.
    fn is_asking(&self, of: usize) -> bool {
        match self {
            QuorumMessage::Fetch { client, .. }
            | QuorumMessage::Known { client, .. }
            | QuorumMessage::Stored { client, .. } => *client == of,
            QuorumMessage::Store { .. } => false,
        }
    }

    /// From which replica to which.
    pub fn way(&self) -> (usize, usize) {
        match *self {
            QuorumMessage::Fetch { client, to, .. } | QuorumMessage::Store { client, to, .. } => {
                (client, to)
            }
            QuorumMessage::Known { client, from, .. }
            | QuorumMessage::Stored { client, from, .. } => (from, client),
        }
    }

    /// Returns what it says, in a word or two.
    pub fn label(&self) -> String {
        match self {
            QuorumMessage::Fetch { .. } => "fetch".to_owned(),
            QuorumMessage::Known { copy, .. } => format!("holds {}", copy.2),
            QuorumMessage::Store { copy, .. } => format!("store value {}", copy.2),
            QuorumMessage::Stored { .. } => "stored".to_owned(),
        }
    }
}

impl Model for QuorumStore {
    type State = QuorumState;
    type Action = QuorumStep;

    fn init_states(&self) -> Vec<QuorumState> {
        vec![self.start()]
    }

    fn actions(&self, state: &QuorumState, actions: &mut Vec<QuorumStep>) {
        for (n, client) in state.clients.iter().enumerate() {
            if let (false, Some(op)) = (client.busy, self.clients[n].get(client.begun)) {
                actions.push(QuorumStep::Ask(n, *op));
            }
        }
        actions.extend(state.wire.iter().copied().map(QuorumStep::Arrive));
        if state.lost < self.lost_disks {
            // A replica in the middle of a request of its own is left out.
            let idle = |n: &usize| state.clients.get(*n).is_none_or(|client| !client.busy);
            let full = |n: &usize| state.copies[*n] != Copy::default();
            let disks = (0..self.replicas).filter(idle).filter(full);
            actions.extend(disks.map(QuorumStep::LoseDisk));
        }
    }

    fn next_state(&self, last: &QuorumState, action: QuorumStep) -> Option<QuorumState> {
        let mut state = last.clone();
        state.answered = None;
        match action {
            QuorumStep::Ask(client, op) => {
                let own = state.copies[client];
                let me = &mut state.clients[client];
                (me.begun, me.busy, me.phase, me.best) = (me.begun + 1, true, me.phase + 1, own);
                me.heard = BTreeSet::from([client]);
                let (phase, asked) = (
                    me.phase,
                    match op {
                        Op::Write(value) => RegisterOp::Write(value),
                        Op::Read => RegisterOp::Read,
                    },
                );
                state.history.on_invoke(client, asked).expect("it was idle");
                // A single writer knows the stamp of its last write.
                let asks = op == Op::Read || self.writers() > 1;
                if !asks {
                    self.begin_store(client, op, &mut state);
                    return Some(state);
                }
                if self.r > 1 {
                    for to in self.others(client) {
                        state
                            .wire
                            .insert(QuorumMessage::Fetch { client, phase, to });
                    }
                }
                self.fetched(client, &mut state);
            }
            QuorumStep::Arrive(message) => {
                if !self.duplicates {
                    state.wire.remove(&message);
                }
                self.arrive(message, &mut state);
            }
            QuorumStep::LoseDisk(replica) => {
                state.copies[replica] = Copy::default();
                state.lost += 1;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let claim: fn(&Self, &QuorumState) -> bool = match self.claim {
            QuorumClaim::Linearizable => |_, state| state.is_linearizable(),
            QuorumClaim::LinearizableIfAllArrives => {
                |store, state| !store.is_over(state) || state.is_linearizable()
            }
            QuorumClaim::AnsweredIfAllArrives => |store, state| {
                !store.is_over(state) || state.clients.iter().all(|client| !client.busy)
            },
        };
        vec![Property::always(CLAIM, claim)]
    }
}

impl QuorumState {
    /// Whether the answers so far are those of one copy.
    pub fn is_linearizable(&self) -> bool {
        self.history.serialized_history().is_some()
    }
}

impl QuorumStore {
    /// Whether everything has been asked, and every message has arrived.
    fn is_over(&self, state: &QuorumState) -> bool {
        let asked = |(n, client): (usize, &Client)| client.begun == self.clients[n].len();
        state.wire.is_empty() && state.clients.iter().enumerate().all(asked)
    }
}

impl QuorumStore {
    fn arrive(&self, message: QuorumMessage, state: &mut QuorumState) {
        match message {
            QuorumMessage::Fetch { client, phase, to } => {
                let (from, copy) = (to, state.copies[to]);
                state.wire.insert(QuorumMessage::Known {
                    client,
                    phase,
                    from,
                    copy,
                });
            }
            QuorumMessage::Known {
                client, from, copy, ..
            } => {
                let me = &mut state.clients[client];
                me.best = me.best.max(copy);
                me.heard.insert(from);
                self.fetched(client, state);
            }
            QuorumMessage::Store {
                client,
                phase,
                to,
                copy,
            } => {
                state.copies[to] = state.copies[to].max(copy);
                let me = &state.clients[client];
                if me.storing && me.phase == phase {
                    state.wire.insert(QuorumMessage::Stored {
                        client,
                        phase,
                        from: to,
                    });
                }
            }
            QuorumMessage::Stored { client, from, .. } => {
                state.clients[client].heard.insert(from);
                self.stored(client, state);
            }
        }
    }
}

#[cfg(test)]
#[path = "quorum_model_tests.rs"]
mod tests;
