//! `connect`: starts real systems on this machine. `workbook up`, `down` and `status` call it.
use clap::{Parser, Subcommand, ValueEnum};
use connect::local::kafka::{self, KafkaBroker};
use std::path::PathBuf;
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
    /// Answer questions about the log at an address, on standard input and output
    #[command(hide = true)]
    Serve { address: String },
}

#[derive(Clone, Copy, ValueEnum)]
enum System {
    /// One broker, its own controller (KRaft), without TLS
    Kafka,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Absolute, because the broker runs in its own folder.
    let systems = std::path::absolute(&cli.systems).unwrap_or(cli.systems);
    let broker = KafkaBroker::at(kafka::home(&systems));
    match cli.command {
        Command::Up {
            system: System::Kafka,
            port,
        } => {
            let say = |what: &str| eprintln!("{what} ...");
            match broker.start(port, &say) {
                Ok(running) => println!("kafka runs at kafka://{}", running.address),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::from(3);
                }
            }
        }
        Command::Down {
            system: System::Kafka,
        } => match broker.stop() {
            true => println!("kafka is stopped"),
            false => println!("kafka did not run"),
        },
        Command::Serve { address } => {
            if let Err(error) = connect::serve::serve(&address, std::io::stdin(), std::io::stdout())
            {
                eprintln!("error: {error}");
                return ExitCode::from(3);
            }
        }
        Command::Status => match broker.running() {
            Some(running) => println!(
                "kafka runs at kafka://{}, process {}, log {}",
                running.address,
                running.pid,
                broker.log().display()
            ),
            None => println!("kafka does not run; start it with `workbook up kafka`"),
        },
    }
    ExitCode::SUCCESS
}
