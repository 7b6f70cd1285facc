//! Readers of a log, each with an offset of its own, and a look at the log that can be drawn
//! (figure 14.3).
use lambda::speed::{Log, Result};

/// A topic of a log at one moment, with how far its readers have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// The names of the consumer groups.
    pub groups: Vec<String>,
    /// The partitions, in order.
    pub partitions: Vec<PartitionState>,
}

/// A partition at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionState {
    /// The offset that the next record will get.
    pub end: u64,
    /// The records that are kept: (offset, value as text).
    pub records: Vec<(u64, String)>,
    /// The offset at which each group reads next, in the order of [`LogState::groups`].
    pub next: Vec<u64>,
}

impl LogState {
    /// Looks at all partitions of a topic, and at the offsets that some groups have committed. A
    /// group that has committed none reads next at the first record that is kept. It reads the
    /// whole topic, so it is for small ones.
    ///
    /// ```
    /// use lambda_workbook::speed::{EmbeddedLog, Log, LogState, read_as};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let log = EmbeddedLog::open(folder.path())?;
    /// log.create_topic("letters", 1)?;
    /// log.append("letters", 0, &[(b"", b"a"), (b"", b"b")])?;
    /// read_as(&log, "letters", "counts", 1)?;
    /// let state = LogState::of(&log, "letters", &["counts", "search"])?;
    /// assert_eq!(state.partitions[0].next, [1, 0]);
    /// assert_eq!(state.partitions[0].records.len(), 2); // reading has removed nothing
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the topic does not exist, or the log cannot be read.
    pub fn of(log: &dyn Log, topic: &str, groups: &[&str]) -> Result<Self> {
        let mut partitions = Vec::new();
        for partition in 0..log.partitions(topic)? {
            let begin = log.begin(topic, partition)?;
            let records = log.read(topic, partition, begin, usize::MAX)?;
            let texts = records
                .iter()
                .map(|r| (r.offset, String::from_utf8_lossy(r.value).into_owned()));
            let mut next = Vec::new();
            for group in groups {
                next.push(log.committed(group, topic, partition)?.unwrap_or(begin));
            }
            partitions.push(PartitionState {
                end: log.end(topic, partition)?,
                records: texts.collect(),
                next,
            });
        }
        Ok(LogState {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            partitions,
        })
    }
}

/// Reads as a consumer group: up to `n` records of each partition, from the offset that the group
/// has committed or the first that is kept, and commits the offsets after them. Returns the values,
/// partition after partition.
///
/// The records count as read once this returns, whatever is done with them later: a crash after it
/// loses them for the group. A reader that must lose nothing stores the offset with its results.
///
/// # Errors
/// If the topic does not exist, the log cannot be read, or the group's offset is no longer kept.
pub fn read_as(log: &dyn Log, topic: &str, group: &str, n: usize) -> Result<Vec<String>> {
    let mut values = Vec::new();
    for partition in 0..log.partitions(topic)? {
        let from = match log.committed(group, topic, partition)? {
            Some(offset) => offset,
            None => log.begin(topic, partition)?,
        };
        let records = log.read(topic, partition, from, n)?;
        let texts = records
            .iter()
            .map(|r| String::from_utf8_lossy(r.value).into_owned());
        values.extend(texts);
        log.commit(group, topic, partition, records.next())?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::speed::EmbeddedLog;

    #[test]
    fn each_group_reads_all_records_at_its_own_pace() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path()).unwrap();
        log.create_topic("letters", 3).unwrap();
        let letters: Vec<String> = ('a'..='l').map(String::from).collect();
        let records: Vec<(&[u8], &[u8])> = letters
            .iter()
            .map(|l| (l.as_bytes(), l.as_bytes()))
            .collect();
        log.append_by_key("letters", &records).unwrap();
        for (group, n) in [("counts", 1), ("search", 5)] {
            let mut read = Vec::new();
            loop {
                let more = read_as(&log, "letters", group, n).unwrap();
                if more.is_empty() {
                    break;
                }
                read.extend(more);
            }
            read.sort();
            assert_eq!(read, letters, "{group}");
        }
        let state = LogState::of(&log, "letters", &["counts", "search", "new"]).unwrap();
        for partition in &state.partitions {
            assert_eq!(partition.next, [partition.end, partition.end, 0]);
            assert_eq!(partition.records.len() as u64, partition.end);
        }
    }
}
