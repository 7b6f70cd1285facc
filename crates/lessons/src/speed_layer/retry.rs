//! A producer whose acknowledgement is lost, and that sends its record again.
//!
//! The record is in the log, and its producer cannot know. It has two choices: not to send it again,
//! which loses the record where it was not stored, or to send it again, which stores it twice where
//! it was. An idempotent producer numbers what it sends, so that the broker recognises what it has
//! stored already. That helps with what the *client* sends again. An application that crashes and
//! appends again is a new producer with new numbers.
use lambda::speed::event::{Fact, read};
use lambda::speed::{Log, Result, Window};
use polars::prelude::{DataFrame, df};

/// What a lost acknowledgement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retried {
    /// The log and its producer.
    pub log: String,
    /// What sends the record again.
    pub again: &'static str,
    /// The number of records that are stored.
    pub stored: u64,
    /// The count of a view that counts each offset once.
    pub by_offset: u64,
    /// The count of a view that counts each page view once, by its identity in a window.
    pub by_identity: u64,
}

/// One page view, as a line of the log.
const VIEW: &[u8] = br#"{"pedigree":{"true_as_of_secs":1438624800},"dataunit":{"page_view":{"person":{"cookie":"ABCDE"},"page":{"url":"http://mysite.com/blog"},"nonce":1}}}"#;
/// Offsets of the window.
const WINDOW: usize = 100;

/// Appends one page view to a new topic of a log, as often as the application sends it: `sent` is 2
/// if the application appends it again because it saw no acknowledgement, and 1 if it leaves that to
/// the client of the log. `name` names the log in the result.
///
/// ```
/// use lambda_workbook::speed::{EmbeddedLog, retried};
///
/// let folder = tempfile::tempdir()?;
/// let log = EmbeddedLog::open(folder.path())?;
/// let again = retried(&log, "again", "this machine", 2)?;
/// assert_eq!((again.stored, again.by_offset, again.by_identity), (2, 2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the topic cannot be created, or the log cannot be written or read.
pub fn retried(log: &dyn Log, topic: &str, name: &str, sent: u32) -> Result<Retried> {
    log.create_topic(topic, 1)?;
    for _ in 0..sent {
        log.append(topic, 0, &[(b"ABCDE", VIEW)])?;
    }
    let begin = log.begin(topic, 0)?;
    let records = log.read(topic, 0, begin, usize::MAX)?;
    let mut window = Window::of(WINDOW);
    let views = records
        .iter()
        .filter_map(|record| match read(record.value) {
            Ok(Fact::View(view)) => Some(view.identity()),
            _ => None,
        });
    let views: Vec<u128> = views.collect();
    let new = views.iter().filter(|identity| window.is_new(**identity));
    Ok(Retried {
        log: name.to_owned(),
        again: if sent > 1 {
            "the application"
        } else {
            "the client"
        },
        stored: records.len() as u64,
        by_offset: views.len() as u64,
        by_identity: new.count() as u64,
    })
}

impl Retried {
    /// One row for each: `log`, `sent again by`, `stored`, `counted by offset`, `counted by
    /// identity`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        df!(
            "log" => rows.iter().map(|row| row.log.as_str()).collect::<Vec<_>>(),
            "sent again by" => rows.iter().map(|row| row.again).collect::<Vec<_>>(),
            "stored" => rows.iter().map(|row| row.stored as i64).collect::<Vec<_>>(),
            "counted by offset" => rows.iter().map(|row| row.by_offset as i64).collect::<Vec<_>>(),
            "counted by identity" => rows.iter().map(|row| row.by_identity as i64).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::speed::EmbeddedLog;

    #[test]
    fn offsets_cannot_tell_a_retry_and_the_identity_can() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path()).unwrap();
        for sent in 1..4 {
            let name = format!("sent-{sent}");
            let retried = retried(&log, &name, "this machine", sent).unwrap();
            assert_eq!(retried.stored, u64::from(sent));
            assert_eq!((retried.by_offset, retried.by_identity), (sent.into(), 1));
        }
    }
}
