//! The master data set: all data, in parts that are only ever added.
//!
//! Before a batch run, what came into the log between the last cut and the new one
//! becomes a part: a file of JSON lines. So the log need not keep older records. Each part
//! is published as a version of the folder, of which all are kept.
use crate::engine::Input;
use crate::error::{LambdaError, Result, io_at};
use crate::speed::{Offsets, Source};
use crate::versions::{Draft, Versions};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The datums of a part.
const DATUMS: &str = "datums.jsonl";
/// The cut before which every record of the log is in the part or in one before it.
const CUT: &str = "cut.json";
/// The most records that are in memory at a time while a part is written.
const CHUNK: u64 = 100_000;

/// The parts of a master data set.
#[derive(Clone, Debug)]
pub struct Master {
    parts: Versions,
}

impl Master {
    /// Names the folder of the parts, which is made when the first is added.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        Self {
            parts: Versions::at(folder),
        }
    }

    /// Returns the last batch whose data are here, and its cut; `None` before the first.
    ///
    /// # Errors
    /// If the cut cannot be read.
    pub fn last(&self) -> Result<Option<(u64, Offsets)>> {
        // Of the parts that are there, and not of that to which `current` leads: a process may have
        // crashed after the part had its name.
        let Some(&batch) = self.parts.kept()?.last() else {
            return Ok(None);
        };
        Ok(Some((batch, self.cut(batch)?)))
    }

    /// Returns the cut with which a part was added.
    fn cut(&self, batch: u64) -> Result<Offsets> {
        let path = self.parts.folder(batch).join(CUT);
        let text = fs::read(&path).map_err(io_at("read", &path))?;
        serde_json::from_slice(&text)
            .map_err(|error| io_at("read", &path)(std::io::Error::other(error)))
    }

    /// Adds the records between the last cut and the cut `to` as the part of a batch, unless
    /// it was added before.
    ///
    /// # Errors
    /// If the log cannot be read, the disk refuses, an earlier part is missing, or the part was
    /// added before with another cut.
    pub fn absorb(&self, source: &Source, batch: u64, to: &[u64]) -> Result<()> {
        // A part that was added stays as it is: with another cut, records would be lost between
        // the layers, or counted by both.
        if self.parts.kept()?.contains(&batch) {
            let cut = self.cut(batch)?;
            return match cut == to {
                true => Ok(()),
                false => Err(LambdaError::OtherCut {
                    batch,
                    batch_layer: cut,
                    speed_layer: to.to_vec(),
                }),
            };
        }

        // The part goes on where the last one ends.
        let mut from = self.last()?.map_or_else(Vec::new, |(_, cut)| cut);
        from.resize(to.len(), 0);
        let draft = self.parts.draft()?;
        if draft.version() != batch {
            return Err(LambdaError::PartsMissing {
                folder: self.parts.root().to_owned(),
                batch,
                next: draft.version(),
            });
        }
        let cut = serde_json::to_vec(to).expect("numbers");
        write(&draft, CUT, |file| file.write_all(&cut).map_err(Into::into))?;
        write(&draft, DATUMS, |file| {
            for (partition, (&from, &to)) in (0u32..).zip(from.iter().zip(to)) {
                let mut next = from;
                while next < to {
                    let count = (to - next).min(CHUNK) as usize;
                    let records = source.log.read(&source.topic, partition, next, count)?;
                    records
                        .iter()
                        .try_for_each(|record| write_line(file, record.value))?;
                    next = records.next();
                }
            }
            Ok(())
        })?;
        draft.publish(usize::MAX)?;
        Ok(())
    }

    /// Returns the lines that a batch added; none for a batch that was not begun.
    ///
    /// # Errors
    /// If the part cannot be read.
    pub fn added(&self, batch: u64) -> Result<Vec<u8>> {
        let part = self.part(batch);
        match part.exists() {
            true => fs::read(&part).map_err(io_at("read", &part)),
            false => Ok(Vec::new()),
        }
    }

    /// Returns the data of the first batches, up to and with `last`, as the input of a
    /// batch run.
    pub fn input(&self, last: u64) -> Input {
        Input::Master {
            folder: self.parts.root().to_owned(),
            parts: (1..=last).map(|batch| self.part(batch)).collect(),
        }
    }

    /// Returns the parts of the batches after `after`, up to and with `last`, as far as they are
    /// there: as an input, and with the cut of the last of them; `None` if there is none.
    ///
    /// # Errors
    /// If a cut cannot be read.
    pub fn added_after(&self, after: u64, last: u64) -> Result<Option<(Input, Offsets)>> {
        let mut parts = self.parts.kept()?;
        parts.retain(|batch| (after + 1..=last).contains(batch));
        let Some(&newest) = parts.last() else {
            return Ok(None);
        };
        let input = Input::Master {
            folder: self.parts.root().to_owned(),
            parts: parts.into_iter().map(|batch| self.part(batch)).collect(),
        };
        Ok(Some((input, self.cut(newest)?)))
    }

    fn part(&self, batch: u64) -> PathBuf {
        self.parts.folder(batch).join(DATUMS)
    }
}

/// Writes a record as one line. The rule rejects a record with a line end in it, and must do so
/// here too: a byte that JSON forbids takes its place.
fn write_line(file: &mut impl Write, record: &[u8]) -> std::io::Result<()> {
    for (part, bytes) in record.split(|byte| *byte == b'\n').enumerate() {
        if part > 0 {
            file.write_all(b"\0")?;
        }
        file.write_all(bytes)?;
    }
    file.write_all(b"\n")
}

/// Why a file of a part could not be written: the log, or the disk.
enum Unwritten {
    Log(LambdaError),
    Disk(std::io::Error),
}

impl From<crate::speed::SpeedError> for Unwritten {
    fn from(error: crate::speed::SpeedError) -> Self {
        Self::Log(error.into())
    }
}

impl From<std::io::Error> for Unwritten {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Writes and flushes a file of a part.
fn write(
    draft: &Draft,
    name: &str,
    content: impl FnOnce(&mut BufWriter<File>) -> Result<(), Unwritten>,
) -> Result<()> {
    let path = draft.path().join(name);
    let failed = io_at("write", &path);
    let written = File::create(&path)
        .map_err(Unwritten::Disk)
        .and_then(|file| {
            let mut file = BufWriter::new(file);
            content(&mut file)?;
            file.flush()?;
            Ok(file.get_ref().sync_all()?)
        });
    written.map_err(|error| match error {
        Unwritten::Log(error) => error,
        Unwritten::Disk(error) => failed(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::sketch::Precision;
    use crate::speed::{EmbeddedLog, IdentityResolution, Log, StorePlace};
    use std::sync::Arc;

    /// Rule: a process that crashed after a part had its name, and before `current` led to it, has
    /// added the part. The next one begins where it ends.
    #[test]
    fn a_part_with_a_name_is_the_last_one_whatever_current_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path().join("log")).unwrap();
        log.create_topic("datums", 1).unwrap();
        let source = Source {
            log: Arc::new(log),
            topic: "datums".to_owned(),
            window: 8,
            precision: Precision::new(14).unwrap(),
            store: StorePlace::default(),
            resolution: IdentityResolution::None,
            persons: None,
        };
        let master = Master::at(folder.path().join("master"));
        for batch in 1..=3u64 {
            let record: &[u8] = match batch {
                1 => b"first",
                2 => b"second",
                _ => b"third",
            };
            source.log.append("datums", 0, &[(b"", record)]).unwrap();
            master.absorb(&source, batch, &[batch]).unwrap();
            if batch == 2 {
                // As a kill between the two renames leaves it.
                master.parts.roll_back_to(1).unwrap();
                assert_eq!(master.last().unwrap(), Some((2, vec![2])));
                master.absorb(&source, 2, &[2]).unwrap();
            }
        }
        assert_eq!(master.added(3).unwrap(), b"third\n");
    }
}
