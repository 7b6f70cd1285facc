//! The datums that SQL could not be sure of: the rule decides, and what is right goes back.
use crate::spark::error::SparkError;
use crate::spark::rows::Rows;
use lambda::datum::{self, DatumKind, Fact, Fields, PersonId, Reason, Who};
use lambda::engine::{EngineError, Input};
use polars::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetWriter};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;

/// Number of facts that are written at once.
const ROWS: usize = 1 << 16;
/// Number of characters of a rejected record that are shown.
const SHOWN: usize = 1000;
/// The mark at the beginning of some files of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What became of the datums that were decided here.
#[derive(Debug, Default)]
pub struct Decided {
    pub page_views: u64,
    pub equivs: u64,
    /// Equivs, and facts of other kinds.
    pub others: u64,
    pub rejected: u64,
    /// Lines that are blank once the mark before them is removed, and so no datums.
    pub blank: u64,
    /// Of a stream, the first rejected datum in a sentence.
    pub first_rejected: Option<String>,
}

/// A writer of facts into a Parquet file, with the columns of `facts.sql`.
pub struct Again {
    path: PathBuf,
    writer: Option<BatchedWriter<File>>,
    facts: Columns,
    decided: Decided,
    /// Whether the input begins with a mark that the server may have left in the first line.
    has_mark: bool,
    /// Where the rejected datums of a stream go.
    rejected: Option<RejectedRecords>,
}

/// The datums of a stream that were rejected, with their places in the log.
struct RejectedRecords {
    path: PathBuf,
    out: BufWriter<File>,
    /// The first of them, in a sentence.
    first: Option<String>,
}

/// A line of `rejected.jsonl` about a record of a log.
#[derive(Serialize)]
struct RejectedRecord<'a> {
    partition: i64,
    offset: i64,
    reason: &'a str,
    /// The datum, or its beginning.
    text: &'a str,
}

/// Facts that are not written yet.
#[derive(Default)]
struct Columns {
    fact: Vec<&'static str>,
    secs: Vec<Option<i64>>,
    url: Vec<Option<String>>,
    first: Vec<Option<PersonId>>,
    second: Vec<Option<PersonId>>,
    nonce: Vec<Option<i64>>,
}

impl Again {
    /// Creates the writer of a file, which is made when there is a fact to write.
    ///
    /// # Errors
    /// If the input cannot be read.
    pub fn new(input: &Input, path: PathBuf) -> Result<Self, EngineError> {
        let mut has_mark = false;
        for path in input.files() {
            let failed = || EngineError::io(path, "reading");
            let mut first = [0; MARK.len()];
            let mut file = File::open(path).map_err(failed())?;
            has_mark |= file.read(&mut first).map_err(failed())? == first.len() && first == MARK;
        }
        Ok(Self {
            path,
            writer: None,
            facts: Columns::default(),
            decided: Decided::default(),
            has_mark,
            rejected: None,
        })
    }

    /// Creates the writer for the records of a stream, which have no line numbers. What is rejected
    /// goes to the file `rejected`, which is made at once.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn of_stream(path: PathBuf, rejected: PathBuf) -> Result<Self, EngineError> {
        let file = File::create(&rejected).map_err(EngineError::io(&rejected, "writing"))?;
        Ok(Self {
            path,
            writer: None,
            facts: Columns::default(),
            decided: Decided::default(),
            has_mark: false,
            rejected: Some(RejectedRecords {
                path: rejected,
                out: BufWriter::new(file),
                first: None,
            }),
        })
    }

    /// Decides about rows with the columns of `facts.sql`.
    ///
    /// # Errors
    /// If a column is missing, or the disk refuses.
    pub fn decide(&mut self, rows: &Rows) -> Result<(), SparkError> {
        let lines = rows.bytes("line")?;
        let (kinds, urls) = (rows.texts("kind")?, rows.texts("url")?);
        let (secs, nonces) = (rows.numbers("secs")?, rows.numbers("nonce")?);
        let (cookies, users) = (rows.texts("cookie")?, rows.numbers("user_id")?);
        let (cookies2, users2) = (rows.texts("cookie2")?, rows.numbers("user_id2")?);
        let places = match self.rejected {
            Some(_) => Some((rows.numbers("log_partition")?, rows.numbers("log_offset")?)),
            None => None,
        };
        for row in 0..rows.len() {
            let fact = match lines.get(row) {
                Some(line) => {
                    let line = self.without_mark(line);
                    if line.iter().all(|byte| b" \t\r".contains(byte)) {
                        self.decided.blank += 1;
                        continue;
                    }
                    datum::read(line)
                }
                None => DatumKind::named(kinds.get(row)).and_then(|kind| {
                    let fields = Fields {
                        kind,
                        true_as_of_secs: secs.get(row),
                        url: urls.get(row),
                        cookie: cookies.get(row),
                        user_id: users.get(row),
                        nonce: nonces.get(row),
                        second: Some((cookies2.get(row), users2.get(row))),
                    };
                    fields.fact()
                }),
            };
            if let (Err(reason), Some(rejected), Some((partitions, offsets))) =
                (&fact, &mut self.rejected, &places)
            {
                let place = (partitions.at(row)?, offsets.at(row)?);
                rejected.add(place, reason, lines.get(row).unwrap_or_default())?;
            }
            self.take(fact);
            if self.facts.fact.len() >= ROWS {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Removes the mark from the first line of a file. One in any other line makes it no datum, as
    /// it does for the local engine, which counts the rejected lines again.
    fn without_mark<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        match self.has_mark {
            true => line.strip_prefix(MARK).unwrap_or(line),
            false => line,
        }
    }

    fn take(&mut self, fact: Result<Fact<'_>, Reason>) {
        let facts = &mut self.facts;
        match fact {
            Err(_) => self.decided.rejected += 1,
            Ok(Fact::Other(_)) => self.decided.others += 1,
            Ok(Fact::View(view)) => {
                self.decided.page_views += 1;
                let person: Who<'_> = view.who;
                facts.push("page_view", person.into_person(), None);
                facts.secs.push(Some(view.secs));
                facts.url.push(Some(view.url.into_owned()));
                facts.nonce.push(Some(view.nonce));
            }
            Ok(Fact::Equiv(equiv)) => {
                self.decided.equivs += 1;
                self.decided.others += 1;
                facts.push("equiv", equiv.id1, Some(equiv.id2));
                facts.secs.push(None);
                facts.url.push(None);
                facts.nonce.push(None);
            }
        }
    }

    fn write(&mut self) -> Result<(), EngineError> {
        let failed = || EngineError::parquet(&self.path, "writing");
        let frame = std::mem::take(&mut self.facts)
            .into_frame()
            .map_err(failed())?;
        if self.writer.is_none() {
            let file = File::create(&self.path).map_err(EngineError::io(&self.path, "writing"))?;
            let writer = ParquetWriter::new(file).batched(frame.schema());
            self.writer = Some(writer.map_err(failed())?);
        }
        match &mut self.writer {
            Some(writer) => writer.write_batch(&frame).map_err(failed()),
            None => Ok(()),
        }
    }

    /// Writes the rest, and returns what became of all datums. Without a fact there is no file.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(mut self) -> Result<Decided, EngineError> {
        if let Some(rejected) = self.rejected.take() {
            self.decided.first_rejected = rejected.finish()?;
        }
        if !self.facts.fact.is_empty() {
            self.write()?;
        }
        if let Some(writer) = self.writer {
            writer
                .finish()
                .map_err(EngineError::parquet(&self.path, "writing"))?;
        }
        Ok(self.decided)
    }
}

impl RejectedRecords {
    fn add(&mut self, place: (i64, i64), reason: &Reason, line: &[u8]) -> Result<(), EngineError> {
        let (partition, offset) = place;
        let reason = reason.to_string();
        if self.first.is_none() {
            self.first = Some(format!(
                "offset {offset} of partition {partition}: {reason}"
            ));
        }
        let text = String::from_utf8_lossy(line);
        let end = text.char_indices().nth(SHOWN).map(|(at, _)| at);
        let entry = RejectedRecord {
            partition,
            offset,
            reason: &reason,
            text: &text[..end.unwrap_or(text.len())],
        };
        serde_json::to_writer(&mut self.out, &entry)
            .map_err(std::io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(EngineError::io(&self.path, "writing"))
    }

    /// Writes the rest, and returns the first of them in a sentence.
    fn finish(mut self) -> Result<Option<String>, EngineError> {
        let flushed = self
            .out
            .flush()
            .and_then(|()| self.out.get_ref().sync_all());
        flushed.map_err(EngineError::io(&self.path, "writing"))?;
        Ok(self.first)
    }
}

impl Columns {
    fn push(&mut self, fact: &'static str, first: PersonId, second: Option<PersonId>) {
        self.fact.push(fact);
        self.first.push(Some(first));
        self.second.push(second);
    }

    fn into_frame(self) -> PolarsResult<DataFrame> {
        let cookies = |ids: &[Option<PersonId>]| -> Vec<Option<String>> {
            let cookie = |id: &Option<PersonId>| match id {
                Some(PersonId::Cookie(cookie)) => Some(cookie.clone()),
                _ => None,
            };
            ids.iter().map(cookie).collect()
        };
        let users = |ids: &[Option<PersonId>]| -> Vec<Option<i64>> {
            let user = |id: &Option<PersonId>| match id {
                Some(PersonId::UserId(user)) => Some(*user),
                _ => None,
            };
            ids.iter().map(user).collect()
        };
        df!(
            "fact" => &self.fact,
            "secs" => &self.secs,
            "url" => &self.url,
            "cookie" => cookies(&self.first),
            "user_id" => users(&self.first),
            "nonce" => &self.nonce,
            "cookie2" => cookies(&self.second),
            "user_id2" => users(&self.second),
        )
    }
}
