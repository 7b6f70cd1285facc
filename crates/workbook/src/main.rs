//! The command line of the Lambda Workbook.
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workbook::{Outcome, commands};

/// Teaches the Lambda Architecture by running it.
#[derive(Parser)]
#[command(name = "workbook", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a data set: same arguments, same bytes
    Data(commands::data::Args),
    /// Compute batch views from a file of datums
    Batch(commands::batch::Args),
    /// Clean the records of a Kafka topic while they arrive, on Spark, and compute views of them
    Stream(commands::stream::Args),
    Append(commands::append::Args),
    Speed(commands::speed::Args),
    /// Ask the views that a batch run published
    Query(commands::query::Args),
    /// Serve an older version of the views again, or list those that are kept
    RollBack(commands::roll_back::Args),
    /// Check exercises
    Check(commands::check::Args),
    /// Grade submissions, each in a sandbox
    Grade(commands::grade::Args),
    /// Make the handouts in exercises/ from solutions/
    Release(commands::release::Args),
    /// Start a real system on this machine: kafka, hbase, spark or sail
    Up(commands::up::Args),
    /// Stop a system that `up` started
    Down(commands::up::Args),
    /// Write the files of a table anew, without the cells that were deleted: compact hbase TABLE
    Compact(commands::up::Args),
    /// Count records by Spark's accumulators, in actions and in transformations, while an executor is killed
    Accumulators(commands::up::Args),
    /// Say which systems run on this machine, and where
    Status(commands::up::Args),
    /// Execute notebooks on the real kernel
    Run(commands::run::Args),
    /// Run the whole architecture for simulated weeks, and draw up the account
    Soak(commands::soak::Args),
    /// Measure beside the peers found on this machine
    Bench(commands::bench::Args),
    /// Say what is wrong with the set-up, and how to fix it
    Doctor(launcher::doctor::Args),
    /// Make what the chapters need: what `cargo lab` runs once the kernel is built
    #[command(hide = true)]
    Prepare(commands::prepare::Args),
    /// Serve one notebook: what the kernelspec starts
    #[command(hide = true)]
    Kernel(commands::kernel::Args),
    /// Become another program without any rights: what the grader starts
    #[command(hide = true)]
    Confine {
        spec: String,
    },
    /// Grade one submission after the other, as asked on standard input
    #[command(hide = true)]
    GradeProcess {
        setup: String,
    },
    /// Obey the orders of a soak: what it starts, and kills
    #[command(hide = true)]
    SoakNode(commands::soak::NodeArgs),
}

fn main() -> ExitCode {
    // evcxr starts this program again, as the cell process.
    let evcxr = std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == "--control_file");
    let cells = std::env::var_os("EVCXR_IS_RUNTIME").is_some();
    if cells {
        kernel::cargo_stand_in::restore_environment();
        // An endless loop in a cell must not outlive its kernel.
        let _ = kernel::backend::kill_with_parent();
        return kernel::backend::run_cells();
    }
    if evcxr {
        return match evcxr_jupyter::main() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::from(3)
            }
        };
    }
    // `workbook ... | head` ends quietly, as other programs do.
    // SAFETY: no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let outcome = match Cli::parse().command {
        Command::Data(args) => commands::data::run(args),
        Command::Batch(args) => commands::batch::run(args),
        Command::Stream(args) => commands::stream::run(args),
        Command::Append(args) => commands::append::run(args),
        Command::Speed(args) => commands::speed::run(args),
        Command::Query(args) => commands::query::run(args),
        Command::RollBack(args) => commands::roll_back::run(args),
        Command::Up(args) => commands::up::run("up", args),
        Command::Down(args) => commands::up::run("down", args),
        Command::Compact(args) => commands::up::run("compact", args),
        Command::Accumulators(args) => commands::up::run("accumulators", args),
        Command::Status(args) => commands::up::run("status", args),
        Command::Check(args) => commands::check::run(args),
        Command::Grade(args) => commands::grade::run(args),
        Command::Release(args) => commands::release::run(args),
        Command::Run(args) => commands::run::run(args),
        Command::Soak(args) => commands::soak::run(args),
        Command::SoakNode(args) => commands::soak::node(args),
        Command::Bench(args) => commands::bench::run(args),
        Command::Doctor(args) => launcher::doctor::run(args).map(|fine| match fine {
            true => Outcome::Done,
            false => Outcome::No,
        }),
        Command::Prepare(args) => commands::prepare::run(args),
        Command::Kernel(args) => commands::kernel::run(args),
        Command::GradeProcess { setup } => commands::grade::process(&setup),
        Command::Confine { spec } => grade::sandbox::confine(&spec).map(|never| match never {}),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(3)
        }
    }
}
