//! Keys and rows as the bytes that move between machines.
//!
//! A key is a byte that tells a user from a cookie, then eight bytes of the number,
//! or the length in four and the letters. A row is its key, its time and its age.
use super::birthday::AgeSample;
use super::recompute_error::RecomputeError;
use lambda::datum::PersonId;
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

const USER: u8 = 0;
const COOKIE: u8 = 1;

/// The machine to which all rows of a key go.
pub(super) fn home(key: &PersonId, machines: usize) -> usize {
    let mut bytes = Vec::with_capacity(16);
    put_key(key, &mut bytes);
    // Of an unsigned hash: a negative remainder would be no machine.
    (xxh3_64(&bytes) % machines as u64) as usize
}

pub(super) fn put(sample: &AgeSample, bytes: &mut Vec<u8>) {
    put_key(sample.person(), bytes);
    bytes.extend(sample.secs().to_le_bytes());
    bytes.extend(sample.age().to_le_bytes());
}

fn put_key(key: &PersonId, bytes: &mut Vec<u8>) {
    match key {
        PersonId::UserId(id) => {
            bytes.push(USER);
            bytes.extend(id.to_le_bytes());
        }
        PersonId::Cookie(cookie) => {
            bytes.push(COOKIE);
            bytes.extend((cookie.len() as u32).to_le_bytes());
            bytes.extend(cookie.as_bytes());
        }
    }
}

pub(super) fn keys<'a>(keys: impl IntoIterator<Item = &'a PersonId>) -> Vec<u8> {
    let mut bytes = Vec::new();
    keys.into_iter().for_each(|key| put_key(key, &mut bytes));
    bytes
}

pub(super) fn read_keys(bytes: &[u8]) -> Result<HashSet<PersonId>, RecomputeError> {
    let mut reader = Reader { bytes, at: 0 };
    let mut keys = HashSet::new();
    while reader.at < bytes.len() {
        keys.insert(reader.key()?);
    }
    Ok(keys)
}

pub(super) fn rows(bytes: &[u8]) -> Result<Vec<AgeSample>, RecomputeError> {
    let mut reader = Reader { bytes, at: 0 };
    let mut rows = Vec::new();
    while reader.at < bytes.len() {
        let (person, secs, age) = (reader.key()?, reader.number()?, reader.number()?);
        rows.push(AgeSample::new(person, secs, age)?);
    }
    Ok(rows)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn damaged(&self, what: &'static str) -> RecomputeError {
        RecomputeError::Damaged { what, at: self.at }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], RecomputeError> {
        let end = self.at.checked_add(count);
        let Some(taken) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return Err(self.damaged("it ends in the middle of a row"));
        };
        self.at += count;
        Ok(taken)
    }

    fn number(&mut self) -> Result<i64, RecomputeError> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        Ok(i64::from_le_bytes(bytes))
    }

    fn key(&mut self) -> Result<PersonId, RecomputeError> {
        match self.take(1)?[0] {
            USER => Ok(PersonId::UserId(self.number()?)),
            COOKIE => {
                let mut length = [0; 4];
                length.copy_from_slice(self.take(4)?);
                let letters = self.take(u32::from_le_bytes(length) as usize)?.to_vec();
                let cookie = String::from_utf8(letters);
                cookie
                    .map(PersonId::Cookie)
                    .map_err(|_| self.damaged("a cookie is no text"))
            }
            _ => Err(self.damaged("a key is of a user (0) or a cookie (1)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_as_they_were_sent_and_cut_off_ones_are_refused(
            told in prop::collection::vec(("[a-zA-Zäß]{0,8}", any::<i64>(), any::<bool>(), 0i64..150), 1..20),
            cut in 1usize..9,
        ) {
            let sample = |(cookie, id, user, age): (String, i64, bool, i64)| {
                let person = if user { PersonId::UserId(id) } else { PersonId::Cookie(cookie) };
                AgeSample::new(person, id % 1_000_000_000, age).unwrap()
            };
            let sent: Vec<AgeSample> = told.into_iter().map(sample).collect();
            let mut bytes = Vec::new();
            sent.iter().for_each(|sample| put(sample, &mut bytes));
            prop_assert_eq!(rows(&bytes).unwrap(), sent.clone());
            prop_assert!(rows(&bytes[..bytes.len() - cut]).is_err());
            let people = keys(sent.iter().map(AgeSample::person));
            prop_assert!(sent.iter().all(|sample| read_keys(&people).unwrap().contains(sample.person())));
        }

        #[test]
        fn damaged_bytes_are_an_error_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = rows(&bytes);
            let _ = read_keys(&bytes);
        }
    }
}
