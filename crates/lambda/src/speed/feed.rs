//! Datums on their way into the log.
use super::error::{Result, at};
use super::log::Log;
use crate::datum::{DataUnit, Datum, PersonId};
use std::io::BufRead;
use std::path::Path;

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

/// Appends the lines of a text, each under the key of its person. Blank lines are left
/// out. A line that is no datum is appended too, under an empty key: the layers report it
/// with the reason. Returns the number of lines appended.
///
/// # Errors
/// If the text cannot be read, or the log refuses; lines before that are appended.
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
        let key = datum.map_or_else(|_| Vec::new(), |datum| person_of(&datum.dataunit));
        lines.push((key, line));
        if lines.len() == TOGETHER {
            send(&mut lines)?;
        }
    }
    send(&mut lines)?;
    Ok(appended)
}

/// Lines that are appended in one call.
const TOGETHER: usize = 10_000;

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
