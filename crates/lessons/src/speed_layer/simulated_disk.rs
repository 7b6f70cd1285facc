//! A disk that outlives its process, which crashes at planned writes.
//!
//! A consumer must survive a crash before a write takes effect, and one after the write took
//! effect and before the consumer knew it. An exercise needs each of the two by itself, which
//! a process killed on real files does not give.
use lambda::faults::{self, Crash, Crashes};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// A machine with a disk, on which one process runs after the other: each crashes as
/// planned, or comes to its end.
///
/// The program that runs the processes holds the machine; a process is given the [`SimulatedDisk`]
/// alone. It can neither restart itself nor put another disk in place of this one.
///
/// ```
/// use lambda_workbook::faults::{CrashPoint, Crashes};
/// use lambda_workbook::speed::SimulatedMachine;
///
/// // Writes are numbered from 0. The process crashes after the effect of the second one.
/// let machine = SimulatedMachine::new(Crashes::at([CrashPoint::after(1)]));
/// let mut disk = machine.start();
/// disk.write(&[("mysite.com/", 1), ("offset", 1)]).unwrap(); // both, or none
/// assert_eq!((disk.get("offset"), disk.get("mysite.com/blog")), (1, 0));
/// assert!(disk.write(&[("offset", 2)]).is_err());
/// assert!(machine.is_crashed());
/// assert_eq!(machine.start().get("offset"), 2); // it took effect all the same
/// ```
#[derive(Debug)]
pub struct SimulatedMachine(Rc<RefCell<Disk>>);

/// Numbers by name, on the disk of a [`SimulatedMachine`].
pub struct SimulatedDisk(Rc<RefCell<Disk>>);

impl fmt::Debug for SimulatedDisk {
    /// Shows what is stored. When the process will crash is nothing that it could know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0.borrow().values).finish()
    }
}

#[derive(Debug)]
struct Disk {
    values: BTreeMap<String, i64>,
    /// The values of each write, over all processes; that of a crashed write, too.
    writes: Vec<Vec<(String, i64)>>,
    crashes: Crashes<u64>,
}

impl SimulatedMachine {
    /// Creates a machine with an empty disk, whose processes crash as planned. A step is a
    /// write, numbered from 0 over all processes.
    pub fn new(crashes: Crashes<u64>) -> Self {
        Self::holding(BTreeMap::new(), crashes)
    }

    /// Creates a machine whose disk holds `values` already.
    pub fn holding(values: BTreeMap<String, i64>, crashes: Crashes<u64>) -> Self {
        Self(Rc::new(RefCell::new(Disk {
            values,
            writes: Vec::new(),
            crashes,
        })))
    }

    /// Starts the next process, which finds the disk as the last one left it.
    pub fn start(&self) -> SimulatedDisk {
        self.0.borrow().crashes.restart();
        SimulatedDisk(Rc::clone(&self.0))
    }

    /// Returns whether the process has crashed, and no other was started.
    pub fn is_crashed(&self) -> bool {
        self.0.borrow().crashes.is_crashed()
    }

    /// Returns the values of each write that was asked for, in order; also of one at which the
    /// process crashed.
    pub fn writes(&self) -> Vec<Vec<(String, i64)>> {
        self.0.borrow().writes.clone()
    }

    /// Returns all numbers that are stored and not 0, in order of name.
    pub fn stored(&self) -> Vec<(String, i64)> {
        let disk = self.0.borrow();
        let stored = disk.values.iter().filter(|(_, value)| **value != 0);
        stored.map(|(name, value)| (name.clone(), *value)).collect()
    }
}

impl SimulatedDisk {
    /// Returns the number stored under a name; 0 if nothing is.
    pub fn get(&self, name: &str) -> i64 {
        self.0.borrow().values.get(name).copied().unwrap_or(0)
    }

    /// Stores numbers, all of them or none.
    ///
    /// # Errors
    /// The process crashed. The numbers may be stored all the same.
    pub fn write(&mut self, values: &[(&str, i64)]) -> Result<(), Crash> {
        let Disk {
            values: stored,
            writes,
            crashes,
        } = &mut *self.0.borrow_mut();
        crashes.running()?;
        let write = writes.len() as u64;
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value));
        let values: Vec<(String, i64)> = values.collect();
        writes.push(values.clone());
        faults::step(crashes, write, || {
            stored.extend(values);
            Ok(())
        })
    }
}
