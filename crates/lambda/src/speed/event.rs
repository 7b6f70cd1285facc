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
