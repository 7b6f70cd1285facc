//! The HBase of all tests.
use crate::systems::{self, Shared};
use connect::hbase::{Gateway, HBaseOptions, HBaseStore};
use connect::local::LocalSystem;
use connect::local::hbase::LocalHBase;
use lambda_workbook::speed::Family;
use std::sync::{Arc, LazyLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

static SHARED: LazyLock<Option<RwLock<Shared<LocalHBase>>>> =
    LazyLock::new(|| systems::start(hbase(), &["data", "zookeeper", "tmp"], end));

fn hbase() -> LocalHBase {
    LocalHBase::at(systems::folder("hbase"))
}

extern "C" fn end() {
    if let Some(running) = hbase().running() {
        running.kill();
    }
}

/// Takes HBase together with other tests; `None` if there is none on this machine.
pub fn shared() -> Option<RwLockReadGuard<'static, Shared<LocalHBase>>> {
    systems::shared(&SHARED)
}

/// Takes HBase alone, to kill it.
pub fn alone() -> Option<RwLockWriteGuard<'static, Shared<LocalHBase>>> {
    systems::alone(&SHARED)
}

impl Shared<LocalHBase> {
    /// Connects to the gateway.
    pub fn gateway(&self, options: HBaseOptions) -> Arc<Gateway> {
        Arc::new(Gateway::open(&self.address, options).unwrap())
    }

    /// Opens a store in a table.
    pub fn store(&self, table: &str, families: &[Family], options: HBaseOptions) -> HBaseStore {
        HBaseStore::open(self.gateway(options), table, families).unwrap()
    }
}

/// Options that wait for an HBase that is started again.
pub fn patient() -> HBaseOptions {
    HBaseOptions {
        patience: Duration::from_secs(90),
    }
}
