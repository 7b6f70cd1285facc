//! The table of persons of a batch: for each identifier that an equiv joins with others, the
//! identifier by which the batch names its person. It is sorted, and read by point lookups.
//!
//! The speed layer looks up who viewed a page, once for each page view, so the table is not
//! loaded: the file is memory-mapped, and a lookup reads a few entries. It is written once, with
//! the version of the views to which it belongs.
//!
//! ```text
//! block 0    magic, format, version, number of entries, bytes of names
//! entries    for each identifier, sorted by key:  key (16 bytes) | place of the name (8 bytes)
//! names      for each person:  0 or 1 | length (4 bytes) | the cookie's text, or the user id
//! ```
//!
//! All of it is content of [blocks](super::blocks) with checksums. Numbers are little-endian. The
//! key of an identifier is [`visitor`], two hashes of it. As hashes are spread evenly, the place of
//! a key can be guessed from its value, and the search takes a few steps in a table of any size.
//!
//! 1. The name of an identifier is that of
//!    [`PersonIndex::person`](crate::batch::persons::PersonIndex::person) over the same equivs.
//! 2. An identifier without an entry is its own person.
//! 3. A damaged entry or name is an error when it is read, and a file of another length is one when
//!    the table is opened.
use super::blocks::{BLOCK, BlockWriter, Blocks, CONTENT, Damaged};
use super::error::{Result, ServingError, io_at};
use super::shard_writer::{Identity, Out};
use crate::batch::output::SERVING;
use crate::batch::persons::components::Joined;
use crate::datum::PersonId;
use crate::engine::visitor;
use crate::versions::Draft;
use memmap2::Mmap;
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The name of the file in the folder of the stores.
const PERSONS: &str = "persons";
/// The first bytes of the file.
const MAGIC: [u8; 8] = *b"LWPERSON";
/// The number of the file's format. It is raised whenever the file changes.
const FORMAT: u32 = 1;
/// Bytes of an entry.
const ENTRY: u64 = 24;

/// Returns what identifies the table of a version, which its checksums include. It has no shards.
fn identity(version: u64) -> Identity {
    Identity {
        format: FORMAT,
        version,
        shard: u32::MAX,
    }
}

/// The table of persons of one version of the views.
///
/// ```
/// use lambda_workbook::batch::persons::components::Joined;
/// use lambda_workbook::datum::PersonId;
/// use lambda_workbook::lambda::versions::Versions;
/// use lambda_workbook::serving::PersonTable;
///
/// let sally = PersonId::Cookie("sally".to_owned());
/// let mut joined = Joined::default();
/// joined.join(&sally, &PersonId::UserId(7));
/// let folder = tempfile::tempdir()?;
/// let draft = Versions::at(folder.path()).draft()?;
/// assert_eq!(PersonTable::write(&draft, joined)?, 1); // sally is her own name
/// let version = draft.version();
/// let home = draft.home();
/// draft.publish(3)?;
///
/// let table = PersonTable::open(&home, version)?;
/// assert_eq!(table.person(&PersonId::UserId(7))?, Some(sally));
/// assert_eq!(table.person(&PersonId::UserId(8))?, None); // no equiv names this one
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PersonTable {
    path: PathBuf,
    bytes: Mmap,
    seed: u64,
    /// Number of entries.
    entries: u64,
    /// Bytes of the names.
    names: u64,
}

/// Why a lookup failed, in a form that fits into a register.
enum Unread {
    Damaged(Damaged),
    Undecodable,
}

impl From<Damaged> for Unread {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl PersonTable {
    /// Writes the table of the persons that equivs have joined into the version that is being
    /// made, and flushes it. Returns the number of entries: the identifiers that are not their own
    /// names. O(n log n).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(draft: &Draft, joined: Joined) -> Result<u64> {
        // The names, and the entries that point to them.
        let (mut names, mut entries) = (Vec::new(), Vec::new());
        for ids in joined.into_components() {
            let Some((person, others)) = ids.split_first() else {
                continue;
            };
            if others.is_empty() {
                continue;
            }
            let place = names.len() as u64;
            push_name(&mut names, person);
            entries.extend(others.iter().map(|id| (visitor(id), place)));
        }
        entries.sort_unstable();

        // The file.
        let folder = draft.path().join(SERVING);
        fs::create_dir_all(&folder).map_err(io_at("make", &folder))?;
        let path = folder.join(PERSONS);
        let seed = identity(draft.version()).seed();
        let mut bytes = Vec::new();
        let head = [
            &MAGIC[..],
            &u64::from(FORMAT).to_le_bytes(),
            &draft.version().to_le_bytes(),
            &(entries.len() as u64).to_le_bytes(),
            &(names.len() as u64).to_le_bytes(),
        ];
        let written = (|| -> io::Result<()> {
            let mut blocks = BlockWriter::new(&mut bytes, seed);
            blocks.push(&head.concat())?;
            blocks.end_block()?;
            for (key, place) in &entries {
                blocks.push(key)?;
                blocks.push(&place.to_le_bytes())?;
            }
            blocks.push(&names)?;
            blocks.finish().map(drop)
        })();
        written.map_err(io_at("write", &path))?;
        Out::whole(&path, &bytes, draft.faults())?;
        Ok(entries.len() as u64)
    }

    /// Opens the table in the folder of a version.
    ///
    /// # Errors
    /// If it is missing, has another format or another length than it says, or is that of another
    /// version. The entries and names are verified when they are read.
    pub fn open(folder: &Path, version: u64) -> Result<Self> {
        let path = folder.join(SERVING).join(PERSONS);
        let file = File::open(&path).map_err(io_at("read", &path))?;
        // SAFETY: the file of a version that is published is not changed by this program. If
        // another one truncates it, a read ends the process, see the module `shard`.
        let bytes = unsafe { Mmap::map(&file) }.map_err(io_at("map", &path))?;

        // The format comes before the checksum, which depends on it.
        let start = bytes.get(..16).unwrap_or_default();
        let format = start.last_chunk().copied().map_or(0, u64::from_le_bytes);
        if start.starts_with(&MAGIC) && format != u64::from(FORMAT) {
            return Err(ServingError::Format {
                path,
                found: format!("a table of persons of format {format}"),
                wanted: format!("format {FORMAT}"),
            });
        }
        let seed = identity(version).seed();
        let blocks = Blocks::new(&path, &bytes, seed);
        let head = blocks.read(0).map_err(|damaged| blocks.error(damaged))?;
        let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap_or_default());
        let (entries, names) = (word(24), word(32));
        let wanted = length(entries, names);
        if bytes.len() as u64 != wanted {
            return Err(ServingError::Length {
                bytes: bytes.len() as u64,
                wanted,
                path,
            });
        }
        Ok(Self {
            path,
            bytes,
            seed,
            entries,
            names,
        })
    }

    /// Returns the number of entries: the identifiers that are not the names of their persons.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Returns the name of an identifier's person; `None` if the identifier has no entry, and so is
    /// its own name.
    ///
    /// # Errors
    /// If an entry or the name is damaged.
    pub fn person(&self, id: &PersonId) -> Result<Option<PersonId>> {
        Ok(self.person_counted(id)?.0)
    }

    /// As [`person`](Self::person), with the number of entries that were read for it.
    ///
    /// # Errors
    /// As [`person`](Self::person).
    pub fn person_counted(&self, id: &PersonId) -> Result<(Option<PersonId>, u32)> {
        self.find(&visitor(id)).map_err(|unread| match unread {
            Unread::Damaged(damaged) => self.blocks().error(damaged),
            Unread::Undecodable => ServingError::Undecodable {
                path: self.path.clone(),
            },
        })
    }

    /// Verifies every block. O(bytes).
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self) -> Result<()> {
        let blocks = self.blocks();
        blocks.check_all().map_err(|damaged| blocks.error(damaged))
    }

    fn blocks(&self) -> Blocks<'_> {
        Blocks::new(&self.path, &self.bytes, self.seed)
    }

    /// Searches a key, and returns the name and the number of entries read.
    fn find(&self, key: &[u8; 16]) -> Result<(Option<PersonId>, u32), Unread> {
        // The key lies in `from..to`, between entries whose keys begin with `low` and `high`.
        let (mut from, mut to) = (0, self.entries);
        let (mut low, mut high) = (0, u64::MAX);
        let mut read = 0;
        while from < to {
            // Guess by the value of the key, and halve every other time, so that keys that are not
            // spread evenly cost no more than twice a binary search.
            let middle = match read % 2 {
                0 => guess(first_word(key), low..=high, from..to),
                _ => from + (to - from) / 2,
            };
            read += 1;
            let (found, place) = self.entry(middle)?;
            match found.cmp(key) {
                Ordering::Equal => return Ok((Some(self.name(place)?), read)),
                Ordering::Less => (from, low) = (middle + 1, first_word(&found)),
                Ordering::Greater => (to, high) = (middle, first_word(&found)),
            }
        }
        Ok((None, read))
    }

    /// Returns the key of an entry and the place of its name.
    fn entry(&self, n: u64) -> Result<([u8; 16], u64), Unread> {
        let mut bytes = [0; ENTRY as usize];
        self.read(n * ENTRY, &mut bytes)?;
        let (key, place) = bytes.split_first_chunk().ok_or(Unread::Undecodable)?;
        let place = place.try_into().map_err(|_| Unread::Undecodable)?;
        Ok((*key, u64::from_le_bytes(place)))
    }

    /// Returns the name at a place among the names.
    fn name(&self, place: u64) -> Result<PersonId, Unread> {
        let names = self.entries * ENTRY;
        let within = |end: Option<u64>| end.filter(|end| *end <= self.names);
        let mut head = [0; 5];
        let begin = within(place.checked_add(5)).ok_or(Unread::Undecodable)?;
        self.read(names + place, &mut head)?;
        let [kind, length @ ..] = head;
        let length = u32::from_le_bytes(length);
        within(begin.checked_add(length.into())).ok_or(Unread::Undecodable)?;
        let mut bytes = vec![0; length as usize];
        self.read(names + begin, &mut bytes)?;
        let name = match kind {
            0 => String::from_utf8(bytes).ok().map(PersonId::Cookie),
            1 => { bytes.try_into().ok() }.map(|id| PersonId::UserId(i64::from_le_bytes(id))),
            _ => None,
        };
        name.ok_or(Unread::Undecodable)
    }

    /// Reads content from a place after the first block, and verifies the blocks in which it lies.
    fn read(&self, place: u64, mut to: &mut [u8]) -> Result<(), Damaged> {
        let blocks = self.blocks();
        let mut place = place as usize;
        while !to.is_empty() {
            let content = blocks.read(1 + place / CONTENT)?;
            let content = &content[place % CONTENT..];
            let now = content.len().min(to.len());
            let (here, later) = to.split_at_mut(now);
            here.copy_from_slice(&content[..now]);
            (place, to) = (place + now, later);
        }
        Ok(())
    }
}

/// Returns the length of a file with so many entries and bytes of names.
fn length(entries: u64, names: u64) -> u64 {
    let content = u128::from(entries) * u128::from(ENTRY) + u128::from(names);
    let blocks = 1 + content.div_ceil(CONTENT as u128);
    u64::try_from(blocks * BLOCK as u128).unwrap_or(u64::MAX)
}

/// Appends the name of a person.
fn push_name(names: &mut Vec<u8>, person: &PersonId) {
    let user;
    let (kind, bytes) = match person {
        PersonId::Cookie(cookie) => (0, cookie.as_bytes()),
        PersonId::UserId(id) => {
            user = id.to_le_bytes();
            (1, &user[..])
        }
    };
    names.push(kind);
    names.extend((bytes.len() as u32).to_le_bytes());
    names.extend(bytes);
}

/// Returns the first 8 bytes of a key as a number that sorts as the key does.
fn first_word(key: &[u8; 16]) -> u64 {
    key.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// Returns the entry at which a key is expected, if the keys of `entries` are spread evenly over
/// `values`.
fn guess(key: u64, values: std::ops::RangeInclusive<u64>, entries: std::ops::Range<u64>) -> u64 {
    let (low, high) = (*values.start(), *values.end());
    let share = u128::from(key.clamp(low, high) - low);
    let of = u128::from(high - low) + 1;
    let length = u128::from(entries.end - entries.start);
    (entries.start + (share * length / of) as u64).min(entries.end - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::persons::PersonIndex;
    use crate::datum::Equiv;
    use crate::versions::Versions;
    use proptest::prelude::*;

    /// Writes the table of some equivs. Returns the folder of its version, below `folder`.
    fn written(folder: &Path, equivs: &[Equiv]) -> (PathBuf, u64) {
        let mut joined = Joined::default();
        for equiv in equivs {
            joined.join(&equiv.id1, &equiv.id2);
        }
        let draft = Versions::at(folder).draft().unwrap();
        let entries = PersonTable::write(&draft, joined).unwrap();
        assert_eq!(entries as usize, PersonIndex::of(equivs).len());
        let home = draft.home();
        (home, draft.publish(3).unwrap())
    }

    fn id() -> impl Strategy<Value = PersonId> {
        prop_oneof![
            (-3i64..20).prop_map(PersonId::UserId),
            prop::sample::select(vec![
                "",
                "a",
                "b",
                "user",
                "a long cookie of more than a block, which goes on for a while"
            ])
            .prop_map(|cookie| PersonId::Cookie(cookie.to_owned())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        /// Invariants 1 and 2.
        #[test]
        fn a_table_names_persons_as_the_index_does(equivs in prop::collection::vec((id(), id()), 0..30)) {
            let equivs: Vec<Equiv> = equivs.into_iter().map(|(id1, id2)| Equiv { id1, id2 }).collect();
            let folder = tempfile::tempdir().unwrap();
            let (home, version) = written(folder.path(), &equivs);
            let table = PersonTable::open(&home, version).unwrap();
            table.verify().unwrap();
            let index = PersonIndex::of(&equivs);
            let known = equivs.iter().flat_map(|equiv| [&equiv.id1, &equiv.id2]);
            for id in known.chain([&PersonId::UserId(99), &PersonId::Cookie("none".to_owned())]) {
                let name = table.person(id).unwrap();
                prop_assert_eq!(name.as_ref().unwrap_or(id), index.person(id));
            }
        }
    }

    fn chain(length: i64) -> Vec<Equiv> {
        let edge = |n| Equiv {
            id1: PersonId::UserId(2 * n),
            id2: PersonId::UserId(2 * n + 1),
        };
        (0..length).map(edge).collect()
    }

    #[test]
    fn a_lookup_reads_a_few_entries_in_a_table_of_any_size() {
        for (persons, most) in [(1_000, 8.0), (100_000, 10.0)] {
            let folder = tempfile::tempdir().unwrap();
            let (home, version) = written(folder.path(), &chain(persons));
            let table = PersonTable::open(&home, version).unwrap();
            assert_eq!(table.entries(), persons as u64);
            let (mut read, mut largest) = (0, 0);
            for id in 0..2_000 {
                let one = table.person_counted(&PersonId::UserId(id)).unwrap().1;
                (read, largest) = (read + one, largest.max(one));
            }
            let mean = f64::from(read) / 2_000.0;
            assert!(mean < most && largest < 30, "{persons}: {mean}, {largest}");
        }
    }

    /// Invariant 3.
    #[test]
    fn a_table_that_is_damaged_is_an_error_and_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let (home, version) = written(folder.path(), &chain(40));
        let path = home.join("serving/persons");
        let sound = fs::read(&path).unwrap();
        let error = |bytes: &[u8], version| -> String {
            fs::write(&path, bytes).unwrap();
            let lookups = |table: PersonTable| -> Result<()> {
                (0..80).try_for_each(|id| table.person(&PersonId::UserId(id)).map(drop))
            };
            let error = PersonTable::open(&home, version).and_then(lookups).err();
            error.map_or_else(String::new, |error| error.to_string())
        };
        // Any bit, in the head, in an entry, and in a name.
        for at in (0..sound.len()).step_by(61) {
            let mut bytes = sound.clone();
            bytes[at] ^= 4;
            let error = error(&bytes, version);
            assert!(
                error.contains("is damaged") || error.contains("of format"),
                "byte {at}: {error:?}"
            );
        }
        // Another length, another version, nothing, and no file.
        assert!(error(&sound[..sound.len() - BLOCK], version).contains("should have"));
        assert!(error(&sound, version + 1).contains("block 0 is damaged"));
        assert!(error(b"", version).contains("block 0 is damaged"));
        assert_eq!(error(&sound, version), "");
        fs::remove_file(&path).unwrap();
        let missing = PersonTable::open(&home, version).unwrap_err().to_string();
        assert!(
            missing.contains("persons: this file is missing"),
            "{missing}"
        );
    }
}
