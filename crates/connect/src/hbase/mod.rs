//! HBase, through its Thrift2 gateway.
//!
//! | file | concept |
//! |---|---|
//! | `thrift2` | what is asked of the gateway, generated from `systems/hbase/hbase.thrift` |
//! | `client` | connections to a gateway, and when to ask again |
//! | `tables` | tables with their column families |
//! | `mutations` | changes of a row, so that HBase applies them as [`lambda::speed::Mutation`] says |
//! | `store` | [`lambda::speed::RealtimeStore`] on all of these |
mod client;
mod mutations;
mod store;
mod tables;
#[expect(
    dead_code,
    clippy::all,
    reason = "generated, with more than the client needs"
)]
#[rustfmt::skip]
mod thrift2;

pub use client::{Gateway, HBaseOptions};
pub use store::HBaseStore;
pub use tables::{exists, remove};

use lambda::speed::{Family, Mutation, RealtimeStore};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The table with which a start is tried out.
const TRIED: &str = "lambda_workbook_ready";

/// Creates a table unless it exists, writes a cell, and reads it.
///
/// # Errors
/// Why HBase at `host:port` does not do that, so far.
pub fn try_out(address: &str) -> std::result::Result<(), String> {
    let options = HBaseOptions {
        patience: Duration::ZERO,
    };
    let tried = || -> lambda::speed::Result<bool> {
        let gateway = Arc::new(Gateway::open(address, options)?);
        let store = HBaseStore::open(gateway, TRIED, &[Family::new("tried")])?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_nanos().to_be_bytes();
        store.apply(&[Mutation::of("row").put("tried", "at", 0, now)])?;
        let found = store.reader().get(b"row", "tried", b"at")?;
        Ok(found.is_some_and(|cell| cell.value == now))
    };
    match tried() {
        Ok(true) => Ok(()),
        Ok(false) => Err("a cell that was written is not read".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
