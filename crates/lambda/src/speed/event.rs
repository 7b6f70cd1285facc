//! What the speed layer needs of a page view beside the rule of [`crate::datum`]: keys
//! of persons in the realtime views, and an identity for the window of duplicates.
use crate::batch::sketch::{cookie_hash, user_hash};
use crate::datum::PersonId;
use xxhash_rust::xxh3::Xxh3;

pub use crate::datum::{Fact, ValidPageView, Who, read};

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
            Who::User(id) => [&b"u"[..], &super::store::sortable(*id)].concat(),
            Who::Cookie(cookie) => [b"c", cookie.as_bytes()].concat(),
        }
    }
}

/// Returns the person whose key in the realtime views this is; `None` if it is no key.
pub fn person_of_key(key: &[u8]) -> Option<PersonId> {
    match key.split_first()? {
        (b'u', id) => super::store::from_sortable(id).map(PersonId::UserId),
        (b'c', cookie) => String::from_utf8(cookie.to_vec())
            .ok()
            .map(PersonId::Cookie),
        _ => None,
    }
}

impl ValidPageView<'_> {
    /// A number of 128 bits that equal events share. Among a billion different
    /// ones, two share it with a chance of one in 10^20.
    pub fn identity(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&self.secs.to_le_bytes());
        hash.update(&self.nonce.to_le_bytes());
        match &self.who {
            // A kind and a length keep different events from feeding the same bytes.
            Who::User(id) => {
                hash.update(&[0]);
                hash.update(&id.to_le_bytes());
            }
            Who::Cookie(cookie) => {
                hash.update(&[1]);
                hash.update(&(cookie.len() as u64).to_le_bytes());
                hash.update(cookie.as_bytes());
            }
        }
        hash.update(self.url.as_bytes());
        hash.digest128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(who: Who<'_>, url: &str) -> u128 {
        let view = ValidPageView {
            secs: 1,
            nonce: 2,
            who,
            url: url.into(),
        };
        view.identity()
    }

    /// Rule: two events that differ in the person or in the URL have different identities, also
    /// where their bytes, written one after another, would be the same.
    #[test]
    fn different_events_have_different_identities() {
        let user = i64::from_le_bytes(*b"\x01\x06abcdef");
        assert_ne!(
            identity(Who::User(user), "foo.com/"),
            identity(Who::Cookie("abcdef".into()), "foo.com/")
        );
        let long = "a".repeat(257);
        assert_ne!(
            identity(Who::Cookie("a".into()), &format!("{}x.com/", &long[1..])),
            identity(Who::Cookie(long.as_str().into()), "x.com/")
        );
    }
}
