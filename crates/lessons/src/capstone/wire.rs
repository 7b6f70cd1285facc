//! The log as a process reaches it: cut off from a site, or dying on the way.
//!
//! Site 0's process reads both partitions; the second one lies at site 1. While the
//! network is cut, clients there go on writing to it, but what they write is not
//! seen from here: neither by the speed layer nor by a batch run's cut.
use lambda::speed::{EmbeddedLog, Log, Records, Result, SpeedError};
use std::sync::Mutex;
use std::sync::PoisonError;

/// The partition that lies beyond the network.
pub const FAR: u32 = 1;

/// When a process dies: at which of its next calls to the log, and whether that
/// call takes effect before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    pub calls: u64,
    pub after: bool,
}

/// A log behind a network, in a process that may die.
pub struct Wire {
    log: EmbeddedLog,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The end of the far partition, as it was when the network was cut.
    cut: Option<u64>,
    crash: Option<CrashAt>,
    dead: bool,
}

fn killed() -> SpeedError {
    SpeedError::Stopped {
        what: "the process: it was killed",
    }
}

impl Wire {
    pub fn new(log: EmbeddedLog) -> Self {
        Self {
            log,
            state: Mutex::default(),
        }
    }

    /// The log as its own site reaches it, whatever the network does.
    pub fn near(&self) -> &EmbeddedLog {
        &self.log
    }

    /// Cuts the network, or mends it.
    pub fn set_cut(&self, far_end: Option<u64>) {
        self.state().cut = far_end;
    }

    /// Where the far partition ends, seen from here, while the network is cut.
    pub fn cut(&self) -> Option<u64> {
        self.state().cut
    }

    /// Lets the process die at one of its next calls.
    pub fn arm(&self, crash: CrashAt) {
        self.state().crash = Some(crash);
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, call: impl FnOnce(&EmbeddedLog) -> Result<T>) -> Result<T> {
        let mut state = self.state();
        if state.dead {
            return Err(killed());
        }
        match &mut state.crash {
            Some(CrashAt { calls: 0, after }) => {
                let after = *after;
                state.dead = true;
                if after {
                    call(&self.log)?;
                }
                Err(killed())
            }
            Some(crash) => {
                crash.calls -= 1;
                drop(state);
                call(&self.log)
            }
            None => {
                drop(state);
                call(&self.log)
            }
        }
    }

    fn alive(&self) -> Result<&EmbeddedLog> {
        if self.is_dead() {
            Err(killed())
        } else {
            Ok(&self.log)
        }
    }

    /// The last offset of a partition that can be reached, if that is not its end.
    fn reach(&self, partition: u32) -> Option<u64> {
        self.cut().filter(|_| partition == FAR)
    }
}

impl Log for Wire {
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        self.alive()?.create_topic(topic, partitions)
    }

    fn partitions(&self, topic: &str) -> Result<u32> {
        self.alive()?.partitions(topic)
    }

    fn append(&self, topic: &str, partition: u32, records: &[(&[u8], &[u8])]) -> Result<u64> {
        self.call(|log| log.append(topic, partition, records))
    }

    fn read(&self, topic: &str, partition: u32, from: u64, n: usize) -> Result<Records> {
        let n = match self.reach(partition) {
            Some(end) => n.min(end.saturating_sub(from) as usize),
            None => n,
        };
        self.call(|log| log.read(topic, partition, from, n))
    }

    fn begin(&self, topic: &str, partition: u32) -> Result<u64> {
        self.alive()?.begin(topic, partition)
    }

    fn end(&self, topic: &str, partition: u32) -> Result<u64> {
        let end = self.alive()?.end(topic, partition)?;
        Ok(self.reach(partition).map_or(end, |reach| reach.min(end)))
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()> {
        self.call(|log| log.commit(group, topic, partition, offset))
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>> {
        self.alive()?.committed(group, topic, partition)
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()> {
        self.call(|log| log.delete_before(topic, partition, offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(folder: &tempfile::TempDir) -> Wire {
        let wire = Wire::new(EmbeddedLog::open(folder.path()).unwrap());
        wire.create_topic("t", 2).unwrap();
        wire
    }

    #[test]
    fn what_is_written_beyond_a_cut_is_there_when_it_has_healed() {
        let folder = tempfile::tempdir().unwrap();
        let wire = wire(&folder);
        wire.append("t", FAR, &[(b"", b"before")]).unwrap();
        wire.set_cut(Some(1));
        wire.append("t", FAR, &[(b"", b"during")]).unwrap();
        assert_eq!(wire.ends("t").unwrap(), [0, 1]);
        assert_eq!(wire.read("t", FAR, 0, 9).unwrap().len(), 1);
        assert!(wire.read("t", FAR, 1, 9).unwrap().is_empty());
        wire.set_cut(None);
        assert_eq!(wire.read("t", FAR, 0, 9).unwrap().len(), 2);
    }

    #[test]
    fn a_process_dies_before_or_after_a_call_and_stays_dead() {
        for after in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let dying = wire(&folder);
            dying.arm(CrashAt { calls: 1, after });
            dying.append("t", 0, &[(b"", b"1")]).unwrap();
            assert!(dying.append("t", 0, &[(b"", b"2")]).is_err());
            assert!(dying.is_dead() && dying.append("t", 0, &[(b"", b"3")]).is_err());
            drop(dying);
            let stored = wire(&folder).end("t", 0).unwrap();
            assert_eq!(stored, 1 + u64::from(after));
        }
    }
}
