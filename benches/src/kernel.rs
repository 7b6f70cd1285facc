//! `workbook bench kernel`: how long a reader waits for a cell.
//!
//! This kernel, stock evcxr_jupyter, and ipykernel with Polars for Python run side by side, and each
//! round runs the same cell on all, so that a noisy machine is equally noisy to all. What
//! our process in front of evcxr costs is the difference to the same evcxr, asked
//! without it.
//!
//! Completion is measured as a reader meets it: from the first Tab, which starts the
//! completer, to the first answer that knows polars, and then each Tab and Shift-Tab.

use super::{median, peers, print_table};
use anyhow::{Context, Result, bail};
use kernel::backend::{Backend, EvcxrMessage};
use kernel::client::Client;
use kernel::place::{Built, Place};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;
use workbook::Outcome;

#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median of each cell counts
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Stock evcxr_jupyter [default: the one on the PATH]
    #[arg(long, value_name = "PROGRAM")]
    stock: Option<PathBuf>,
    /// Leave out stock evcxr_jupyter
    #[arg(long)]
    no_stock: bool,
    /// A Python with ipykernel and polars [default: that of .venv-bench, else python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Make .venv-bench with ipykernel and polars first (needs the network)
    #[arg(long)]
    setup: bool,
}

/// A cell that is timed.
struct Timed {
    name: &'static str,
    code: &'static str,
    /// The same step in Python.
    python: &'static str,
    /// The most that it may take, as a share of stock's time.
    share: Option<f64>,
}

const CELLS: [Timed; 6] = [
    Timed {
        name: "1 + 1",
        code: "1 + 1",
        python: "1 + 1",
        share: None,
    },
    Timed {
        name: "println!",
        code: "println!(\"{}\", df.height());",
        python: "print(df.height)",
        share: None,
    },
    Timed {
        name: "show a DataFrame",
        code: "df.head(Some(5))",
        python: "df.head(5)",
        share: Some(0.2),
    },
    Timed {
        name: "typed group-by",
        code: GROUP_TYPED,
        python: PYTHON_GROUP,
        share: Some(0.2),
    },
    Timed {
        name: "untyped group-by",
        code: GROUP_UNTYPED,
        python: PYTHON_GROUP,
        // Asks rustc twice, where stock asks its rust-analyzer.
        share: Some(0.2),
    },
    Timed {
        name: "group-by, shown",
        code: GROUP_SHOWN,
        python: PYTHON_SHOWN,
        share: Some(0.2),
    },
];

/// A Tab or Shift-Tab that is timed, at the end of the code.
struct Asked {
    name: &'static str,
    code: &'static str,
    /// The request of Jupyter's protocol.
    request: &'static str,
    /// What a right answer contains.
    wanted: &'static str,
}

const ASKED: [Asked; 4] = [
    Asked {
        name: "Tab: a method",
        code: "df.grou",
        request: "complete_request",
        wanted: "group_by",
    },
    Asked {
        name: "Tab: a bare name",
        code: "Gran",
        request: "complete_request",
        wanted: "Granularity",
    },
    Asked {
        name: "Tab: in a module",
        code: "batch::page_v",
        request: "complete_request",
        wanted: "page_views",
    },
    Asked {
        name: "Shift-Tab in a call",
        code: "batch::page_views(&df, ",
        request: "inspect_request",
        wanted: "Parameter 2 of 2",
    },
];
/// The longest that a reader may wait for the first Tab, and for those after it.
const FIRST_TAB: f64 = 10.0;
const NEXT_TAB: f64 = 0.3;

const USE: &str = "use polars::prelude::*;";
const MAKE: &str = r#"fn views() -> DataFrame { df!("url" => (0..100_000i64).map(|i| i % 97).collect::<Vec<_>>(), "n" => (0..100_000i64).collect::<Vec<_>>()).unwrap() }"#;
const FIRST: &str = "let df = views();\ndf.head(Some(5))";
const GROUP_TYPED: &str = r#"let g: DataFrame = df.clone().lazy().group_by([col("url")]).agg([col("n").sum()]).collect().unwrap();"#;
const GROUP_UNTYPED: &str =
    r#"let g = df.clone().lazy().group_by([col("url")]).agg([col("n").sum()]).collect().unwrap();"#;
const GROUP_SHOWN: &str =
    r#"df.clone().lazy().group_by([col("url")]).agg([col("n").sum()]).collect().unwrap()"#;
const PYTHON_USE: &str = "import polars as pl";
const PYTHON_MAKE: &str =
    "df = pl.DataFrame({'url': [i % 97 for i in range(100_000)], 'n': list(range(100_000))})";
const PYTHON_FIRST: &str = "df.head(5)";
const PYTHON_GROUP: &str = "g = df.lazy().group_by('url').agg(pl.col('n').sum()).collect()";
const PYTHON_SHOWN: &str = "df.lazy().group_by('url').agg(pl.col('n').sum()).collect()";
/// The name of stock evcxr_jupyter.
const STOCK: &str = "stock evcxr";
/// What a reader types to have polars in stock evcxr.
const STOCK_DEP: &str = r#":dep polars = { version = "=0.55.2", features = ["lazy"] }"#;

/// A kernel under measurement.
struct Side {
    client: Client,
    name: &'static str,
    is_python: bool,
    ready: f64,
    /// From the kernel's start to the first DataFrame on screen.
    first: f64,
    times: Vec<Vec<f64>>,
}

pub fn run(args: Args) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(args))
}

async fn measure(args: Args) -> Result<Outcome> {
    let built = Built::find()?;
    let folder = tempfile::tempdir()?;
    let mut sides = vec![ours(&built, folder.path()).await?];
    match stock_program(&args) {
        Some(program) => {
            println!("{}", version_of(&program));
            eprintln!("stock evcxr compiles polars now, in a cell: this takes minutes");
            sides.push(stock(&program, folder.path()).await?);
        }
        None if args.no_stock => {}
        None => println!(
            "stock evcxr_jupyter: skipped, not installed (cargo install evcxr_jupyter --version 0.22.0 --locked)"
        ),
    }
    let set_up = args.setup.then_some(&["ipykernel", "polars"][..]);
    let python = peers::python(args.python, set_up)?;
    if peers::installed(&python, "ipykernel") && peers::installed(&python, "polars") {
        sides.push(ipykernel(&python, folder.path()).await?);
    }
    let mut direct = Direct::start(&built).await?;
    let mut added = Vec::new();
    for _ in 0..args.rounds {
        let through = sides[0].run("1 + 1").await?;
        added.push((through - direct.run("1 + 1").await?) * 1000.0);
        for (at, cell) in CELLS.iter().enumerate() {
            for side in &mut sides {
                let code = if side.is_python {
                    cell.python
                } else {
                    cell.code
                };
                let took = side.run(code).await?;
                side.times[at].push(took);
            }
        }
    }
    direct.backend.stop().await;
    let met = report(&sides, median(&added), args.rounds);
    let met = complete(&mut sides[0].client, &built, args.rounds).await? && met;
    for side in sides {
        side.client.shutdown().await?;
    }
    Ok(if met { Outcome::Done } else { Outcome::No })
}

impl Side {
    async fn run(&mut self, code: &str) -> Result<f64> {
        let ran = self.client.execute(code).await?;
        if let Some(error) = ran.error() {
            bail!("{}: `{code}` failed: {}", self.name, error["evalue"]);
        }
        Ok(ran.took.as_secs_f64())
    }

    /// Resident memory of the kernel and all its children, in MB.
    fn memory(&self) -> f64 {
        self.client.id().map_or(f64::NAN, resident_mb)
    }
}

/// The same evcxr without our process in front of it.
struct Direct {
    backend: Backend,
    _place: Place,
}

impl Direct {
    async fn start(built: &Built) -> Result<Direct> {
        let place = Place::prepare(built)?;
        let mut direct = Direct {
            backend: Backend::start(&place, None).await?,
            _place: place,
        };
        // What the other side has: a cell compiles with all that was defined.
        for code in [USE, MAKE, "let df: DataFrame = views();"] {
            direct.run(code).await?;
        }
        Ok(direct)
    }

    async fn run(&mut self, code: &str) -> Result<f64> {
        let started = Instant::now();
        let content = json!({"code": code, "silent": false, "store_history": true,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true});
        let id = self.backend.request("execute_request", content).await?;
        let (mut replied, mut idle) = (false, false);
        while !(replied && idle) {
            match self.backend.next_message().await? {
                EvcxrMessage::Reply(reply) => replied |= reply.parent_id() == id,
                EvcxrMessage::Published(message) => {
                    idle |=
                        message.parent_id() == id && message.content["execution_state"] == "idle";
                }
            }
        }
        Ok(started.elapsed().as_secs_f64())
    }
}

async fn ours(built: &Built, folder: &Path) -> Result<Side> {
    let started = Instant::now();
    let client = Client::start(&built.exe, folder).await?;
    finish_start(client, "this kernel", started, &[USE, MAKE, FIRST]).await
}

async fn stock(program: &Path, folder: &Path) -> Result<Side> {
    let started = Instant::now();
    let mut command = Command::new(program);
    command.args(["--control_file", "{connection_file}"]);
    // Its own configuration, whatever the reader's home holds.
    command.env("EVCXR_CONFIG_DIR", folder.join("no-configuration"));
    command.env("JUPYTER_PATH", folder.join("no-kernelspecs"));
    let client = Client::start_command(command, folder).await?;
    let cells = [STOCK_DEP, USE, MAKE, FIRST];
    finish_start(client, STOCK, started, &cells).await
}

async fn ipykernel(python: &Path, folder: &Path) -> Result<Side> {
    let started = Instant::now();
    let mut command = Command::new(python);
    command.args(["-m", "ipykernel_launcher", "-f", "{connection_file}"]);
    command.env("IPYTHONDIR", folder.join("no-profile"));
    let client = Client::start_command(command, folder).await?;
    let cells = [PYTHON_USE, PYTHON_MAKE, PYTHON_FIRST];
    let mut side = finish_start(client, "ipykernel", started, &cells).await?;
    side.is_python = true;
    Ok(side)
}

async fn finish_start(
    client: Client,
    name: &'static str,
    started: Instant,
    cells: &[&str],
) -> Result<Side> {
    let mut side = Side {
        client,
        name,
        is_python: false,
        ready: started.elapsed().as_secs_f64(),
        first: 0.0,
        times: vec![Vec::new(); CELLS.len()],
    };
    for code in cells {
        side.run(code).await?;
    }
    side.first = started.elapsed().as_secs_f64();
    Ok(side)
}

/// What a program says of its version.
fn version_of(program: &Path) -> String {
    let output = std::process::Command::new(program)
        .arg("--version")
        .output();
    let said = output.ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.filter(|said| !said.is_empty())
        .unwrap_or_else(|| format!("{}, of unknown version", program.display()))
}

fn stock_program(args: &Args) -> Option<PathBuf> {
    if args.no_stock {
        return None;
    }
    args.stock.clone().or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join("evcxr_jupyter"))
            .find(|program| program.is_file())
    })
}

/// Measures and prints completion; true when every promise is kept.
async fn complete(client: &mut Client, built: &Built, rounds: usize) -> Result<bool> {
    if !built.output.join("completer").exists() {
        println!(
            "completion: skipped, the completer is not built (cargo build --package workbook --package completer)"
        );
        return Ok(true);
    }
    // Before the completer has read its sources, the kernel answers with the words of
    // the cell. A reader tries again; so does this.
    let started = Instant::now();
    while !ask(client, &ASKED[0]).await? {
        if started.elapsed() > Duration::from_secs(120) {
            bail!("Tab knew no method of a DataFrame after 120 s");
        }
    }
    let first = started.elapsed().as_secs_f64();
    let mut rows = vec![vec!["first Tab".into(), format!("{first:.2} s")]];
    let mut met = first <= FIRST_TAB;
    for asked in &ASKED {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            if !ask(client, asked).await? {
                bail!("{}: no `{}` for `{}`", asked.name, asked.wanted, asked.code);
            }
            times.push(started.elapsed().as_secs_f64());
        }
        let (median, slowest) = (median(&times), times.iter().copied().fold(0.0, f64::max));
        met &= median <= NEXT_TAB;
        rows.push(vec![
            asked.name.into(),
            format!("{median:.3} s"),
            format!("slowest {slowest:.3} s"),
        ]);
    }
    print_table(&rows);
    if !met {
        println!("more than {FIRST_TAB} s for the first Tab, or {NEXT_TAB} s for one after it");
    }
    Ok(met)
}

/// Asks once; true if the answer is right.
async fn ask(client: &mut Client, asked: &Asked) -> Result<bool> {
    let content = json!({"code": asked.code, "cursor_pos": asked.code.chars().count(),
        "detail_level": 0});
    let reply = client.ask(asked.request, content).await?;
    Ok(reply.content.to_string().contains(asked.wanted))
}

/// Prints the table; true when every promise is kept.
fn report(sides: &[Side], added: f64, rounds: usize) -> bool {
    let (ours, others) = sides.split_first().expect("ours is the first");
    let mut head = vec![format!("median of {rounds}"), ours.name.to_owned()];
    for side in others {
        head.extend([side.name.to_owned(), format!("times ours, {}", side.name)]);
    }
    let mut rows = vec![head];
    let mut met = true;
    let mut row = |name: &str, unit: &str, share: Option<f64>, of: &dyn Fn(&Side) -> f64| {
        let our_time = of(ours);
        let mut cells = vec![name.to_owned(), format!("{our_time:.2} {unit}")];
        for side in others {
            let theirs = of(side);
            cells.push(format!("{theirs:.2} {unit}"));
            cells.push(format!("{:.2}x", theirs / our_time));
        }
        let stock = others.iter().find(|side| side.name == STOCK);
        let missed =
            matches!((stock, share), (Some(stock), Some(share)) if our_time > share * of(stock));
        met &= !missed;
        if missed {
            cells.push("missed".to_owned());
        }
        rows.push(cells);
    };
    for (at, cell) in CELLS.iter().enumerate() {
        row(cell.name, "s", cell.share, &|side| median(&side.times[at]));
    }
    row("kernel ready", "s", None, &|side| side.ready);
    row("first DataFrame", "s", None, &|side| side.first);
    row("memory", "MB", None, &Side::memory);
    print_table(&rows);
    println!("our process adds {added:.1} ms to `1 + 1` (the same evcxr, asked without it)");
    if added > 5.0 {
        println!("that is more than 5 ms");
        met = false;
    }
    if sides[0].first > 10.0 {
        println!("the first DataFrame came later than 10 s");
        met = false;
    }
    if sides[0].memory() > 800.0 {
        println!("the kernel holds more than 800 MB");
        met = false;
    }
    met
}

/// Resident memory of a process and its descendants, in MB.
fn resident_mb(root: u32) -> f64 {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>()
            && let Ok((parent, resident)) = stat(id)
        {
            parents.push((id, parent, resident));
        }
    }
    let mut wanted = vec![root];
    let mut total = 0;
    while let Some(id) = wanted.pop() {
        for &(child, parent, resident) in &parents {
            if child == id {
                total += resident;
            }
            if parent == id {
                wanted.push(child);
            }
        }
    }
    total as f64 / 1024.0
}

/// A process's parent and its resident memory in KB.
fn stat(id: u32) -> Result<(u32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let field = |name: &str| {
        text.lines().find_map(|line| {
            line.strip_prefix(name)?
                .split_whitespace()
                .next()?
                .parse::<u64>()
                .ok()
        })
    };
    let parent = field("PPid:").context("no parent")? as u32;
    Ok((parent, field("VmRSS:").unwrap_or(0)))
}
