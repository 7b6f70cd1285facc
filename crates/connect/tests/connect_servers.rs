//! The servers of Spark Connect of all tests.
use crate::systems::{self, Shared};
use connect::local::LocalSystem;
use connect::local::sail::LocalSail;
use connect::local::spark::LocalSpark;
use std::sync::{LazyLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

static SPARK: LazyLock<Option<RwLock<Shared<LocalSpark>>>> =
    LazyLock::new(|| systems::start(local_spark(), &[], end_spark));

static SAIL: LazyLock<Option<RwLock<Shared<LocalSail>>>> =
    LazyLock::new(|| systems::start(local_sail(), &[], end_sail));

fn local_spark() -> LocalSpark {
    LocalSpark::at(systems::folder("spark"))
}

pub fn local_sail() -> LocalSail {
    LocalSail::at(systems::folder("sail"))
}

extern "C" fn end_spark() {
    if let Some(running) = local_spark().running() {
        running.kill();
    }
}

extern "C" fn end_sail() {
    if let Some(running) = local_sail().running() {
        running.kill();
    }
}

/// Takes Spark together with other tests; `None` if there is none on this machine.
pub fn spark() -> Option<RwLockReadGuard<'static, Shared<LocalSpark>>> {
    running(&SPARK)
}

/// Takes Spark alone, to kill it.
pub fn spark_alone() -> Option<RwLockWriteGuard<'static, Shared<LocalSpark>>> {
    systems::alone(&SPARK)
}

/// Takes Sail together with other tests; `None` if there is none on this machine.
pub fn sail() -> Option<RwLockReadGuard<'static, Shared<LocalSail>>> {
    running(&SAIL)
}

/// Takes Sail alone, to kill it.
pub fn sail_alone() -> Option<RwLockWriteGuard<'static, Shared<LocalSail>>> {
    systems::alone(&SAIL)
}

/// Takes a server, and starts it if another test has ended it.
fn running<S: LocalSystem>(
    shared: &'static Option<RwLock<Shared<S>>>,
) -> Option<RwLockReadGuard<'static, Shared<S>>> {
    let alone = systems::alone(shared)?;
    if alone.system.running().is_none() {
        alone.restart();
    }
    drop(alone);
    systems::shared(shared)
}
