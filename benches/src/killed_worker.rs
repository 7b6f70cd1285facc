//! `workbook bench microbatch --log`: a word count whose worker is killed, one line at a time and in
//! micro-batches.
//!
//! Each system follows the same kind of topic of Kafka, to which lines come at a steady rate. Half way,
//! `kill -9` ends the process that counts. The first word of a line is its number, so each line is
//! looked for by identity: counted once, more often, or never.
//!
//! A system reports into a file, as `NUMBER +1 MICROSECONDS` where it adds to a store outside of it,
//! and as `NUMBER =COUNT MICROSECONDS` where it has changed its own state.

use super::peers;
use anyhow::{Context, Result, bail};
use connect::local::java::fetch_jars;
use connect::local::{Java, descendants};
use lambda_workbook::microbatch::{self, Job, JobOptions, Kind};
use lambda_workbook::speed::{self, Log};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const STORM: &str = include_str!("storm/WordCount.java");
const STORM_POM: &str = include_str!("storm/pom.xml");
const SPARK: &str = concat!(
    include_str!("spark_session.py"),
    include_str!("killed_worker_peer.py")
);
const PARTITIONS: u64 = 2;
/// Lines of the run; line 0 comes before, and tells when a system is ready.
const LINES: u64 = 7_500;
const A_SECOND: u64 = 500;
/// The line before which the worker is killed.
const KILLED_AT: u64 = 5_000;
/// The first line whose wait counts: the first five seconds warm up.
const WARM: u64 = 2_500;
/// How long a system may take to start, and to go on after the kill.
const PATIENCE: Duration = Duration::from_secs(180);
/// A batch of ours begins this often.
const EVERY: Duration = Duration::from_millis(10);

/// A system that counts words.
struct System {
    name: &'static str,
    /// What it promises of each line.
    promise: &'static str,
    program: PathBuf,
    /// Arguments before the topic and the file.
    before: Vec<String>,
    home: PathBuf,
    /// The folder of what is thrown away at the end; `home` lies in it, if there is one.
    _scratch: Option<TempDir>,
    /// A text in the command line of the process that counts. Without one it is the process that is
    /// started, which is started again when it was killed.
    worker: Option<&'static str>,
    must_be_exact: bool,
}

/// What became of the lines in one run.
struct Outcome {
    /// Seconds from line to count, before the kill.
    waits: Vec<f64>,
    /// The longest of all, which is that of a line at the kill.
    longest: f64,
    /// Lines that were counted more than once.
    doubled: usize,
    lost: usize,
}

/// Measures every system that is found, and returns the rows of a table.
///
/// # Errors
/// If a system does not start or does not go on, or if one that promises so does not count each line
/// once.
pub fn table(address: &str, python: Option<&Path>) -> Result<Vec<Vec<String>>> {
    let head = [
        "500 lines a second, kill -9 after 10 s",
        "promise",
        "median",
        "99 %",
        "longest, at the kill",
        "counted twice",
        "lost",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for system in found(address, python)? {
        eprintln!("{}: starting", system.name);
        let outcome = system.run(address)?;
        if outcome.lost > 0 || (system.must_be_exact && outcome.doubled > 0) {
            bail!(
                "{} lost {} lines and counted {} twice, against its promise ({})",
                system.name,
                outcome.lost,
                outcome.doubled,
                system.promise
            );
        }
        let seconds = |secs: f64| match secs < 1.0 {
            true => format!("{:.1} ms", secs * 1e3),
            false => format!("{secs:.1} s"),
        };
        let mut waits = outcome.waits;
        waits.sort_by(f64::total_cmp);
        let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
        rows.push(vec![
            system.name.to_owned(),
            system.promise.to_owned(),
            seconds(at(0.5)),
            seconds(at(0.99)),
            seconds(outcome.longest),
            format!("{} lines", outcome.doubled),
            format!("{} lines", outcome.lost),
        ]);
    }
    Ok(rows)
}

/// Finds the systems of this machine, and says which are left out and why.
fn found(address: &str, python: Option<&Path>) -> Result<Vec<System>> {
    let bootstrap = address.strip_prefix("kafka://").context(
        "the systems read a topic of Kafka: name an address such as kafka://127.0.0.1:9092",
    )?;
    let home = peers::project()?.join("target/bench-peers");
    let mut systems = vec![ours(address)?];
    match storm(&home.join("storm"), bootstrap) {
        Ok(system) => systems.push(system),
        Err(error) => println!("Storm: left out: {error:#}"),
    }
    match python.map(|python| spark(&home.join("spark-kafka"), bootstrap, python)) {
        Some(Ok(system)) => systems.push(system),
        Some(Err(error)) => println!("Spark: left out: {error:#}"),
        None => {}
    }
    Ok(systems)
}

fn ours(address: &str) -> Result<System> {
    let scratch = tempfile::tempdir()?;
    Ok(System {
        name: "micro-batches, every 10 ms",
        promise: "once, by batch ids",
        program: std::env::current_exe()?,
        before: vec!["count-lines".to_owned(), address.to_owned()],
        home: scratch.path().to_owned(),
        _scratch: Some(scratch),
        worker: None,
        must_be_exact: true,
    })
}

fn storm(home: &Path, bootstrap: &str) -> Result<System> {
    let java = Java::find()?;
    fs::create_dir_all(home)?;
    let jars = fetch_jars(home, STORM_POM)?;
    java.compile_all(home, &[("WordCount", STORM)], &jars, &|_| ())?;
    // What the supervisor gives to its workers, and settings that the program writes. A folder that
    // is missing when Java starts is no part of its class path.
    fs::create_dir_all(home.join("conf"))?;
    let workers = home.join("lib-worker");
    if !workers.exists() {
        std::os::unix::fs::symlink(&jars, &workers)?;
    }
    println!("Storm 2.8.3");
    let stands = format!("-Dstorm.home={}", home.display());
    let before = [
        "-Xmx512m",
        &stands,
        "-cp",
        "conf:classes:lib/*",
        "WordCount",
        bootstrap,
    ];
    Ok(System {
        name: "Storm, one at a time",
        promise: "at least once",
        program: java.program,
        before: before.map(str::to_owned).into(),
        home: home.to_owned(),
        _scratch: None,
        worker: Some("org.apache.storm.daemon.worker.Worker"),
        must_be_exact: false,
    })
}

fn spark(home: &Path, bootstrap: &str, python: &Path) -> Result<System> {
    let jars = super::topic_peers::spark_jars(home, python)?;
    let script = home.join("killed_worker_peer.py");
    fs::write(&script, SPARK)?;
    let scratch = tempfile::tempdir()?;
    Ok(System {
        name: "Spark, micro-batches",
        promise: "once, by checkpoints",
        program: fs::canonicalize(python.parent().context("a folder")?)?
            .join(python.file_name().context("a program")?),
        before: vec![
            script.to_string_lossy().into_owned(),
            jars,
            bootstrap.to_owned(),
        ],
        home: scratch.path().to_owned(),
        _scratch: Some(scratch),
        worker: Some("CoarseGrainedExecutorBackend"),
        must_be_exact: true,
    })
}

impl System {
    fn run(&self, address: &str) -> Result<Outcome> {
        let log = speed::open(address)?;
        let topic = format!("lines-{}", uuid::Uuid::new_v4());
        log.create_topic(&topic, PARTITIONS as u32)?;
        let file = self.home.join(format!("{topic}.counted"));
        let mut group = Group {
            child: self.start(&topic, &file)?,
        };

        append(&*log, &topic, 0..1)?;
        wait_for(&file, |counts| counts.contains_key(&0), &mut group)
            .with_context(|| format!("{} does not start", self.name))?;

        // Lines come at their time, each alone; the kill comes between two of them.
        let mut sent = vec![micros()];
        let began = Instant::now();
        while (sent.len() as u64) <= LINES {
            let due = began.elapsed().as_micros() as u64 * A_SECOND / 1_000_000 + 1;
            let next = sent.len() as u64;
            if next >= due {
                std::thread::sleep(Duration::from_micros(500));
                continue;
            }
            if next == KILLED_AT {
                self.kill(&mut group, &topic, &file)?;
            }
            sent.push(micros());
            append(&*log, &topic, next..next + 1)?;
        }
        let all = |counts: &Counts| counts.len() as u64 > LINES;
        wait_for(&file, all, &mut group)
            .with_context(|| format!("{} does not go on after the kill", self.name))?;
        // What comes again after the last line is counted too.
        std::thread::sleep(Duration::from_secs(2));
        drop(group);

        let counts = read(&file)?;
        fs::remove_file(&file)?;
        let wait = |n: u64| (counts[&n].first - sent[n as usize]) as f64 / 1e6;
        let doubled = counts.values().filter(|line| line.count > 1);
        Ok(Outcome {
            waits: (WARM..KILLED_AT - A_SECOND / 2).map(wait).collect(),
            longest: (WARM..=LINES).map(wait).fold(0.0, f64::max),
            doubled: doubled.count(),
            lost: (0..=LINES).filter(|n| !counts.contains_key(n)).count(),
        })
    }

    fn start(&self, topic: &str, file: &Path) -> Result<Child> {
        let errors = File::create(self.home.join("errors.txt"))?;
        Command::new(&self.program)
            .args(&self.before)
            .arg(topic)
            .arg(file)
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(errors.try_clone()?)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))
    }

    /// Ends the process that counts, as `kill -9` does.
    fn kill(&self, group: &mut Group, topic: &str, file: &Path) -> Result<()> {
        let Some(worker) = self.worker else {
            group.child.kill()?;
            group.child.wait()?;
            group.child = self.start(topic, file)?;
            return Ok(());
        };
        // The last one found is the deepest: another process may only wrap it.
        let pid = descendants(group.child.id())
            .into_iter()
            .rfind(|pid| {
                let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&line).contains(worker)
            })
            .with_context(|| format!("{}: no process {worker} to be killed", self.name))?;
        // SAFETY: a signal to a process below one that this program has started.
        unsafe { libc::kill(pid as i32, libc::SIGKILL) };
        Ok(())
    }
}

/// A process with all those that it starts, which end with it.
struct Group {
    child: Child,
}

impl Drop for Group {
    fn drop(&mut self) {
        let below = descendants(self.child.id());
        for pid in below.into_iter().chain([self.child.id()]) {
            // SAFETY: signals to processes below one that this program has started and not waited for.
            unsafe { libc::kill(pid as i32, libc::SIGKILL) };
        }
        let _ = self.child.wait();
    }
}

fn micros() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_micros() as i64)
}

/// Appends lines by their numbers: line n is the record n / 2 of partition n % 2.
fn append(log: &dyn Log, topic: &str, numbers: std::ops::Range<u64>) -> Result<()> {
    for n in numbers {
        let line = format!("{n} a speed layer counts what a batch layer has not");
        log.append(topic, (n % PARTITIONS) as u32, &[(b"", line.as_bytes())])?;
    }
    Ok(())
}

/// What is reported of a line.
struct Counted {
    /// When it was reported first, in microseconds since 1970.
    first: i64,
    count: i64,
}

type Counts = BTreeMap<u64, Counted>;

/// Reads the reports of a system. One that is being written is left for the next time.
fn read(file: &Path) -> Result<Counts> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Counts::new()),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut counts = Counts::new();
    for line in whole.lines() {
        let mut words = line.split(' ');
        let fields = (|| {
            let number: u64 = words.next()?.parse().ok()?;
            let change = words.next()?;
            let count: i64 = change.get(1..)?.parse().ok()?;
            Some((
                number,
                change.starts_with('+'),
                count,
                words.next()?.parse().ok()?,
            ))
        })();
        let Some((number, adds, count, at)) = fields else {
            bail!("{}: cannot read the report {line:?}", file.display());
        };
        let counted = counts.entry(number).or_insert(Counted {
            first: at,
            count: 0,
        });
        counted.first = counted.first.min(at);
        counted.count = if adds { counted.count + count } else { count };
    }
    Ok(counts)
}

/// Waits until the reports are as wanted.
fn wait_for(file: &Path, wanted: impl Fn(&Counts) -> bool, group: &mut Group) -> Result<()> {
    let began = Instant::now();
    while !wanted(&read(file)?) {
        let ended = group.child.try_wait()?;
        if ended.is_some() || began.elapsed() > PATIENCE {
            let errors = file.with_file_name("errors.txt");
            let text = fs::read_to_string(&errors).unwrap_or_default();
            let end = connect::local::java::last_lines(&text, 8);
            match ended {
                Some(status) => bail!("it ended ({status}): {end}"),
                None => bail!(
                    "{} s have passed; the end of what it said: {end}",
                    PATIENCE.as_secs()
                ),
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The worker of ours, a process of its own.
#[derive(clap::Args)]
pub struct CountLines {
    address: String,
    topic: String,
    file: PathBuf,
}

/// Counts the words of a topic until the process is killed.
pub fn count_lines(args: &CountLines) -> Result<()> {
    let log = speed::open(&args.address)?;
    let topology = microbatch::word_count(Kind::Transactional)?;
    let folder = args.file.with_extension("job");
    let mut job = Job::open(folder, log, &args.topic, topology, JobOptions::default())?;
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&args.file)?;

    // What an earlier process has counted, and perhaps not reported.
    let before = job.table("counts")?;
    if before.height() > 0 {
        let words = before.column("word")?.str()?.iter();
        let numbers: Vec<u64> = words
            .flatten()
            .filter_map(|word| word.parse().ok())
            .collect();
        report(&job, &mut file, numbers)?;
    }
    loop {
        let began = Instant::now();
        while let Some(batch) = job.step()? {
            let ranges = batch.plan.from.iter().zip(&batch.plan.to).enumerate();
            let numbers = ranges.flat_map(|(partition, (from, to))| {
                (*from..*to).map(move |offset| offset * PARTITIONS + partition as u64)
            });
            report(&job, &mut file, numbers)?;
        }
        std::thread::sleep(EVERY.saturating_sub(began.elapsed()));
    }
}

/// Reports what the state says of lines, in one write.
fn report(job: &Job, file: &mut File, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
    let at = micros();
    let mut text = String::new();
    for number in numbers {
        let count = job.get("counts", &[number.to_string().as_str().into()])?;
        let count = count.map_or(0, |value| value.as_value().int());
        writeln!(text, "{number} ={count} {at}")?;
    }
    Ok(file.write_all(text.as_bytes())?)
}
