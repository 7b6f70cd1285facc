//! The fully incremental design: one store, written at random, and nothing else.
//!
//! Each event is applied when it comes: read the row, change it, write it. There is
//! no batch layer and no log, and no event is kept: the store *is* the data. What it
//! does about the usual difficulties is what can be done at the time of the event:
//!
//! - copies are found for as long as their originals are remembered, in a table
//!   whose rows live an hour;
//! - identifiers are made persons when they are written, by the equivs known then
//!   (see [`lambda::batch::persons`] for the other way, which keeps every identifier
//!   and converts at each question);
//! - an event is several rows, written one by one, or together where the store can.
//!
//! Page views and uniques are kept by URL and hour. Visits are kept by domain and person, as the
//! stretches of time of [`bounces`](lambda::batch::bounces), with their number and that of the
//! bounces among them by domain.
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 10.7.
use super::error::{Result, SystemsError};
use calendar::Granularity::Hour;
use lambda::batch::bounces::{self, Stretch, domain};
use lambda::batch::sketch::{Precision, Sketch, person_hash};
use lambda::datum::{Datum, Equiv, Fact, PersonId, ValidPageView};
use lambda::faults::{self, Faults, NoFaults};
use lambda::speed::{
    Clock, EmbeddedStore, Family, Mutation, Reader, RealtimeStore, RealtimeStoreOptions,
    SpeedError, sortable,
};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Seconds for which an event is remembered, so that its copy is found, unless said otherwise.
const REMEMBERED: i64 = 3_600;
const COUNT: Family = Family::new("count");
const PERSONS: Family = Family::new("persons");
const PERSON: Family = Family::new("person");
/// By domain and person: the visits, as stretches of time.
const VISITS: Family = Family::new("visits");
/// By domain: the number of visits, and of bounces among them.
const BOUNCES: Family = Family::new("bounces");
const META: Family = Family::new("meta");
/// The identities of events, which are forgotten after some time.
const SEEN: &str = "seen";

/// How the rows of an event are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Row by row, as where only a row is atomic.
    OneByOne,
    /// In one atomic call.
    Together,
}

/// Page views and uniques by URL and hour, updated in place by each event.
///
/// ```
/// use lambda_workbook::dataset;
/// use lambda_workbook::speed::SystemClock;
/// use lambda_workbook::systems::{Incremental, Writes};
/// use std::sync::Arc;
/// let folder = tempfile::tempdir()?;
/// let clock = Arc::new(SystemClock);
/// let views = Incremental::open(folder.path().join("views"), Writes::Together, clock)?;
/// for datum in dataset::golden() {
///     views.take(&datum)?;
/// }
/// assert_eq!(views.page_views("foo.com/post1", 0..7_200)?, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Incremental {
    store: EmbeddedStore,
    writes: Writes,
    clock: Arc<dyn Clock>,
}

impl Incremental {
    /// Opens the store in a folder, or makes one. The clock says when an event is
    /// forgotten.
    pub fn open(folder: impl AsRef<Path>, writes: Writes, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::remembering(folder, writes, clock, REMEMBERED)
    }

    /// As [`open`](Self::open), with the number of seconds for which an event is remembered, so
    /// that a copy of it is found: an hour unless said.
    pub fn remembering(
        folder: impl AsRef<Path>,
        writes: Writes,
        clock: Arc<dyn Clock>,
        secs: i64,
    ) -> Result<Self> {
        let seen = Family {
            ttl: Some(secs * 1000),
            ..Family::new(SEEN)
        };
        let options = RealtimeStoreOptions {
            clock: clock.clone(),
            ..RealtimeStoreOptions::default()
        };
        let families = [COUNT, PERSONS, PERSON, VISITS, BOUNCES, seen, META];
        Ok(Self {
            store: EmbeddedStore::open_with(folder, &families, options)?,
            writes,
            clock,
        })
    }

    /// Applies a datum. Returns whether it changed anything: a duplicate that is found
    /// does not, nor does a fact of another kind.
    ///
    /// # Errors
    /// [`SystemsError::Rejected`] for a datum that breaks the
    /// [rule](lambda::datum#the-rule); the errors of the store.
    pub fn take(&self, datum: &Datum) -> Result<bool> {
        self.take_with(datum, &NoFaults)
    }

    /// Applies a datum as [`take`](Self::take) does, in a process that can crash. A step is a
    /// write, numbered from 0 for each datum.
    ///
    /// # Errors
    /// [`SystemsError::Rejected`], if the datum breaks the rule; [`SystemsError::Crashed`], if the process crashed at one of the writes.
    pub fn take_with(&self, datum: &Datum, faults: &dyn Faults<u64>) -> Result<bool> {
        let mutations = match datum.fact().map_err(SystemsError::Rejected)? {
            Fact::View(event) => self.view(event)?,
            Fact::Equiv(equiv) => self.equiv(&equiv)?,
            Fact::Other(_) => Vec::new(),
        };
        let calls: Vec<&[Mutation]> = match self.writes {
            Writes::OneByOne => mutations.chunks(1).collect(),
            Writes::Together if mutations.is_empty() => Vec::new(),
            Writes::Together => vec![&mutations],
        };
        for (write, call) in (0..).zip(&calls) {
            faults::step(faults, write, || {
                Ok::<_, SystemsError>(self.store.apply(call)?)
            })?;
        }
        Ok(!calls.is_empty())
    }

    fn view(&self, event: ValidPageView<'_>) -> Result<Vec<Mutation>> {
        let ValidPageView {
            secs, url, nonce, ..
        } = event;
        let viewer = event.who.into_person();
        let fact = (secs, &*url, &viewer, nonce);
        let identity = serde_json::to_vec(&fact).expect("plain data");
        let identity = xxh3_128(&identity).to_be_bytes();
        let reader = self.store.reader();
        let reader = reader.as_ref();
        if reader.get(&identity, SEEN, b"")?.is_some() {
            return Ok(Vec::new());
        }
        let (row, hour) = (url.as_bytes(), sortable(Hour.bucket(secs)));
        let count = number(reader, row, COUNT.name, &hour)?.unwrap_or(0) + 1;
        let mut persons = match reader.get(row, PERSONS.name, &hour)? {
            Some(cell) => Sketch::from_bytes(&cell.value)?,
            None => Sketch::new(Precision::DEFAULT),
        };
        let viewer = person(reader, &viewer)?;
        persons.add_hash(person_hash(&viewer));
        let domain = domain(&url).as_bytes();
        let viewer = serde_json::to_vec(&viewer).expect("plain data");
        let (visits, totals) = visited(reader, domain, &viewer, secs)?;
        let newest = number(reader, b"newest", META.name, b"")?.map_or(secs, |was| was.max(secs));
        let now = self.clock.now();
        let put = |row: &[u8], family: &'static str, qualifier: &[u8], value: Vec<u8>| {
            Mutation::of(row).put(family, qualifier, now, value)
        };
        Ok(vec![
            put(row, COUNT.name, &hour, count.to_be_bytes().to_vec()),
            put(row, PERSONS.name, &hour, persons.to_bytes()),
            put(domain, VISITS.name, &viewer, visits),
            put(domain, BOUNCES.name, b"all", totals),
            put(b"newest", META.name, b"", newest.to_be_bytes().to_vec()),
            // Last: what is not marked is sent again, and better twice than never.
            put(&identity, SEEN, b"", Vec::new()),
        ])
    }

    /// Two identifiers are one person from now on, by the name of the first, which is
    /// in the sketches already. What was counted stays as it is: nobody can be taken
    /// out of a sketch.
    fn equiv(&self, equiv: &Equiv) -> Result<Vec<Mutation>> {
        let reader = self.store.reader();
        let first = person(reader.as_ref(), &equiv.id1)?;
        let other = person(reader.as_ref(), &equiv.id2)?;
        if first == other {
            return Ok(Vec::new());
        }
        let [first, other] = [first, other].map(|id| serde_json::to_vec(&id).expect("plain data"));
        Ok(vec![Mutation::of(other).put(PERSON.name, "", 0, first)])
    }

    /// Page views of a URL in the hours that begin in a range of epoch seconds.
    pub fn page_views(&self, url: &str, hours: Range<i64>) -> Result<i64> {
        let mut sum = 0;
        for value in self.hours(url, COUNT.name, hours)? {
            sum += i64::from_be_bytes(value.try_into().map_err(|_| damaged())?);
        }
        Ok(sum)
    }

    /// Page views and uniques of a URL in each hour that begins in a range of epoch seconds.
    pub fn by_hour(&self, url: &str, hours: Range<i64>) -> Result<Vec<(i64, i64)>> {
        let (from, to) = (sortable(hours.start), sortable(hours.end));
        let reader = self.store.reader();
        let counts = reader.row(url.as_bytes(), COUNT.name, &from..&to)?;
        let persons = reader.row(url.as_bytes(), PERSONS.name, &from..&to)?;
        // Both families have the same hours, except after a crash between the two writes.
        let counts: HashMap<Vec<u8>, Vec<u8>> = counts
            .into_iter()
            .map(|(hour, cell)| (hour, cell.value))
            .collect();
        let persons: HashMap<Vec<u8>, Vec<u8>> = persons
            .into_iter()
            .map(|(hour, cell)| (hour, cell.value))
            .collect();
        let mut answers = Vec::new();
        for hour in hours.step_by(Hour.secs() as usize) {
            let hour = sortable(hour);
            let views = match counts.get(&hour[..]) {
                Some(value) => i64::from_be_bytes(value[..].try_into().map_err(|_| damaged())?),
                None => 0,
            };
            let uniques = match persons.get(&hour[..]) {
                Some(value) => Sketch::from_bytes(value)?.uniques(),
                None => 0,
            };
            answers.push((views, uniques));
        }
        Ok(answers)
    }

    /// How many persons came, as far as the equivs were known when they came.
    pub fn uniques(&self, url: &str, hours: Range<i64>) -> Result<i64> {
        let mut all = Sketch::new(Precision::DEFAULT);
        for value in self.hours(url, PERSONS.name, hours)? {
            all.merge(&Sketch::from_bytes(&value)?)?;
        }
        Ok(all.uniques())
    }

    /// Visits to a domain, and the bounces among them, as far as the equivs were known when the
    /// page views came.
    pub fn bounces(&self, domain: &str) -> Result<(i64, i64)> {
        totals(self.store.reader().as_ref(), domain.as_bytes())
    }

    /// Rows that a question about a URL and a range reads.
    pub fn rows(&self, url: &str, hours: Range<i64>) -> Result<usize> {
        Ok(self.hours(url, COUNT.name, hours)?.len())
    }

    /// The latest second of a page view that the store holds.
    pub fn newest(&self) -> Result<Option<i64>> {
        number(self.store.reader().as_ref(), b"newest", META.name, b"")
    }

    fn hours(&self, url: &str, family: &str, hours: Range<i64>) -> Result<Vec<Vec<u8>>> {
        let (from, to) = (sortable(hours.start), sortable(hours.end));
        let cells = self
            .store
            .reader()
            .row(url.as_bytes(), family, &from..&to)?;
        Ok(cells.into_iter().map(|(_, cell)| cell.value).collect())
    }
}

/// What a page view at `secs` makes of the visits of a person to a domain, and of the totals of
/// the domain: both as bytes.
fn visited(
    reader: &dyn Reader,
    domain: &[u8],
    person: &[u8],
    secs: i64,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut visits = match reader.get(domain, VISITS.name, person)? {
        Some(cell) => bounces::from_bytes(&cell.value).ok_or_else(damaged)?,
        None => Vec::new(),
    };
    let count = |visits: &[Stretch]| {
        let bounces = visits.iter().filter(|visit| !visit.many).count();
        (visits.len() as i64, bounces as i64)
    };
    let before = count(&visits);
    visits.push(Stretch::of(secs));
    bounces::join(&mut visits);
    let after = count(&visits);
    let (all, bounced) = totals(reader, domain)?;
    let totals = [all + after.0 - before.0, bounced + after.1 - before.1];
    Ok((
        bounces::to_bytes(&visits),
        totals.map(i64::to_be_bytes).concat(),
    ))
}

/// Visits to a domain, and bounces among them; both 0 for a domain that is not known.
fn totals(reader: &dyn Reader, domain: &[u8]) -> Result<(i64, i64)> {
    let Some(cell) = reader.get(domain, BOUNCES.name, b"all")? else {
        return Ok((0, 0));
    };
    let (visits, bounces) = cell.value.split_first_chunk().ok_or_else(damaged)?;
    let bounces = bounces.try_into().map_err(|_| damaged())?;
    Ok((i64::from_be_bytes(*visits), i64::from_be_bytes(bounces)))
}

/// The person of an identifier, along the equivs that are known.
fn person(reader: &dyn Reader, id: &PersonId) -> Result<PersonId> {
    let mut id = id.clone();
    loop {
        let key = serde_json::to_vec(&id).expect("plain data");
        match reader.get(&key, PERSON.name, b"")? {
            Some(cell) => id = serde_json::from_slice(&cell.value).map_err(|_| damaged())?,
            None => return Ok(id),
        }
    }
}

fn number(reader: &dyn Reader, row: &[u8], family: &str, qualifier: &[u8]) -> Result<Option<i64>> {
    let Some(cell) = reader.get(row, family, qualifier)? else {
        return Ok(None);
    };
    let bytes = cell.value.try_into().map_err(|_| damaged())?;
    Ok(Some(i64::from_be_bytes(bytes)))
}

fn damaged() -> SpeedError {
    SpeedError::Damaged {
        what: "a value of another form than was written",
        place: "the incremental store".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems::traffic::{DAY, ReceivedDatum, Traffic, TrafficTruth, url};
    use lambda::faults::{CrashPoint, Crashes};
    use lambda::speed::ManualClock;

    fn open(folder: &Path, writes: Writes) -> (Arc<ManualClock>, Incremental) {
        let clock = Arc::new(ManualClock::at(0));
        let views = Incremental::open(folder.join("views"), writes, clock.clone()).unwrap();
        (clock, views)
    }

    fn first_view() -> ReceivedDatum {
        let mut arrivals = Traffic::SMALL.arrivals().into_iter();
        arrivals.find(|arrival| arrival.page.is_some()).unwrap()
    }

    #[test]
    fn without_faults_every_answer_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, views) = open(folder.path(), Writes::Together);
        let mut truth = TrafficTruth::default();
        for arrival in Traffic::SMALL.arrivals() {
            clock.set(arrival.at * 1000);
            views.take(&arrival.datum).unwrap();
            truth.take(&arrival);
        }
        for (page, hour) in (0..6).flat_map(|page| (0..24).map(move |hour| (page, hour * 3_600))) {
            let hours = hour..hour + 3_600;
            let answer = views.page_views(&url(page), hours.clone()).unwrap();
            assert_eq!(answer, truth.page_views(page, hours.clone()));
            let answer = views.uniques(&url(page), hours.clone()).unwrap();
            assert_eq!(answer, truth.uniques(page, hours));
        }
        assert_eq!(views.bounces("mysite.com").unwrap(), truth.bounces(0..6));
        assert_eq!(views.newest().unwrap(), Some(DAY - 18));
    }

    #[test]
    fn a_crash_between_two_writes_counts_twice_unless_they_are_one() {
        for (writes, counted) in [(Writes::OneByOne, 2), (Writes::Together, 1)] {
            let folder = tempfile::tempdir().unwrap();
            let (_, views) = open(folder.path(), writes);
            let first = &first_view();
            // Together there is one write: the process crashes before it.
            let write = u64::from(writes == Writes::OneByOne);
            let crashes = Crashes::at([CrashPoint::before(write)]);
            let crashed = views.take_with(&first.datum, &crashes);
            assert!(matches!(crashed, Err(SystemsError::Crashed(_))));
            drop(views);
            let (_, views) = open(folder.path(), writes); // opened anew, and sent again
            assert!(views.take(&first.datum).unwrap());
            assert!(!views.take(&first.datum).unwrap());
            let url = url(first.page.unwrap());
            assert_eq!(views.page_views(&url, 0..DAY).unwrap(), counted);
        }
    }

    #[test]
    fn a_copy_that_comes_after_its_original_is_forgotten_counts_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, views) = open(folder.path(), Writes::Together);
        let first = &first_view();
        views.take(&first.datum).unwrap();
        clock.advance(REMEMBERED * 1000 - 1);
        assert!(!views.take(&first.datum).unwrap());
        clock.advance(1);
        assert!(views.take(&first.datum).unwrap());
    }
}
