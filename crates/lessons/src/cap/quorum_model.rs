//! Every interleaving of a small store: is it linearizable?
//!
//! A register at N replicas. A client speaks to its home replica, which takes its
//! own copy and sends to the others; messages may take any time, so a partition
//! is a run in which some have not arrived yet. With R = W = 1 nothing is waited
//! for, which is the AP form; its CRDT form is stale in the same runs, for a
//! merge cannot know what was never received.
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
}

/// A value with its stamp: how manieth write, by whom.
type Copy = (u8, usize, u8);

/// A message of a client's `phase`-th phase, between its home and a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
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
    pub wire: BTreeSet<Message>,
    history: LinearizabilityTester<usize, Register<u8>>,
    /// What was answered last: the client, and what it read.
    pub answered: Option<(usize, Option<u8>)>,
}

/// A step of the quorum model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuorumStep {
    /// A client asks its next request.
    Ask(usize, Op),
    /// A message arrives.
    Arrive(Message),
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

/// What checking found. A counterexample is not linearizable.
pub type Checked = interleavings::Checked<(QuorumState, Option<QuorumStep>)>;

impl QuorumStore {
    /// Checks every interleaving, or up to the first that is not linearizable.
    ///
    /// ```
    /// use lambda_workbook::cap::quorum_model::{Op::*, QuorumStore};
    /// let clients = vec![vec![Write(1)], vec![Read]];
    /// let ap = QuorumStore { replicas: 2, r: 1, w: 1, write_back: false, clients };
    /// assert_eq!(ap.check().counterexample.unwrap().len(), 3); // write, read, and the end
    /// ```
    ///
    /// # Panics
    /// If R or W is not in 1 to N, or there are more clients than replicas.
    pub fn check(&self) -> Checked {
        let quorum = 1..=self.replicas;
        assert!(
            quorum.contains(&self.r) && quorum.contains(&self.w),
            "R and W are from 1 to N: {self:?}"
        );
        assert!(
            self.clients.len() <= self.replicas,
            "client n is at home at replica n: {self:?}"
        );
        interleavings::check(self.clone(), "linearizable", |path| path.into_vec())
    }

    /// Runs a schedule: requests of the first client that writes and of the first
    /// that reads, and messages by their way. A message goes before a newer one
    /// of the same way only by its place in [`Message`]'s order.
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
            state.wire.insert(Message::Store {
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

impl Message {
    /// Nobody waits for it when its request goes on: it may as well be gone.
    fn is_asking(&self, of: usize) -> bool {
        match self {
            Message::Fetch { client, .. }
            | Message::Known { client, .. }
            | Message::Stored { client, .. } => *client == of,
            Message::Store { .. } => false,
        }
    }

    /// From which replica to which.
    pub fn way(&self) -> (usize, usize) {
        match *self {
            Message::Fetch { client, to, .. } | Message::Store { client, to, .. } => (client, to),
            Message::Known { client, from, .. } | Message::Stored { client, from, .. } => {
                (from, client)
            }
        }
    }

    /// In a word or two.
    pub fn label(&self) -> String {
        match self {
            Message::Fetch { .. } => "ask".to_owned(),
            Message::Known { copy, .. } => format!("I hold {}", copy.2),
            Message::Store { copy, .. } => format!("hold {}", copy.2),
            Message::Stored { .. } => "I do".to_owned(),
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
                        state.wire.insert(Message::Fetch { client, phase, to });
                    }
                }
                self.fetched(client, &mut state);
            }
            QuorumStep::Arrive(message) => {
                state.wire.remove(&message);
                self.arrive(message, &mut state);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "linearizable",
            |_, state: &QuorumState| state.history.serialized_history().is_some(),
        )]
    }
}

impl QuorumStore {
    fn arrive(&self, message: Message, state: &mut QuorumState) {
        match message {
            Message::Fetch { client, phase, to } => {
                let (from, copy) = (to, state.copies[to]);
                state.wire.insert(Message::Known {
                    client,
                    phase,
                    from,
                    copy,
                });
            }
            Message::Known {
                client, from, copy, ..
            } => {
                let me = &mut state.clients[client];
                me.best = me.best.max(copy);
                me.heard.insert(from);
                self.fetched(client, state);
            }
            Message::Store {
                client,
                phase,
                to,
                copy,
            } => {
                state.copies[to] = state.copies[to].max(copy);
                let me = &state.clients[client];
                if me.storing && me.phase == phase {
                    state.wire.insert(Message::Stored {
                        client,
                        phase,
                        from: to,
                    });
                }
            }
            Message::Stored { client, from, .. } => {
                state.clients[client].heard.insert(from);
                self.stored(client, state);
            }
        }
    }
}

#[cfg(test)]
#[path = "quorum_model_tests.rs"]
mod tests;
