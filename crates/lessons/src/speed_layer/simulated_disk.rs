//! A disk that outlives its process, which dies at given writes.
//!
//! Two moments every consumer must survive: it dies before a write takes effect,
//! or after it took effect and before anybody heard of it. Real files cannot be
//! killed at one of them and not the other as an exercise needs it.
use std::collections::BTreeMap;
use std::fmt;

/// The process has ended. Nothing that it does from now on has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash;

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process was killed")
    }
}

impl std::error::Error for Crash {}

/// Numbers by name.
///
/// ```
/// use lambda_workbook::speed::CrashingDisk;
/// let mut disk = CrashingDisk::default();
/// disk.write(&[("mysite.com/", 1), ("offset", 1)]).unwrap(); // both, or none
/// assert_eq!((disk.get("offset"), disk.get("mysite.com/blog")), (1, 0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CrashingDisk {
    values: BTreeMap<String, i64>,
    writes: i64,
    /// By the number of a write: whether it takes effect before the process dies.
    crashes: BTreeMap<i64, bool>,
    dead: bool,
}

impl CrashingDisk {
    /// An empty disk whose process dies at these writes, numbered from 0 over all
    /// its lives: before the write takes effect, or (`true`) after.
    pub fn with(crashes: impl IntoIterator<Item = (i64, bool)>) -> Self {
        Self {
            crashes: crashes.into_iter().collect(),
            ..Self::default()
        }
    }

    /// What is stored under a name; 0 if nothing is.
    pub fn get(&self, name: &str) -> i64 {
        self.values.get(name).copied().unwrap_or(0)
    }

    /// Stores numbers, all of them or none.
    ///
    /// # Errors
    /// The process was killed. The numbers may be stored all the same.
    pub fn write(&mut self, values: &[(&str, i64)]) -> Result<(), Crash> {
        if self.dead {
            return Err(Crash);
        }
        let crash = self.crashes.remove(&self.writes);
        self.writes += 1;
        if crash != Some(false) {
            let named = values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value));
            self.values.extend(named);
        }
        self.dead = crash.is_some();
        if self.dead { Err(Crash) } else { Ok(()) }
    }

    /// Another process finds the disk as the one before left it.
    pub fn start_process(&mut self) {
        self.dead = false;
    }

    pub fn is_process_dead(&self) -> bool {
        self.dead
    }

    /// All that is stored and not 0, in order of name.
    pub fn stored(&self) -> impl Iterator<Item = (&str, i64)> {
        let stored = self.values.iter().filter(|(_, value)| **value != 0);
        stored.map(|(name, value)| (name.as_str(), *value))
    }
}
