//! A child process, with what it takes: seconds, memory and disk.
use anyhow::{Context, Result, bail};
use lambda_workbook::lambda::versions::UNFINISHED;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a process has taken.
pub struct Measured {
    /// From its start to its end.
    pub seconds: f64,
    /// Of all its threads, in user and system mode.
    pub cpu_seconds: f64,
    /// The most memory that was resident, in bytes. Linux counts the memory of the process that
    /// started it too, if that is more: this program holds a few MB.
    pub memory: u64,
    /// The most bytes on disk of temporary files and of the version that was being built.
    pub disk: u64,
}

/// How often the disk is looked at.
const EVERY: Duration = Duration::from_millis(20);

/// Runs a program to its end. `out` is the folder of the versions that it builds.
pub fn run_child(command: &mut Command, out: &Path) -> Result<Measured> {
    let started = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    let id = libc::id_t::from(child.id());
    let ended = AtomicBool::new(false);
    let (seconds, disk) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(disk_of(child.id(), out));
                std::thread::sleep(EVERY);
            }
            most
        });
        // Waits, and leaves the process in place: no other one can get its number while its files
        // are looked at.
        // SAFETY: an all-zero siginfo is a valid one, and the call only fills it.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, id, &mut info, libc::WEXITED | libc::WNOWAIT);
        }
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (seconds, watch.join().expect("the watch does not panic"))
    });

    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid one, and the call only fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let id = libc::pid_t::try_from(child.id())?;
        if libc::wait4(id, &mut status, 0, &mut usage) != id {
            bail!(
                "waiting for {command:?}: {}",
                std::io::Error::last_os_error()
            );
        }
        usage
    };
    if status != 0 {
        bail!("{command:?} failed; its message stands above");
    }
    let time = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts in kilobytes, macOS in bytes.
    let unit = if cfg!(target_os = "linux") { 1024 } else { 1 };
    Ok(Measured {
        seconds,
        cpu_seconds: time(usage.ru_utime) + time(usage.ru_stime),
        memory: usage.ru_maxrss as u64 * unit,
        disk,
    })
}

/// Returns the bytes on disk of the files that a process has open under no name, of what a batch run
/// keeps to go on from, and of the version that is being built in a folder.
fn disk_of(process: u32, out: &Path) -> u64 {
    // A file may be open more than once, or have two names.
    let mut files = HashMap::new();
    for entry in entries(&PathBuf::from(format!("/proc/{process}/fd"))) {
        if let Ok(file) = std::fs::metadata(entry)
            && file.is_file()
            && file.nlink() == 0
        {
            files.insert((file.dev(), file.ino()), file.blocks() * 512);
        }
    }
    for folder in ["versions/.building", UNFINISHED] {
        add_below(&out.join(folder), &mut files);
    }
    files.values().sum()
}

/// Returns the paths in a folder; none if it is not there, or not any more.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.flatten().map(|entry| entry.path())
}

/// Adds the files below a folder: device and number of each, with its bytes on disk.
fn add_below(folder: &Path, files: &mut HashMap<(u64, u64), u64>) {
    for path in entries(folder) {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => add_below(&path, files),
            Ok(file) => {
                files.insert((file.dev(), file.ino()), file.blocks() * 512);
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn files_without_a_name_and_the_version_on_its_way_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let at = || disk_of(std::process::id(), folder.path());
        let mut file = tempfile::tempfile_in(folder.path()).unwrap();
        file.write_all(&[1; 1 << 20]).unwrap();
        file.sync_all().unwrap();
        let one = at();
        assert!(one >= 1 << 20, "{one}");

        let building = folder.path().join("versions/.building/serving");
        std::fs::create_dir_all(&building).unwrap();
        let mut named = std::fs::File::create(building.join("values")).unwrap();
        named.write_all(&[1; 1 << 20]).unwrap();
        named.sync_all().unwrap();
        let two = at();
        assert!(two >= one + (1 << 20), "{one} {two}");

        // A second name for the same bytes is no more of them.
        let unfinished = folder.path().join(UNFINISHED);
        std::fs::create_dir(&unfinished).unwrap();
        std::fs::hard_link(building.join("values"), unfinished.join("values")).unwrap();
        assert_eq!(at(), two);
        std::fs::write(unfinished.join("hours"), [1; 1 << 20]).unwrap();
        let three = at();
        assert!(three >= two + (1 << 20), "{two} {three}");
    }

    #[test]
    fn a_child_is_measured_and_a_failure_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let measured = run_child(&mut Command::new("true"), folder.path()).unwrap();
        assert!(measured.seconds > 0.0 && measured.memory > 0);
        assert_eq!(measured.disk, 0);
        assert!(run_child(&mut Command::new("false"), folder.path()).is_err());
    }
}
