//! A record of the log as the speed layer reads it: streaming normalisation.
//!
//! The same rules as the batch layer's, because they are the same functions: a
//! record is a line of JSON, its URL is normalised, and what cannot be read is
//! handed out with its reason.
use crate::batch::normalise_url;
use crate::batch::rejected::{Reason, TIMESTAMPS};
use crate::batch::sketch::{cookie_hash, user_hash};
use crate::datum::{DataUnit, Datum, Equiv, PersonId};
use crate::engine::plain_page_view;
use std::borrow::Cow;
use xxhash_rust::xxh3::Xxh3;

/// Who viewed a page, borrowed from the record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who<'a> {
    User(i64),
    Cookie(Cow<'a, str>),
}

impl Who<'_> {
    /// The person's hash, as sketches take it.
    pub fn hash(&self) -> u64 {
        match self {
            Who::User(id) => user_hash(*id),
            Who::Cookie(cookie) => cookie_hash(cookie.as_bytes()),
        }
    }

    /// Bytes that tell persons apart, and sort; [`person_of_key`] reads them.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Who::User(id) => [&b"u"[..], &super::store::time_key(*id)].concat(),
            Who::Cookie(cookie) => [b"c", cookie.as_bytes()].concat(),
        }
    }
}

/// Returns the person whose key in the realtime views this is; `None` if it is no key.
pub fn person_of_key(key: &[u8]) -> Option<PersonId> {
    match key.split_first()? {
        (b'u', id) => super::store::time_of(id).map(PersonId::UserId),
        (b'c', cookie) => String::from_utf8(cookie.to_vec())
            .ok()
            .map(PersonId::Cookie),
        _ => None,
    }
}

/// A page view, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Epoch seconds, UTC.
    pub secs: i64,
    /// Host and path.
    pub url: Cow<'a, str>,
    pub who: Who<'a>,
    pub nonce: i64,
}

impl Event<'_> {
    /// A number of 128 bits that equal events share. Among a billion different
    /// ones, two share it with a chance of one in 10^20.
    pub fn identity(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&self.secs.to_le_bytes());
        hash.update(&self.nonce.to_le_bytes());
        match &self.who {
            Who::User(id) => hash.update(&id.to_le_bytes()),
            Who::Cookie(cookie) => {
                // A length that no user id of eight bytes has before it.
                hash.update(&[1, cookie.len() as u8]);
                hash.update(cookie.as_bytes());
            }
        }
        hash.update(self.url.as_bytes());
        hash.digest128()
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    View(Event<'a>),
    Equiv(Equiv),
    /// Of this kind; no view here is made of it.
    Other(&'static str),
}

/// Reads a record, or says why it cannot be read.
///
/// ```
/// use lambda_workbook::speed::event::{Fact, Who, read};
///
/// let line = br#"{"dataunit":{"page_view":{"nonce":7,"page":{"url":"HTTP://Foo.com:80/a?b"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#;
/// let Ok(Fact::View(event)) = read(line) else { panic!("a page view") };
/// assert_eq!((event.url.as_ref(), event.secs, event.who), ("foo.com/a", 60, Who::User(1)));
/// assert!(read(b"{}").is_err());
/// ```
pub fn read(line: &[u8]) -> Result<Fact<'_>, Reason> {
    if let Some((secs, url, user, cookie, nonce)) = plain_page_view(line) {
        let who = match user {
            Some(id) => Who::User(id),
            None => Who::Cookie(Cow::Borrowed(cookie)),
        };
        return event(secs, Cow::Borrowed(url), who, nonce).map(Fact::View);
    }
    let datum: Datum =
        serde_json::from_slice(line).map_err(|error| Reason::NotADatum(error.to_string()))?;
    let view = match datum.dataunit {
        DataUnit::PageView(view) => view,
        DataUnit::Equiv(equiv) => return Ok(Fact::Equiv(equiv)),
        other => return Ok(Fact::Other(other.kind())),
    };
    let who = match view.person {
        PersonId::UserId(id) => Who::User(id),
        PersonId::Cookie(cookie) => Who::Cookie(Cow::Owned(cookie)),
    };
    let url = Cow::Owned(view.page.url);
    event(datum.pedigree.true_as_of_secs, url, who, view.nonce).map(Fact::View)
}

fn event<'a>(secs: i64, raw: Cow<'a, str>, who: Who<'a>, nonce: i64) -> Result<Event<'a>, Reason> {
    if !TIMESTAMPS.contains(&secs) {
        return Err(Reason::Timestamp(secs));
    }
    let url = match raw {
        Cow::Borrowed(raw) => normalise_url(raw).map_err(Reason::Url)?,
        Cow::Owned(raw) => Cow::Owned(normalise_url(&raw).map_err(Reason::Url)?.into_owned()),
    };
    Ok(Event {
        secs,
        url,
        who,
        nonce,
    })
}
