//! `connect`: starts real systems on this machine. `workbook up`, `down` and `status` call it.
use clap::{Parser, Subcommand, ValueEnum};
use connect::local::LocalSystem;
use connect::local::hbase::{self, LocalHBase, Stage};
use connect::local::kafka::{self, KafkaBroker};
use connect::local::sail::{self, LocalSail};
use connect::local::spark::{self, LocalSpark};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "workbook",
    bin_name = "workbook",
    about = "Start and stop real systems on this machine"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Folder of the systems: jars, data and logs
    #[arg(long, global = true, value_name = "DIR", default_value = ".systems")]
    systems: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Start a system, and say where it answers
    Up {
        system: System,
        /// Port of a first start; the last one, or a free one, unless said
        #[arg(long)]
        port: Option<u16>,
        /// Spark: how many workers, each with one core; two unless said
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        workers: Option<u32>,
        /// Spark: master, workers and Connect server as processes of their own
        #[arg(long)]
        cluster: bool,
    },
    /// Stop a system; its data stay
    Down { system: System },
    /// Write the files of a table anew, without the cells that were deleted
    Compact {
        system: Compactable,
        /// The table, such as `lambda_home_1a2b3c4d.views`; a home folder names the beginning of
        /// its tables in `store.address`
        table: String,
    },
    /// Count records by accumulators in actions and in transformations, while an executor is killed.
    /// Spark must have been started once, and a JDK be there
    Accumulators {
        /// Number of records
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        records: u32,
    },
    /// Say which systems run, and where
    Status,
    /// Answer questions about the log or the store at an address, on standard input and output
    #[command(hide = true)]
    Serve { address: String },
}

#[derive(Clone, Copy, ValueEnum)]
enum System {
    /// One broker, its own controller (KRaft), without TLS
    Kafka,
    /// ZooKeeper, master, region server and Thrift gateway in one process
    Hbase,
    /// Master, two workers and Spark Connect server in one process, and two executors
    Spark,
    /// A server of Spark Connect in Rust, which needs Python and no Java
    Sail,
}

/// The systems whose tables can be compacted.
#[derive(Clone, Copy, ValueEnum)]
enum Compactable {
    /// A major compaction of HBase, which releases the space of deleted cells
    Hbase,
}

impl System {
    /// Returns it in a folder of systems.
    fn of(self, systems: &Path) -> Box<dyn LocalSystem> {
        match self {
            Self::Kafka => Box::new(KafkaBroker::at(kafka::home(systems))),
            Self::Hbase => Box::new(LocalHBase::at(hbase::home(systems))),
            Self::Spark => Box::new(LocalSpark::at(spark::home(systems))),
            Self::Sail => Box::new(LocalSail::at(sail::home(systems))),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Absolute, because a system runs in its own folder.
    let systems = std::path::absolute(&cli.systems).unwrap_or(cli.systems);
    match cli.command {
        Command::Up {
            system,
            port,
            workers,
            cluster,
        } => {
            let of_spark = workers.is_some() || cluster;
            let system: Box<dyn LocalSystem> = match system {
                System::Spark => {
                    let spark = LocalSpark::at(spark::home(&systems)).cluster(cluster);
                    Box::new(spark.workers(workers.unwrap_or(2)))
                }
                other if of_spark => {
                    let name = other.of(&systems).name();
                    eprintln!(
                        "error: --workers and --cluster are of Spark, and {name} has neither"
                    );
                    return ExitCode::from(2);
                }
                other => other.of(&systems),
            };
            if of_spark && system.running().is_some() {
                eprintln!(
                    "error: Spark runs already.\nFix: `workbook down spark`, and start it with these options"
                );
                return ExitCode::from(3);
            }
            let say = |what: &str| eprintln!("{what} ...");
            match system.start(port, &say) {
                Ok(running) => {
                    let (name, scheme) = (system.name(), system.scheme());
                    println!("{name} runs at {scheme}://{}", running.address);
                }
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::from(3);
                }
            }
        }
        Command::Down { system } => {
            let system = system.of(&systems);
            match system.stop() {
                true => println!("{} is stopped", system.name()),
                false => println!("{} did not run", system.name()),
            }
        }
        Command::Compact {
            system: Compactable::Hbase,
            table,
        } => {
            let stage = |stage| {
                if stage == Stage::Began {
                    eprintln!("compacting the table {table} ...");
                }
            };
            match LocalHBase::at(hbase::home(&systems)).compact(&table, &stage) {
                Ok(done) => println!(
                    "{table} is compacted, in {:.1} s: {} on the disk before, at most {} meanwhile, \
                     {} now",
                    done.took.as_secs_f64(),
                    megabytes(done.before),
                    megabytes(done.most),
                    megabytes(done.after)
                ),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::from(3);
                }
            }
        }
        Command::Accumulators { records } => {
            eprintln!("running a program on Spark, and killing one of its executors ...");
            match LocalSpark::at(spark::home(&systems)).accumulators(records) {
                Ok(counts) => println!(
                    "{records} records, and an executor was killed in the middle of the action\n\
                     updated in the action: {}\n\
                     updated in the transformation before it: {}\n\
                     updated in a transformation for two actions: {}\n\
                     the same, cached: {}",
                    counts.in_action,
                    counts.in_transformation,
                    counts.two_actions,
                    counts.two_actions_cached
                ),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::from(3);
                }
            }
        }
        Command::Serve { address } => {
            let served = connect::serve::serve(&address, std::io::stdin(), std::io::stdout());
            // A program that was killed while it waited for an answer is no error of this one.
            if let Err(error) = served
                && error.kind() != std::io::ErrorKind::BrokenPipe
            {
                eprintln!("error: {error}");
                return ExitCode::from(3);
            }
        }
        Command::Status => {
            for system in System::value_variants() {
                let system = system.of(&systems);
                let name = system.name();
                match system.running() {
                    Some(running) => println!(
                        "{name} runs at {}://{}, process {}, log {}",
                        system.scheme(),
                        running.address,
                        running.pid,
                        system.log().display()
                    ),
                    None => println!("{name} does not run; start it with `workbook up {name}`"),
                }
            }
        }
    }
    ExitCode::SUCCESS
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
