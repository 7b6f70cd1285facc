//! The log as a process reaches it: cut off from a site, or crashing at a call.
//!
//! Site 0's process reads both partitions; the second one lies at site 1. While the
//! network is cut, clients there go on writing to it, but what they write is not
//! seen from here: neither by the speed layer nor by a batch run's cut.
use lambda::faults::{self, CrashPoint, Crashes, When};
use lambda::speed::{Log, Records, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The partition that lies beyond the network.
pub const FAR: u32 = 1;

/// A log behind a network, in a process that can crash. A step is a call that changes the log
/// or reads records of it, numbered from 0.
pub struct FaultyLog {
    log: Arc<dyn Log>,
    /// The end of the far partition when the network was cut; none while it is whole.
    cut: Mutex<Option<u64>>,
    calls: AtomicU64,
    crashes: Crashes<u64>,
}

impl FaultyLog {
    pub fn new(log: Arc<dyn Log>) -> Self {
        Self {
            log,
            cut: Mutex::default(),
            calls: AtomicU64::new(0),
            crashes: Crashes::default(),
        }
    }

    /// The log as its own site reaches it, whatever the network does.
    pub fn near(&self) -> &dyn Log {
        self.log.as_ref()
    }

    /// Cuts the network where the far partition has this end, or joins it again.
    pub fn set_cut(&self, far_end: Option<u64>) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = far_end;
    }

    /// Returns where the far partition ends, seen from here, while the network is cut.
    pub fn cut(&self) -> Option<u64> {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans a crash before or after a call to come, in place of one that did not happen yet;
    /// `calls` is 0 for the next call.
    pub fn crash_in(&self, calls: u64, when: When) {
        let step = self.calls.load(Ordering::SeqCst) + calls;
        self.crashes.plan([CrashPoint { step, when }]);
    }

    /// Returns whether the process has crashed.
    pub fn is_crashed(&self) -> bool {
        self.crashes.is_crashed()
    }

    fn call<T>(&self, call: impl FnOnce(&dyn Log) -> Result<T>) -> Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        faults::step(&self.crashes, number, || call(self.near()))
    }

    /// Returns the log, for what is no step.
    fn running(&self) -> Result<&dyn Log> {
        self.crashes.running()?;
        Ok(self.near())
    }

    /// The last offset of a partition that can be reached, if that is not its end.
    fn reach(&self, partition: u32) -> Option<u64> {
        self.cut().filter(|_| partition == FAR)
    }
}

impl Log for FaultyLog {
    fn create_topic(&self, topic: &str, partitions: u32) -> Result<()> {
        self.running()?.create_topic(topic, partitions)
    }

    fn partitions(&self, topic: &str) -> Result<u32> {
        self.running()?.partitions(topic)
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
        self.running()?.begin(topic, partition)
    }

    fn end(&self, topic: &str, partition: u32) -> Result<u64> {
        let end = self.running()?.end(topic, partition)?;
        Ok(self.reach(partition).map_or(end, |reach| reach.min(end)))
    }

    fn commit(&self, group: &str, topic: &str, partition: u32, offset: u64) -> Result<()> {
        self.call(|log| log.commit(group, topic, partition, offset))
    }

    fn committed(&self, group: &str, topic: &str, partition: u32) -> Result<Option<u64>> {
        self.running()?.committed(group, topic, partition)
    }

    fn delete_before(&self, topic: &str, partition: u32, offset: u64) -> Result<()> {
        self.call(|log| log.delete_before(topic, partition, offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::speed::EmbeddedLog;

    fn wire(folder: &tempfile::TempDir) -> FaultyLog {
        let wire = FaultyLog::new(Arc::new(EmbeddedLog::open(folder.path()).unwrap()));
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
    fn a_process_crashes_before_or_after_a_call_and_stays_down() {
        for when in [When::Before, When::After] {
            let folder = tempfile::tempdir().unwrap();
            let crashing = wire(&folder);
            crashing.crash_in(1, when);
            crashing.append("t", 0, &[(b"", b"1")]).unwrap();
            assert!(crashing.append("t", 0, &[(b"", b"2")]).is_err());
            assert!(crashing.is_crashed() && crashing.append("t", 0, &[(b"", b"3")]).is_err());
            drop(crashing);
            let stored = wire(&folder).end("t", 0).unwrap();
            assert_eq!(stored, 1 + u64::from(when == When::After));
        }
    }
}
