//! A disk that outlives its process, which crashes at planned writes.
//!
//! A consumer must survive a crash before a write takes effect, and one after the write took
//! effect and before the consumer knew it. An exercise needs each of the two by itself, which
//! a process killed on real files does not give.
use lambda::faults::{self, Crash, Crashes};
use std::collections::BTreeMap;

/// Numbers by name, on a simulated disk.
///
/// ```
/// use lambda_workbook::faults::{CrashPoint, Crashes};
/// use lambda_workbook::speed::SimulatedDisk;
///
/// // Writes are numbered from 0. The process crashes after the effect of the second one.
/// let mut disk = SimulatedDisk::new(Crashes::at([CrashPoint::after(1)]));
/// disk.write(&[("mysite.com/", 1), ("offset", 1)]).unwrap(); // both, or none
/// assert_eq!((disk.get("offset"), disk.get("mysite.com/blog")), (1, 0));
/// assert!(disk.write(&[("offset", 2)]).is_err());
/// assert_eq!(disk.get("offset"), 2); // it took effect all the same
/// ```
#[derive(Debug, Default)]
pub struct SimulatedDisk {
    values: BTreeMap<String, i64>,
    /// The number of the next write, over all processes.
    writes: u64,
    crashes: Crashes<u64>,
}

impl SimulatedDisk {
    /// Creates an empty disk whose process crashes as planned. A step is a write, numbered
    /// from 0 over all processes.
    pub fn new(crashes: Crashes<u64>) -> Self {
        Self {
            crashes,
            ..Self::default()
        }
    }

    /// Returns the number stored under a name; 0 if nothing is.
    pub fn get(&self, name: &str) -> i64 {
        self.values.get(name).copied().unwrap_or(0)
    }

    /// Stores numbers, all of them or none.
    ///
    /// # Errors
    /// The process crashed. The numbers may be stored all the same.
    pub fn write(&mut self, values: &[(&str, i64)]) -> Result<(), Crash> {
        self.crashes.running()?;
        let write = self.writes;
        self.writes += 1;
        faults::step(&self.crashes, write, || {
            let named = values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value));
            self.values.extend(named);
            Ok(())
        })
    }

    /// Starts the next process, which finds the disk as the last one left it.
    pub fn restart(&mut self) {
        self.crashes.restart();
    }

    /// Returns whether the process has crashed and was not restarted.
    pub fn is_crashed(&self) -> bool {
        self.crashes.is_crashed()
    }

    /// Returns all numbers that are stored and not 0, in order of name.
    pub fn stored(&self) -> impl Iterator<Item = (&str, i64)> {
        let stored = self.values.iter().filter(|(_, value)| **value != 0);
        stored.map(|(name, value)| (name.as_str(), *value))
    }
}
