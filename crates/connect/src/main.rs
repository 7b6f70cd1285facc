//! `connect`: starts real systems on this machine. `workbook up`, `down` and `status` call it.
use clap::{Parser, Subcommand, ValueEnum};
use connect::local::LocalSystem;
use connect::local::hbase::{self, LocalHBase};
use connect::local::kafka::{self, KafkaBroker};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "workbook",
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
    },
    /// Stop a system; its data stay
    Down { system: System },
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
}

impl System {
    /// Returns it in a folder of systems.
    fn of(self, systems: &Path) -> Box<dyn LocalSystem> {
        match self {
            Self::Kafka => Box::new(KafkaBroker::at(kafka::home(systems))),
            Self::Hbase => Box::new(LocalHBase::at(hbase::home(systems))),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Absolute, because a system runs in its own folder.
    let systems = std::path::absolute(&cli.systems).unwrap_or(cli.systems);
    match cli.command {
        Command::Up { system, port } => {
            let system = system.of(&systems);
            let say = |what: &str| eprintln!("{what} ...");
            match system.start(port, &say) {
                Ok(running) => {
                    let name = system.name();
                    println!("{name} runs at {name}://{}", running.address);
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
        Command::Serve { address } => {
            if let Err(error) = connect::serve::serve(&address, std::io::stdin(), std::io::stdout())
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
                        "{name} runs at {name}://{}, process {}, log {}",
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
