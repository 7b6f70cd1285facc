//! Datums on their way into the log.
use super::error::Result;
use super::log::Log;
use crate::datum::{DataUnit, Datum, PersonId};

/// Appends datums as lines of JSON, each under the key of its person, so that the
/// copies of a page view and the visits of a person are in one partition.
///
/// ```
/// use lambda_workbook::dataset;
/// use lambda_workbook::speed::{EmbeddedLog, Log, feed};
///
/// let folder = tempfile::tempdir()?;
/// let log = EmbeddedLog::open(folder.path())?;
/// log.create_topic("datums", 2)?;
/// feed(&log, "datums", &dataset::golden())?;
/// assert_eq!(log.ends("datums")?.iter().sum::<u64>(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn feed(log: &dyn Log, topic: &str, datums: &[Datum]) -> Result<()> {
    let line = |datum: &Datum| {
        let line = serde_json::to_vec(datum).expect("a datum is JSON");
        (person_of(&datum.dataunit), line)
    };
    let lines: Vec<(Vec<u8>, Vec<u8>)> = datums.iter().map(line).collect();
    let records: Vec<(&[u8], &[u8])> = lines.iter().map(|(k, v)| (&k[..], &v[..])).collect();
    log.append_by_key(topic, &records)
}

/// Returns the key of a datum in the log: its person, or its page where it has none.
pub fn person_of(unit: &DataUnit) -> Vec<u8> {
    let person = match unit {
        DataUnit::PageView(view) => &view.person,
        DataUnit::Equiv(equiv) => &equiv.id1,
        DataUnit::PersonProperty(property) => &property.id,
        DataUnit::PageProperty(property) => return property.id.url.clone().into_bytes(),
    };
    match person {
        PersonId::Cookie(cookie) => cookie.clone().into_bytes(),
        PersonId::UserId(id) => id.to_be_bytes().to_vec(),
    }
}
