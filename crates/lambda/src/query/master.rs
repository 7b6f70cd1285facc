//! The master data set: all data, in files that are only ever added.
//!
//! Before a batch run, what came into the log between the last cut and the new
//! one becomes a file of JSON lines. So the log need not keep what is older.
use crate::batch;
use crate::datum::Equiv;
use crate::speed::event::{Fact, Who, read};
use crate::speed::{Offsets, Result, Source, SpeedError};
use polars::prelude::*;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The files of a master data set.
#[derive(Clone, Debug)]
pub struct Master {
    folder: PathBuf,
}

impl Master {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(failed("making", folder))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn part(&self, batch: u64) -> PathBuf {
        self.folder.join(format!("part-{batch:06}.jsonl"))
    }

    /// Beside a part: the cut before which everything is in it and the parts before.
    fn cut(&self, batch: u64) -> PathBuf {
        self.folder.join(format!("part-{batch:06}.cut"))
    }

    /// The last batch whose data are here, and its cut.
    pub fn last(&self) -> Result<Option<(u64, Offsets)>> {
        let mut batch = 0;
        while self.part(batch + 1).exists() {
            batch += 1;
        }
        if batch == 0 {
            return Ok(None);
        }
        let path = self.cut(batch);
        let text = fs::read(&path).map_err(failed("reading", &path))?;
        let cut = serde_json::from_slice(&text)
            .map_err(|error| failed("reading", &path)(std::io::Error::other(error)))?;
        Ok(Some((batch, cut)))
    }

    /// Adds what came between two cuts, unless it was added before.
    pub fn absorb(&self, source: &Source, batch: u64, from: &[u64], to: &[u64]) -> Result<()> {
        let part = self.part(batch);
        if part.exists() {
            return Ok(());
        }
        // The cut first: a part that has its name has a cut.
        let path = self.cut(batch);
        let cut = serde_json::to_vec(to).expect("numbers");
        let mut file = File::create(&path).map_err(failed("writing", &path))?;
        file.write_all(&cut).map_err(failed("writing", &path))?;
        file.sync_all().map_err(failed("writing", &path))?;
        // Under another name until it is whole.
        let draft = self.folder.join(format!(".part-{batch:06}"));
        let failed = || failed("writing", &draft);
        let mut file = BufWriter::new(File::create(&draft).map_err(failed())?);
        for (partition, (&from, &to)) in (0u32..).zip(from.iter().zip(to)) {
            let count = (to - from) as usize;
            for record in source
                .log
                .read(&source.topic, partition, from, count)?
                .iter()
            {
                file.write_all(record.value).map_err(failed())?;
                file.write_all(b"\n").map_err(failed())?;
            }
        }
        let file = file
            .into_inner()
            .map_err(|error| failed()(error.into_error()))?;
        file.sync_all().map_err(failed())?;
        fs::rename(&draft, &part).map_err(failed())
    }

    /// The lines that a batch added, whole; of a batch that was not begun, none.
    pub fn added(&self, batch: u64) -> Result<Vec<u8>> {
        let part = self.part(batch);
        match part.exists() {
            true => fs::read(&part).map_err(failed("reading", &part)),
            false => Ok(Vec::new()),
        }
    }

    /// The page views of the first batches, normalised, deduped, and each by the
    /// person that all equivs of these batches say.
    pub fn page_views(&self, upto: u64) -> Result<DataFrame> {
        let (mut secs, mut nonces) = (Vec::new(), Vec::new());
        let (mut urls, mut users, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
        let mut equivs: Vec<Equiv> = Vec::new();
        for batch in 1..=upto {
            let part = self.part(batch);
            let text = fs::read(&part).map_err(failed("reading", &part))?;
            for line in text.split(|byte| *byte == b'\n') {
                match read(line) {
                    Ok(Fact::View(event)) => {
                        secs.push(event.secs);
                        nonces.push(event.nonce);
                        urls.push(event.url.into_owned());
                        let (user, cookie) = match event.who {
                            Who::User(id) => (Some(id), None),
                            Who::Cookie(cookie) => (None, Some(cookie.into_owned())),
                        };
                        users.push(user);
                        cookies.push(cookie);
                    }
                    Ok(Fact::Equiv(equiv)) => equivs.push(equiv),
                    // The speed layer has reported what cannot be read.
                    Ok(Fact::Other(_)) | Err(_) => {}
                }
            }
        }
        let views = df!(
            "true_as_of_secs" => secs, "url" => urls, "cookie" => cookies, "user_id" => users, "nonce" => nonces,
        )?;
        let views = batch::distinct(&views)?;
        Ok(batch::PersonIndex::of(&equivs).apply(&views)?)
    }
}

pub(super) fn failed(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> SpeedError {
    crate::speed::at(doing, path)
}
