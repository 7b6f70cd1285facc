//! `cargo lab`, and what its kernelspec starts.
use clap::{Parser, Subcommand};
use launcher::{doctor, lab, stop, waiting};
use std::process::ExitCode;

/// Opens the Lambda Workbook in JupyterLab, and builds its kernel beside it.
#[derive(Parser)]
#[command(name = "cargo lab", bin_name = "cargo lab", version)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    lab: lab::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is wrong with the set-up, and how to fix it
    Doctor(doctor::Args),
    /// Serve one notebook, as soon as the kernel is built: what the kernelspec starts
    #[command(hide = true)]
    Kernel(waiting::Args),
}

fn main() -> ExitCode {
    // `cargo lab doctor | head` ends quietly, as other programs do.
    // SAFETY: no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::Doctor(args)) => doctor::run(args),
        Some(Command::Kernel(args)) => waiting::run(args).map(|never| match never {}),
        None => lab::run(cli.lab).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) if error.downcast_ref::<stop::Stopped>().is_some() => {
            eprintln!("{error}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(3)
        }
    }
}
