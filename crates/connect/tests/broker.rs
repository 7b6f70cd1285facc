//! The broker of all tests.
use crate::extent;
use connect::kafka::{KafkaLog, KafkaOptions};
use connect::local::kafka::KafkaBroker;
use connect::local::{Java, LocalSystem, Running};
use std::path::PathBuf;
use std::sync::{
    LazyLock, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::time::Duration;

/// A broker that tests share. A test that kills it has it alone.
pub struct Shared {
    broker: KafkaBroker,
    pub address: String,
}

static SHARED: LazyLock<Option<RwLock<Shared>>> = LazyLock::new(start);

/// Where it lies: jars are kept from run to run, so that only the first needs the network.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kafka")
}

fn start() -> Option<RwLock<Shared>> {
    if let Err(missing) = Java::find() {
        assert!(extent::may_leave_out(), "{missing}");
        eprintln!("left out, for want of Java: the tests on a real Kafka broker\n{missing}");
        return None;
    }
    // New data for each run.
    let broker = KafkaBroker::at(folder());
    broker.stop();
    let _ = std::fs::remove_dir_all(folder().join("data"));
    let running = match broker.start(None, &|_| {}) {
        Ok(running) => running,
        Err(error) => {
            assert!(extent::may_leave_out(), "{error}");
            eprintln!(
                "left out, because no broker starts: the tests on a real Kafka broker\n{error}"
            );
            return None;
        }
    };
    // SAFETY: the function is called when the program ends, and only sends a signal.
    unsafe { libc::atexit(end) };
    Some(RwLock::new(Shared {
        broker,
        address: running.address,
    }))
}

extern "C" fn end() {
    if let Some(running) = KafkaBroker::at(folder()).running() {
        running.kill();
    }
}

/// Takes the broker together with other tests; `None` if there is none on this machine.
pub fn shared() -> Option<RwLockReadGuard<'static, Shared>> {
    let shared = SHARED.as_ref()?;
    Some(shared.read().unwrap_or_else(PoisonError::into_inner))
}

/// Takes the broker alone, to kill it.
pub fn alone() -> Option<RwLockWriteGuard<'static, Shared>> {
    let shared = SHARED.as_ref()?;
    Some(shared.write().unwrap_or_else(PoisonError::into_inner))
}

impl Shared {
    /// Opens a log on the broker.
    pub fn log(&self, options: KafkaOptions) -> KafkaLog {
        KafkaLog::open(std::slice::from_ref(&self.address), options).unwrap()
    }

    /// The process.
    pub fn running(&self) -> Running {
        self.broker.running().expect("the broker runs")
    }

    /// Starts the broker again, after it was killed.
    pub fn restart(&self) {
        let running = self.broker.start(None, &|_| {}).unwrap();
        assert_eq!(running.address, self.address);
    }
}

/// A topic's name that no other test has.
pub fn new_topic(of: &str) -> String {
    static NEXT: Mutex<u32> = Mutex::new(0);
    let mut next: MutexGuard<'_, u32> = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    *next += 1;
    format!("{of}-{next}")
}

/// Options that wait for a broker that is started again.
pub fn patient() -> KafkaOptions {
    KafkaOptions {
        patience: Duration::from_secs(60),
        ..KafkaOptions::default()
    }
}
