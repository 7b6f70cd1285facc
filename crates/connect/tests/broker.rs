//! The broker of all tests.
use crate::systems::{self, Shared};
use connect::kafka::{KafkaLog, KafkaOptions};
use connect::local::LocalSystem;
use connect::local::kafka::KafkaBroker;
use std::sync::{LazyLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

static SHARED: LazyLock<Option<RwLock<Shared<KafkaBroker>>>> =
    LazyLock::new(|| systems::start(broker(), &["data"], end));

fn broker() -> KafkaBroker {
    KafkaBroker::at(systems::folder("kafka"))
}

extern "C" fn end() {
    if let Some(running) = broker().running() {
        running.kill();
    }
}

/// Takes the broker together with other tests; `None` if there is none on this machine.
pub fn shared() -> Option<RwLockReadGuard<'static, Shared<KafkaBroker>>> {
    systems::shared(&SHARED)
}

/// Takes the broker alone, to kill it.
pub fn alone() -> Option<RwLockWriteGuard<'static, Shared<KafkaBroker>>> {
    systems::alone(&SHARED)
}

impl Shared<KafkaBroker> {
    /// Opens a log on the broker.
    pub fn log(&self, options: KafkaOptions) -> KafkaLog {
        KafkaLog::open(std::slice::from_ref(&self.address), options).unwrap()
    }
}

/// Options that wait for a broker that is started again.
pub fn patient() -> KafkaOptions {
    KafkaOptions {
        patience: Duration::from_secs(60),
        ..KafkaOptions::default()
    }
}
