//! `workbook check`: runs the reader's exercise notebooks on the real kernel and
//! says how each one stands.
use crate::Outcome;
use crate::kernel::client::{Client, Ran};
use crate::kernel::place::Built;
use crate::notebook_file::{Notebook, joined, source};
use anyhow::{Context, Result, bail};
use lambda_workbook::exercises::progress::Progress;
use lambda_workbook::exercises::{self, Exercise, VERDICT_MIME};
use lambda_workbook::notebook::Render;
use serde_json::Value;
use std::path::Path;

#[derive(clap::Args)]
pub struct Args {
    /// Exercises by name, such as 01_pacific_days; all of them unless said
    #[arg(value_name = "EXERCISE")]
    exercises: Vec<String>,
}

pub fn run(args: Args) -> Result<Outcome> {
    let chosen = chosen(&args.exercises)?;
    let built = Built::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut all_solved = true;
    for exercise in chosen {
        let path = built
            .root
            .join("exercises")
            .join(format!("{}.ipynb", exercise.id));
        let found = runtime.block_on(check_notebook(&built.exe, &path, exercise))?;
        println!("{}\n", found.text);
        all_solved &= found.status == "passed";
    }
    let map = exercises::Map::of(Progress::at(&built.root.join(".progress")).records()).render();
    println!("{}", map.get("text/plain").unwrap_or_default());
    Ok(if all_solved {
        Outcome::Done
    } else {
        Outcome::No
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Exercise>> {
    if names.is_empty() {
        return Ok(exercises::ALL.to_vec());
    }
    let known = || {
        exercises::ALL
            .iter()
            .map(|exercise| exercise.id)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let find = |name: &String| {
        let stem = Path::new(name)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        exercises::find(&stem)
            .with_context(|| format!("there is no exercise {name}; there are: {}", known()))
    };
    names.iter().map(find).collect()
}

/// How one notebook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// A code of [`exercises::Status`], or `"broken"` if no verdict was reached.
    pub status: String,
    /// The case that failed, if one did.
    pub case: Option<String>,
    /// What to tell the reader.
    pub text: String,
}

/// Runs a notebook up to its verdict on the exercise.
pub async fn check_notebook(exe: &Path, path: &Path, exercise: &Exercise) -> Result<Found> {
    let notebook = Notebook::read(path)
        .context("the handout cannot be read; `cargo workbook release` makes a missing one")?;
    let cells: Vec<String> = notebook
        .code_cells()
        .iter()
        .map(|&cell| source(&notebook.cells()[cell]))
        .collect();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut client = Client::start(exe, folder).await?;
    let found = check_cells(&mut client, &cells, exercise).await;
    client.shutdown().await?;
    found.with_context(|| format!("while checking {}", path.display()))
}

/// The sources of a notebook's code cells, in order.
pub fn cells(notebook: &Notebook) -> Vec<String> {
    let code = notebook.code_cells();
    code.iter()
        .map(|&cell| source(&notebook.cells()[cell]))
        .collect()
}

/// Runs cells in order on a kernel that has started, up to the verdict on the
/// exercise. Cells that fail before it are told, for they may be the reason.
pub async fn check_cells(
    client: &mut Client,
    cells: &[String],
    exercise: &Exercise,
) -> Result<Found> {
    let mut errors = Vec::new();
    for (number, code) in (1..).zip(cells) {
        let ran = client.execute(code).await?;
        if let Some(found) = verdict(&ran, exercise) {
            return Ok(found);
        }
        errors.extend(error(&ran, number));
    }
    if errors.is_empty() && cells.is_empty() {
        bail!("the notebook has no code cells");
    }
    if errors.is_empty() {
        errors.push(format!("no cell ends in check!({}, ..)", exercise.name));
    }
    Ok(Found {
        status: "broken".to_owned(),
        case: None,
        text: format!("✗ {}: no verdict\n{}", exercise.title, errors.join("\n")),
    })
}

fn verdict(ran: &Ran, exercise: &Exercise) -> Option<Found> {
    let outputs = ran.outputs.iter().map(|output| &output["data"]);
    let data = outputs
        .into_iter()
        .find(|data| json_of(&data[VERDICT_MIME])["exercise"] == exercise.id)?;
    let verdict = json_of(&data[VERDICT_MIME]);
    Some(Found {
        status: verdict["status"].as_str().unwrap_or("broken").to_owned(),
        case: verdict["case"].as_str().map(str::to_owned),
        text: joined(&data["text/plain"]),
    })
}

/// JSON output arrives as JSON, or as text that holds it.
fn json_of(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        value => value.clone(),
    }
}

fn error(ran: &Ran, number: usize) -> Option<String> {
    let error = ran.error()?;
    let mut text = format!(
        "code cell {number}: {}: {}",
        joined(&error["ename"]),
        joined(&error["evalue"])
    );
    for line in error["traceback"].as_array().into_iter().flatten() {
        text.push('\n');
        text.push_str(line.as_str().unwrap_or_default());
    }
    Some(text)
}
