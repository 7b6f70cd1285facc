//! What is served while builds are killed, run out of disk or meet each other.
use crate::process;
use lambda_workbook::calendar::Granularity::{self, Day, Hour};
use lambda_workbook::faults::{Crash, CrashPoint, Crashes, DiskFull, Faults, NoFaults};
use lambda_workbook::lambda::versions::{VersionError, VersionStep, Versions};
use lambda_workbook::serving::{Builder, Header, Layout, RowValue, ServingError, Store, build};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const URLS: i64 = 60;

/// Every URL has `sign` times its number in hour 0, and as the day's count.
fn rows(sign: i64) -> impl Iterator<Item = (String, Granularity, i64)> {
    (0..URLS).flat_map(move |page| {
        [Day, Hour].map(|granularity| (format!("foo.com/{page:03}"), granularity, sign * page))
    })
}

fn build_in(
    folder: &Path,
    sign: i64,
    keep: usize,
    faults: Arc<dyn Faults<VersionStep>>,
) -> Result<Header, ServingError> {
    let mut builder = Builder::start_in(folder, Layout::counts(3).keep(keep), faults)?;
    for (url, granularity, count) in rows(sign) {
        builder.push(&url, granularity, 0, RowValue::Count(count))?;
    }
    builder.finish()
}

/// The sign of all counts, which must be the same for all.
fn sign_served(store: &Store) -> i64 {
    let version = store.open_version();
    let mut signs = rows(1)
        .filter(|row| row.2 != 0)
        .map(|(url, granularity, count)| {
            let rows = version.url(&url).unwrap().expect("every URL is there");
            rows.count(granularity, 0)
                .unwrap()
                .expect("every bucket is there")
                / count
        });
    let first = signs.next().unwrap();
    assert!(signs.all(|sign| sign == first), "two versions are mixed");
    first
}

/// Crashes as planned, by the signal of `kill -9`: nothing is unwound, nothing flushed.
#[derive(Debug)]
struct Killed(Crashes<VersionStep>);

impl Faults<VersionStep> for Killed {
    fn reached(&self, point: CrashPoint<VersionStep>) -> Result<(), Crash> {
        let crash = self.0.reached(point);
        if crash.is_err() {
            // SAFETY: plain system calls.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
        crash
    }
}

/// The point at which a step can be interrupted: a write before its effect, all else after it.
fn point(step: VersionStep) -> CrashPoint<VersionStep> {
    match step {
        VersionStep::WriteBytes => CrashPoint::before(step),
        _ => CrashPoint::after(step),
    }
}

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "started by the tests below"]
fn child() {
    let (Ok(folder), Ok(at)) = (std::env::var("LAMBDA_STORE"), std::env::var("LAMBDA_KILL")) else {
        return;
    };
    let (step, n) = at.split_once(' ').unwrap();
    let step = VersionStep::ALL
        .into_iter()
        .find(|s| format!("{s:?}") == step);
    let crashes = Crashes::at_nth(point(step.unwrap()), n.parse().unwrap());
    build_in(Path::new(&folder), -1, 3, Arc::new(Killed(crashes))).unwrap();
}

/// Whether the child was killed there; false if its build came to its end.
fn killed(folder: &Path, step: VersionStep, n: usize) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let output = process::running(module_path!(), "child")
        .env("LAMBDA_STORE", folder)
        .env("LAMBDA_KILL", format!("{step:?} {n}"))
        .output()
        .unwrap();
    let killed = output.status.signal() == Some(libc::SIGKILL);
    assert!(killed || output.status.success(), "{output:?}");
    killed
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_build_killed_at_any_step_leaves_one_whole_version_served() {
    let mut kills = 0;
    for step in VersionStep::ALL {
        for n in [0, 1, 5, 9] {
            let folder = tempfile::tempdir().unwrap();
            build_in(folder.path(), 1, 3, Arc::new(NoFaults)).unwrap();
            let reader = Store::open(folder.path()).unwrap();
            if !killed(folder.path(), step, n) {
                assert!(n > 0, "{step:?} is never reached");
                break;
            }
            kills += 1;
            let replaced = [VersionStep::ReplaceCurrent, VersionStep::Prune].contains(&step);
            // A reader that had the store open goes on; one that opens it now finds a whole
            // version.
            assert_eq!(sign_served(&reader), 1, "{step:?} {n}");
            let now = Store::open(folder.path()).unwrap();
            assert_eq!(
                sign_served(&now),
                if replaced { -1 } else { 1 },
                "{step:?} {n}"
            );
            now.verify().unwrap();
            // The crashed builder holds no lock; what it left is removed.
            build_in(folder.path(), 7, 3, Arc::new(NoFaults)).unwrap();
            assert!(reader.refresh().unwrap());
            assert_eq!(sign_served(&reader), 7);
            assert_eq!(
                names(folder.path()),
                [".lock", "current", "versions"],
                "{step:?} {n}"
            );
            for version in now.versions().kept().unwrap() {
                now.roll_back_to(version).unwrap();
                sign_served(&Store::open(folder.path()).unwrap());
            }
            let hidden = names(&folder.path().join("versions"))
                .into_iter()
                .find(|n| n.starts_with('.'));
            assert_eq!(hidden, None, "{step:?} {n}");
        }
    }
    assert!(kills >= 15, "{kills}");
}

#[test]
fn a_first_build_that_is_killed_leaves_no_store_and_the_next_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(killed(folder.path(), VersionStep::WriteHeader, 0));
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(
        error,
        ServingError::Version(VersionError::None { .. })
    ));
    build_in(folder.path(), 1, 3, Arc::new(NoFaults)).unwrap();
    assert_eq!(sign_served(&Store::open(folder.path()).unwrap()), 1);
}

#[test]
fn a_full_disk_at_any_byte_leaves_the_old_version_and_no_litter() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = build_in(folder.path(), 1, 3, Arc::new(NoFaults))
        .unwrap()
        .bytes
        + 400;
    let store = Store::open(folder.path()).unwrap();
    let mut refused = 0;
    for room in (0..bytes).step_by(bytes as usize / 40) {
        let Err(error) = build_in(folder.path(), -1, 3, Arc::new(DiskFull::after(room))) else {
            break;
        };
        refused += 1;
        let text = error.to_string();
        assert!(
            text.contains("make room") && text.contains("unchanged"),
            "{text}"
        );
        assert!(!store.refresh().unwrap());
        assert_eq!(sign_served(&Store::open(folder.path()).unwrap()), 1);
        assert_eq!(names(folder.path()), [".lock", "current", "versions"]);
        assert_eq!(names(&folder.path().join("versions")).len(), 1);
    }
    assert!(refused > 20, "{refused}");
    build_in(folder.path(), -1, 3, Arc::new(DiskFull::after(bytes))).unwrap();
}

#[test]
fn a_second_builder_is_refused_while_the_first_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Builder::start(folder.path(), Layout::counts(2)).unwrap();
    first.push("foo.com/", Hour, 0, RowValue::Count(1)).unwrap();
    let error = Builder::start(folder.path(), Layout::counts(2)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("(process {})", std::process::id())),
        "{text}"
    );
    first.finish().unwrap();
    assert_eq!(
        Store::open(folder.path())
            .unwrap()
            .count("foo.com/", Hour, 0)
            .unwrap(),
        Some(1)
    );
    drop(Builder::start(folder.path(), Layout::counts(2)).unwrap());
    build(folder.path(), Layout::counts(2), []).unwrap();
}

#[test]
fn many_builders_and_readers_at_once_never_mix_versions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    build_in(folder, 1000, 1, Arc::new(NoFaults)).unwrap();
    let done = AtomicBool::new(false);
    let built = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let store = Store::open(folder).unwrap();
                    let mut seen = 0;
                    while !done.load(Ordering::SeqCst) {
                        // With one version kept, it is often pruned meanwhile.
                        store.refresh().unwrap();
                        sign_served(&store);
                        seen += 1;
                    }
                    seen
                })
            })
            .collect();
        let builders: Vec<_> = (1..=3)
            .map(|sign| {
                let built = &built;
                scope.spawn(move || {
                    for _ in 0..15 {
                        match build_in(folder, sign, 1, Arc::new(NoFaults)) {
                            Ok(_) => _ = built.fetch_add(1, Ordering::SeqCst),
                            Err(ServingError::Version(VersionError::Busy { .. })) => {
                                std::thread::yield_now()
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        builders
            .into_iter()
            .for_each(|builder| builder.join().unwrap());
        done.store(true, Ordering::SeqCst);
        assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
    });
    // Every build that was let in has its version: none was lost or doubled.
    let built = built.into_inner() as u64;
    assert!(built > 0);
    assert_eq!(Versions::at(folder).served().unwrap(), built + 1);
}
