//! Runs a program of the set-up: its output goes line by line into a log, and the
//! last lines of that into the error if it fails.
use super::project::Project;
use crate::stop;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How many of the last lines of a log an error shows.
const TAIL: usize = 12;
/// How many of them are searched for the cause: rustc says much after it.
const KEPT: usize = 400;
/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(3);
/// With less than this free, a failed step is taken to have filled the disk.
const FULL_MB: u64 = 5;

/// A program that ended badly.
#[derive(Debug)]
pub struct Failed {
    /// What was being done, in the reader's words.
    pub what: String,
    pub ended: String,
    /// The log, named from the project folder.
    pub log: String,
    pub tail: Vec<String>,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} failed ({}); its last lines:", self.what, self.ended)?;
        for line in &self.tail {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "  all of it: {}", self.log)?;
        write!(f, "  fix: {}", self.fix)
    }
}

impl std::error::Error for Failed {}

/// How to get the venv module where the system ships it apart.
pub const INSTALL_VENV: &str = "install it: `sudo apt install python3-venv` on Debian and Ubuntu (other systems ship it with Python 3); then run `cargo lab` again";

/// The packages of this project that the kernel is built from.
const OWN: [&str; 11] = [
    "calendar",
    "dataset",
    "exercises",
    "grade",
    "kernel",
    "lambda",
    "lambda_workbook",
    "lessons",
    "notebook",
    "show",
    "workbook",
];

/// What to do about a failed step, from what its log says.
pub fn remedy(log: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| log.contains(word));
    if says(&[
        "signal: 9, SIGKILL",
        "Cannot allocate memory",
        "rustc-LLVM ERROR: out of memory",
    ]) {
        "the compiler was ended, most likely for want of memory: compiling the kernel needs 2 GB free; close other programs or add swap space, then run `cargo lab` again, which continues where it was"
    } else if says(&["No space left on device", "Errno 28", "Disk quota exceeded"]) {
        "the disk is full; free some space and run `cargo lab` again"
    } else if says(&["ensurepip is not available", "No module named ensurepip"]) {
        INSTALL_VENV
    } else if says(&["DO NOT MATCH THE HASHES"]) {
        "a downloaded file is not the one that was pinned; if a mirror or proxy is between, try without it, then run `cargo lab` again"
    } else if says(&["CERTIFICATE_VERIFY_FAILED", "SSLError"]) {
        "the package index's certificate is not trusted here; behind a company proxy set PIP_CERT to its certificate, then run `cargo lab` again"
    } else if says(&[
        "failed to download",
        "Could not resolve host",
        "Could not connect to server",
        "Couldn't connect to server",
        "network failure",
        "download of config.json failed",
    ]) {
        "crates.io cannot be reached; the first run needs the network (cargo reads HTTPS_PROXY and its own configuration); then run `cargo lab` again, which continues where it was"
    } else if says(&["requires rustc"]) {
        "this Rust is too old; run `rustup update`, then `cargo lab` again"
    } else if says(&["linker `cc` not found"]) {
        "no C linker; install one (`sudo apt install gcc`), then run `cargo lab` again"
    } else if OWN
        .iter()
        .any(|name| log.contains(&format!("could not compile `{name}`")))
    {
        "correct the error shown above in the project's own sources, then run `cargo lab` again"
    } else if says(&[
        "NewConnectionError",
        "Connection refused",
        "Temporary failure in name resolution",
        "Network is unreachable",
        "ConnectTimeoutError",
        "Read timed out",
        "from versions: none",
        "No matching distribution found",
    ]) {
        "the package index cannot be reached; the first run needs the network (PIP_INDEX_URL names a mirror, HTTPS_PROXY a proxy); then run `cargo lab` again"
    } else if says(&["Permission denied", "Errno 13", "Read-only file system"]) {
        "the project folder cannot be written; make it yours (`chown`), or clone the project elsewhere"
    } else if says(&[
        "Failed to build",
        "error: command 'gcc'",
        "command 'cc' failed",
    ]) {
        "no ready-made package for this Python; use one from 3.9 to 3.14 with `cargo lab --python PATH`"
    } else {
        "run `cargo lab` again; it starts this step anew"
    }
}

/// Which of a program's two outputs a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
    /// Neither: nothing was printed for a moment.
    Silent,
}

/// Runs `command` to its end, in a process group of its own. `each` sees every line
/// of its output as it comes, and an empty one while it prints nothing.
///
/// # Errors
/// [`Failed`] when it ends badly, and [`stop::Stopped`] when the reader ended this
/// program meanwhile: the whole group is then ended first.
pub fn run_logged(
    project: &Project,
    what: &str,
    log_name: &str,
    command: &mut Command,
    mut each: impl FnMut(Stream, &str),
) -> Result<()> {
    let path = project.log(log_name);
    let mut log = create(&path)?;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    end_with_parent(command, libc::SIGTERM);
    let program = PathBuf::from(command.get_program());
    let mut child = command
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let (sender, lines) = mpsc::channel();
    let out = child.stdout.take().context("the output is a pipe")?;
    let err = child.stderr.take().context("the output is a pipe")?;
    read_lines(Stream::Out, out, sender.clone());
    read_lines(Stream::Err, err, sender);

    // Pass the lines on until both outputs are closed, or the reader wants to stop.
    let mut last: VecDeque<String> = VecDeque::new();
    loop {
        match lines.recv_timeout(LOOK) {
            Ok((stream, line)) => {
                // A full disk must not hide what the program said.
                let _ = writeln!(log, "{line}");
                each(stream, &line);
                if last.len() == KEPT {
                    last.pop_front();
                }
                last.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => each(Stream::Silent, ""),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if stop::wanted() {
            end_group(&mut child);
            return Err(stop::Stopped.into());
        }
    }

    let status = child
        .wait()
        .with_context(|| format!("{} was lost", program.display()))?;
    // Ctrl-C and its like may have ended the program, too.
    stop::check()?;
    if status.success() {
        return Ok(());
    }
    // A program that cannot write does not always say why.
    if super::free_space::free_mb(&project.root).is_ok_and(|free| free < FULL_MB) {
        last.push_back("No space left on device".to_string());
    }
    let all = last.make_contiguous();
    let fix = remedy(&all.join("\n")).to_string();
    let shown = all.iter().filter(|line| !line.starts_with('{'));
    let shown: Vec<String> = shown.cloned().collect();
    Err(Failed {
        what: what.to_string(),
        ended: status.to_string(),
        log: project.name(&path),
        tail: shown[shown.len().saturating_sub(TAIL)..].to_vec(),
        fix,
    }
    .into())
}

/// Sends the lines of `from` to `to`, from a thread of its own.
fn read_lines(
    stream: Stream,
    from: impl std::io::Read + Send + 'static,
    to: mpsc::Sender<(Stream, String)>,
) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_string();
            if to.send((stream, line)).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

/// Ends a child and everything in its process group: asks first, then insists.
pub fn end_group(child: &mut Child) {
    let group = -(child.id() as libc::c_int);
    let started = Instant::now();
    // SAFETY: the child has not been waited for, so its id is its group's still.
    unsafe { libc::kill(group, libc::SIGTERM) };
    while let Ok(None) = child.try_wait() {
        if started.elapsed() > PATIENCE {
            break;
        }
        std::thread::sleep(LOOK);
    }
    // What the leader left behind: compilers go on without cargo.
    // SAFETY: as above; a group without members is an error without consequence.
    unsafe { libc::kill(group, libc::SIGKILL) };
    let _ = child.wait();
}

/// Creates `path` and the folders above it.
pub fn create(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    File::create(path).with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes `bytes` to `path` whole or not at all: a kill leaves the old file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("{} cannot be written", path.display()))?;
    // Temporary files are private; what set-up writes is not secret.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Sends `signal` to the child if this process dies, however it dies. Otherwise a
/// `kill -9` would leave pip at work in a folder that the next run repairs.
pub fn end_with_parent(command: &mut Command, signal: libc::c_int) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let parent = std::process::id();
        // SAFETY: prctl and getppid are async-signal-safe and touch no memory of ours.
        unsafe {
            command.pre_exec(move || {
                libc::prctl(libc::PR_SET_PDEATHSIG, signal);
                if libc::getppid() as u32 != parent {
                    return Err(std::io::Error::other("the parent is gone"));
                }
                Ok(())
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (command, signal);
}

/// Runs the child, and what it starts, at a lower priority: `nice` as in nice(1).
pub fn give_way(command: &mut Command, nice: libc::c_int) {
    // SAFETY: setpriority is async-signal-safe and touches no memory of ours.
    unsafe {
        command.pre_exec(move || {
            libc::setpriority(libc::PRIO_PROCESS, 0, nice);
            Ok(())
        });
    }
}

/// The first program called `name` on the PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    all_on_path(name).into_iter().next()
}

/// Every program called `name` on the PATH, in its order.
pub fn all_on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .filter(|file| is_program(file))
        .collect()
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// The standard output of a short command, trimmed; `None` if it fails.
pub fn answer(program: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::remedy;

    #[test]
    fn the_remedy_follows_from_what_the_log_says() {
        let cases = [
            (
                "OSError: [Errno 28] No space left on device",
                "disk is full",
            ),
            (
                "ERROR: Could not find a version that satisfies the requirement x (from versions: none)",
                "first run needs the network",
            ),
            (
                "THESE PACKAGES DO NOT MATCH THE HASHES FROM",
                "mirror or proxy",
            ),
            ("[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
            ("No module named ensurepip", "python3-venv"),
            (
                "OSError: [Errno 13] Permission denied: '/x'",
                "cannot be written",
            ),
            ("something else", "run `cargo lab` again"),
        ];
        for (log, words) in cases {
            assert!(remedy(log).contains(words), "{log}: {}", remedy(log));
        }
    }
}
