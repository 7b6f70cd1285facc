//! Sessions: rows of a key with never more than a gap of silence between two.
//!
//! A session is closed when the *watermark* is more than a gap past its last row.
//! The watermark is the latest second seen so far, less the lateness that is
//! waited for; it is kept in the state like any value, so that a batch that comes
//! again finds the one that it found. A row that comes later than that is no
//! longer joined to what was closed: it makes a session of its own, and is counted
//! ([`Job::late`](super::Job::late)). The batch layer puts it right.
//!
//! Every batch looks through all open sessions of its partitions: as many as there
//! are keys with a row in the last gap and lateness.
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 16.3 on bounce rate; the
//! words are those of the Dataflow model (Akidau et al., 2015).
use super::error::{MicroBatchError, Result};
use super::exchange::{Collector, Exchange, Finish, Grouped, Keys, cut, keyed, own, revert};
use super::state_store::StatePartition;
use super::stored::{Base, Bytes, Kind, StoredValue};
use super::value::{FieldValue, Owned};
use std::any::Any;

/// A key that no row has: keys begin with a tag that is not 0.
const WATERMARK: &[u8] = &[0, 0];
/// Rows that came too late.
pub(super) const LATE: &[u8] = &[0, 1];

/// How rows are cut into sessions.
///
/// ```
/// use lambda_workbook::microbatch::Sessions;
/// // Half an hour of silence ends a visit; five minutes are waited for late rows.
/// let visits = Sessions::by("secs").gap(1_800).lateness(300);
/// assert_eq!(visits.time(), "secs");
/// ```
#[derive(Clone, Debug)]
pub struct Sessions {
    time: String,
    gap: i64,
    lateness: i64,
}

impl Sessions {
    /// By the seconds in a field, with the visit's half hour of silence.
    pub fn by(time: &str) -> Self {
        Self {
            time: time.to_owned(),
            gap: lambda::batch::bounces::SILENCE,
            lateness: 0,
        }
    }

    /// Seconds of silence that a session survives.
    pub fn gap(self, secs: i64) -> Self {
        Self {
            gap: secs.max(0),
            ..self
        }
    }

    /// Seconds that rows may come after later ones.
    pub fn lateness(self, secs: i64) -> Self {
        Self {
            lateness: secs.max(0),
            ..self
        }
    }

    /// The field with the seconds.
    pub fn time(&self) -> &str {
        &self.time
    }

    pub(super) fn words(&self) -> String {
        format!("sessions, gap {} s, lateness {} s", self.gap, self.lateness)
    }

    pub(super) fn keyed(self, keys: usize) -> Keyed {
        Keyed {
            sessions: self,
            keys,
        }
    }
}

pub(super) struct Keyed {
    sessions: Sessions,
    keys: usize,
}

/// A session that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    first: i64,
    last: i64,
    rows: i64,
}

impl Session {
    fn of(secs: i64) -> Self {
        Session {
            first: secs,
            last: secs,
            rows: 1,
        }
    }
}

/// Joins sessions that lie a gap apart or less; leaves them in the order of time.
fn join(sessions: &mut Vec<Session>, gap: i64) {
    sessions.sort_unstable();
    sessions.dedup_by(|later, earlier| {
        let one = later.first.saturating_sub(earlier.last) <= gap;
        if one {
            earlier.last = earlier.last.max(later.last);
            earlier.rows += later.rows;
        }
        one
    });
}

fn encode(sessions: &[Session]) -> Vec<u8> {
    let numbers = sessions.iter().flat_map(|s| [s.first, s.last, s.rows]);
    numbers.flat_map(i64::to_le_bytes).collect()
}

pub(super) fn ints(bytes: &[u8]) -> Result<Vec<i64>> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(MicroBatchError::Damaged {
            what: "a number of a state ends too early",
        });
    }
    Ok(chunks
        .iter()
        .map(|chunk| i64::from_le_bytes(*chunk))
        .collect())
}

fn decode(bytes: &[u8]) -> Result<Vec<Session>> {
    let numbers = ints(bytes)?;
    let session = |n: &[i64]| Session {
        first: n[0],
        last: n[1],
        rows: n[2],
    };
    Ok(numbers.chunks_exact(3).map(session).collect())
}

/// A number of the whole partition before this batch.
fn number(part: &StatePartition, key: &[u8], batch: u64) -> Result<Option<i64>> {
    let base = match Kind::Opaque.base(part.get(key)?, batch) {
        Base::Apply(base) | Base::Has(base) => base,
    };
    Ok(base
        .map(|bytes| ints(&bytes))
        .transpose()?
        .and_then(|n| n.first().copied()))
}

fn put_number(
    part: &mut StatePartition,
    key: &[u8],
    batch: u64,
    was: Option<i64>,
    is: Option<i64>,
) {
    let bytes = |n: i64| n.to_le_bytes().to_vec();
    let stored = StoredValue {
        batch,
        value: is.map(bytes),
        previous: was.map(bytes),
    };
    part.put(key, stored);
}

/// Moves the watermark of a partition on to the latest second that was `seen`, and adds to the rows
/// that came too late those that `late` counts by the watermark before the batch. Returns that.
pub(super) fn move_on(
    part: &mut StatePartition,
    batch: u64,
    seen: Option<i64>,
    late: impl FnOnce(Option<i64>) -> i64,
) -> Result<Option<i64>> {
    let was = number(part, WATERMARK, batch)?;
    let late_before = number(part, LATE, batch)?.unwrap_or(0);
    let late = late_before + late(was);
    put_number(part, WATERMARK, batch, was, was.max(seen));
    put_number(part, LATE, batch, Some(late_before), Some(late));
    Ok(was)
}

/// How many rows came too late to a partition.
pub(super) fn late(part: &StatePartition) -> Result<i64> {
    let stored = part.get(LATE)?.and_then(|stored| stored.value);
    Ok(stored
        .map(|bytes| ints(&bytes))
        .transpose()?
        .map_or(0, |n| n[0]))
}

impl Keyed {
    fn sweep(
        &self,
        part: &mut StatePartition,
        mut groups: Grouped<Vec<Session>>,
        at: &mut Finish<'_>,
    ) -> Result<()> {
        let (gap, batch) = (self.sessions.gap, at.batch);
        let seen = at
            .latest
            .map(|latest| latest.saturating_sub(self.sessions.lateness));
        let before = |session: &Session, watermark: Option<i64>| {
            watermark.is_some_and(|watermark| session.last.saturating_add(gap) < watermark)
        };
        let was = move_on(part, batch, seen, |was| {
            let sessions = groups.values().flatten();
            sessions.filter(|session| before(session, was)).count() as i64
        })?;
        let watermark = was.max(seen);
        let closed = |session: &Session| before(session, watermark);

        // What is stored, in the order of the keys, then keys that are new.
        let mut keys: Vec<(Vec<u8>, Option<Bytes>)> = Vec::new();
        for (key, stored) in part.scan()? {
            keys.push((key, Some(stored)));
        }
        let known = keys.len();
        let fresh = |key: &[u8]| {
            keys[..known]
                .binary_search_by(|(k, _)| k[..].cmp(key))
                .is_err()
        };
        let mut new: Vec<Vec<u8>> = groups
            .keys()
            .filter(|key| fresh(key))
            .map(|key| key.to_vec())
            .collect();
        new.sort_unstable();
        keys.extend(new.into_iter().map(|key| (key, None)));

        for (key, stored) in keys {
            let more = groups.remove(&key[..]);
            let had = stored
                .as_ref()
                .map(|stored| (stored.batch, stored.value.is_none()));
            let touched = stored.as_ref().is_some_and(|stored| stored.batch == batch);
            let base = match Kind::Opaque.base(stored.clone(), batch) {
                Base::Apply(base) | Base::Has(base) => base,
            };
            let mut open = base.as_deref().map(decode).transpose()?.unwrap_or_default();
            let before = open.len();
            open.extend(more.iter().flatten());
            let changed = open.len() > before;
            join(&mut open, gap);
            let (done, open): (Vec<Session>, Vec<Session>) = open.into_iter().partition(closed);
            for session in &done {
                let values = [session.first, session.last, session.rows].map(FieldValue::Int);
                at.emit(|emit| keyed(&key, &values, emit))?;
            }
            if changed || !done.is_empty() {
                let value = (!open.is_empty()).then(|| encode(&open));
                part.put(
                    &key,
                    StoredValue {
                        batch,
                        value,
                        previous: base,
                    },
                );
            } else if touched {
                // Rows that came when the batch was begun, and do not come now.
                part.put(&key, revert(stored.expect("it was touched")));
            } else if had.is_some_and(|(_, gone)| gone) {
                // Closed by an earlier batch, which can no longer come again.
                part.remove(&key);
            }
        }
        Ok(())
    }
}

impl Exchange for Keyed {
    fn keys(&self) -> Keys {
        Keys::First(self.keys)
    }

    fn collector(&self) -> Box<dyn Collector> {
        Box::new(SessionsPart {
            gap: self.sessions.gap,
            groups: Grouped::default(),
            latest: None,
        })
    }

    /// Of the sessions that are open: the first's begin, the last's end, all rows.
    fn values(&self, stored: &[u8]) -> Result<Vec<Owned>> {
        let open = decode(stored)?;
        let rows: i64 = open.iter().map(|session| session.rows).sum();
        let ends = (
            open.first().map_or(0, |s| s.first),
            open.last().map_or(0, |s| s.last),
        );
        Ok([ends.0, ends.1, rows].map(Owned::Int).to_vec())
    }

    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()> {
        let mut parts = own::<SessionsPart>(parts).map(|part| part.groups);
        let mut groups = parts.next().unwrap_or_default();
        for (key, sessions) in parts.flatten() {
            groups.entry(key).or_default().extend(sessions);
        }
        let mut part = at.part.take().expect("sessions have a state");
        self.sweep(&mut part, groups, at)?;
        at.part = Some(part);
        Ok(())
    }
}

struct SessionsPart {
    gap: i64,
    groups: Grouped<Vec<Session>>,
    latest: Option<i64>,
}

impl Collector for SessionsPart {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()> {
        let secs = fields[0].int();
        self.latest = self.latest.max(Some(secs));
        let sessions = match self.groups.get_mut(key) {
            Some(sessions) => sessions,
            None => self.groups.entry(key.into()).or_default(),
        };
        // Rows mostly come in order, and a session stays one stretch. What is joined
        // here would be joined at the end, too.
        match sessions.last_mut() {
            Some(last) if last.last <= secs && secs.saturating_sub(last.last) <= self.gap => {
                last.last = secs;
                last.rows += 1;
            }
            _ => sessions.push(Session::of(secs)),
        }
        Ok(())
    }

    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>> {
        let part = |groups| -> Box<dyn Collector> {
            Box::new(SessionsPart {
                gap: self.gap,
                groups,
                latest: self.latest,
            })
        };
        cut(self.groups, partitions).into_iter().map(part).collect()
    }

    fn latest(&self) -> Option<i64> {
        self.latest
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
