//! Every crash, tried: a job crashes at each step of each batch, and at each pair of
//! steps, is opened again, and its counts are compared with a fold over the input.
use super::batch_step::BatchStep;
use super::error::{MicroBatchError, Result, scratch};
use super::job::{Job, JobOptions, Replay};
use super::stored::Kind;
use super::topologies::word_count;
use lambda::faults::{CrashPoint, Crashes};
use lambda::speed::{EmbeddedLog, Log};
use polars::prelude::{DataFrame, df};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Lines for a log, by partition, and how a job reads them.
#[derive(Clone, Debug)]
pub struct Scene {
    pub lines: Vec<Vec<&'static str>>,
    pub kind: Kind,
    pub replay: Replay,
    /// Lines of each partition in a batch.
    pub most: u64,
}

impl Scene {
    /// Two partitions, three batches; words that come in several of them.
    pub fn lesson(kind: Kind, replay: Replay) -> Self {
        let left = vec!["apple apple", "cherry", "banana apple"];
        let right = vec!["cherry apple", "banana banana", "cherry"];
        Self {
            lines: vec![left, right],
            kind,
            replay,
            most: 1,
        }
    }

    /// What a fold over all lines counts.
    pub fn truth(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for word in self.lines.iter().flatten().flat_map(|line| line.split(' ')) {
            *counts.entry(word.to_owned()).or_insert(0) += 1;
        }
        counts
    }

    fn job(&self, folder: &Path, log: Arc<dyn Log>, crashes: &Arc<BatchCrashes>) -> Result<Job> {
        let options = JobOptions {
            most: self.most,
            partitions: 2,
            // In order, so that a point is the same point in every run.
            parallel: false,
            replay: self.replay,
            faults: crashes.clone(),
        };
        Job::open(folder, log, TOPIC, word_count(self.kind)?, options)
    }

    /// Runs it to the end, starting a new process after each crash, and returns the counts.
    fn run(
        &self,
        log: &Arc<EmbeddedLog>,
        crashes: &Arc<BatchCrashes>,
    ) -> Result<BTreeMap<String, i64>> {
        let folder = scratch()?;
        loop {
            let mut job = self.job(folder.path(), log.clone(), crashes)?;
            match job.drain() {
                Err(MicroBatchError::Crashed(_)) => crashes.restart(),
                Err(error) => return Err(error),
                Ok(_) => {
                    let table = job.table("counts")?;
                    let (words, counts) =
                        (table.column("word")?.str()?, table.column("count")?.i64()?);
                    let rows = words
                        .iter()
                        .flatten()
                        .map(str::to_owned)
                        .zip(counts.iter().flatten());
                    return Ok(rows.collect());
                }
            }
        }
    }

    fn log(&self, folder: &Path) -> Result<Arc<EmbeddedLog>> {
        let log = Arc::new(EmbeddedLog::open(folder)?);
        log.create_topic(TOPIC, self.lines.len() as u32)?;
        for (partition, lines) in (0..).zip(&self.lines) {
            for line in lines {
                log.append(TOPIC, partition, &[(b"", line.as_bytes())])?;
            }
        }
        Ok(log)
    }
}

const TOPIC: &str = "lines";

type BatchCrashes = Crashes<BatchStep>;

/// Crashes of a job, and what it counted in spite of them.
#[derive(Clone, Debug)]
pub struct Trial {
    pub crashes: Vec<CrashPoint<BatchStep>>,
    pub counts: BTreeMap<String, i64>,
    pub right: bool,
}

/// Runs a scene once for each point at which its job can crash.
///
/// ```
/// use lambda_workbook::microbatch::{Kind, Replay, crashes::{Scene, singles}};
/// let trials = singles(&Scene::lesson(Kind::Transactional, Replay::Same))?;
/// assert!(trials.iter().all(|trial| trial.right));
/// # Ok::<(), lambda_workbook::microbatch::MicroBatchError>(())
/// ```
pub fn singles(scene: &Scene) -> Result<Vec<Trial>> {
    try_all(scene, |points| {
        points.into_iter().map(|point| vec![point]).collect()
    })
}

/// Runs a scene once for each pair of points; the second crash may be at the same point as
/// the first.
pub fn pairs(scene: &Scene) -> Result<Vec<Trial>> {
    try_all(scene, |points| {
        let mut pairs = Vec::new();
        for (place, first) in points.iter().enumerate() {
            pairs.extend(
                points[place..]
                    .iter()
                    .map(|second| vec![first.clone(), second.clone()]),
            );
        }
        pairs
    })
}

fn try_all(
    scene: &Scene,
    plans: impl FnOnce(Vec<CrashPoint<BatchStep>>) -> Vec<Vec<CrashPoint<BatchStep>>>,
) -> Result<Vec<Trial>> {
    let folder = scratch()?;
    let log = scene.log(&folder.path().join("log"))?;
    let recording = Arc::new(Crashes::recording());
    scene.run(&log, &recording)?;
    let truth = scene.truth();
    let tried = plans(recording.recorded()).into_iter().map(|crashes| {
        let counts = scene.run(&log, &Arc::new(Crashes::at(crashes.clone())))?;
        Ok(Trial {
            right: counts == truth,
            counts,
            crashes,
        })
    });
    tried.collect()
}

/// Returns the trials by the step of their first crash: `crashed`, the number of trials
/// `tried`, and how many of them counted `wrong`.
pub fn table(trials: &[Trial]) -> Result<DataFrame> {
    let mut rows: Vec<(String, i64, i64)> = Vec::new();
    for trial in trials {
        let Some(point) = trial.crashes.first() else {
            continue;
        };
        let crashed = format!("{} {}", point.when, point.step.step);
        let place = rows
            .iter()
            .position(|row| row.0 == crashed)
            .unwrap_or_else(|| {
                rows.push((crashed, 0, 0));
                rows.len() - 1
            });
        rows[place].1 += 1;
        rows[place].2 += i64::from(!trial.right);
    }
    Ok(df!(
        "crashed" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "tried" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "wrong" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(trials: &[Trial]) -> usize {
        trials.iter().filter(|trial| !trial.right).count()
    }

    #[test]
    fn no_single_crash_breaks_a_transactional_or_opaque_state() {
        for kind in [Kind::Transactional, Kind::Opaque] {
            let trials = singles(&Scene::lesson(kind, Replay::Same)).unwrap();
            // Three batches of 12 points: plan, two reads, two commits, done, each
            // before and after.
            assert_eq!((trials.len(), wrong(&trials)), (36, 0));
        }
    }

    #[test]
    fn no_pair_of_crashes_does() {
        for kind in [Kind::Transactional, Kind::Opaque] {
            let mut scene = Scene::lesson(kind, Replay::Same);
            scene.lines.iter_mut().for_each(|lines| lines.truncate(2));
            let trials = pairs(&scene).unwrap();
            assert_eq!((trials.len(), wrong(&trials)), (300, 0));
        }
    }

    #[test]
    fn a_state_without_ids_breaks_when_a_commit_is_followed_by_a_crash() {
        let trials = singles(&Scene::lesson(Kind::NonTransactional, Replay::Same)).unwrap();
        assert!(wrong(&trials) > 0);
        for trial in trials {
            let broken = !trial.right;
            let point = &trial.crashes[0];
            use super::super::batch_step::BatchPhase;
            use lambda::faults::When;
            let after_a_commit = match &point.step.step {
                BatchPhase::Commit(_, partition) => point.when == When::After || *partition == 1,
                BatchPhase::Done => point.when == When::Before,
                _ => false,
            };
            // A commit of a partition that has no word of the batch changes nothing.
            assert!(!broken || after_a_commit, "{point}");
        }
    }

    #[test]
    fn with_a_source_that_cannot_repeat_itself_only_opaque_states_hold() {
        let mut broken = 0;
        for seed in 0..3 {
            let replay = Replay::Drawn(seed);
            let opaque = singles(&Scene::lesson(Kind::Opaque, replay)).unwrap();
            assert_eq!(wrong(&opaque), 0);
            let transactional = singles(&Scene::lesson(Kind::Transactional, replay)).unwrap();
            broken += wrong(&transactional);
        }
        assert!(broken > 0);
    }
}
