//! A peer: a process that builds and answers by lines on its standard streams.
use super::queries::Set;
use super::view::View;
use anyhow::{Context, Result, bail};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Those of the package `benches/peers`.
pub const NATIVE: [&str; 3] = ["redb", "lmdb", "sqlite"];
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

/// Builds the native peers, with full optimisation.
pub fn build_native(project: &Path) -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(project.join("benches/peers/Cargo.toml"))
        .arg("--target-dir")
        .arg(target(project))
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("cargo build of benches/peers failed: {status}");
    }
    Ok(())
}

impl Peer {
    /// A native peer, if it is built; says so when not.
    pub fn native(project: &Path, name: &str, folder: &Path) -> Result<Option<Self>> {
        let program = target(project).join("release/serving_peers");
        if !program.exists() {
            println!("{name}: not built, so left out; --setup builds it");
            return Ok(None);
        }
        let mut command = Command::new(program);
        command.arg(name).arg(folder);
        Self::start(name, command, false).map(Some)
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
