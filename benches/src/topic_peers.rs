//! Peers that follow a topic of Kafka: Spark Structured Streaming, and Kafka Streams.
//!
//! Each is a process that prints JSON lines: that it is ready, how many page views it has counted at
//! which time, and its table at the end.
use super::peers;
use anyhow::{Context, Result, bail};
use connect::local::Java;
use connect::local::java::fetch_jars;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const STREAMS: &str = include_str!("kafka_streams/Peer.java");
const STREAMS_POM: &str = include_str!("kafka_streams/pom.xml");
/// The connector of Spark to Kafka; `VERSION` is that of the installed pyspark.
const SPARK_POM: &str = include_str!("spark_kafka_pom.xml");

/// URL and hour to page views.
pub type Counts = BTreeMap<(String, i64), i64>;

/// Returns the rows of a table that a peer has printed; none for another line.
pub fn table(said: &Value) -> Counts {
    let rows = said["table"].as_array().into_iter().flatten();
    rows.map(|row| {
        let url = row[0].as_str().unwrap_or_default().to_owned();
        let number = |n: usize| row[n].as_i64().unwrap_or(0);
        ((url, number(1)), number(2))
    })
    .collect()
}

/// A peer that is installed.
pub struct TopicPeer {
    pub name: &'static str,
    bootstrap: String,
    program: PathBuf,
    /// What stands before and after the broker, the topic and the number of rows.
    before: Vec<String>,
    after: Vec<String>,
}

/// A peer that runs.
pub struct Started {
    pub child: Child,
    name: &'static str,
}

impl TopicPeer {
    /// Finds the peers of a log at an address, and says which are left out and why. `spark` is the
    /// Python that has pyspark, with the script of the job.
    pub fn found(address: &str, spark: Option<(&Path, &Path)>) -> Result<Vec<Self>> {
        let Some(bootstrap) = address.strip_prefix("kafka://") else {
            return Ok(Vec::new());
        };
        let bootstrap = bootstrap.to_owned();
        let home = peers::project()?.join("target/bench-peers");
        let mut found = Vec::new();
        match streams(&home, bootstrap.clone()) {
            Ok(peer) => found.push(peer),
            Err(error) => println!("Kafka Streams: left out: {error:#}"),
        }
        if let Some((python, script)) = spark {
            match spark_on_kafka(&home, bootstrap, python, script) {
                Ok(peer) => found.push(peer),
                Err(error) => println!("Spark on the topic: left out: {error:#}"),
            }
        }
        Ok(found)
    }

    /// Starts the peer, which counts until it has `rows` page views.
    pub fn start(&self, topic: &str, rows: i64) -> Result<Started> {
        let child = Command::new(&self.program)
            .args(&self.before)
            .args([&self.bootstrap, topic, &rows.to_string()])
            .args(&self.after)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        Ok(Started {
            child,
            name: self.name,
        })
    }
}

impl Started {
    /// Returns the seconds from when the peer is ready until it has counted everything, and its
    /// table.
    pub fn throughput(mut self) -> Result<(f64, Counts)> {
        let lines = BufReader::new(self.child.stdout.take().context("a pipe")?).lines();
        let mut ready = None;
        for line in lines {
            let said: Value = serde_json::from_str(&line?)?;
            match ready {
                None => ready = Some(std::time::Instant::now()),
                Some(ready) if said.get("table").is_some() => {
                    let seconds = ready.elapsed().as_secs_f64();
                    let counts = table(&said);
                    self.child.wait()?;
                    return Ok((seconds, counts));
                }
                Some(_) => {}
            }
        }
        bail!("{} ended before it had counted everything", self.name)
    }
}

fn streams(home: &Path, bootstrap: String) -> Result<TopicPeer> {
    let java = Java::find()?;
    let home = home.join("kafka-streams");
    std::fs::create_dir_all(&home)?;
    let jars = fetch_jars(&home, STREAMS_POM)?;
    let source = home.join("Peer.java");
    std::fs::write(&source, STREAMS)?;
    println!("Kafka Streams 4.4.0");
    let class_path = format!("{}/*", jars.display());
    Ok(TopicPeer {
        name: "Kafka Streams",
        bootstrap,
        program: java.program,
        before: ["-Xmx1g", "-cp", &class_path, &source.to_string_lossy()]
            .map(str::to_owned)
            .into(),
        after: Vec::new(),
    })
}

fn spark_on_kafka(
    home: &Path,
    bootstrap: String,
    python: &Path,
    script: &Path,
) -> Result<TopicPeer> {
    let jars = spark_jars(&home.join("spark-kafka"), python)?;
    Ok(TopicPeer {
        name: "Spark",
        bootstrap,
        program: python.to_owned(),
        before: vec![script.to_string_lossy().into_owned(), "topic".to_owned()],
        after: vec![jars],
    })
}

/// Fetches the connector of Spark to Kafka, and returns the paths of its jars with commas between.
pub fn spark_jars(home: &Path, python: &Path) -> Result<String> {
    let version = peers::version(python, "pyspark").context("this Python has no pyspark")?;
    std::fs::create_dir_all(home)?;
    let jars = fetch_jars(home, &SPARK_POM.replace("VERSION", &version))?;
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(jars)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jar") {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(paths.join(","))
}
