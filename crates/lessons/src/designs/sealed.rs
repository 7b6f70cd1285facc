//! Rows that are sealed under a key of their person, so that forgetting the key erases them
//! (*crypto-shredding*).
//!
//! The rows are never changed; they lie in the master data set, its copies and its backups. The
//! keys are a small store that *is* changed: each takes 40 bytes. A row names its key by a handle,
//! a random number that says nothing of the person. The handle and the key of an identifier are in
//! one file, which is removed to forget them.
//!
//! ```text
//! row in a part   length of the sealed bytes (u32), handle (u64), sealed bytes (16 more than the row)
//! file of a key   handle (u64), key (32 bytes); the name is a hash of the identifier
//! ```
//!
//! AES-256-GCM takes a number that is used once with each key (a nonce): here the place of the row,
//! which is used once at all, because parts are only added. The seal also covers the handle and the
//! place, so a row that was moved or changed does not open.
//!
//! A vault for real data draws its keys from the operating system. This one draws them from a seed,
//! so that a chapter gives the same bytes each time it is run.
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use dataset::random::Random;
use lambda::datum::PersonId;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes before the sealed bytes of a row.
const HEAD: usize = 12;

/// Why a vault or a sealed row was refused.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The operating system refused.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, such as "reading".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        r#source: io::Error,
    },
    /// A file of a key, or a part of sealed rows, is not what was written.
    #[error("{what} at byte {at} is damaged; put a copy of the file back")]
    Damaged {
        /// What was being read.
        what: &'static str,
        /// Where, counted from the beginning of the file.
        at: usize,
    },
    /// A row does not open under its own key.
    #[error("row {row} of part {part} is not as it was sealed; put a copy of the part back")]
    Changed {
        /// The number of the part.
        part: u32,
        /// The number of the row in it.
        row: u64,
    },
}

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the part, counted from 0.
    pub part: u32,
    /// The number of the row in the part, counted from 0.
    pub row: u64,
    /// Names the key. It is the same for all rows of an identifier.
    pub handle: u64,
    /// The row, and the tag that shows that it is unchanged.
    pub bytes: Vec<u8>,
}

/// The keys of persons, in a folder of its own.
///
/// ```
/// use lambda_workbook::datum::PersonId;
/// use lambda_workbook::designs::Vault;
/// let folder = tempfile::tempdir()?;
/// let mut vault = Vault::open(folder.path(), 7)?;
/// let person = PersonId::UserId(3);
/// let sealed = vault.seal(&person, 0, 0, b"viewed mysite.com/")?;
/// assert_eq!(vault.unseal(&sealed)?.as_deref(), Some(&b"viewed mysite.com/"[..]));
/// assert!(vault.forget(&person)?);
/// assert_eq!(vault.unseal(&sealed)?, None); // for ever
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Vault {
    folder: PathBuf,
    random: Random,
    /// The handle of each identifier, by its hash.
    handles: HashMap<u128, u64>,
    keys: HashMap<u64, [u8; KEY]>,
}

fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SealError {
    let path = path.to_owned();
    move |source| SealError::Io {
        doing,
        path,
        source,
    }
}

fn name_of(person: &PersonId) -> u128 {
    xxh3_128(&serde_json::to_vec(person).expect("an identifier is plain data"))
}

impl Vault {
    /// Opens the vault in a folder, or makes one. New keys are drawn from the seed; each opening
    /// of the same vault needs another one.
    ///
    /// # Errors
    /// [`SealError::Io`], or [`SealError::Damaged`] for a file that is no key.
    pub fn open(folder: impl AsRef<Path>, seed: u64) -> Result<Self, SealError> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder).map_err(io_at("making", &folder))?;
        let mut vault = Self {
            random: Random::new(&[seed, 0x5EA1]),
            handles: HashMap::new(),
            keys: HashMap::new(),
            folder,
        };
        for entry in fs::read_dir(&vault.folder).map_err(io_at("reading", &vault.folder))? {
            let path = entry.map_err(io_at("reading", &vault.folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name.and_then(|name| u128::from_str_radix(name, 16).ok()) else {
                continue;
            };
            let bytes = fs::read(&path).map_err(io_at("reading", &path))?;
            let damaged = SealError::Damaged {
                what: "a key",
                at: 0,
            };
            let Some((handle, key)) = bytes.split_first_chunk() else {
                return Err(damaged);
            };
            let handle = u64::from_le_bytes(*handle);
            vault.handles.insert(name, handle);
            vault
                .keys
                .insert(handle, key.try_into().map_err(|_| damaged)?);
        }
        Ok(vault)
    }

    /// Returns the number of identifiers that have a key.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns whether no identifier has a key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Seals a row under the key of its person, who gets one with the first row. The place of the
    /// row, its part and its number there, must not be given twice.
    ///
    /// # Errors
    /// [`SealError::Io`] if a new key cannot be stored.
    pub fn seal(
        &mut self,
        person: &PersonId,
        part: u32,
        row: u64,
        bytes: &[u8],
    ) -> Result<Sealed, SealError> {
        let name = name_of(person);
        let handle = match self.handles.get(&name) {
            Some(handle) => *handle,
            None => self.new_key(name)?,
        };
        let cipher = cipher(&self.keys[&handle]);
        let payload = Payload {
            msg: bytes,
            aad: &handle.to_le_bytes(),
        };
        let sealed = cipher.encrypt(&nonce(part, row).into(), payload);
        Ok(Sealed {
            part,
            row,
            handle,
            bytes: sealed.expect("a row is shorter than 64 GB"),
        })
    }

    fn new_key(&mut self, name: u128) -> Result<u64, SealError> {
        let handle = self.random.word();
        let mut key = [0; KEY];
        for word in key.chunks_mut(8) {
            word.copy_from_slice(&self.random.word().to_le_bytes());
        }
        let path = self.folder.join(format!("{name:032x}"));
        let file = [&handle.to_le_bytes()[..], &key].concat();
        fs::write(&path, file).map_err(io_at("writing", &path))?;
        self.handles.insert(name, handle);
        self.keys.insert(handle, key);
        Ok(handle)
    }

    /// Opens a sealed row; `None` if its key was forgotten.
    ///
    /// # Errors
    /// [`SealError::Changed`] if the row is not as it was sealed.
    pub fn unseal(&self, sealed: &Sealed) -> Result<Option<Vec<u8>>, SealError> {
        let Some(key) = self.keys.get(&sealed.handle) else {
            return Ok(None);
        };
        let payload = Payload {
            msg: &sealed.bytes,
            aad: &sealed.handle.to_le_bytes(),
        };
        let (part, row) = (sealed.part, sealed.row);
        let opened = cipher(key).decrypt(&nonce(part, row).into(), payload);
        opened
            .map(Some)
            .map_err(|_| SealError::Changed { part, row })
    }

    /// Forgets the key of an identifier. Returns whether there was one.
    ///
    /// What a disk, a journal or a backup still has of the file is not known here. A key that is to
    /// be forgotten for ever must never have been copied, or the copies must be removed too.
    ///
    /// # Errors
    /// [`SealError::Io`] if its file cannot be removed; the key is then kept.
    pub fn forget(&mut self, person: &PersonId) -> Result<bool, SealError> {
        let name = name_of(person);
        let Some(handle) = self.handles.get(&name).copied() else {
            return Ok(false);
        };
        let path = self.folder.join(format!("{name:032x}"));
        fs::remove_file(&path).map_err(io_at("removing", &path))?;
        self.handles.remove(&name);
        self.keys.remove(&handle);
        Ok(true)
    }
}

fn cipher(key: &[u8; KEY]) -> Aes256Gcm {
    Aes256Gcm::new(&(*key).into())
}

/// The place of a row as 12 bytes, which no other row has.
fn nonce(part: u32, row: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&part.to_le_bytes());
    nonce[4..].copy_from_slice(&row.to_le_bytes());
    nonce
}

/// Appends a row to the bytes of its part.
pub(super) fn put(sealed: &Sealed, part: &mut Vec<u8>) {
    part.extend((sealed.bytes.len() as u32).to_le_bytes());
    part.extend(sealed.handle.to_le_bytes());
    part.extend(&sealed.bytes);
}

/// Reads the rows of a part.
pub(super) fn rows(part: u32, bytes: &[u8]) -> Result<Vec<Sealed>, SealError> {
    let (mut rows, mut at) = (Vec::new(), 0);
    let damaged = |at| SealError::Damaged {
        what: "a part of sealed rows",
        at,
    };
    while at < bytes.len() {
        let head = bytes.get(at..at + HEAD).ok_or_else(|| damaged(at))?;
        let (length, handle) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().map_err(|_| damaged(at))?) as usize;
        let from = at + HEAD;
        let sealed = bytes.get(from..from + length).ok_or_else(|| damaged(at))?;
        rows.push(Sealed {
            part,
            row: rows.len() as u64,
            handle: u64::from_le_bytes(handle.try_into().map_err(|_| damaged(at))?),
            bytes: sealed.to_vec(),
        });
        at = from + length;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(id: i64) -> PersonId {
        PersonId::UserId(id)
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_unchanged_until_its_key_is_forgotten(
            rows in prop::collection::vec((0i64..5, prop::collection::vec(any::<u8>(), 0..80)), 1..30),
            forgotten in 0i64..5,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut vault = Vault::open(folder.path(), 1).unwrap();
            let mut part = Vec::new();
            for (row, (id, bytes)) in (0..).zip(&rows) {
                put(&vault.seal(&person(*id), 3, row, bytes).unwrap(), &mut part);
            }
            vault.forget(&person(forgotten)).unwrap();
            // Another process sees the same.
            let vault = Vault::open(folder.path(), 2).unwrap();
            let read = super::rows(3, &part).unwrap();
            prop_assert_eq!(read.len(), rows.len());
            for (sealed, (id, bytes)) in read.iter().zip(&rows) {
                let expected = (*id != forgotten).then(|| bytes.clone());
                prop_assert_eq!(vault.unseal(sealed).unwrap(), expected);
            }
        }

        #[test]
        fn a_row_that_was_changed_or_moved_does_not_open(
            bytes in prop::collection::vec(any::<u8>(), 1..80),
            flipped in any::<prop::sample::Index>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut vault = Vault::open(folder.path(), 1).unwrap();
            let sealed = vault.seal(&person(1), 0, 0, &bytes).unwrap();
            let mut changed = sealed.clone();
            let at = flipped.index(changed.bytes.len());
            changed.bytes[at] ^= 1;
            prop_assert!(vault.unseal(&changed).is_err());
            let moved = Sealed { row: 1, ..sealed };
            prop_assert!(vault.unseal(&moved).is_err());
        }

        #[test]
        fn damaged_bytes_of_a_part_are_an_error_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = super::rows(0, &bytes);
        }
    }

    #[test]
    fn a_handle_says_nothing_of_its_person_and_a_new_key_has_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::open(folder.path(), 1).unwrap();
        let first = vault.seal(&person(1), 0, 0, b"x").unwrap();
        assert_eq!(
            vault.seal(&person(1), 0, 1, b"x").unwrap().handle,
            first.handle
        );
        vault.forget(&person(1)).unwrap();
        let again = vault.seal(&person(1), 0, 2, b"x").unwrap();
        assert_ne!(again.handle, first.handle);
        assert_eq!(vault.unseal(&first).unwrap(), None);
    }
}
