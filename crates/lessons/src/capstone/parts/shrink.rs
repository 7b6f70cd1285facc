//! The smallest run that goes wrong, by delta debugging.
//!
//! Things are left out as long as some answer is still wrong: first halves, then smaller parts, at
//! last single ones, until no single one can be left out. The result depends on the scene alone.
use super::run::PartRun;
use super::scene::WeekScene;

/// Runs that are tried at most.
const MOST: usize = 4_000;

/// A run from which nothing can be left out.
#[derive(Clone, Debug)]
pub(super) struct Smallest {
    /// Records that come.
    pub events: usize,
    /// Crashes, cuts of the network, batch runs, and short logs.
    pub faults: usize,
    /// Runs that were tried.
    pub tried: usize,
    /// What happens, hour by hour.
    pub told: Vec<(i64, String)>,
}

/// Makes a scene smaller while `run`, which gets a scene, an hour to end at and whether to tell what
/// happens, finds something wrong.
pub(super) fn smallest(
    scene: &WeekScene,
    found: &PartRun,
    run: impl Fn(&WeekScene, i64, bool) -> Option<PartRun>,
) -> Option<Smallest> {
    let first = found.first?;
    let until = first + 1;
    let mut tried = 0;
    let mut is_wrong = |scene: &WeekScene| {
        tried += 1;
        tried <= MOST && run(scene, until, false).is_some_and(|found| !found.is_clean())
    };
    let mut scene = scene.clone();
    scene.sent.retain(|sent| sent.hour < until);
    scene.crashes.retain(|(hour, _)| *hour < until);
    scene.runs.retain(|batch| batch.begins < until);
    if scene.cut.as_ref().is_some_and(|cut| cut.start >= until) {
        scene.cut = None;
    }
    loop {
        let before = size(&scene);
        for list in 0..5 {
            let mut chunk = length(&scene, list).div_ceil(2);
            while chunk > 0 {
                let mut start = 0;
                while start < length(&scene, list) {
                    let smaller = without(&scene, list, start, chunk);
                    match is_wrong(&smaller) {
                        true => scene = smaller,
                        false => start += chunk,
                    }
                }
                chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
            }
        }
        if size(&scene) == before {
            break;
        }
    }
    let told = run(&scene, until, true)?.told;
    Some(Smallest {
        events: scene.sent.len(),
        faults: size(&scene) - scene.sent.len(),
        tried,
        told,
    })
}

fn size(scene: &WeekScene) -> usize {
    (0..5).map(|list| length(scene, list)).sum()
}

/// The length of a list of a scene: records, crashes, batch runs, the cut, the short log.
fn length(scene: &WeekScene, list: usize) -> usize {
    match list {
        0 => scene.sent.len(),
        1 => scene.crashes.len(),
        2 => scene.runs.len(),
        3 => usize::from(scene.cut.is_some()),
        _ => usize::from(scene.short_log.is_some()),
    }
}

/// A scene without `n` things of a list from `start` on.
fn without(scene: &WeekScene, list: usize, start: usize, n: usize) -> WeekScene {
    let mut smaller = scene.clone();
    let range = start..(start + n).min(length(scene, list));
    match list {
        0 => drop(smaller.sent.drain(range)),
        1 => drop(smaller.crashes.drain(range)),
        2 => drop(smaller.runs.drain(range)),
        3 => smaller.cut = None,
        _ => smaller.short_log = None,
    }
    smaller
}
