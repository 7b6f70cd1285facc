//! A realtime store that lies in another system, reached through the program `connect`.
//!
//! A page of a row or of a scan, and a part of a long list of mutations, is one question. So
//! neither a wide row nor a large update is ever one huge message.
use super::error::{Result, SpeedError};
use super::store::{
    Atomicity, Cell, Column, Conditional, Family, Mutation, Place, Reader, RealtimeStore, by_row,
};
use super::store_body::{self as body, Body};
use crate::remote::{Remote, RemoteAnswer};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Cells in one page of a row or of a scan.
const PAGE: usize = 1_000;
/// Cells that are read by one question.
const CELLS: usize = 10_000;
/// Bytes of the mutations that are sent by one question, about.
const MUTATIONS: usize = 4 << 20;

/// A column family, as a question names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyOptions {
    /// Its name.
    pub name: String,
    /// Versions that are kept.
    pub versions: u32,
    /// Time to live in milliseconds.
    pub ttl: Option<i64>,
}

/// What a question asks of a table. A family is given by its place among those with which the
/// table was opened; keys and values are in the body, as [`store_body`](super::store_body) has
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreRequest {
    /// Makes the table, unless it exists, and checks its families.
    Open {
        /// The families.
        families: Vec<FamilyOptions>,
    },
    /// Whether the table exists.
    Exists,
    /// Removes the table.
    Remove,
    /// [`Reader::get_all`].
    Get,
    /// [`Reader::versions`].
    Versions {
        /// The family.
        family: usize,
    },
    /// A page of [`Reader::row`].
    Row {
        /// The family.
        family: usize,
        /// The largest number of cells.
        most: usize,
    },
    /// A page of [`Reader::scan`].
    Scan {
        /// The family.
        family: usize,
        /// Whether it goes on after a cell, which is in the body.
        after: bool,
        /// The largest number of cells.
        most: usize,
    },
    /// [`RealtimeStore::apply`].
    Apply,
    /// [`RealtimeStore::apply_if`].
    ApplyIf,
    /// [`RealtimeStore::increment`].
    Increment {
        /// The family.
        family: usize,
        /// What is added.
        by: i64,
    },
}

/// A question about a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreQuestion {
    /// The table.
    pub table: String,
    /// What is asked.
    pub request: StoreRequest,
}

/// An answer about a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreAnswer {
    /// It is done; what was read is in the body.
    Done,
    /// A number, or 1 for yes and 0 for no.
    Number(i64),
    /// The program does not know the table's families: it must be opened first.
    NotOpen,
    /// An error.
    Failed {
        /// What was being done.
        doing: String,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl RemoteAnswer for StoreAnswer {
    type Error = SpeedError;

    fn error(self, address: &str) -> Option<SpeedError> {
        match self {
            Self::Failed { doing, problem } => Some(SpeedError::Remote {
                doing,
                address: address.to_owned(),
                problem,
            }),
            Self::Done | Self::Number(_) | Self::NotOpen => None,
        }
    }
}

/// The stores of a system, each in a table of it. One child process answers for all of them.
#[derive(Clone, Debug)]
pub struct RemoteStores {
    remote: Arc<Remote>,
}

impl RemoteStores {
    /// Connects to a system at an address such as `hbase://127.0.0.1:9090`, through a program, the
    /// usual one if `program` is `None`.
    ///
    /// # Errors
    /// If the program is not there, or cannot reach the system.
    pub fn open(address: &str, program: Option<&Path>) -> Result<Self> {
        let remote = Arc::new(Remote::open::<StoreAnswer>(address, program)?);
        Ok(Self { remote })
    }

    /// Opens the store in a table, which is made if there is none.
    ///
    /// # Errors
    /// If the system does not answer, or the table has other column families.
    pub fn store(&self, table: &str, families: &[Family]) -> Result<RemoteStore> {
        let store = RemoteStore {
            remote: self.remote.clone(),
            table: table.to_owned(),
            families: families.to_vec(),
        };
        store.open()?;
        Ok(store)
    }

    /// Returns whether a table exists.
    ///
    /// # Errors
    /// If the system does not answer.
    pub fn exists(&self, table: &str) -> Result<bool> {
        match self.ask(table, StoreRequest::Exists)? {
            StoreAnswer::Number(exists) => Ok(exists != 0),
            answer => Err(self.remote.error(answer)),
        }
    }

    /// Removes a table with all that is in it, if there is one.
    ///
    /// # Errors
    /// If the system does not answer.
    pub fn remove(&self, table: &str) -> Result<()> {
        match self.ask(table, StoreRequest::Remove)? {
            StoreAnswer::Done => Ok(()),
            answer => Err(self.remote.error(answer)),
        }
    }

    fn ask(&self, table: &str, request: StoreRequest) -> Result<StoreAnswer> {
        let table = table.to_owned();
        let (answer, _) = self.remote.ask(&StoreQuestion { table, request }, &[])?;
        Ok(answer)
    }
}

/// A store in a table of a system elsewhere. It may be used by several threads, one call at a
/// time.
#[derive(Debug)]
pub struct RemoteStore {
    remote: Arc<Remote>,
    table: String,
    families: Vec<Family>,
}

impl RemoteStore {
    fn open(&self) -> Result<()> {
        let families = self.families.iter().map(|family| FamilyOptions {
            name: family.name.to_owned(),
            versions: family.versions,
            ttl: family.ttl,
        });
        let families = families.collect();
        match self.ask_once(StoreRequest::Open { families }, &Body::new())? {
            (StoreAnswer::Done, _) => Ok(()),
            (answer, _) => Err(self.remote.error(answer)),
        }
    }

    fn ask_once(&self, request: StoreRequest, body: &Body) -> Result<(StoreAnswer, Vec<u8>)> {
        let table = self.table.clone();
        let question = StoreQuestion { table, request };
        self.remote.ask(&question, &[body.bytes()])
    }

    /// Asks, and opens the table first if the program was started again since it was.
    fn ask(&self, request: StoreRequest, body: &Body) -> Result<(StoreAnswer, Vec<u8>)> {
        match self.ask_once(request.clone(), body)? {
            (StoreAnswer::NotOpen, _) => {
                self.open()?;
                self.ask_once(request, body)
            }
            answered => Ok(answered),
        }
    }

    /// Asks for something that is in the body of the answer.
    fn read<T>(
        &self,
        request: StoreRequest,
        body: &Body,
        parts: impl FnOnce(&mut body::BodyParts<'_>) -> Option<T>,
    ) -> Result<T> {
        match self.ask(request, body)? {
            (StoreAnswer::Done, found) => {
                parts(&mut body::BodyParts::of(&found)).ok_or_else(|| {
                    let problem = "the answer is cut off; ask again".to_owned();
                    self.remote.failed("reading the store", problem).into()
                })
            }
            (answer, _) => Err(self.remote.error(answer)),
        }
    }

    /// Returns the place of a family.
    fn family(&self, name: &str) -> Result<usize> {
        super::store::family_at(&self.families, name)
    }

    /// Checks that all changes are of families that there are.
    fn check(&self, mutation: &Mutation) -> Result<()> {
        let mut changes = mutation.changes.iter();
        changes.try_for_each(|change| self.family(change.family()).map(drop))
    }

    /// Sends items in as many questions as they need. Returns the bodies of the answers.
    fn send<T>(
        &self,
        request: StoreRequest,
        items: &[T],
        write: impl Fn(&mut Body, &T),
    ) -> Result<Vec<u8>> {
        let (mut body, mut answers) = (Body::new(), Vec::new());
        let mut flush = |body: &mut Body| {
            let body = std::mem::take(body);
            match self.ask(request.clone(), &body)? {
                (StoreAnswer::Done, answer) => answers.extend(answer),
                (answer, _) => return Err(self.remote.error(answer)),
            }
            Ok(())
        };
        for item in items {
            write(&mut body, item);
            if body.bytes().len() > MUTATIONS {
                flush(&mut body)?;
            }
        }
        if !body.bytes().is_empty() {
            flush(&mut body)?;
        }
        Ok(answers)
    }
}

impl RealtimeStore for RemoteStore {
    fn atomicity(&self) -> Atomicity {
        Atomicity::Row
    }

    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(RemoteReader(self))
    }

    fn apply(&self, mutations: &[Mutation]) -> Result<()> {
        // A row whose changes were sent in two questions would not change atomically.
        let mutations = by_row(mutations);
        mutations
            .iter()
            .try_for_each(|mutation| self.check(mutation))?;
        self.send(StoreRequest::Apply, &mutations, |body, mutation| {
            body.mutation(mutation, &self.families);
        })
        .map(drop)
    }

    fn apply_if(&self, conditionals: &[Conditional]) -> Result<Vec<bool>> {
        for conditional in conditionals {
            self.family(conditional.family)?;
            self.check(&conditional.mutation)?;
        }
        let answers = self.send(StoreRequest::ApplyIf, conditionals, |body, conditional| {
            body.conditional(conditional, &self.families);
        })?;
        if answers.len() != conditionals.len() {
            let problem = "the answer is cut off; look before you ask again".to_owned();
            return Err(self.remote.failed("writing to the store", problem).into());
        }
        Ok(answers.into_iter().map(|applied| applied != 0).collect())
    }

    fn increment(
        &self,
        row: &[u8],
        family: &'static str,
        qualifier: &[u8],
        by: i64,
    ) -> Result<i64> {
        let family = self.family(family)?;
        let body = Body::of(&[row, qualifier]);
        match self.ask(StoreRequest::Increment { family, by }, &body)? {
            (StoreAnswer::Number(value), _) => Ok(value),
            (answer, _) => Err(self.remote.error(answer)),
        }
    }

    fn release(&self, family: &str) -> Result<()> {
        self.family(family).map(drop)
    }
}

/// A reader, which sees each row as it is when it is read.
struct RemoteReader<'a>(&'a RemoteStore);

impl Reader for RemoteReader<'_> {
    fn get(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<Cell>> {
        let found = self.get_all(&[(row, family, qualifier)])?;
        Ok(found.into_iter().next().flatten())
    }

    fn get_all(&self, places: &[Place<'_>]) -> Result<Vec<Option<Cell>>> {
        let mut found = Vec::with_capacity(places.len());
        for some in places.chunks(CELLS) {
            let mut body = Body::new();
            for (row, family, qualifier) in some {
                body.part(row);
                body.count(self.0.family(family)?);
                body.part(qualifier);
            }
            found.extend(self.0.read(StoreRequest::Get, &body, |parts| {
                (0..some.len())
                    .map(|_| parts.maybe_cell())
                    .collect::<Option<Vec<_>>>()
            })?);
        }
        Ok(found)
    }

    fn versions(&self, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Vec<Cell>> {
        let family = self.0.family(family)?;
        let body = Body::of(&[row, qualifier]);
        let request = StoreRequest::Versions { family };
        self.0
            .read(request, &body, |parts| parts.all(body::BodyParts::cell))
    }

    fn row(&self, row: &[u8], family: &str, qualifiers: Range<&[u8]>) -> Result<Vec<Column>> {
        let (family, most) = (self.0.family(family)?, PAGE);
        let (mut found, mut from): (Vec<Column>, _) = (Vec::new(), qualifiers.start.to_vec());
        loop {
            let body = Body::of(&[row, &from, qualifiers.end]);
            let request = StoreRequest::Row { family, most };
            let page = self
                .0
                .read(request, &body, |parts| parts.all(body::BodyParts::column))?;
            let is_last = page.len() < most;
            found.extend(page);
            match found.last() {
                // The smallest qualifier after the last one.
                Some((last, _)) if !is_last => from = [&last[..], &[0]].concat(),
                _ => return Ok(found),
            }
        }
    }

    fn scan(&self, prefix: &[u8], family: &str) -> Result<Vec<(Vec<u8>, Column)>> {
        let (family, most) = (self.0.family(family)?, PAGE);
        let mut found: Vec<(Vec<u8>, Column)> = Vec::new();
        loop {
            let (body, after) = match found.last() {
                None => (Body::of(&[prefix]), false),
                Some((row, (qualifier, _))) => (Body::of(&[prefix, row, qualifier]), true),
            };
            let request = StoreRequest::Scan {
                family,
                after,
                most,
            };
            let page = self.0.read(request, &body, |parts| {
                parts.all(|parts| Some((parts.part()?.to_vec(), parts.column()?)))
            })?;
            let is_last = page.len() < most;
            found.extend(page);
            if is_last {
                return Ok(found);
            }
        }
    }
}
