//! HBase on this machine: ZooKeeper, a master, a region server and the Thrift2 gateway in one process.
use super::java::{Java, fetch_jars};
use super::process::{self, Running};
use super::system::{LocalSystem, free_port};
use super::{LocalError, Result, io_at};
use crate::hbase;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const POM: &str = include_str!("../../systems/hbase/pom.xml");
/// Our classes, each with its source: the one that starts everything, and the one that compacts a
/// table.
const CLASSES: [(&str, &str); 2] = [
    ("Main", include_str!("../../systems/hbase/Main.java")),
    ("Compact", include_str!("../../systems/hbase/Compact.java")),
];
const SETTINGS: &str = include_str!("../../systems/hbase/hbase-site.xml");
const OPTIONS: &str = include_str!("../../systems/hbase/java.options");
const LOGGING: &str = include_str!("../../systems/hbase/log4j.properties");

/// The ports: that of clients first. Each has its mark in the settings, its property there, and the
/// port that is usual for it.
const PORTS: [(&str, &str, u16); 4] = [
    ("@THRIFT@", "hbase.regionserver.thrift.port", 9090),
    ("@ZOOKEEPER@", "hbase.zookeeper.property.clientPort", 2181),
    ("@MASTER@", "hbase.master.port", 16000),
    ("@REGION@", "hbase.regionserver.port", 16020),
];

/// How often the files of a table are looked at during a compaction.
const LOOK: Duration = Duration::from_millis(20);
/// How long HBase may take to remove the files that a compaction has replaced.
const OLD_FILES: Duration = Duration::from_secs(20);

/// What a major compaction has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What was in memory is in files, and HBase has begun to write them anew.
    Began,
    /// All files are written anew.
    Finished,
}

/// What a major compaction did to the files of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes on the disk before it. Cells in memory are in none of them.
    pub before: u64,
    /// The largest number of bytes on the disk while it ran: old files and new ones.
    pub most: u64,
    /// Bytes on the disk after it.
    pub after: u64,
    /// How long it took, from its beginning to its end.
    pub took: Duration,
}

/// HBase in a folder. Its data stay there when it is stopped.
#[derive(Clone, Debug)]
pub struct LocalHBase {
    home: PathBuf,
    /// The address of a file system elsewhere; `None` for the folder itself.
    files: Option<String>,
}

impl LocalHBase {
    /// Names the folder, which is made when HBase is started.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            files: None,
        }
    }

    /// Puts its files into another file system, such as `hdfs://127.0.0.1:8020`, in the folder
    /// `/hbase`. ZooKeeper's data stay in the folder.
    #[must_use]
    pub fn with_files(mut self, address: &str) -> Self {
        self.files = Some(address.trim_end_matches('/').to_owned());
        self
    }

    /// Fetches the jars, unless they are there, and returns their folder.
    ///
    /// # Errors
    /// If Maven is not there, or cannot fetch them.
    pub fn jars(&self, say: &dyn Fn(&str)) -> Result<PathBuf> {
        if !self.home.join("lib/pom.xml").is_file() {
            say("fetching the jars of HBase with Maven (124 MB, once)");
        }
        fetch_jars(&self.home, POM)
    }

    /// Returns the command that runs one of our classes with the jars and the settings of the folder.
    fn command(&self, java: &Java, class: &str) -> Result<Command> {
        let options = self.home.join("java.options");
        fs::write(&options, OPTIONS).map_err(io_at("write", &options))?;
        let (classes, lib) = (self.home.join("classes"), self.home.join("lib"));
        let path = format!("{}:{}", classes.display(), lib.join("*").display());
        let mut command = Command::new(&java.program);
        command
            .args(["@java.options", "-cp", &path, class])
            .current_dir(&self.home);
        Ok(command)
    }

    /// Writes the settings, and returns the port for clients.
    fn configure(&self, classes: &Path, port: Option<u16>) -> Result<u16> {
        let settings = classes.join("hbase-site.xml");
        // The ports of the last start, so that clients find it again.
        let before = fs::read_to_string(&settings).unwrap_or_default();
        let last = |property: &str| -> Option<u16> {
            let name = format!("<name>{property}</name><value>");
            let (_, after) = before.split_once(&name)?;
            after.split('<').next()?.parse().ok()
        };
        let mut text = SETTINGS.to_owned();
        if let Some(files) = &self.files {
            // HDFS can do what HBase asks of a file system, so nothing is left out.
            text = text
                .replace("file://@HOME@/data", &format!("{files}/hbase"))
                .replace("<value>filesystem</value>", "<value>asyncfs</value>")
                .replace("enforce</name><value>false", "enforce</name><value>true");
        }
        text = text.replace("@HOME@", &self.home.to_string_lossy());
        let mut of_clients = port;
        for (mark, property, usual) in PORTS {
            let wanted = of_clients.filter(|_| mark == PORTS[0].0);
            let port = free_port(&self.home, wanted.or_else(|| last(property)), usual)?;
            text = text.replace(mark, &port.to_string());
            if mark == PORTS[0].0 {
                of_clients = Some(port);
            }
        }
        for (path, text) in [
            (settings, text.as_str()),
            (classes.join("log4j.properties"), LOGGING),
        ] {
            fs::write(&path, text).map_err(io_at("write", &path))?;
        }
        Ok(of_clients.unwrap_or_default())
    }
}

/// Major compactions.
impl LocalHBase {
    /// Runs a major compaction of a table: writes its files anew, without the cells that were
    /// deleted. Waits until it has finished and the old files are gone. `stage` is told when it has
    /// begun, which takes seconds, and when HBase has finished it.
    ///
    /// # Errors
    /// If HBase does not run here, there is no such table, it is disabled, or HBase ends meanwhile.
    pub fn compact(&self, table: &str, stage: &(dyn Fn(Stage) + Sync)) -> Result<Compacted> {
        let failed = |said: String| LocalError::Failed {
            program: format!("the major compaction of the table {table:?}"),
            said,
        };
        if self.running().is_none() {
            return Err(failed(format!(
                "HBase does not run in {}; start it with `workbook up hbase`. A table of another \
                 HBase is compacted by `major_compact` in its shell",
                self.home.display()
            )));
        }
        let java = Java::find()?;
        java.compile_all(&self.home, &CLASSES, &self.home.join("lib"), &|_| ())?;
        let log = self.home.join("compact.log");
        let errors = fs::File::create(&log).map_err(io_at("write", &log))?;
        let before = self.bytes_of(table);
        let mut child = self
            .command(&java, "Compact")?
            .arg(table)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(io_at("run", &java.program))?;

        // What it says, while another thread looks at the disk.
        let answers = child.stdout.take().map(BufReader::new);
        let done = AtomicBool::new(false);
        let (outcome, most, took) = std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut most = before;
                while !done.load(Ordering::SeqCst) {
                    most = most.max(self.bytes_of(table));
                    std::thread::sleep(LOOK);
                }
                most
            });
            let mut began = Instant::now();
            let (mut outcome, mut took) = (Err("it ended without an answer".to_owned()), None);
            for line in answers
                .into_iter()
                .flat_map(BufRead::lines)
                .map_while(|line| line.ok())
            {
                match line.split_once(' ').unwrap_or((&line, "")) {
                    ("began", _) => {
                        began = Instant::now();
                        stage(Stage::Began);
                    }
                    ("finished", _) => {
                        took = Some(began.elapsed());
                        stage(Stage::Finished);
                        outcome = Ok(());
                    }
                    ("error", reason) => outcome = Err(reason.to_owned()),
                    _ => {}
                }
            }
            let _ = child.wait();
            // The old files, which HBase removes a moment later.
            let took = took.unwrap_or_default();
            if outcome.is_ok() {
                self.old_files_gone(table);
            }
            done.store(true, Ordering::SeqCst);
            (outcome, watch.join().unwrap_or(before), took)
        });
        outcome.map_err(|reason| failed(format!("{reason}; the log is {}", log.display())))?;
        Ok(Compacted {
            before,
            most,
            after: self.bytes_of(table),
            took,
        })
    }

    /// Returns the bytes of the files of a table on the disk, with those that wait to be removed.
    pub fn bytes_of(&self, table: &str) -> u64 {
        let [current, old] = self.folders_of(table);
        bytes_in(&current) + bytes_in(&old)
    }

    /// The folders of a table: its current files, and those that a compaction has replaced.
    fn folders_of(&self, table: &str) -> [PathBuf; 2] {
        ["data/data/default", "data/archive/data/default"]
            .map(|folder| self.home.join(folder).join(table))
    }

    /// Waits until the files that a compaction has replaced are gone: the folder of each family has
    /// one file or none then. Under writes it may never have, so this ends after a while.
    fn old_files_gone(&self, table: &str) {
        let began = Instant::now();
        let [current, old] = self.folders_of(table);
        while began.elapsed() < OLD_FILES && (most_files(&current) > 1 || bytes_in(&old) > 0) {
            std::thread::sleep(LOOK);
        }
    }
}

/// Bytes of all files in a folder; 0 if it is not there. Files may go meanwhile.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_in(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |found| found.len()),
        Err(_) => 0,
    });
    bytes.sum()
}

/// The largest number of files in the folder of one family of one region of a table.
fn most_files(table: &Path) -> usize {
    let folders = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        // `.tabledesc`, `.tmp` and `recovered.edits` are no families.
        let is_none = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with('.') || name == "recovered.edits"
        };
        let paths = entries.map(|entry| entry.path());
        paths
            .filter(|path| path.is_dir() && !is_none(path))
            .collect()
    };
    let regions = folders(table);
    let families = regions.iter().flat_map(|region| folders(region));
    let files = families.map(|family| fs::read_dir(family).map_or(0, Iterator::count));
    files.max().unwrap_or(0)
}

impl LocalSystem for LocalHBase {
    fn name(&self) -> &'static str {
        "hbase"
    }

    fn home(&self) -> &Path {
        &self.home
    }

    fn log(&self) -> PathBuf {
        self.home.join("hbase.log")
    }

    fn launch(&self, port: Option<u16>, say: &dyn Fn(&str)) -> Result<Running> {
        // The jars, and the class that starts everything.
        let java = Java::find()?;
        let lib = self.jars(say)?;
        let classes = java.compile_all(&self.home, &CLASSES, &lib, say)?;
        let port = self.configure(&classes, port)?;

        // The process.
        say("starting HBase: ZooKeeper, master, region server and Thrift gateway");
        let mut command = self.command(&java, "Main")?;
        let address = format!("127.0.0.1:{port}");
        process::start(&self.home, &mut command, &self.log(), &address)
    }

    /// Creates a table the first time, then writes a cell and reads it.
    fn try_out(&self, running: &Running) -> std::result::Result<(), String> {
        hbase::try_out(&running.address)
    }
}

/// Returns the folder of HBase in a folder of systems.
pub fn home(systems: &Path) -> PathBuf {
    systems.join("hbase")
}
