//! A peer: a process that builds and answers by lines on its standard streams.
use super::queries::Set;
use super::view::View;
use anyhow::{Context, Result, bail};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Those of the package `benches/peers`, each with the crate that has it.
const NATIVE: [(&str, &str); 5] = [
    ("redb", "redb"),
    ("lmdb", "lmdb-master-sys"),
    ("sqlite", "libsqlite3-sys"),
    ("rocksdb", "rust-librocksdb-sys"),
    ("cdb", "cdb64"),
];
const DUCKDB: &str = include_str!("duckdb_peer.py");

/// What a peer, or we, answered. Times in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub p50: f64,
    pub p99: f64,
    /// Of all answers.
    pub sum: i64,
    /// Whether only the first few were asked.
    pub few: bool,
}

pub struct Peer {
    name: String,
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Whether it is asked only a few.
    slow: bool,
}

fn target(project: &Path) -> PathBuf {
    project.join("target/bench-peers")
}

/// Builds the native peers, with full optimisation. RocksDB takes most of the time, about 20 minutes on
/// two cores.
pub fn build_native(project: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked", "--manifest-path"]);
    command.arg(project.join("benches/peers/Cargo.toml"));
    if has_libclang() {
        command.args(["--features", "rocksdb"]);
    } else {
        println!(
            "rocksdb: left out: its bindings are made with libclang, which is not there (Debian and Ubuntu: apt install libclang-dev)"
        );
    }
    let status = command
        .arg("--target-dir")
        .arg(target(project))
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("cargo build of benches/peers failed: {status}");
    }
    Ok(())
}

/// Whether the library libclang lies where it usually does, or where `LIBCLANG_PATH` says.
fn has_libclang() -> bool {
    let lies_in = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.any(|name| is_libclang(&name))
    };
    let below = |folder: &str, rest: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut folders = entries.map(|entry| entry.path().join(rest));
        folders.any(|folder| lies_in(&folder))
    };
    std::env::var_os("LIBCLANG_PATH").is_some()
        || ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
            .iter()
            .any(|folder| lies_in(Path::new(folder)))
        || below("/usr/lib", "")
        || below("/usr/lib", "lib")
        || cfg!(target_os = "macos")
}

/// Whether a file is libclang: `libclang.so`, `libclang-14.so.1`, and not the C++ library beside it.
fn is_libclang(name: &str) -> bool {
    let rest = name.strip_prefix("libclang");
    let rest = rest.map(|rest| rest.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit()));
    rest.is_some_and(|rest| rest.starts_with(".so") || rest.starts_with(".dylib"))
}

/// Returns the native peers that are built, each with its version; says which are not.
pub fn native(project: &Path) -> Result<Vec<&'static str>> {
    let program = target(project).join("release/serving_peers");
    let list = Command::new(&program)
        .arg("list")
        .stderr(Stdio::null())
        .output();
    let list = list.ok().filter(|output| output.status.success());
    let list = list.map_or_else(String::new, |output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let lock = std::fs::read_to_string(project.join("benches/peers/Cargo.lock"))?;
    let mut found = Vec::new();
    for (name, crate_name) in NATIVE {
        if !list.split_whitespace().any(|listed| listed == name) {
            println!("{name}: not built, so left out; --setup builds it");
            continue;
        }
        let version = locked_version(&lock, crate_name).unwrap_or("of unknown version");
        println!("{name}: {crate_name} {version}");
        found.push(name);
    }
    Ok(found)
}

/// Returns the version of a crate in a `Cargo.lock`.
fn locked_version<'a>(lock: &'a str, crate_name: &str) -> Option<&'a str> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{crate_name}\""))?;
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

impl Peer {
    /// A native peer that is built.
    pub fn native(project: &Path, name: &str, folder: &Path) -> Result<Self> {
        let mut command = Command::new(target(project).join("release/serving_peers"));
        command.arg(name).arg(folder);
        Self::start(name, command, false)
    }

    pub fn duckdb(python: &Path, folder: &Path) -> Result<Self> {
        let script = folder.join("duckdb_peer.py");
        std::fs::write(&script, DUCKDB)?;
        let mut command = Command::new(python);
        command.arg(script).arg(folder.join("duckdb"));
        Self::start("duckdb", command, true)
    }

    fn start(name: &str, mut command: Command, slow: bool) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("a piped stream")?);
        Ok(Self {
            name: name.to_owned(),
            child,
            orders,
            answers,
            slow,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Builds its database; seconds and bytes.
    pub fn build(&mut self, view: &View, folder: &Path) -> Result<(f64, u64)> {
        let path = folder.join(if self.slow { "rows.parquet" } else { "rows" });
        if !path.exists() {
            if self.slow {
                write_parquet(view, &path)?;
            } else {
                view.write(&path)?;
            }
        }
        let answer = self.order("build", &path)?;
        let [seconds, bytes] = &answer[..] else {
            bail!("{} answered {answer:?}", self.name);
        };
        Ok((seconds.parse()?, bytes.parse()?))
    }

    /// Asks each query, twice; the second time counts.
    pub fn ask(&mut self, what: &str, set: &Set) -> Result<Answer> {
        let file = if self.slow {
            &set.file_of_few
        } else {
            &set.file
        };
        self.order(what, file)?;
        let answer = self.order(what, file)?;
        let [p50, p99, sum] = &answer[..] else {
            bail!("{} answered {answer:?}", self.name);
        };
        Ok(Answer {
            p50: p50.parse()?,
            p99: p99.parse()?,
            sum: sum.parse()?,
            few: self.slow,
        })
    }

    fn order(&mut self, what: &str, file: &Path) -> Result<Vec<String>> {
        let orders = self.orders.as_mut().context("the peer still listens")?;
        writeln!(orders, "{what} {}", file.display())?;
        orders.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim().strip_prefix("done ") {
            Some(answer) => Ok(answer.split(' ').map(str::to_owned).collect()),
            None => bail!("{} could not {what}; its message stands above", self.name),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        self.orders = None;
        let _ = self.child.wait();
    }
}

/// The view as the file that `workbook batch` writes.
fn write_parquet(view: &View, path: &Path) -> Result<()> {
    let schema = Schema::from_iter([
        Field::new("url".into(), DataType::String),
        Field::new("granularity".into(), DataType::String),
        Field::new("ts".into(), DataType::Int64),
        Field::new("count".into(), DataType::Int64),
    ]);
    let mut writer = ParquetWriter::new(std::fs::File::create(path)?)
        .with_compression(ParquetCompression::Snappy)
        .batched(&schema)?;
    let numbers: Vec<usize> = (0..view.urls().len()).collect();
    for some in numbers.chunks(50) {
        let (mut urls, mut codes, mut ts, mut counts) = (vec![], vec![], vec![], vec![]);
        for &number in some {
            for (granularity, start, count) in view.rows(number) {
                urls.push(&*view.urls()[number]);
                codes.push(granularity.code());
                ts.push(start);
                counts.push(count);
            }
        }
        writer.write_batch(
            &df!("url" => urls, "granularity" => codes, "ts" => ts, "count" => counts)?,
        )?;
    }
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_the_lock_and_libclang_by_its_name() {
        let lock = "[[package]]\nname = \"redb\"\nversion = \"4.1.0\"\n";
        assert_eq!(locked_version(lock, "redb"), Some("4.1.0"));
        assert_eq!(locked_version(lock, "red"), None);
        assert!(is_libclang("libclang.so") && is_libclang("libclang-14.so.1"));
        assert!(!is_libclang("libclang-cpp.so.14") && !is_libclang("libc.so"));
    }
}
