//! A process that outlives the program that started it.
use super::{LocalError, Result, io_at};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The file that names the process of a system's folder.
const STATE: &str = "process.json";

/// A process of a system, as its folder names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process id.
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was: with the id it names one process,
    /// because ids are used again.
    started: u64,
    /// The address at which it answers.
    pub address: String,
}

/// Returns the process of a folder, if it is still there.
pub fn running(home: &Path) -> Option<Running> {
    let text = fs::read(home.join(STATE)).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    (start_of(running.pid) == Some(running.started)).then_some(running)
}

/// The fields of a process in `/proc`, from its state on: those after the last `)`, because a
/// program's name may hold anything. `None` for one that is gone, or a zombie all of whose threads
/// have ended: until then they hold its ports.
fn fields_of(process: &Path) -> Option<Vec<String>> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let fields: Vec<String> = fields.map(str::to_owned).collect();
    let threads = || fs::read_dir(process.join("task")).map_or(0, Iterator::count);
    if fields.first()? == "Z" && threads() <= 1 {
        return None;
    }
    Some(fields)
}

/// Returns the processes below one, parents first.
pub fn descendants(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        // The state, the parent.
        let parent = fields_of(&entry.path()).and_then(|fields| fields.get(1)?.parse().ok());
        if let (Some(pid), Some(parent)) = (pid, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.get(pid).cloned().unwrap_or_default());
        next += 1;
    }
    found.split_off(1)
}

/// When a process was started: the 22nd field of all.
fn start_of(pid: i32) -> Option<u64> {
    let fields = fields_of(Path::new(&format!("/proc/{pid}")))?;
    fields.get(19)?.parse().ok()
}

/// Returns whether a process of a group is still there.
fn is_in_group(group: i32) -> bool {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut processes = entries.filter_map(|entry| fields_of(&entry.path()));
    // The state, the parent, the group.
    processes.any(|fields| fields.get(2).is_some_and(|of| of.parse() == Ok(group)))
}

/// Starts a program in a session of its own, with its output in the file `log`, and notes it in the
/// folder.
///
/// # Errors
/// If the program cannot be started, or the folder cannot be written to.
pub fn start(home: &Path, command: &mut Command, log: &Path, address: &str) -> Result<Running> {
    let open = File::create(log).map_err(io_at("write", log))?;
    let errors = open.try_clone().map_err(io_at("write", log))?;
    // SAFETY: setsid is safe to call between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::setsid();
            Ok(())
        });
    }
    let child = command
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(open)
        .stderr(errors)
        .spawn()
        .map_err(|error| LocalError::Failed {
            program: format!("{command:?}"),
            said: error.to_string(),
        })?;
    let pid = child.id() as i32;
    // Reaped in the background, so that it is no zombie as long as this program runs.
    std::thread::spawn(move || {
        let mut child = child;
        let _ = child.wait();
    });
    let running = Running {
        pid,
        started: start_of(pid).unwrap_or_default(),
        address: address.to_owned(),
    };
    let state = home.join(STATE);
    let text = serde_json::to_vec(&running).expect("numbers and a text");
    fs::write(&state, text).map_err(io_at("write", &state))?;
    Ok(running)
}

impl Running {
    /// Returns whether the process is still there.
    pub fn is_alive(&self) -> bool {
        start_of(self.pid) == Some(self.started)
    }

    /// Ends the process and what it started as `kill -9` does, and waits until it is gone.
    pub fn kill(&self) {
        if self.is_alive() {
            self.signal(libc::SIGKILL);
            self.gone_within(Duration::from_secs(30));
            self.end_group();
        }
    }

    /// Asks the process to end, and after 20 seconds ends it. What it started and left behind ends
    /// with it.
    pub fn stop(&self) {
        if self.is_alive() {
            self.signal(libc::SIGTERM);
            if self.gone_within(Duration::from_secs(20)) {
                self.end_group();
            } else {
                self.kill();
            }
        }
    }

    /// Ends the processes that it started, such as executors, and waits until they are gone: it
    /// leads a group of its own, whose number no other process gets while one of the group is there.
    fn end_group(&self) {
        // SAFETY: a signal to a group; its leader was ours, and was there a moment ago.
        unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        let began = Instant::now();
        while is_in_group(self.pid) && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: i32) {
        if self.is_alive() {
            // SAFETY: a signal to a process; it is ours, as its start tells.
            unsafe { libc::kill(self.pid, signal) };
        }
    }

    fn gone_within(&self, most: Duration) -> bool {
        let began = Instant::now();
        while self.is_alive() {
            if began.elapsed() > most {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}
