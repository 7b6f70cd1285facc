//! A Kafka broker on this machine: one process, which is its own controller (KRaft).
use super::java::{Java, fetch_jars, last_lines};
use super::process::{self, Running};
use super::system::{LocalSystem, free_port};
use super::{LocalError, Result, io_at};
use crate::kafka::{KafkaLog, KafkaOptions};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const POM: &str = include_str!("../../systems/kafka/pom.xml");
const SETTINGS: &str = include_str!("../../systems/kafka/server.properties");
const LOGGING: &str = include_str!("../../systems/kafka/log4j2.properties");

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
}

impl LocalSystem for KafkaBroker {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn home(&self) -> &Path {
        &self.home
    }

    fn log(&self) -> PathBuf {
        self.home.join("broker.log")
    }

    fn launch(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
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
        process::start(&self.home, &mut broker, &self.log(), &address)
    }

    fn try_out(&self, running: &Running) -> std::result::Result<(), String> {
        let options = KafkaOptions {
            patience: Duration::from_millis(500),
            ..KafkaOptions::default()
        };
        let brokers = [running.address.clone()];
        let log = KafkaLog::open(&brokers, options);
        log.map(drop).map_err(|error| error.to_string())
    }
}

impl KafkaBroker {
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
        let port = free_port(&self.home, wanted, 9092)?;
        let controller = free_port(&self.home, last("controller.quorum.voters="), 9093)?;
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
}

/// The id of the cluster in its storage: 16 bytes in base64.
const CLUSTER: &str = "TGFtYmRhV29ya2Jvb2sxMg";

/// Returns the folder of Kafka in a folder of systems.
pub fn home(systems: &Path) -> PathBuf {
    systems.join("kafka")
}
