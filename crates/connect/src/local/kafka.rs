//! A Kafka broker on this machine: one process, which is its own controller (KRaft).
use super::java::{Java, fetch_jars, last_lines};
use super::process::{self, Running};
use super::{LocalError, Result, io_at};
use crate::kafka::{KafkaLog, KafkaOptions};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const POM: &str = include_str!("../../systems/kafka/pom.xml");
const SETTINGS: &str = include_str!("../../systems/kafka/server.properties");
const LOGGING: &str = include_str!("../../systems/kafka/log4j2.properties");

/// How long a start may take: on a busy machine, with the recovery of its log.
const START: Duration = Duration::from_secs(120);

/// A broker in a folder. Its data stay there when it is stopped.
#[derive(Clone, Debug)]
pub struct KafkaBroker {
    home: PathBuf,
}

impl KafkaBroker {
    /// Names the folder, which is made when the broker is started.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    /// Returns the process that runs, if there is one.
    pub fn running(&self) -> Option<Running> {
        process::running(&self.home)
    }

    /// Returns the file with what the broker says.
    pub fn log(&self) -> PathBuf {
        self.home.join("broker.log")
    }

    /// Starts the broker unless it runs, and waits until topics can be written to. `say` is told
    /// what takes time. `port` is tried first; without it the last one, and then any free one.
    ///
    /// # Errors
    /// If Java or Maven is missing, the jars cannot be fetched, or the broker ends.
    pub fn start(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
        fs::create_dir_all(&self.home).map_err(io_at("make", &self.home))?;
        let lock = self.home.join(".lock");
        let lock_file = File::create(&lock).map_err(io_at("open", &lock))?;
        // Two starts at once take turns; the second finds the broker running.
        lock_file.lock().map_err(io_at("lock", &lock))?;
        if let Some(running) = self.running() {
            self.wait_until_ready(&running)?;
            return Ok(running);
        }

        let java = Java::find()?;
        if !self.home.join("lib/pom.xml").is_file() {
            say("fetching the jars of Kafka with Maven (43 MB, once)");
        }
        let lib = fetch_jars(&self.home, POM)?;
        let port = self.configure(port)?;
        let settings = self.home.join("server.properties");
        let command = |class: &str| {
            let mut command = Command::new(&java.program);
            command
                .args([
                    "-Xms128m",
                    "-Xmx256m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                ])
                .args(["-Xshare:auto", "-Djava.awt.headless=true"])
                .arg("-Dlog4j2.configurationFile=log4j2.properties")
                .arg("-cp")
                .arg(lib.join("*"))
                .arg(class);
            command
        };
        if !self.home.join("data/meta.properties").is_file() {
            say("formatting its storage");
            let mut format = command("kafka.tools.StorageTool");
            format.args(["format", "-t", CLUSTER, "-c"]).arg(&settings);
            let output = format.current_dir(&self.home).stdin(Stdio::null()).output();
            let output = output.map_err(io_at("start", &java.program))?;
            if !output.status.success() {
                let said = [output.stdout, output.stderr].concat();
                return Err(LocalError::Failed {
                    program: "the formatting of Kafka's storage".to_owned(),
                    said: last_lines(&String::from_utf8_lossy(&said), 8),
                });
            }
        }
        say("starting the broker");
        let mut broker = command("kafka.Kafka");
        broker.arg(&settings);
        let address = format!("127.0.0.1:{port}");
        let running = process::start(&self.home, &mut broker, &self.log(), &address)?;
        self.wait_until_ready(&running)?;
        Ok(running)
    }

    /// Writes the configuration, and returns the port.
    fn configure(&self, port: Option<u16>) -> Result<u16> {
        let settings = self.home.join("server.properties");
        // The ports of the last start, so that clients find it again.
        let before = fs::read_to_string(&settings).unwrap_or_default();
        let last = |name: &str| -> Option<u16> {
            let line = before.lines().find_map(|line| line.strip_prefix(name))?;
            line.rsplit(':').next()?.trim().parse().ok()
        };
        let wanted = port.or_else(|| last("advertised.listeners="));
        let port = free_port(wanted, 9092).map_err(io_at("find a free port for", &self.home))?;
        let controller = free_port(last("controller.quorum.voters="), 9093)
            .map_err(io_at("find a free port for", &self.home))?;
        let text = SETTINGS
            .replace("@PORT@", &port.to_string())
            .replace("@CONTROLLER@", &controller.to_string())
            .replace("@DATA@", &self.home.join("data").to_string_lossy());
        for (path, text) in [
            (settings, text.as_str()),
            (self.home.join("log4j2.properties"), LOGGING),
        ] {
            fs::write(&path, text).map_err(io_at("write", &path))?;
        }
        Ok(port)
    }

    /// Waits until the broker takes writes: that its log says "started" is not enough.
    fn wait_until_ready(&self, running: &Running) -> Result<()> {
        let began = Instant::now();
        let options = KafkaOptions {
            patience: Duration::from_millis(500),
            ..KafkaOptions::default()
        };
        let brokers = [running.address.clone()];
        while let Err(error) = KafkaLog::open(&brokers, options) {
            let alive = running.is_alive();
            if !alive || began.elapsed() > START {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let what = if alive { "does not answer" } else { "ended" };
                return Err(LocalError::Failed {
                    program: "the broker".to_owned(),
                    said: format!(
                        "it {what} ({error}); the end of {}:\n{}",
                        self.log().display(),
                        last_lines(&log, 8)
                    ),
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops the broker. Returns whether it ran.
    pub fn stop(&self) -> bool {
        match self.running() {
            Some(running) => {
                running.stop();
                true
            }
            None => false,
        }
    }
}

/// The id of the cluster in its storage: 16 bytes in base64.
const CLUSTER: &str = "TGFtYmRhV29ya2Jvb2sxMg";

/// Returns a port that is free now: the one wanted, or the first from the usual one on. A port
/// that the system chooses would not do: while the broker is down, a client that tries again could
/// get the same one for its own end of the connection, and keep the broker from it.
fn free_port(wanted: Option<u16>, usual: u16) -> std::io::Result<u16> {
    let mut ports = wanted.into_iter().chain((usual..).step_by(2).take(500));
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports
        .find(free)
        .ok_or_else(|| std::io::ErrorKind::AddrInUse.into())
}

/// Returns the folder of Kafka in a folder of systems.
pub fn home(systems: &Path) -> PathBuf {
    systems.join("kafka")
}
