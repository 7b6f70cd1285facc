//! A node as a process, for Maelstrom: `maelstrom_node WORKLOAD [--disk FOLDER]`.
//!
//! `docs/maelstrom.md` says how to run it. To run your own node, put its function here and name
//! it in [`node`].
use lessons::cap::node::{Handler, Workload, model, serve};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Returns the node of a workload.
fn node(workload: &str) -> Option<Handler> {
    let workload = match workload {
        "echo" => Workload::Echo,
        "generate" => Workload::Generate,
        "broadcast" => Workload::Broadcast,
        "counter" => Workload::Counter,
        "log" => Workload::Log,
        _ => return None,
    };
    Some(model(workload))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let workload = arguments.next().unwrap_or_default();
    let Some(handler) = node(&workload) else {
        eprintln!(
            "unknown workload {workload:?}; choose echo, generate, broadcast, counter or log"
        );
        return ExitCode::from(2);
    };
    let disk: Option<PathBuf> = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--disk"), Some(folder)) => Some(folder.into()),
        (None, _) => None,
        (Some(other), _) => {
            eprintln!("unknown argument {other:?}; the only one is --disk FOLDER");
            return ExitCode::from(2);
        }
    };
    match serve(handler, disk.as_deref().map(Path::new)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}
