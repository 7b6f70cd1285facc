//! `workbook soak`: weeks of everything, from seeds, without a notebook.
use crate::{Outcome, wrong_use};
use anyhow::{Context, Result};
use clap::ValueEnum;
use indicatif::HumanCount;
use lambda_workbook::capstone::{self, Account, Consumer, Here, History, Host, Process, Week};
use lambda_workbook::speed::CommitOrder;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Run the whole architecture for simulated weeks, and draw up the account.
///
/// A seed draws the data and what goes wrong: a partition, processes killed as by
/// kill -9, a batch run with a bug. The exit code is 1 if an event was lost or doubled,
/// or an answer was wrong without a reason.
#[derive(clap::Args)]
pub struct Args {
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Distinct page views of a week and the one before it
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    views: u64,
    /// Simulate the crashes in this process, at calls to the log, and kill no process
    #[arg(long)]
    in_process: bool,
    /// How the speed layer commits its offset; only exactly-once survives a crash unharmed
    #[arg(long, value_enum, default_value = "exactly-once")]
    consumer: Delivery,
    /// The log, such as kafka://127.0.0.1:9092 (`workbook up kafka` starts one). Each week has a
    /// topic of its own there, which stays
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// The realtime views, such as hbase://127.0.0.1:9090 (`workbook up hbase` starts one). Each
    /// week has tables of its own there, which are removed when it is over
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,
    /// The engine of the batch layer, such as sc://127.0.0.1:15002 (`workbook up spark` starts one).
    /// It must see the folders of this machine
    #[arg(long, value_name = "ADDRESS")]
    engine: Option<String>,
    /// Take Kafka, HBase and Spark on this machine together, and start those that do not run. They
    /// stay; `workbook down` ends them
    #[arg(long, conflicts_with_all = ["log", "store", "engine", "in_process"])]
    real: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[expect(
    clippy::enum_variant_names,
    reason = "these are the names of the guarantees"
)]
enum Delivery {
    /// Commits the offset together with the counts, in one atomic write
    ExactlyOnce,
    /// Commits the offset before it writes the counts
    AtMostOnce,
    /// Commits the offset after it has written the counts
    AtLeastOnce,
}

/// A node's own process, as the soak starts and kills it.
#[derive(clap::Args)]
pub struct NodeArgs {
    folder: PathBuf,
}

/// Obeys orders on stdin until it ends, or is killed.
pub fn node(args: NodeArgs) -> Result<Outcome> {
    capstone::serve(&args.folder, io::stdin().lock(), io::stdout().lock())
        .context("a soak's node takes orders of `workbook soak` only")?;
    Ok(Outcome::Done)
}

pub fn run(mut args: Args) -> Result<Outcome> {
    let Some(end) = args.seed.checked_add(args.seeds) else {
        wrong_use(format!(
            "--seeds {} from --seed {} on go beyond the last seed; begin at a smaller one",
            args.seeds, args.seed
        ));
    };
    if args.real {
        args.log = Some(super::up::start("kafka")?);
        args.store = Some(super::up::start("hbase")?);
        args.engine = Some(super::up::start("spark")?);
    }
    // A node that has crashed is found by the error of the next write to it.
    // SAFETY: setting a signal to be ignored installs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let next = AtomicU64::new(args.seed);
    let done = Mutex::new((Vec::new(), None::<anyhow::Error>));
    // Half of a week is waiting for the disk.
    let threads = 2 * thread::available_parallelism().map_or(2, |n| n.get());
    thread::scope(|scope| {
        for _ in 0..threads.min(args.seeds as usize) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end {
                        return;
                    }
                    let week = week(&args, seed);
                    let account = one(&args, &week).with_context(|| format!("seed {seed}"));
                    let mut done = done.lock().expect("no thread panics with it");
                    match account {
                        Ok(account) => done.0.push(account),
                        Err(error) => {
                            next.store(end, Ordering::SeqCst);
                            done.1.get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    let (mut accounts, error) = done.into_inner().expect("all threads have ended");
    if let Some(error) = error {
        return Err(error);
    }
    accounts.sort_by_key(|account| account.seed);
    report(&accounts);
    match accounts.iter().all(Account::is_clean) {
        true => Ok(Outcome::Done),
        false => Ok(Outcome::No),
    }
}

fn week(args: &Args, seed: u64) -> Week {
    let mut week = Week::drawn(seed, args.views);
    week.consumer = match args.consumer {
        Delivery::ExactlyOnce => Consumer::ExactlyOnce,
        Delivery::AtMostOnce => Consumer::SplitCommit(CommitOrder::BeforeProcessing),
        Delivery::AtLeastOnce => Consumer::SplitCommit(CommitOrder::AfterProcessing),
    };
    week.log.clone_from(&args.log);
    week.store.clone_from(&args.store);
    week.engine.clone_from(&args.engine);
    week
}

/// One week, in a folder of its own.
fn one(args: &Args, week: &Week) -> Result<Account> {
    let folder = tempfile::tempdir().context("could not make a folder for a week")?;
    let history = match args.in_process {
        true => run_in(folder.path(), week)?,
        false => run_killed(folder.path(), week)?,
    };
    history.account.context("the week did not come to its end")
}

fn run_in(folder: &Path, week: &Week) -> capstone::Result<History> {
    let mut start = |config| Ok(Box::new(Here::open(folder, config)?) as Box<dyn Host>);
    capstone::run(week, &mut start, &mut |_| ())
}

fn run_killed(folder: &Path, week: &Week) -> Result<History> {
    let program = std::env::current_exe().context("could not find this program")?;
    let folder = folder.to_owned();
    let mut start = |config| {
        let (program, folder) = (program.clone(), folder.clone());
        let command = move || {
            let mut command = Command::new(&program);
            command.arg("soak-node").arg(&folder);
            command
        };
        Ok(Box::new(Process::start(config, command)?) as Box<dyn Host>)
    };
    Ok(capstone::run(week, &mut start, &mut |_| ())?)
}

/// One account whole; of many, those that are not clean, and the sums.
fn report(accounts: &[Account]) {
    let mut out = io::stdout().lock();
    let many = accounts.len() > 1;
    for account in accounts
        .iter()
        .filter(|account| !many || !account.is_clean())
    {
        // A reader that has gone is no fault of the week.
        let _ = writeln!(out, "{account}\n");
    }
    if !many {
        return;
    }
    let sum = |of: fn(&Account) -> u64| HumanCount(accounts.iter().map(of).sum());
    let clean = accounts.iter().filter(|account| account.is_clean()).count();
    let _ = writeln!(
        out,
        "{} weeks, {clean} of them clean\n\
         {} events sent, {} records accepted, {} of them copies, {} late\n\
         {} batch runs, {} processes killed, {} batches rolled back\n\
         lost {}, doubled {}",
        accounts.len(),
        sum(|account| account.sent),
        sum(|account| account.accepted),
        sum(|account| account.duplicates),
        sum(|account| account.late),
        sum(|account| account.batches),
        sum(|account| account.crashes),
        sum(|account| account.roll_backs),
        sum(Account::lost),
        sum(Account::doubled),
    );
}
