//! The grader's end of a confined program.
use super::confine::CONFINED;
use super::group::{Group, Groups};
use super::spec::Spec;
use anyhow::{Context, Result, bail};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A program that runs confined. Dropped, it ends.
pub struct Confined {
    child: Child,
    questions: Option<UnixStream>,
    answers: UnixStream,
    said: Option<JoinHandle<Vec<u8>>>,
    /// Speaks when the program's standard error ends.
    silent: Receiver<()>,
    reaped: bool,
    /// Ends, with all that is in it, after the program.
    _group: Option<Group>,
}

thread_local! {
    static PROCESSOR_SECS: Cell<f64> = const { Cell::new(0.0) };
}

/// Seconds of the processor that programs took which this thread has waited for, with what they
/// started themselves.
pub fn processor_secs() -> f64 {
    PROCESSOR_SECS.get()
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Code(i32),
    Signal(i32),
    /// It was ended when its time was up.
    Late,
}

/// Of what a program says, the bytes that are kept.
const KEPT: usize = 256 * 1024;

/// How long a program that has closed its standard error may take to end.
const LAST_BREATH: Duration = Duration::from_secs(5);

impl Confined {
    /// Starts `workbook confine` for `spec`, in a control group of its own if `groups`
    /// are given.
    pub fn start(exe: &Path, spec: &Spec, groups: Option<&Groups>) -> Result<Confined> {
        survive_broken_pipes();
        let group = groups.map(|groups| groups.make(&spec.limits)).transpose();
        let group = group.context("cannot make a control group")?;
        let spec = &Spec {
            group: group.as_ref().map(|group| group.path().to_owned()),
            ..spec.clone()
        };
        // Sockets, because a pipe can be opened a second time below `/proc/self/fd`.
        let (questions, theirs_in) = UnixStream::pair().context("no socket for questions")?;
        let (answers, theirs_out) = UnixStream::pair().context("no socket for answers")?;
        questions.set_nonblocking(true)?;
        answers.set_nonblocking(true)?;
        let mut child = Command::new(exe)
            .arg("confine")
            .arg(serde_json::to_string(spec)?)
            .env_clear()
            .stdin(OwnedFd::from(theirs_in))
            .stdout(OwnedFd::from(theirs_out))
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", exe.display()))?;
        let mut errors = child.stderr.take().context("no pipe for errors")?;
        let (ended, silent) = channel();
        let said = std::thread::spawn(move || {
            let said = keep(&mut errors);
            let _ = ended.send(());
            said
        });
        Ok(Confined {
            child,
            questions: Some(questions),
            answers,
            said: Some(said),
            silent,
            reaped: false,
            _group: group,
        })
    }

    /// Sends all of `bytes` before `deadline`; `Ok(false)` if time was up.
    pub fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<bool> {
        let Some(questions) = &mut self.questions else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut left = bytes;
        while !left.is_empty() {
            match questions.write(left) {
                Ok(sent) => left = &left[sent..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !ready(questions.as_raw_fd(), libc::POLLOUT, deadline)? {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Fills `bytes` before `deadline`; `Ok(false)` if time was up, an error if the
    /// program will say no more.
    pub fn receive(&mut self, bytes: &mut [u8], deadline: Instant) -> io::Result<bool> {
        let mut got = 0;
        while got < bytes.len() {
            match self.answers.read(&mut bytes[got..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !ready(self.answers.as_raw_fd(), libc::POLLIN, deadline)? {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Waits for the end, not beyond `deadline`: how it ended, and what it said.
    ///
    /// # Errors
    /// If the program never ran: it could not be confined.
    pub fn end(mut self, deadline: Instant) -> Result<(Ended, String)> {
        drop(self.questions.take());
        let left = deadline.saturating_duration_since(Instant::now());
        let late = self.silent.recv_timeout(left) == Err(RecvTimeoutError::Timeout);
        let ended = match late {
            true => Ended::Late,
            false => self.ended(Instant::now() + LAST_BREATH)?,
        };
        let _ = self.kill();
        let said = self.said.take().and_then(|said| said.join().ok());
        let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
        match said.strip_prefix(CONFINED) {
            Some(said) => Ok((ended, said.to_owned())),
            None if ended == Ended::Late => Ok((ended, String::new())),
            None => bail!("the sandbox did not start: {}", said.trim()),
        }
    }

    /// How the process ends, whose standard error has ended.
    fn ended(&mut self, deadline: Instant) -> Result<Ended> {
        loop {
            if let Some(secs) = self.over_after() {
                PROCESSOR_SECS.set(PROCESSOR_SECS.get() + secs);
                break;
            }
            if Instant::now() > deadline {
                return Ok(Ended::Late);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let status = self.kill()?;
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Code(code),
            (None, Some(signal)) => Ended::Signal(signal),
            (None, None) => Ended::Late,
        })
    }

    /// The processor's seconds of the process, and of what it started and waited for, if it is over.
    /// It keeps its number, so that its group is that of no other process.
    fn over_after(&self) -> Option<f64> {
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: waitid fills both structures, which are valid when zero. libc's own function does
        // not ask for what was used.
        let (over, failed, used) = unsafe {
            let mut over: libc::siginfo_t = std::mem::zeroed();
            let mut used: libc::rusage = std::mem::zeroed();
            let id = self.child.id();
            let done = libc::syscall(
                libc::SYS_waitid,
                libc::P_PID,
                id,
                &mut over,
                flags,
                &mut used,
            );
            (over.si_pid() != 0, done != 0, used)
        };
        let secs = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        (failed || over).then(|| secs(used.ru_utime) + secs(used.ru_stime))
    }

    /// Ends the program and everything that it has started. Only once: then its
    /// number may be another's.
    fn kill(&mut self) -> io::Result<ExitStatus> {
        if !self.reaped {
            // SAFETY: the group of our own child, which is not reaped before `wait`.
            unsafe { libc::kill(-(self.child.id() as i32), libc::SIGKILL) };
            self.reaped = true;
        }
        self.child.wait()
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Has writing to a process that has ended be an error, which ends nothing: by default
/// such a signal ends the whole program.
pub fn survive_broken_pipes() {
    // SAFETY: it sets how a signal is handled, and no handler is involved.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Reads to the end and keeps the first part.
fn keep(from: &mut impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = from.take(KEPT as u64).read_to_end(&mut kept);
    let _ = io::copy(from, &mut io::sink());
    kept
}

/// Waits until a file is ready; false if `deadline` came first.
fn ready(fd: i32, events: libc::c_short, deadline: Instant) -> io::Result<bool> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(false);
    }
    let mut file = libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    let millis = left.as_millis().min(60_000) as i32 + 1;
    // SAFETY: one entry, on this stack.
    match unsafe { libc::poll(&mut file, 1, millis) } {
        -1 if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted => {
            Err(io::Error::last_os_error())
        }
        _ => Ok(true),
    }
}
