//! What all systems on this machine have in common: a folder, a process, and the way to start it.
use super::java::{Java, last_lines};
use super::process::{self, Running};
use super::{LocalError, Result, io_at};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a start may take: on a busy machine, with the recovery of its log.
const START: Duration = Duration::from_secs(180);
/// How often a system is started whose port another program takes meanwhile.
const PORT_TRIES: u32 = 3;
/// How often a start that is still waited for says so.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// A system in a folder of this machine. Its data stay there when it is stopped.
pub trait LocalSystem {
    /// Returns its name: `kafka`.
    fn name(&self) -> &'static str;

    /// Returns the scheme of its address: its name, unless others answer in the same way.
    fn scheme(&self) -> &'static str {
        self.name()
    }

    /// Returns its folder, which is made when it is started.
    fn home(&self) -> &Path;

    /// Returns the file with what the process says.
    fn log(&self) -> PathBuf;

    /// Looks for the programs of this machine that it needs: Java, for most.
    ///
    /// # Errors
    /// Which one is missing or too old, and what to do.
    fn look_for_programs(&self) -> Result<()> {
        Java::find().map(drop)
    }

    /// Makes what is missing in the folder, and starts the process. `say` is told what takes time.
    /// `port` is tried first; without it the last one, and then any free one.
    ///
    /// # Errors
    /// If a program that it needs is missing, its parts cannot be fetched, or the process cannot be started.
    fn launch(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running>;

    /// Tries whether the system does its work: that a port is open is not enough.
    ///
    /// # Errors
    /// Why it does not, so far.
    fn try_out(&self, running: &Running) -> std::result::Result<(), String>;

    /// Returns the process that runs, if there is one.
    fn running(&self) -> Option<Running> {
        process::running(self.home())
    }

    /// Starts the system unless it runs, and waits until it does its work.
    ///
    /// # Errors
    /// As [`launch`](Self::launch), or if the process ends or does not answer in three minutes.
    fn start(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
        fs::create_dir_all(self.home()).map_err(io_at("make", self.home()))?;
        let lock = self.home().join(".lock");
        let lock_file = File::create(&lock).map_err(io_at("open", &lock))?;
        // Two starts at once take turns; the second finds the process running.
        lock_file.lock().map_err(io_at("lock", &lock))?;
        for _ in 0..PORT_TRIES {
            let running = match self.running() {
                Some(running) => running,
                None => self.launch(port, say)?,
            };
            match self.wait_until_ready(&running, say) {
                Ok(()) => return Ok(running),
                Err(_) if !running.is_alive() && self.found_its_port_taken() => {
                    say("another program took the port meanwhile; starting once more");
                }
                Err(error) => return Err(error),
            }
        }
        Err(LocalError::Failed {
            program: self.name().to_owned(),
            said: format!("its port was taken {PORT_TRIES} times while it started"),
        })
    }

    /// Returns whether the process ended because another has its port: between the look for a free
    /// port and the start another program, or a system of another project, may take it.
    fn found_its_port_taken(&self) -> bool {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let end = last_lines(&log, 200);
        // As Java says it, and as the system does.
        end.contains("java.net.BindException") || end.contains("Address already in use")
    }

    /// Waits until the system does its work.
    ///
    /// # Errors
    /// If the process ends, or does not answer in three minutes.
    fn wait_until_ready(&self, running: &Running, say: &dyn Fn(&str)) -> Result<()> {
        let (began, mut said) = (Instant::now(), 0);
        while let Err(problem) = self.try_out(running) {
            let alive = running.is_alive();
            if !alive || began.elapsed() > START {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let what = if alive { "does not answer" } else { "ended" };
                return Err(LocalError::Failed {
                    program: self.name().to_owned(),
                    said: format!(
                        "it {what} ({problem}); the end of {}:\n{}",
                        self.log().display(),
                        last_lines(&log, 8)
                    ),
                });
            }
            if began.elapsed().as_secs() / SAY_AGAIN.as_secs() > said {
                said += 1;
                say(&format!(
                    "waiting for {}, {} s so far",
                    self.name(),
                    began.elapsed().as_secs()
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops the process. Returns whether it ran.
    fn stop(&self) -> bool {
        match self.running() {
            Some(running) => {
                running.stop();
                true
            }
            None => false,
        }
    }
}

/// Returns a port that is free now: the one wanted, or every second one from the usual one on. A
/// port that the system chooses would not do: while the process is down, a client that tries again
/// could get the same one for its own end of the connection, and keep the process from it.
///
/// # Errors
/// If none of 500 ports is free.
pub(super) fn free_port(home: &Path, wanted: Option<u16>, usual: u16) -> Result<u16> {
    let mut ports = wanted.into_iter().chain((usual..).step_by(2).take(500));
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let found = ports
        .find(free)
        .ok_or_else(|| std::io::ErrorKind::AddrInUse.into());
    found.map_err(io_at("find a free port for", home))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::process::Command;

    /// A system that finds its port taken when it is started for the first times.
    struct Late {
        home: PathBuf,
        taken: u32,
        launched: Cell<u32>,
    }

    impl LocalSystem for Late {
        fn name(&self) -> &'static str {
            "late"
        }

        fn home(&self) -> &Path {
            &self.home
        }

        fn log(&self) -> PathBuf {
            self.home.join("late.log")
        }

        fn launch(&self, _port: Option<u16>, _say: &dyn Fn(&str)) -> Result<Running> {
            let first = self.launched.get() < self.taken;
            self.launched.set(self.launched.get() + 1);
            let script = match first {
                true => "echo java.net.BindException: Address already in use; exit 1",
                false => "exec sleep 600",
            };
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            process::start(&self.home, &mut command, &self.log(), "127.0.0.1:1")
        }

        fn try_out(&self, running: &Running) -> std::result::Result<(), String> {
            match self.launched.get() > self.taken && running.is_alive() {
                true => Ok(()),
                false => Err("no answer".to_owned()),
            }
        }
    }

    #[test]
    fn a_port_that_was_taken_meanwhile_is_left_to_the_other() {
        for (taken, starts) in [(0, true), (2, true), (3, false)] {
            let folder = tempfile::tempdir().unwrap();
            let late = Late {
                home: folder.path().to_owned(),
                taken,
                launched: Cell::new(0),
            };
            let started = late.start(None, &|_| {});
            assert_eq!(started.is_ok(), starts, "{started:?}");
            assert_eq!(late.launched.get(), if starts { taken + 1 } else { 3 });
            late.stop();
        }
    }
}
