//! `workbook run`: executes notebooks on the real kernel, without Python.

use crate::Outcome;
use anyhow::{Context, Result};
use kernel::client::{CellRun, Client, update_earlier};
use kernel::notebook_file::{Notebook, joined, set_outputs, source};
use kernel::place::Built;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// Notebooks to execute, each on a kernel of its own
    #[arg(required = true, value_name = "NOTEBOOK")]
    notebooks: Vec<PathBuf>,
    /// Store the outputs in the notebook
    #[arg(long)]
    write: bool,
    /// Print the time of each cell
    #[arg(long)]
    times: bool,
    /// Go on after a cell that fails
    #[arg(long)]
    keep_going: bool,
}

pub fn run(args: Args) -> Result<Outcome> {
    let built = Built::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut failed = false;
    for path in &args.notebooks {
        let mut notebook = Notebook::read(path)?;
        let ran = runtime.block_on(run_notebook(&built.exe, &mut notebook, &args))?;
        if args.write {
            notebook.write(path)?;
        }
        match ran {
            Some(failure) => {
                println!("{}: {failure}", path.display());
                failed = true;
            }
            None => println!(
                "{}: {} cells ran",
                path.display(),
                notebook.code_cells().len()
            ),
        }
    }
    Ok(if failed { Outcome::No } else { Outcome::Done })
}

/// Runs every code cell; gives the first failure in words.
async fn run_notebook(exe: &Path, notebook: &mut Notebook, args: &Args) -> Result<Option<String>> {
    let folder = notebook
        .path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_owned();
    let mut client = match args.write {
        true => Client::start_reproducible(exe, &folder).await?,
        false => Client::start(exe, &folder).await?,
    };
    // JupyterLab writes this into a notebook that it opens; if it is there
    // already, opening one is no change to it.
    let info = client.ask("kernel_info_request", json!({})).await?;
    notebook.json["metadata"]["language_info"] = info.content["language_info"].clone();
    let mut failure = None;
    let mut all: Vec<CellRun> = Vec::new();
    let cells = notebook.code_cells();
    for (number, &index) in cells.iter().enumerate() {
        let code = source(&notebook.cells()[index]);
        let ran = client
            .execute(&code)
            .await
            .with_context(|| format!("code cell {} of {}", number + 1, notebook.path.display()))?;
        if args.times {
            println!(
                "{:>8.3} s  cell {}: {}",
                ran.took.as_secs_f64(),
                number + 1,
                first_line(&code)
            );
        }
        if failure.is_none() {
            failure = describe(&ran, number + 1, &code);
        }
        update_earlier(&mut all, &ran);
        all.push(ran);
        if failure.is_some() && !args.keep_going {
            break;
        }
    }
    for (&index, ran) in cells.iter().zip(&all) {
        let cell = &mut notebook.cells_mut()[index];
        set_outputs(cell, &ran.outputs, Some(ran.execution_count));
    }
    client.shutdown().await?;
    Ok(failure)
}

fn first_line(code: &str) -> &str {
    code.lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("")
}

fn describe(ran: &CellRun, number: usize, code: &str) -> Option<String> {
    let error = ran.error()?;
    let mut text = format!(
        "code cell {number} failed: {}: {}\n  {}",
        joined(&error["ename"]),
        joined(&error["evalue"]),
        first_line(code),
    );
    for line in error["traceback"].as_array().into_iter().flatten() {
        text += "\n";
        text += line.as_str().unwrap_or_default();
    }
    Some(text)
}
