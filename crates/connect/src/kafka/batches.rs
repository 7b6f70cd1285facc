//! Record batches as a broker sends them.
use bytes::{Buf, Bytes};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::records::RecordBatchDecoder;
use lambda::speed::Records;
use std::collections::HashSet;

/// What one fetch of a partition gave.
pub struct Fetched {
    /// The last stable offset: no read goes beyond it.
    pub end: u64,
    /// Whole batches, and perhaps the beginning of another.
    batches: Bytes,
    /// The producers whose transactions were aborted, each with the first offset of the
    /// transaction, in the order of these offsets.
    aborted: Vec<(i64, u64)>,
}

impl Fetched {
    /// Takes what is needed of a response.
    pub fn of(data: PartitionData) -> Self {
        let stable = match data.last_stable_offset {
            -1 => data.high_watermark,
            stable => stable,
        };
        let aborted = data.aborted_transactions.unwrap_or_default();
        let aborted = aborted
            .iter()
            .map(|one| (one.producer_id.0, one.first_offset.max(0) as u64));
        let mut aborted: Vec<(i64, u64)> = aborted.collect();
        aborted.sort_unstable_by_key(|(_, first)| *first);
        Self {
            end: stable.max(0) as u64,
            batches: data.records.unwrap_or_default(),
            aborted,
        }
    }
}

/// The bytes of a batch before its length is complete: base offset and length.
const HEAD: usize = 12;
/// Where the offset of the last record stands, relative to the first.
const LAST_OFFSET_DELTA: usize = 23;

/// Adds the records with offsets from `records.next()` to before `stop`. Control records and those
/// of aborted transactions are left out, and their offsets passed.
///
/// # Errors
/// What is wrong with a batch, as a sentence.
pub fn unpack(fetched: &Fetched, stop: u64, records: &mut Records) -> Result<(), String> {
    let mut bytes = fetched.batches.clone();
    let mut aborted = fetched.aborted.iter().peekable();
    let mut dropped: HashSet<i64> = HashSet::new();
    while bytes.remaining() >= HEAD && records.next() < stop {
        // Take one batch. The last may have been cut off by the size of the fetch.
        let base = i64::from_be_bytes(bytes[..8].try_into().unwrap_or_default()).max(0) as u64;
        let length = i32::from_be_bytes(bytes[8..HEAD].try_into().unwrap_or_default());
        let whole = HEAD + length.max(0) as usize;
        if bytes.remaining() < whole {
            break;
        }
        let mut batch = bytes.split_to(whole);
        let delta = batch.get(LAST_OFFSET_DELTA..LAST_OFFSET_DELTA + 4);
        let delta =
            delta.ok_or("a batch is shorter than its header; the broker's log is damaged")?;
        let end = base + 1 + i32::from_be_bytes(delta.try_into().unwrap_or_default()).max(0) as u64;

        // The transactions that begin in it and were aborted.
        while let Some((producer, _)) = aborted.next_if(|(_, first)| *first < end) {
            dropped.insert(*producer);
        }
        let decoded = RecordBatchDecoder::decode(&mut batch).map_err(|error| {
            format!(
                "the batch at offset {base} cannot be decoded: {error}; the broker's log is damaged"
            )
        })?;
        for record in decoded.records {
            let offset = record.offset.max(0) as u64;
            if record.control {
                // The end of a transaction, committed or aborted.
                dropped.remove(&record.producer_id);
                continue;
            }
            if record.transactional && dropped.contains(&record.producer_id) {
                continue;
            }
            if (records.next()..stop).contains(&offset) {
                records.skip_to(offset);
                let (key, value) = (
                    record.key.unwrap_or_default(),
                    record.value.unwrap_or_default(),
                );
                records.push(&key, &value);
            }
        }
        records.skip_to(end.min(stop));
    }
    Ok(())
}
