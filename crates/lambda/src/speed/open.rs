//! Opens a log by its address.
use super::embedded_log::EmbeddedLog;
use super::error::Result;
use super::log::Log;
use super::remote_log::RemoteLog;
use std::sync::Arc;

/// Opens the log at an address: `kafka://host:port` for a Kafka cluster, or a folder of this
/// machine.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let log = lambda_workbook::speed::open(&folder.path().to_string_lossy())?;
/// log.create_topic("datums", 2)?;
/// log.append("datums", 0, &[(b"key", b"value")])?;
/// assert_eq!(log.ends("datums")?, [1, 0]);
/// // In a notebook, after `cargo workbook up kafka`:
/// // let log = speed::open("kafka://127.0.0.1:9092")?;
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
