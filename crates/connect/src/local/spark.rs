//! Spark on this machine: a Spark Connect server with a master and two workers in one process, which
//! starts two executors.
use super::java::{Java, fetch_jars, last_lines};
use super::process::{self, Running};
use super::system::{LocalSystem, free_port};
use super::{LocalError, Result, io_at};
use crate::spark;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const POM: &str = include_str!("../../systems/spark/pom.xml");
const OPTIONS: &str = include_str!("../../systems/spark/java.options");
const COMPONENTS: (&str, &str) = (
    "Components",
    include_str!("../../systems/spark/Components.java"),
);
const ACCUMULATORS: (&str, &str) = (
    "Accumulators",
    include_str!("../../systems/spark/Accumulators.java"),
);
const CLUSTER: (&str, &str) = ("Cluster", include_str!("../../systems/spark/Cluster.java"));
const LOGGING: &str = include_str!("../../systems/spark/log4j2.properties");

/// The port that is usual for Spark Connect.
const USUAL: u16 = 15002;
/// The option that holds the port.
const PORT: &str = "-Dspark.connect.grpc.binding.port=";
/// How long the first query may take, for which the executors load their classes.
const FIRST_QUERY: Duration = Duration::from_secs(120);

/// What the programs are called in errors.
const GRAPHX: &str = "connected components by GraphX";
const COUNTING: &str = "counting by accumulators";

/// What accumulators have counted of the same records, see [`LocalSpark::accumulators`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccumulatorCounts {
    /// By updates in an action, one of whose tasks was killed in the middle and run again.
    pub in_action: u64,
    /// By updates in a transformation of the same job: what the killed executor had computed for the
    /// shuffle was computed again.
    pub in_transformation: u64,
    /// By updates in a transformation whose result two actions need.
    pub two_actions: u64,
    /// So, when the result is kept in memory.
    pub two_actions_cached: u64,
}

/// Spark in a folder. It keeps nothing itself: what queries write lies where they say.
#[derive(Clone, Debug)]
pub struct LocalSpark {
    home: PathBuf,
    /// Each worker has one core, and one executor.
    workers: u32,
    /// Whether master and workers are processes of their own.
    cluster: bool,
}

impl LocalSpark {
    /// Names the folder, which is made when Spark is started.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            workers: 2,
            cluster: false,
        }
    }

    /// With so many workers, at least one, when it is started; two unless said.
    pub fn workers(self, workers: u32) -> Self {
        Self {
            workers: workers.max(1),
            ..self
        }
    }

    /// With a master and workers that are processes of their own when it is started, as on several
    /// machines. Otherwise they are in the process of the Connect server, which starts sooner.
    pub fn cluster(self, cluster: bool) -> Self {
        Self { cluster, ..self }
    }

    /// Returns the smallest vertex of the component of each vertex of a graph, by GraphX, in the
    /// order of vertices. Each edge is two different vertices; a vertex without an edge is in no
    /// edge, and so not here.
    ///
    /// GraphX has no SQL and no client: it is a program of Java for the driver. So this runs one, with
    /// executors of its own, which takes some ten seconds. The batch layer joins persons by
    /// SQL instead, which every server of Spark Connect understands.
    ///
    /// # Errors
    /// If there is no JDK, Spark was never started in this folder, or the program fails.
    pub fn components(&self, edges: &[(i64, i64)]) -> Result<Vec<(i64, i64)>> {
        let scratch = self.scratch()?;
        let (from, to) = (
            scratch.path().join("edges"),
            scratch.path().join("vertices"),
        );
        let lines: String = edges.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        fs::write(&from, lines).map_err(io_at("write", &from))?;
        self.run_program(GRAPHX, COMPONENTS, &[from.as_os_str(), to.as_os_str()])?;

        // Its answer: `(vertex,smallest)` lines.
        let mut smallest = Vec::new();
        for entry in fs::read_dir(&to).map_err(io_at("read", &to))?.flatten() {
            if !entry.file_name().to_string_lossy().starts_with("part-") {
                continue;
            }
            let text = fs::read_to_string(entry.path()).map_err(io_at("read", &entry.path()))?;
            for line in text.lines() {
                let pair = line.trim_matches(['(', ')']).split_once(',');
                let pair = pair
                    .and_then(|(vertex, least)| Some((vertex.parse().ok()?, least.parse().ok()?)));
                smallest.push(pair.ok_or_else(|| odd_answer(GRAPHX, line))?);
            }
        }
        smallest.sort_unstable();
        Ok(smallest)
    }

    /// Counts records by accumulators, in an action and in transformations, while an executor is killed.
    ///
    /// Accumulators have no SQL and no client, so this runs a program of Java for the driver, as
    /// [`components`](Self::components) does.
    ///
    /// # Errors
    /// If there is no JDK, Spark was never started in this folder, or the program fails.
    pub fn accumulators(&self, records: u32) -> Result<AccumulatorCounts> {
        let scratch = self.scratch()?;
        let to = scratch.path().join("counts");
        let records = records.to_string();
        self.run_program(COUNTING, ACCUMULATORS, &[records.as_ref(), to.as_os_str()])?;
        let text = fs::read_to_string(&to).map_err(io_at("read", &to))?;
        let count = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|number| number.trim().parse().ok());
            number.ok_or_else(|| odd_answer(COUNTING, &text))
        };
        Ok(AccumulatorCounts {
            in_action: count("action ")?,
            in_transformation: count("transformation ")?,
            two_actions: count("two actions ")?,
            two_actions_cached: count("two actions, cached ")?,
        })
    }

    /// Returns a temporary folder for a program's input and output.
    fn scratch(&self) -> Result<tempfile::TempDir> {
        if !self.home.join("java.options").is_file() {
            return Err(LocalError::Missing(format!(
                "Spark was never started in {}; run `workbook up spark` first",
                self.home.display()
            )));
        }
        tempfile::tempdir_in(&self.home).map_err(io_at("make", &self.home))
    }

    /// Compiles a class, a name and its source, and runs it as a driver of Spark with executors of
    /// its own. `what` names it in errors.
    fn run_program(&self, what: &str, class: (&str, &str), words: &[&OsStr]) -> Result<()> {
        let failed = |said: String| LocalError::Failed {
            program: what.to_owned(),
            said,
        };
        let lib = self.home.join("lib");
        let java = Java::find()?;
        let classes = java.compile_all(&self.home, &[class], &lib, &|_| ())?;
        let log = self.home.join(format!("{}.log", class.0.to_lowercase()));
        let said = fs::File::create(&log).map_err(io_at("write", &log))?;
        let errors = said.try_clone().map_err(io_at("write", &log))?;
        let path = format!("{}:{}", classes.display(), lib.join("*").display());
        let status = self
            .java(&java, &path)
            // Executors need the functions of the class too.
            .arg(format!(
                "-Dspark.executor.extraClassPath={}",
                classes.display()
            ))
            .arg(class.0)
            .args(words)
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(errors)
            .status()
            .map_err(io_at("run", &java.program))?;
        if !status.success() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let last = last_lines(&said, 5);
            return Err(failed(format!("{last}\nThe rest is in {}", log.display())));
        }
        Ok(())
    }

    /// Returns a command that starts a class with Spark's settings, on a class path.
    fn java(&self, java: &Java, path: &str) -> Command {
        let tmp = self.home.join("tmp");
        let mut command = Command::new(&java.program);
        command
            .arg("@java.options")
            .arg(format!("-Djava.io.tmpdir={}", tmp.display()))
            .args(["-cp", path])
            .env("SPARK_HOME", &self.home)
            .env("SPARK_CONF_DIR", self.home.join("conf"))
            .env("SPARK_SCALA_VERSION", "2.13")
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("SPARK_LOCAL_DIRS", &tmp)
            // Settings of another Spark on this machine.
            .env_remove("HADOOP_CONF_DIR")
            .env_remove("YARN_CONF_DIR")
            .env_remove("SPARK_DIST_CLASSPATH");
        command
    }

    /// Writes the settings, and returns the port for clients.
    fn configure(&self, conf: &Path, port: Option<u16>) -> Result<u16> {
        let options = self.home.join("java.options");
        // The port of the last start, so that clients find it again.
        let before = fs::read_to_string(&options).unwrap_or_default();
        let line = before.lines().find_map(|line| line.strip_prefix(PORT));
        let last = line.and_then(|port| port.parse().ok());
        let port = free_port(&self.home, port.or(last), USUAL)?;
        let text = OPTIONS
            .replace("@PORT@", &port.to_string())
            .replace("@WORKERS@", &self.workers.to_string());
        for (path, text) in [
            (options, text.as_str()),
            (conf.join("log4j2.properties"), LOGGING),
        ] {
            fs::write(&path, text).map_err(io_at("write", &path))?;
        }
        Ok(port)
    }
}

impl LocalSystem for LocalSpark {
    fn name(&self) -> &'static str {
        "spark"
    }

    fn scheme(&self) -> &'static str {
        "sc"
    }

    fn home(&self) -> &Path {
        &self.home
    }

    fn log(&self) -> PathBuf {
        self.home.join("spark.log")
    }

    fn look_for_programs(&self) -> Result<()> {
        match Java::find() {
            Ok(_) => Ok(()),
            Err(LocalError::Missing(what)) => Err(LocalError::Missing(format!(
                "{what}.\nOr start Sail, which answers as Spark does and needs no Java: `workbook up sail`"
            ))),
            Err(other) => Err(other),
        }
    }

    fn launch(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
        // The jars. Executors are started by Spark's own launcher, which looks for them in a folder
        // of this name.
        self.look_for_programs()?;
        let java = Java::find()?;
        if !self.home.join("lib/pom.xml").is_file() {
            say("fetching the jars of Spark with Maven (343 MB, once)");
        }
        fetch_jars(&self.home, POM)?;
        let jars = self.home.join("jars");
        if !jars.is_dir() {
            let _ = fs::remove_file(&jars);
            std::os::unix::fs::symlink("lib", &jars).map_err(io_at("link", &jars))?;
        }

        // The settings, and empty folders for what the last run left behind.
        let conf = self.home.join("conf");
        fs::create_dir_all(&conf).map_err(io_at("make", &conf))?;
        let port = self.configure(&conf, port)?;
        for folder in ["artifacts", "tmp", "work"] {
            let folder = self.home.join(folder);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).map_err(io_at("make", &folder))?;
        }

        // The process.
        let workers = match self.workers {
            1 => "a worker with an executor".to_owned(),
            n => format!("{n} workers with an executor each"),
        };
        let how = if self.cluster { ", each a process" } else { "" };
        say(&format!(
            "starting Spark: a master, {workers}, and the Connect server{how}"
        ));
        let mut path = format!("{}:{}", conf.display(), jars.join("*").display());
        let mut command;
        if self.cluster {
            let lib = self.home.join("lib");
            let classes = java.compile_all(&self.home, &[CLUSTER], &lib, say)?;
            path += &format!(":{}", classes.display());
            command = self.java(&java, &path);
            command.args([CLUSTER.0, &self.workers.to_string()]);
        } else {
            command = self.java(&java, &path);
            command.arg("org.apache.spark.sql.connect.service.SparkConnectServer");
        }
        let address = format!("127.0.0.1:{port}");
        process::start(&self.home, &mut command, &self.log(), &address)
    }

    /// Waits for the line of the log that names the port, and runs a query on the executors.
    fn try_out(&self, running: &Running) -> std::result::Result<(), String> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let started = format!("Spark Connect server started at: {}", running.address);
        if !log.contains(&started) {
            return Err("its Connect server has not started".to_owned());
        }
        query(&running.address, FIRST_QUERY)
    }
}

/// Returns the error of an answer of a program that is none.
fn odd_answer(what: &str, answer: &str) -> LocalError {
    LocalError::Failed {
        program: what.to_owned(),
        said: format!("it answered {answer:?}"),
    }
}

/// Runs a query that needs a shuffle, and looks at its result.
pub(super) fn query(address: &str, patience: Duration) -> std::result::Result<(), String> {
    let sql = "SELECT id % 3 FROM range(0, 300, 1, 2) GROUP BY id % 3 HAVING count(*) = 100";
    match spark::count_rows(address, sql, patience).map_err(|error| error.to_string())? {
        3 => Ok(()),
        rows => Err(format!("a query with 3 rows has {rows}")),
    }
}

/// Returns the folder of Spark in a folder of systems.
pub fn home(systems: &Path) -> PathBuf {
    systems.join("spark")
}
