//! A batch run: an engine computes the views of all data, and one rename serves them.
//!
//! ```text
//! FOLDER/current -> versions/000007
//! FOLDER/page_views.parquet -> current/page_views.parquet, and so for each file
//! FOLDER/versions/000007/
//!   manifest.json            what the views were made from, and the batch's cut
//!   page_views.parquet ...   the views, for engines and other tools
//!   rejected.jsonl           every datum that could not be read, with the reason
//!   serving/page_views/ ...  the views, for queries
//!   serving/persons          the name of each person, for the speed layer
//! FOLDER/.unfinished/        what a run that was killed has done; the next one goes on there
//! ```
//!
//! `workbook batch`, the chapters and the capstone all run this code.
use crate::batch::output::{MANIFEST, Manifest};
use crate::batch::persons::components::Joined;
use crate::engine::{BatchJob, Engine, EngineError, Summary, Views, Watch, local};
use crate::error::{Result, io_at};
use crate::serving::{Header, PersonTable, ServedViews, ServingOptions, build_stores};
use crate::speed::Offsets;
use crate::versions::{Draft, UNFINISHED, Versions};
use std::fs::{self, File};
use std::path::Path;

/// The views of a batch run, computed and not served yet. Dropped, it leaves nothing.
#[derive(Debug)]
#[must_use = "the views are served by publish"]
pub struct BuiltBatch {
    draft: Draft,
    manifest: Manifest,
    summary: Summary,
    stores: Vec<(&'static str, Header)>,
    keep: usize,
}

impl BuiltBatch {
    /// Computes the views of a job as the next version of `folder`.
    ///
    /// # Errors
    /// If another run writes there, the folder holds anything but versions, or the engine
    /// or the serving store refuses. What is served stays as it was.
    pub fn compute(
        engine: &dyn Engine,
        job: &BatchJob,
        folder: impl AsRef<Path>,
        how: ServingOptions,
        watch: Watch<'_>,
    ) -> Result<Self> {
        // Claim the folder before the work, so that a mistyped name costs no time.
        let draft = Versions::at(folder).draft()?;
        let summary = engine.run(job, draft.path(), watch)?;
        let stores = build_stores(&draft, how)?;
        let mut manifest = Manifest::of(engine.name(), job, job.input.bytes()?, &summary);
        if job.visits && job.views == Views::All {
            // Realtime views will be merged with these. Every engine names persons in the same way,
            // so the table is made here, whichever engine has run.
            let mut joined = Joined::default();
            local::each_equiv(&job.input, &mut |equiv| {
                joined.join(&equiv.id1, &equiv.id2);
                Ok::<(), EngineError>(())
            })?;
            manifest.persons = Some(PersonTable::write(&draft, joined)?);
        }
        Ok(Self {
            draft,
            manifest,
            summary,
            stores,
            keep: how.keep,
        })
    }

    /// Says which batch of a log this is, and its cut: the offset in each partition before
    /// which every record is in these views.
    pub fn of_batch(mut self, batch: u64, cut: Offsets) -> Self {
        (self.manifest.batch, self.manifest.cut) = (batch, cut);
        self
    }

    /// Serves the views, and returns them.
    ///
    /// # Errors
    /// If the disk refuses. What was served before is served on.
    pub fn publish(self) -> Result<ServedViews> {
        let path = self.draft.path().join(MANIFEST);
        let mut text =
            serde_json::to_string_pretty(&self.manifest).expect("a manifest is plain data");
        text.push('\n');
        fs::write(&path, text)
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(io_at("write", &path))?;
        let names = self.manifest.files.iter().map(|file| file.name.as_str());
        names
            .chain([MANIFEST])
            .try_for_each(|name| self.draft.link(name))?;
        let folder = self.draft.root().to_owned();
        self.draft.publish(self.keep)?;
        // What cannot be removed now is removed by the next run.
        let _ = fs::remove_dir_all(folder.join(UNFINISHED));
        Ok(ServedViews::open(folder)?)
    }

    /// Returns the folder of the views, whose next version this is.
    pub fn folder(&self) -> &Path {
        self.draft.root()
    }

    /// Returns what the engine found and wrote.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns the stores by name, with what each holds.
    pub fn stores(&self) -> &[(&'static str, Header)] {
        &self.stores
    }
}
