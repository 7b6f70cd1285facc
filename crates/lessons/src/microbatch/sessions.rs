//! Sessions: rows of a key with never more than a gap of silence between two.
//!
//! The [watermark](super::event_time) decides when a session is over. It is *published* when the
//! watermark is more than a gap past its last row, and is kept for the *allowed lateness* after that:
//! a late row may still join it. Then the operator takes the published session back, by the same row
//! with the sign -1, and publishes the longer one. A row that is older than watermark and allowed
//! lateness is *too late*. Some session that it belongs to may be forgotten already, so it is not
//! joined to any: it goes to the [side output](super::TopologyBuilder::side_output), and is counted
//! ([`Job::late`](super::Job::late)). The batch layer, which has all rows, corrects the view.
//!
//! So the published sessions are exactly those of the rows that were accepted, however they came.
//! Flink asks instead whether the row's own session, from the row on, could still be open; then a row
//! can begin a second session beside one that is forgotten.
//!
//! Every batch looks through all sessions that are kept in its partitions: as many as there are keys
//! with a row in the last gap and lateness.
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 16.3 on bounce rate; the
//! words are those of the Dataflow model (Akidau et al., 2015).
use super::error::{MicroBatchError, Result};
use super::exchange::{Collector, Exchange, Finish, Grouped, Keys, cut, keyed, own, revert};
use super::state_store::StatePartition;
use super::stored::{Base, Bytes, Kind, StoredValue};
use super::value::{FieldValue, Owned};
use std::any::Any;

/// The key of the number of rows that came too late. No row has it: keys of rows begin with a tag
/// that is not 0.
const LATE: &[u8] = &[0, 1];

/// How rows are cut into sessions.
///
/// ```
/// use lambda_workbook::microbatch::Sessions;
/// // Half an hour of silence ends a visit; five minutes longer it can be corrected by a late row.
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

    /// Sets the allowed lateness: for how many seconds after the watermark a published session can
    /// still be corrected.
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
        format!(
            "sessions, gap {} s, allowed lateness {} s",
            self.gap, self.lateness
        )
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

/// A session that is kept: open, or published and not forgotten yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    first: i64,
    last: i64,
    rows: i64,
    /// Whether this very session was handed on.
    published: bool,
}

impl Session {
    fn of(secs: i64) -> Self {
        Session {
            first: secs,
            last: secs,
            rows: 1,
            published: false,
        }
    }
}

/// Joins sessions that lie a gap apart or less; leaves them in the order of time. A session that is
/// made of several is not published. Returns the published sessions that became a part of a longer
/// one.
fn join(sessions: &mut Vec<Session>, gap: i64) -> Vec<Session> {
    let mut replaced = Vec::new();
    sessions.sort_unstable();
    sessions.dedup_by(|later, earlier| {
        let one = later.first.saturating_sub(earlier.last) <= gap;
        if one {
            replaced.extend([*earlier, *later].into_iter().filter(|s| s.published));
            earlier.last = earlier.last.max(later.last);
            earlier.rows += later.rows;
            earlier.published = false;
        }
        one
    });
    replaced
}

fn encode(sessions: &[Session]) -> Vec<u8> {
    let numbers = sessions
        .iter()
        .flat_map(|s| [s.first, s.last, s.rows, i64::from(s.published)]);
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
        published: n[3] != 0,
    };
    Ok(numbers.chunks_exact(4).map(session).collect())
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

/// Adds to the number of rows that came too late to a partition.
pub(super) fn add_late(part: &mut StatePartition, batch: u64, more: i64) -> Result<()> {
    let before = number(part, LATE, batch)?.unwrap_or(0);
    put_number(part, LATE, batch, Some(before), Some(before + more));
    Ok(())
}

/// How many rows came too late to a partition.
pub(super) fn late(part: &StatePartition) -> Result<i64> {
    let stored = part.get(LATE)?.and_then(|stored| stored.value);
    Ok(stored
        .map(|bytes| ints(&bytes))
        .transpose()?
        .map_or(0, |n| n[0]))
}

/// Whether `secs` is more than `wait` seconds before the watermark.
pub(super) fn is_past(secs: i64, wait: i64, watermark: Option<i64>) -> bool {
    watermark.is_some_and(|watermark| secs.saturating_add(wait) < watermark)
}

impl Keyed {
    /// Hands out a session: published with the sign 1, taken back with -1.
    fn hand_out(at: &mut Finish<'_>, key: &[u8], session: &Session, sign: i64) -> Result<()> {
        let values = [session.first, session.last, session.rows, sign].map(FieldValue::Int);
        at.emit(|emit| keyed(key, &values, emit))
    }

    /// Takes out the rows that are too late, counts them, and hands them to the side output.
    fn take_late(
        &self,
        part: &mut StatePartition,
        groups: &mut Grouped<Vec<Session>>,
        at: &mut Finish<'_>,
    ) -> Result<()> {
        let (lateness, before) = (self.sessions.lateness, at.time.before);
        let mut late = 0;
        let mut keys: Vec<Box<[u8]>> = groups.keys().cloned().collect();
        keys.sort_unstable();
        for key in keys {
            let rows = groups.get_mut(&key).expect("it is a key of the groups");
            for row in rows.extract_if(.., |row| is_past(row.first, lateness, before)) {
                late += 1;
                at.emit_side(|emit| keyed(&key, &[FieldValue::Int(row.first)], emit))?;
            }
        }
        add_late(part, at.batch, late)
    }

    fn sweep(
        &self,
        part: &mut StatePartition,
        mut groups: Grouped<Vec<Session>>,
        at: &mut Finish<'_>,
    ) -> Result<()> {
        let (gap, lateness, batch) = (self.sessions.gap, self.sessions.lateness, at.batch);
        let (now, kept_for) = (at.time.after, gap.saturating_add(lateness));
        self.take_late(part, &mut groups, at)?;
        groups.retain(|_, rows| !rows.is_empty());

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
            let before = base.as_deref().map(decode).transpose()?.unwrap_or_default();
            let mut kept = before.clone();
            kept.extend(more.iter().flatten());
            // What was published and is longer now is taken back.
            for session in join(&mut kept, gap) {
                Self::hand_out(at, &key, &session, -1)?;
            }
            for session in &mut kept {
                if !session.published && is_past(session.last, gap, now) {
                    Self::hand_out(at, &key, session, 1)?;
                    session.published = true;
                }
            }
            kept.retain(|session| !is_past(session.last, kept_for, now));
            if kept != before {
                let value = (!kept.is_empty()).then(|| encode(&kept));
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
                // Forgotten by an earlier batch, which can no longer come again.
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
        Box::new(SessionsPart(Grouped::default()))
    }

    /// Of the sessions that are kept: the first's begin, the last's end, all rows, and how many of
    /// them are published.
    fn values(&self, stored: &[u8]) -> Result<Vec<Owned>> {
        let open = decode(stored)?;
        let rows: i64 = open.iter().map(|session| session.rows).sum();
        let ends = (
            open.first().map_or(0, |s| s.first),
            open.last().map_or(0, |s| s.last),
        );
        let published = open.iter().filter(|session| session.published).count() as i64;
        Ok([ends.0, ends.1, rows, published].map(Owned::Int).to_vec())
    }

    fn finish(&self, parts: Vec<Box<dyn Collector>>, at: &mut Finish<'_>) -> Result<()> {
        let mut parts = own::<SessionsPart>(parts).map(|part| part.0);
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

/// The rows of each key, each still a session of its own: a row that is too late must not be hidden
/// in the session of another.
struct SessionsPart(Grouped<Vec<Session>>);

impl Collector for SessionsPart {
    fn add(&mut self, key: &[u8], fields: &[FieldValue<'_>]) -> Result<()> {
        let session = Session::of(fields[0].int());
        match self.0.get_mut(key) {
            Some(sessions) => sessions.push(session),
            None => self.0.entry(key.into()).or_default().push(session),
        }
        Ok(())
    }

    fn split(self: Box<Self>, partitions: u32) -> Vec<Box<dyn Collector>> {
        let part = |groups| -> Box<dyn Collector> { Box::new(SessionsPart(groups)) };
        cut(self.0, partitions).into_iter().map(part).collect()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
