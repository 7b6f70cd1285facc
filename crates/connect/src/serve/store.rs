//! Answers questions about the tables of a realtime store.
use crate::hbase::{self, Gateway, HBaseOptions, HBaseStore};
use lambda::remote::is_host_and_port;
use lambda::speed::store_body::{Body, BodyParts};
use lambda::speed::{
    Family, FamilyOptions, RealtimeStore, Result, SpeedError, StoreAnswer, StoreQuestion,
    StoreRequest,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The first answer, once the system was reached.
pub(super) const READY: StoreAnswer = StoreAnswer::Done;

/// The tables that were asked about.
pub(super) struct OpenTables {
    gateway: Arc<Gateway>,
    open: HashMap<String, HBaseStore>,
}

/// What was answered: the answer and its body.
type Answered = (StoreAnswer, Vec<u8>);

impl OpenTables {
    /// Connects to the gateway at an address.
    ///
    /// # Errors
    /// What is wrong with the address, or why the gateway cannot be reached.
    pub(super) fn open(address: &str) -> Result<Self> {
        let place = address.strip_prefix("hbase://").unwrap_or(address);
        let place = place.trim_end_matches('/');
        if !is_host_and_port(place) {
            return Err(SpeedError::Remote {
                doing: "connecting".to_owned(),
                address: address.to_owned(),
                problem: "it is no address of a gateway; write hbase://host:port".to_owned(),
            });
        }
        let gateway = Gateway::open(place, HBaseOptions::default())?;
        Ok(Self {
            gateway: Arc::new(gateway),
            open: HashMap::new(),
        })
    }

    /// Answers a question.
    ///
    /// # Errors
    /// If HBase does not do what was asked.
    pub(super) fn answer(&mut self, question: StoreQuestion, body: &[u8]) -> Result<Answered> {
        let StoreQuestion { table, request } = question;
        let done = (StoreAnswer::Done, Vec::new());
        match request {
            StoreRequest::Open { families } => {
                let families: Vec<Family> = families.iter().map(family).collect();
                let store = HBaseStore::open(self.gateway.clone(), &table, &families)?;
                self.open.insert(table, store);
                Ok(done)
            }
            StoreRequest::Exists => {
                let exists = hbase::exists(&self.gateway, &table)?;
                Ok((StoreAnswer::Number(exists.into()), Vec::new()))
            }
            StoreRequest::Remove => {
                self.open.remove(&table);
                hbase::remove(&self.gateway, &table)?;
                Ok(done)
            }
            request => match self.open.get(&table) {
                Some(store) => of_store(store, request, &mut BodyParts::of(body))
                    .unwrap_or_else(|| Err(self.gateway.error("asking", "it is cut off"))),
                None => Ok((StoreAnswer::NotOpen, Vec::new())),
            },
        }
    }
}

/// Answers a question about an open table; `None` if the body is too short for it.
fn of_store(
    store: &HBaseStore,
    request: StoreRequest,
    parts: &mut BodyParts<'_>,
) -> Option<Result<Answered>> {
    let families = store.families();
    let name = |family: usize| Some(families.get(family)?.name);
    let mut found = Body::new();
    let answered = match request {
        StoreRequest::Get => {
            let place = |parts: &mut BodyParts<'_>| {
                Some((
                    parts.part()?.to_vec(),
                    parts.family(families)?,
                    parts.part()?.to_vec(),
                ))
            };
            let places = parts.all(place)?;
            let places: Vec<_> = places
                .iter()
                .map(|(r, f, q)| (&r[..], *f, &q[..]))
                .collect();
            let cells = store.reader().get_all(&places);
            cells.map(|cells| {
                cells
                    .iter()
                    .for_each(|cell| found.maybe_cell(cell.as_ref()))
            })
        }
        StoreRequest::Versions { family } => {
            let cells = store
                .reader()
                .versions(parts.part()?, name(family)?, parts.part()?);
            cells.map(|cells| cells.iter().for_each(|cell| found.cell(cell)))
        }
        StoreRequest::Row { family, most } => {
            let (row, from, to) = (parts.part()?, parts.part()?, parts.part()?);
            let page = store.row_page(row, name(family)?, from..to, most);
            page.map(|page| page.iter().for_each(|column| found.column(column)))
        }
        StoreRequest::Scan {
            family,
            after,
            most,
        } => {
            let prefix = parts.part()?;
            let after = match after {
                true => Some((parts.part()?, parts.part()?)),
                false => None,
            };
            let page = store.scan_page(prefix, name(family)?, after, most);
            page.map(|page| {
                for (row, column) in &page {
                    found.part(row);
                    found.column(column);
                }
            })
        }
        StoreRequest::Apply => store.apply(&parts.all(|parts| parts.mutation(families))?),
        StoreRequest::ApplyIf => {
            let conditionals = parts.all(|parts| parts.conditional(families))?;
            let applied = store.apply_if(&conditionals);
            let flags = |applied: Vec<bool>| applied.into_iter().map(u8::from).collect();
            return Some(applied.map(|applied| (StoreAnswer::Done, flags(applied))));
        }
        StoreRequest::Increment { family, by } => {
            let sum = store.increment(parts.part()?, name(family)?, parts.part()?, by);
            return Some(sum.map(|sum| (StoreAnswer::Number(sum), Vec::new())));
        }
        StoreRequest::Open { .. } | StoreRequest::Exists | StoreRequest::Remove => return None,
    };
    Some(answered.map(|()| (StoreAnswer::Done, found.bytes().to_vec())))
}

/// A family with a name that lives as long as the program, of which there are few.
fn family(options: &FamilyOptions) -> Family {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let name = names
        .get(options.name.as_str())
        .copied()
        .unwrap_or_else(|| {
            let name: &'static str = options.name.clone().leak();
            names.insert(name);
            name
        });
    Family {
        name,
        versions: options.versions,
        ttl: options.ttl,
    }
}

/// An error as an answer.
pub(super) fn told(error: SpeedError) -> StoreAnswer {
    match error {
        SpeedError::Remote { doing, problem, .. } => StoreAnswer::Failed { doing, problem },
        other => StoreAnswer::Failed {
            doing: "asking".to_owned(),
            problem: other.to_string(),
        },
    }
}
