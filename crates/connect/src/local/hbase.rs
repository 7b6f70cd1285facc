//! HBase on this machine: ZooKeeper, a master, a region server and the Thrift2 gateway in one process.
use super::java::{Java, fetch_jars};
use super::process::{self, Running};
use super::system::{LocalSystem, free_port};
use super::{Result, io_at};
use crate::hbase;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const POM: &str = include_str!("../../systems/hbase/pom.xml");
const MAIN: &str = include_str!("../../systems/hbase/Main.java");
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

/// HBase in a folder. Its data stay there when it is stopped.
#[derive(Clone, Debug)]
pub struct LocalHBase {
    home: PathBuf,
}

impl LocalHBase {
    /// Names the folder, which is made when HBase is started.
    pub fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
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
        let mut text = SETTINGS.replace("@HOME@", &self.home.to_string_lossy());
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
        if !self.home.join("lib/pom.xml").is_file() {
            say("fetching the jars of HBase with Maven (124 MB, once)");
        }
        let lib = fetch_jars(&self.home, POM)?;
        let classes = self.home.join("classes");
        fs::create_dir_all(&classes).map_err(io_at("make", &classes))?;
        let source = classes.join("Main.java");
        // The source beside the class says that it was compiled.
        if !fs::read_to_string(&source).is_ok_and(|had| had == MAIN) {
            say("compiling its main class");
            let draft = self.home.join("Main.java");
            fs::write(&draft, MAIN).map_err(io_at("write", &draft))?;
            java.compile(&draft, &lib, &classes)?;
            fs::rename(&draft, &source).map_err(io_at("name", &source))?;
        }
        let port = self.configure(&classes, port)?;

        // The process.
        say("starting HBase: ZooKeeper, master, region server and Thrift gateway");
        let options = self.home.join("java.options");
        fs::write(&options, OPTIONS).map_err(io_at("write", &options))?;
        let path = format!("{}:{}", classes.display(), lib.join("*").display());
        let mut command = Command::new(&java.program);
        command.args(["@java.options", "-cp", &path, "Main"]);
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
