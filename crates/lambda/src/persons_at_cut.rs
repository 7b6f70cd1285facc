//! The persons as a cut knows them: the table of a batch that is kept, and over it the equivs that
//! came between that batch's cut and this one.
//!
//! When a batch run begins, its cut is fixed, and realtime views begin there. They need the names
//! that the batch will give, and the batch is not computed yet. But its equivs are all there:
//!
//! ```text
//! log    |----- equivs of batch n -----|-- equivs since --|-- page views to be named ...
//!                                      cut n              cut n+1
//!         table of persons of batch n     overlay
//! ```
//!
//! The overlay joins *names*: for each equiv the names that its two identifiers have in the table.
//! The name of a person is the smallest of the person's identifiers, and the smallest of several
//! persons' names is the smallest of all their identifiers. So the result is what the batch finds
//! when it joins all equivs from the first on:
//!
//! 1. Table and overlay name every identifier as the batch at the same cut does, whichever batch the
//!    table is of. Without a table the overlay holds all equivs.
//!
//! The equivs since are read from the master data set, as far as its parts are there, and from the
//! log after them: from where the batch itself reads them. Nothing is kept on the disk, so there is
//! nothing that a crash could leave half done.
//!
//! # Memory usage
//!
//! The overlay holds the identifiers of the equivs since the cut of the table. Once the batch is
//! served, its own table takes the place of both.
use crate::batch::output::Manifest;
use crate::batch::persons::PersonIndex;
use crate::batch::persons::components::Joined;
use crate::datum::{Equiv, Fact, PersonId};
use crate::engine::local::each_equiv;
use crate::error::{LambdaError, Result};
use crate::master::Master;
use crate::serving::PersonTable;
use crate::speed::event::read;
use crate::speed::{self, KnownPersons, Log, Offsets, PersonNames, SpeedError};
use crate::versions::Versions;
use std::sync::Arc;

/// The most records of the log that are in memory at a time.
const CHUNK: u64 = 100_000;

/// Where the persons of before a cut are known: in the versions of the batch views, in the master
/// data set, and in the log.
pub(crate) struct PersonsAtCut {
    pub views: Versions,
    pub master: Master,
    pub log: Arc<dyn Log>,
    pub topic: String,
}

impl KnownPersons for PersonsAtCut {
    fn at_cut(&self, batch: u64, cut: &[u64]) -> speed::Result<Arc<dyn PersonNames>> {
        match self.names(batch, cut) {
            Ok(names) => Ok(Arc::new(names)),
            Err(error) => Err(SpeedError::Persons {
                batch,
                problem: error.to_string(),
            }),
        }
    }
}

impl PersonsAtCut {
    /// Returns the names that the batch with this cut gives.
    fn names(&self, batch: u64, cut: &[u64]) -> Result<Names> {
        // The newest table of a batch up to this one.
        let (known, mut from, table) = match self.newest_table(batch)? {
            Some((known, from, table)) => (known, from, Some(table)),
            None => (0, Offsets::new(), None),
        };
        let mut names = Names {
            batch,
            table,
            overlay: PersonIndex::default(),
        };

        // The equivs since: from the parts of the master data set, then from the log.
        let mut joined = Joined::default();
        let mut join = |equiv: Equiv| -> Result<()> {
            let (one, other) = (names.in_table(equiv.id1)?, names.in_table(equiv.id2)?);
            joined.join(&one, &other);
            Ok(())
        };
        if let Some((parts, end)) = self.master.added_after(known, batch)? {
            each_equiv(&parts, &mut join)?;
            from = end;
        }
        from.resize(cut.len(), 0);
        for (partition, (&from, &to)) in (0u32..).zip(from.iter().zip(cut)) {
            let mut next = from;
            while next < to {
                let count = (to - next).min(CHUNK) as usize;
                let records = self.log.read(&self.topic, partition, next, count)?;
                for record in records.iter() {
                    if let Ok(Fact::Equiv(equiv)) = read(record.value) {
                        join(equiv)?;
                    }
                }
                next = records.next();
            }
        }
        names.overlay = PersonIndex::of_joined(joined);
        Ok(names)
    }

    /// Returns the newest table of a batch up to `batch`, with the number and the cut of that batch;
    /// `None` if no version has one.
    fn newest_table(&self, batch: u64) -> Result<Option<(u64, Offsets, PersonTable)>> {
        let mut newest: Option<(u64, Manifest)> = None;
        for version in self.views.kept()? {
            // Versions that this program cannot read are passed over, as for a roll-back.
            let Ok(manifest) = Manifest::read(self.views.folder(version)) else {
                continue;
            };
            let fits = manifest.persons.is_some() && (1..=batch).contains(&manifest.batch);
            let before = newest.as_ref().map_or(0, |(_, newest)| newest.batch);
            if fits && manifest.batch >= before {
                newest = Some((version, manifest));
            }
        }
        let Some((version, manifest)) = newest else {
            return Ok(None);
        };
        let table = PersonTable::open(&self.views.folder(version), version)?;
        Ok(Some((manifest.batch, manifest.cut, table)))
    }
}

/// The names of persons at a cut.
struct Names {
    /// The batch of this cut.
    batch: u64,
    table: Option<PersonTable>,
    /// From names of the table, and identifiers without an entry, to the names at the cut.
    overlay: PersonIndex,
}

impl Names {
    /// Returns the name of an identifier in the table.
    fn in_table(&self, id: PersonId) -> Result<PersonId> {
        let found = self.table.as_ref().map(|table| table.person(&id));
        Ok(found.transpose()?.flatten().unwrap_or(id))
    }
}

impl PersonNames for Names {
    fn person(&self, id: &PersonId) -> speed::Result<Option<PersonId>> {
        let found = self.table.as_ref().map(|table| table.person(id));
        let found = found.transpose().map_err(|error| SpeedError::Persons {
            batch: self.batch,
            problem: LambdaError::from(error).to_string(),
        });
        let found = found?.flatten();
        let name = self.overlay.person(found.as_ref().unwrap_or(id));
        Ok((name != id).then(|| name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::sketch::Precision;
    use crate::built_batch::BuiltBatch;
    use crate::datum::{DataUnit, Datum, Pedigree};
    use crate::engine::{BatchJob, Local};
    use crate::serving::ServingOptions;
    use crate::speed::{EmbeddedLog, IdentityResolution, Source, StorePlace, feed};
    use proptest::prelude::*;
    use std::path::Path;

    const PARTITIONS: u32 = 2;

    fn id() -> impl Strategy<Value = PersonId> {
        prop_oneof![
            (-2i64..7).prop_map(PersonId::UserId),
            "[a-e]".prop_map(PersonId::Cookie),
        ]
    }

    fn ids() -> Vec<PersonId> {
        let users = (-2i64..8).map(PersonId::UserId);
        let cookies = ["a", "b", "c", "d", "e", "f"].map(|id| PersonId::Cookie(id.to_owned()));
        users.chain(cookies).collect()
    }

    fn datum(equiv: &Equiv) -> Datum {
        Datum {
            dataunit: DataUnit::Equiv(equiv.clone()),
            pedigree: Pedigree {
                true_as_of_secs: 60,
            },
        }
    }

    /// Computes and publishes the views of the parts up to a batch.
    fn publish(folder: &Path, master: &Master, batch: u64, cut: &[u64]) {
        let job = BatchJob {
            visits: true,
            nothing_is_an_error: false,
            ..BatchJob::of(master.input(batch))
        };
        let (views, how) = (folder.join("views"), ServingOptions::default());
        let built = BuiltBatch::compute(&Local::default(), &job, views, how, &|_| {}).unwrap();
        built.of_batch(batch, cut.to_vec()).publish().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: crate::extent::rounds(24, 400) as u32, failure_persistence: None, ..ProptestConfig::default() })]
        /// Invariant 1: the names at each cut are those of all equivs before it, whichever batches
        /// have been published, and whether or not the equivs since are in the master data already.
        #[test]
        fn table_and_overlay_name_persons_as_the_next_batch_does(
            batches in prop::collection::vec(
                (prop::collection::vec((id(), id()), 0..6), any::<bool>(), any::<bool>()), 1..5),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let log = Arc::new(EmbeddedLog::open(folder.path().join("log")).unwrap());
            log.create_topic("t", PARTITIONS).unwrap();
            let known = PersonsAtCut {
                views: Versions::at(folder.path().join("views")),
                master: Master::at(folder.path().join("master")),
                log: log.clone(),
                topic: "t".to_owned(),
            };
            let source = Source {
                log: log.clone(),
                topic: "t".to_owned(),
                window: 8,
                precision: Precision::DEFAULT,
                store: StorePlace::default(),
                resolution: IdentityResolution::AtCut,
                persons: None,
            };
            let mut all: Vec<Equiv> = Vec::new();
            for (batch, (equivs, is_published, is_absorbed)) in (1u64..).zip(batches) {
                let equivs: Vec<Equiv> = equivs.into_iter().map(|(id1, id2)| Equiv { id1, id2 }).collect();
                feed(log.as_ref(), "t", &equivs.iter().map(datum).collect::<Vec<_>>()).unwrap();
                all.extend(equivs);
                let cut = log.ends("t").unwrap();
                let index = PersonIndex::of(&all);
                let named = || -> Result<PersonIndex, TestCaseError> {
                    let names = known.names(batch, &cut).unwrap();
                    for id in ids() {
                        let name = names.person(&id).unwrap();
                        prop_assert_eq!(name.as_ref().unwrap_or(&id), index.person(&id));
                        prop_assert_ne!(name.as_ref(), Some(&id));
                    }
                    Ok(names.overlay)
                };
                // When the cut is taken, all that is new is in the log.
                named()?;
                // A part may be missing from the master data only if those after it are.
                if is_absorbed || is_published || batch > 1 {
                    known.master.absorb(&source, batch, &cut).unwrap();
                    named()?;
                }
                if is_published {
                    publish(folder.path(), &known.master, batch, &cut);
                    prop_assert!(named()?.is_empty());
                }
                if known.master.last().unwrap().is_none_or(|(last, _)| last != batch) {
                    break;
                }
            }
        }
    }
}
