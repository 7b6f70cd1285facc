//! Where people live, in a store that is written in place: the mutable design.
//!
//! A row for each account, overwritten when the account moves, and an index by city,
//! kept in step with it. It holds what is true now. What was true before is gone
//! with the write that replaced it, and so is who wrote it.
use super::error::Result;
use lambda::speed::{EmbeddedStore, Family, Mutation, Reader, RealtimeStore, SpeedError};
use std::collections::HashMap;
use std::path::Path;

const HOME: Family = Family::new("home");
const PEOPLE: Family = Family::new("people");
const CITY: &[u8] = b"city";

/// A change that a request asks for: who, where to.
pub type Move = (i64, String);

/// Accounts and the cities they live in, on the disk.
///
/// ```
/// use lambda_workbook::systems::Profiles;
/// let folder = tempfile::tempdir()?;
/// let profiles = Profiles::open(folder.path().join("profiles"))?;
/// profiles.write(60, &[(1, "New York".into()), (2, "Chicago".into())])?;
/// profiles.write(90, &[(1, "Tokyo".into())])?; // New York is gone
/// assert_eq!(profiles.city(1)?.as_deref(), Some("Tokyo"));
/// assert_eq!(profiles.people("Chicago")?, [2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Profiles {
    store: EmbeddedStore,
}

impl Profiles {
    /// Opens the store in a folder, or makes one.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Ok(Self {
            store: EmbeddedStore::open(folder, &[HOME, PEOPLE])?,
        })
    }

    /// Where an account lives.
    pub fn city(&self, user: i64) -> Result<Option<String>> {
        city(self.store.reader().as_ref(), user)
    }

    /// The accounts that live in a city, in order.
    pub fn people(&self, city: &str) -> Result<Vec<i64>> {
        let range = b"".as_slice()..&[0xff; 9][..];
        let cells = self
            .store
            .reader()
            .row(city.as_bytes(), PEOPLE.name, range)?;
        cells.iter().map(|(user, _)| account(user)).collect()
    }

    /// Where everybody lives.
    pub fn homes(&self) -> Result<HashMap<i64, String>> {
        let cells = self.store.reader().scan(b"", HOME.name)?;
        let read = |(user, (_, cell)): (Vec<u8>, (Vec<u8>, lambda::speed::Cell))| {
            Ok((
                account(&user)?,
                String::from_utf8_lossy(&cell.value).into_owned(),
            ))
        };
        cells.into_iter().map(read).collect()
    }

    /// Overwrites where some accounts live, each named once; both tables in one
    /// atomic write. `at` is when, in epoch seconds.
    pub fn write(&self, at: i64, moves: &[Move]) -> Result<()> {
        let reader = self.store.reader();
        let mut mutations = Vec::with_capacity(3 * moves.len());
        for (user, to) in moves {
            let key = user.to_be_bytes();
            if let Some(from) = city(reader.as_ref(), *user)? {
                mutations.push(Mutation::of(from).delete(PEOPLE.name, key));
            }
            mutations.push(Mutation::of(key).put(HOME.name, CITY, at, to.as_bytes()));
            mutations.push(Mutation::of(to.as_bytes()).put(PEOPLE.name, key, at, ""));
        }
        drop(reader);
        Ok(self.store.apply(&mutations)?)
    }
}

fn city(reader: &dyn Reader, user: i64) -> Result<Option<String>> {
    let cell = reader.get(&user.to_be_bytes(), HOME.name, CITY)?;
    Ok(cell.map(|cell| String::from_utf8_lossy(&cell.value).into_owned()))
}

fn account(key: &[u8]) -> Result<i64> {
    let bytes = key.try_into().map_err(|_| SpeedError::Damaged {
        what: "an account is a number of eight bytes",
        place: "the store of profiles".to_owned(),
    })?;
    Ok(i64::from_be_bytes(bytes))
}
