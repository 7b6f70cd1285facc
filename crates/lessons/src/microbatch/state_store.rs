//! Where a job keeps its states, the plan of its batch, and how far it is.
//!
//! Each commit is atomic: the values of a partition of a state with their batch
//! ids, or the record that a batch is done with the offsets that come next. Two
//! commits are not, as on a cluster, where they go to different machines.
use super::error::{MicroBatchError, Result};
use super::event_time::EventClock;
use super::stored::{Bytes, Kind, StoredValue, pack, unpack};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use lambda::speed::{SpeedError, at};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A batch: which records it takes of each partition. Written down before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    /// From 1, without a gap.
    pub batch: u64,
    /// The first offset of each partition.
    pub from: Vec<u64>,
    /// The one after the last.
    pub to: Vec<u64>,
}

impl BatchPlan {
    /// How many records.
    pub fn records(&self) -> u64 {
        self.from
            .iter()
            .zip(&self.to)
            .map(|(from, to)| to - from)
            .sum()
    }
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub batch: u64,
    pub next: Vec<u64>,
    /// In event time.
    #[serde(default)]
    pub clock: EventClock,
}

/// A record that could not be read.
pub(super) type Rejected = (u32, u64, String);

pub(super) struct StateStore {
    path: PathBuf,
    db: Database,
    meta: Keyspace,
    states: HashMap<String, (Keyspace, Kind)>,
}

const PLAN: &str = "plan";
const DONE: &str = "done";
const IDENTITY: &str = "identity";

impl StateStore {
    /// Opens a folder for a topology; an empty one becomes its own.
    pub(super) fn open<'a>(
        path: &Path,
        name: &str,
        identity: &str,
        states: impl Iterator<Item = (&'a str, Kind)>,
    ) -> Result<Self> {
        let failed = || at("opening the states in", path);
        let db = lambda::speed::open_database(path, "opening the states in")?;
        let meta = db
            .keyspace("meta", KeyspaceCreateOptions::default)
            .map_err(failed())?;
        let mut store = Self {
            path: path.to_owned(),
            db,
            meta,
            states: HashMap::new(),
        };
        match store.text(IDENTITY)? {
            Some(stored) if stored != identity => {
                return Err(MicroBatchError::OtherTopology {
                    name: name.to_owned(),
                    stored,
                    given: identity.to_owned(),
                });
            }
            Some(_) => {}
            None => store.write(&[(IDENTITY.to_owned(), identity.as_bytes().to_vec())])?,
        }
        for (state, kind) in states {
            let keyspace = format!("state-{}", state.replace(' ', "_"));
            let keyspace = store.db.keyspace(&keyspace, KeyspaceCreateOptions::default);
            let keyspace = keyspace.map_err(failed())?;
            store.states.insert(state.to_owned(), (keyspace, kind));
        }
        Ok(store)
    }

    fn refused(&self, doing: &'static str) -> impl Fn(fjall::Error) -> SpeedError {
        at(doing, &self.path)
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        let found = self
            .meta
            .get(key)
            .map_err(self.refused("reading the states in"))?;
        Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn read<T: for<'d> Deserialize<'d>>(&self, key: &str, what: &'static str) -> Result<Option<T>> {
        let text = self.text(key)?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|_| MicroBatchError::Damaged { what })
    }

    fn write(&self, records: &[(String, Vec<u8>)]) -> Result<()> {
        let mut batch = self.db.batch().durability(Some(PersistMode::Buffer));
        for (key, value) in records {
            batch.insert(&self.meta, key.as_str(), value.as_slice());
        }
        Ok(batch
            .commit()
            .map_err(self.refused("writing the states in"))?)
    }

    pub(super) fn plan(&self) -> Result<Option<BatchPlan>> {
        self.read(PLAN, "the plan of the last batch cannot be read")
    }

    pub(super) fn done(&self) -> Result<Option<Done>> {
        self.read(DONE, "the record of the last batch cannot be read")
    }

    pub(super) fn write_plan(&self, plan: &BatchPlan) -> Result<()> {
        self.write(&[(PLAN.to_owned(), json(plan))])
    }

    /// Writes down that a batch is done, and what of it could not be read.
    pub(super) fn write_done(&self, done: &Done, rejected: &[Rejected]) -> Result<()> {
        let mut records = vec![(DONE.to_owned(), json(done))];
        for (partition, offset, reason) in rejected {
            // By offset: a batch that comes again says the same again.
            records.push((
                format!("rejected/{partition:010}/{offset:020}"),
                reason.clone().into(),
            ));
        }
        self.write(&records)
    }

    pub(super) fn rejected(&self) -> Result<Vec<Rejected>> {
        let mut rejected = Vec::new();
        for entry in self.meta.prefix("rejected/") {
            let (key, reason) = entry
                .into_inner()
                .map_err(self.refused("reading the states in"))?;
            let key = String::from_utf8_lossy(&key).into_owned();
            let mut numbers = key.split('/').skip(1).map(str::parse::<u64>);
            if let (Some(Ok(partition)), Some(Ok(offset))) = (numbers.next(), numbers.next()) {
                let reason = String::from_utf8_lossy(&reason).into_owned();
                rejected.push((partition as u32, offset, reason));
            }
        }
        Ok(rejected)
    }

    /// A partition of a state.
    pub(super) fn part(&self, state: &str, partition: u32) -> Result<StatePartition> {
        let unknown = || MicroBatchError::NoState {
            state: state.to_owned(),
            known: self.states.keys().cloned().collect(),
        };
        let (keyspace, kind) = self.states.get(state).ok_or_else(unknown)?;
        Ok(StatePartition {
            path: self.path.clone(),
            keyspace: keyspace.clone(),
            kind: *kind,
            prefix: partition.to_be_bytes(),
            writes: Vec::new(),
        })
    }

    /// Commits what was put into a partition, values and batch ids together.
    pub(super) fn commit(&self, part: StatePartition) -> Result<()> {
        if part.writes.is_empty() {
            return Ok(());
        }
        let mut batch = self.db.batch().durability(Some(PersistMode::Buffer));
        for (key, value) in part.writes {
            match value {
                Some(value) => batch.insert(&part.keyspace, key, value),
                None => batch.remove(&part.keyspace, key),
            }
        }
        Ok(batch
            .commit()
            .map_err(self.refused("writing the states in"))?)
    }
}

fn json(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

/// A partition of a state: what is stored, and what will be.
pub(super) struct StatePartition {
    path: PathBuf,
    keyspace: Keyspace,
    kind: Kind,
    prefix: [u8; 4],
    writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl StatePartition {
    fn key(&self, key: &[u8]) -> Vec<u8> {
        [&self.prefix, key].concat()
    }

    fn refused(&self) -> impl Fn(fjall::Error) -> SpeedError {
        at("reading the states in", &self.path)
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<StoredValue<Vec<u8>>>> {
        let found = self.keyspace.get(self.key(key)).map_err(self.refused())?;
        found.map(|bytes| unpack(self.kind, &bytes)).transpose()
    }

    /// Every key of rows, in order: those of the partition itself are left out.
    pub(super) fn scan(&self) -> Result<Vec<(Vec<u8>, Bytes)>> {
        let mut found = Vec::new();
        for entry in self.keyspace.prefix(self.prefix) {
            let (key, value) = entry.into_inner().map_err(self.refused())?;
            let key = &key[self.prefix.len()..];
            if key.first() != Some(&0) {
                found.push((key.to_vec(), unpack(self.kind, &value)?));
            }
        }
        Ok(found)
    }

    pub(super) fn put(&mut self, key: &[u8], stored: StoredValue<Vec<u8>>) {
        let value = pack(self.kind, &stored);
        self.writes.push((self.key(key), Some(value)));
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        self.writes.push((self.key(key), None));
    }
}
