//! Appends datums to the log.
use super::error::{Result, at};
use super::log::Log;
use crate::datum::{DataUnit, Datum, PersonId};
use std::io::BufRead;
use std::path::Path;

/// Appends datums as lines of JSON, each under the key of its person ([`record_key`]). So the
/// duplicates of a page view, and all visits of one identifier, are in one partition.
///
/// # Errors
/// If the log refuses an append. Records for other partitions may be appended already.
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
        (record_key(&datum.dataunit), line)
    };
    let lines: Vec<(Vec<u8>, Vec<u8>)> = datums.iter().map(line).collect();
    let records: Vec<(&[u8], &[u8])> = lines.iter().map(|(k, v)| (&k[..], &v[..])).collect();
    log.append_by_key(topic, &records)
}

/// Appends the lines of a text, each under the key of its person, and returns the number of
/// lines appended. Blank lines are skipped. A line that is not a datum is appended too, under
/// an empty key, so that both layers can report it with a reason.
///
/// # Errors
/// If the text cannot be read, or the log refuses an append. Earlier lines may be appended
/// already, in groups of 10,000.
pub fn feed_lines(log: &dyn Log, topic: &str, text: impl BufRead) -> Result<u64> {
    let mut appended = 0;
    let mut lines: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut send = |lines: &mut Vec<(Vec<u8>, Vec<u8>)>| {
        let records: Vec<(&[u8], &[u8])> = lines.iter().map(|(k, v)| (&k[..], &v[..])).collect();
        let sent = log.append_by_key(topic, &records);
        appended += lines.len() as u64;
        lines.clear();
        sent
    };
    for line in text.split(b'\n') {
        let mut line = line.map_err(at("reading lines for the topic", Path::new(topic)))?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let datum = serde_json::from_slice::<Datum>(&line);
        let key = datum.map_or_else(|_| Vec::new(), |datum| record_key(&datum.dataunit));
        lines.push((key, line));
        if lines.len() == LINES_PER_APPEND {
            send(&mut lines)?;
        }
    }
    send(&mut lines)?;
    Ok(appended)
}

/// Number of lines that are appended in one call.
const LINES_PER_APPEND: usize = 10_000;

/// Returns the key of a datum's record in the log: the bytes of its person's identifier (of
/// the first of the two for an equiv), or its URL for a property of a page.
pub fn record_key(unit: &DataUnit) -> Vec<u8> {
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
