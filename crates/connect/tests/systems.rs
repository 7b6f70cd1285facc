//! Real systems that all tests share, each started once.
use crate::extent;
use connect::local::{LocalSystem, Running};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A system that tests share. A test that kills it has it alone.
pub struct Shared<S> {
    pub system: S,
    pub address: String,
}

/// Where a system lies: jars are kept from run to run, so that only the first needs the network.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Starts a system with new data; `None` if this machine lacks what it needs. `data` are the folders
/// of the last run's data, and `end` kills it when the program ends.
pub fn start<S: LocalSystem>(
    system: S,
    data: &[&str],
    end: extern "C" fn(),
) -> Option<RwLock<Shared<S>>> {
    let name = system.name();
    if let Err(missing) = system.look_for_programs() {
        assert!(extent::may_leave_out(), "{missing}");
        eprintln!("left out, for want of a program: the tests on a real {name}\n{missing}");
        return None;
    }
    system.stop();
    for folder in data {
        let _ = std::fs::remove_dir_all(system.home().join(folder));
    }
    let running = match system.start(None, &|_| {}) {
        Ok(running) => running,
        Err(error) => {
            assert!(extent::may_leave_out(), "{error}");
            eprintln!("left out, because it does not start: the tests on a real {name}\n{error}");
            return None;
        }
    };
    // SAFETY: the function is called when the program ends, and only sends a signal.
    unsafe { libc::atexit(end) };
    Some(RwLock::new(Shared {
        system,
        address: running.address,
    }))
}

/// Takes a system together with other tests; `None` if there is none on this machine.
pub fn shared<S>(system: &Option<RwLock<Shared<S>>>) -> Option<RwLockReadGuard<'_, Shared<S>>> {
    let shared = system.as_ref()?;
    Some(shared.read().unwrap_or_else(PoisonError::into_inner))
}

/// Takes a system alone, to kill it.
pub fn alone<S>(system: &Option<RwLock<Shared<S>>>) -> Option<RwLockWriteGuard<'_, Shared<S>>> {
    let shared = system.as_ref()?;
    Some(shared.write().unwrap_or_else(PoisonError::into_inner))
}

impl<S: LocalSystem> Shared<S> {
    /// The process.
    pub fn running(&self) -> Running {
        self.system.running().expect("the system runs")
    }

    /// Starts the system again, after it was killed.
    pub fn restart(&self) {
        let running = self.system.start(None, &|_| {}).unwrap();
        assert_eq!(running.address, self.address);
    }
}

/// A name that no other test has.
pub fn new_name(of: &str) -> String {
    static NEXT: Mutex<u32> = Mutex::new(0);
    let mut next: MutexGuard<'_, u32> = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    *next += 1;
    format!("{of}-{next}")
}

/// Returns the processes of a group that have not ended.
pub fn processes_of(group: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let mut fields = after.split_whitespace();
        let ended = fields.next().is_none_or(|state| state == "Z");
        !ended && fields.nth(1) == Some(group.to_string().as_str())
    })
    .collect()
}
