//! HBase whose files are in HDFS: what it acknowledged is found again after everything was killed.
//! It starts two more processes of Java, so it is left out unless the long tests run, or
//! `LAMBDA_WORKBOOK_TEST_HDFS` is set.
use crate::extent;
use crate::region_server::patient;
use crate::store_promises::PROMISED;
use crate::systems;
use connect::hbase::{Gateway, HBaseStore};
use connect::local::hbase::LocalHBase;
use connect::local::{Java, LocalSystem};
use lambda_workbook::speed::{Mutation, RealtimeStore};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// If it is set, HDFS is started.
const WANTED: &str = "LAMBDA_WORKBOOK_TEST_HDFS";

/// A NameNode and a DataNode in one process, which ends with this.
struct Hdfs {
    home: PathBuf,
    lib: PathBuf,
    child: Child,
}

impl Hdfs {
    /// Makes an empty file system in a folder, and starts it. Returns it and its address.
    fn start(home: &Path, lib: &Path) -> (Self, String) {
        let _ = fs::remove_dir_all(home);
        let classes = home.join("classes");
        // It looks for web pages that the jars do not have.
        for pages in ["hdfs", "datanode"] {
            fs::create_dir_all(classes.join("webapps").join(pages)).unwrap();
        }
        let source = home.join("Hdfs.java");
        fs::write(&source, include_str!("../systems/hdfs/Hdfs.java")).unwrap();
        Java::find()
            .unwrap()
            .compile(&source, lib, &classes)
            .unwrap();

        // The settings, with ports that are free now.
        let marks = [
            "NAMENODE",
            "NAMENODE_WEB",
            "DATANODE",
            "DATANODE_IPC",
            "DATANODE_WEB",
        ];
        let free = marks.map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.map(|listener| listener.local_addr().unwrap().port());
        let mut settings = include_str!("../systems/hdfs/hdfs-site.xml").to_owned();
        for (mark, port) in marks.iter().zip(ports) {
            settings = settings.replace(&format!("@{mark}@"), &port.to_string());
        }
        let settings = settings.replace("@HOME@", home.to_str().unwrap());
        for (file, text) in [
            ("hdfs-site.xml", settings.as_str()),
            ("core-site.xml", settings.as_str()),
            (
                "log4j.properties",
                include_str!("../systems/hbase/log4j.properties"),
            ),
        ] {
            fs::write(classes.join(file), text).unwrap();
        }
        let hdfs = Self {
            child: Self::spawn(home, lib),
            home: home.to_owned(),
            lib: lib.to_owned(),
        };
        hdfs.wait_until_up();
        (hdfs, format!("hdfs://127.0.0.1:{}", ports[0]))
    }

    /// Starts the process, whose log is `hdfs.log`.
    fn spawn(home: &Path, lib: &Path) -> Child {
        let output = fs::File::create(home.join("hdfs.log")).unwrap();
        Command::new(Java::find().unwrap().program)
            .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Djava.net.preferIPv4Stack=true", "--add-opens"])
            .args(["java.base/java.lang=ALL-UNNAMED", "-cp"])
            .args([&format!("classes:{}/*", lib.display()), "Hdfs"])
            .current_dir(home)
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap()
    }

    fn wait_until_up(&self) {
        let began = Instant::now();
        loop {
            let said = fs::read_to_string(self.home.join("hdfs.log")).unwrap();
            if said.contains("HDFS is up") {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(90), "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn restart(&mut self) {
        self.child = Self::spawn(&self.home, &self.lib);
        self.wait_until_up();
    }
}

impl Drop for Hdfs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rule: with its files in HDFS, HBase finds every put again that it has acknowledged, after kill -9
/// of HBase alone, and of HBase, the NameNode and the DataNode.
#[test]
fn acknowledged_writes_are_found_again_in_hdfs() {
    if std::env::var_os(WANTED).is_none() && extent::rounds(true, false) {
        eprintln!("left out: HBase on HDFS; set {WANTED}=1 to have it");
        return;
    }
    let hbase = LocalHBase::at(systems::folder("hbase-on-hdfs"));
    fs::create_dir_all(hbase.home()).unwrap();
    hbase.stop();
    for folder in ["zookeeper", "tmp"] {
        let _ = fs::remove_dir_all(hbase.home().join(folder));
    }
    let lib = hbase.jars(&|_| ()).unwrap();
    let (mut hdfs, files) = Hdfs::start(&systems::folder("hdfs"), &lib);
    let hbase = hbase.with_files(&files);
    let running = hbase.start(None, &|_| ()).unwrap();
    let gateway = Gateway::open(&running.address, patient()).unwrap();
    let store = HBaseStore::open(Arc::new(gateway), "kept", &PROMISED).unwrap();
    let batch = |n: u64| -> Vec<Mutation> {
        let rows = (0..100u64).map(|i| (n * 100 + i).to_be_bytes());
        rows.map(|row| Mutation::of(row).put("one", "q", 0, row))
            .collect()
    };
    let (mut batches, is_up) = (0u64, AtomicBool::new(true));
    for with_hdfs in [false, true] {
        is_up.store(false, Ordering::SeqCst);
        let before = batches;
        let began = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                hbase.running().unwrap().kill();
                if with_hdfs {
                    hdfs.kill();
                    hdfs.restart();
                }
                hbase.start(None, &|_| ()).unwrap();
                is_up.store(true, Ordering::SeqCst);
            });
            while !is_up.load(Ordering::SeqCst) {
                store.apply(&batch(batches)).unwrap();
                batches += 1;
            }
        });
        let found = store.reader().scan(b"", "one").unwrap();
        let found: BTreeSet<Vec<u8>> = { found.into_iter() }
            .map(|(_, (_, cell))| cell.value)
            .collect();
        let lost = (0..batches * 100).filter(|n| !found.contains(&n.to_be_bytes()[..]));
        assert_eq!(lost.count(), 0, "HDFS was killed: {with_hdfs}");
        assert!(batches > before, "{batches}");
        eprintln!(
            "HDFS was killed: {with_hdfs}; {} puts acknowledged and found, {:.0} s",
            batches * 100,
            began.elapsed().as_secs_f64()
        );
    }
    hbase.running().unwrap().kill();
}
