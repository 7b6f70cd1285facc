//! Opens a log, and a realtime store, by its address.
use super::embedded_log::EmbeddedLog;
use super::embedded_store::EmbeddedStore;
use super::error::{Result, SpeedError};
use super::log::Log;
use super::remote_log::RemoteLog;
use super::remote_store::RemoteStores;
use super::store::{Family, RealtimeStore};
use std::sync::Arc;

/// Opens the log at an address: `kafka://host:port` for a Kafka cluster, or a folder of this
/// machine.
///
/// The address of a cluster may end in options. After `?topics=new` each topic has a name on the
/// broker that no other opened log gives it, so that a notebook that is run again finds none of its
/// old records. Two show what a retry does: after `?idempotent=false` records are sent without the
/// numbers by which a broker recognises a retry, and `?lose_acknowledgement=true` loses the
/// acknowledgement of the first append, so that the client sends it again.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let log = lambda_workbook::speed::open(&folder.path().to_string_lossy())?;
/// log.create_topic("datums", 2)?;
/// log.append("datums", 0, &[(b"key", b"value")])?;
/// assert_eq!(log.ends("datums")?, [1, 0]);
/// // In a notebook, after `cargo workbook up kafka`:
/// // let log = speed::open("kafka://127.0.0.1:9092?topics=new")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the log cannot be opened or reached.
pub fn open(address: &str) -> Result<Arc<dyn Log>> {
    Ok(match address.contains("://") {
        true => Arc::new(RemoteLog::open(address, None)?),
        false => Arc::new(EmbeddedLog::open(address)?),
    })
}

/// Opens the realtime store at an address: `hbase://host:port/table` for a table of HBase, which is
/// made if there is none, or a folder of this machine.
///
/// ```
/// use lambda_workbook::speed::{self, Family, Mutation};
/// let folder = tempfile::tempdir()?;
/// let store = speed::open_store(&folder.path().to_string_lossy(), &[Family::new("views")])?;
/// store.apply(&[Mutation::of("foo.com/").put("views", "10:00", 1, "17")])?;
/// assert_eq!(store.increment(b"foo.com/", "views", b"today", 2)?, 2);
/// // In a notebook, after `cargo workbook up hbase`:
/// // let store = speed::open_store("hbase://127.0.0.1:9090/pages", &[Family::new("views")])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the store cannot be opened or reached, or has other column families.
pub fn open_store(address: &str, families: &[Family]) -> Result<Arc<dyn RealtimeStore>> {
    let Some(at) = address.find("://") else {
        return Ok(Arc::new(EmbeddedStore::open(address, families)?));
    };
    match address[at + 3..].split_once('/') {
        Some((place, table)) if !table.is_empty() => {
            let system = &address[..at + 3 + place.len()];
            Ok(Arc::new(
                RemoteStores::open(system, None)?.store(table, families)?,
            ))
        }
        _ => Err(SpeedError::Remote {
            doing: "opening a store".to_owned(),
            address: address.to_owned(),
            problem: "no table is named; write hbase://host:port/table".to_owned(),
        }),
    }
}
