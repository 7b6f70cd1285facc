//! The transaction logs of Delta tables: which files a table has in each of its versions.
//!
//! Rows are written and read by the program that asks, as Parquet files. This one makes them a part
//! of a table, atomically: a file that was written and not committed belongs to no version.
//!
//! The program is asked on standard input and answers on standard output, one line of JSON each.
use anyhow::Context;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, DataType, PrimitiveType, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// What is asked.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Makes a table in a folder, with the columns (name, type) and a partition column.
    Create {
        table: PathBuf,
        columns: Vec<(String, ColumnType)>,
        partition: Option<String>,
    },
    /// Adds files to a table, all or none, unless the writer has committed `step` or a later one
    /// before. Returns the version of the table.
    Append {
        table: PathBuf,
        files: Vec<DataFile>,
        /// The name of a writer, and the number of its step.
        writer: String,
        step: i64,
    },
    /// Returns the files of a table in a version, the newest unless said.
    Files {
        table: PathBuf,
        version: Option<u64>,
    },
    /// Makes the files of an older version those of a new one. Returns the new version.
    Restore { table: PathBuf, version: u64 },
    /// Returns the last step that a writer has committed.
    Step { table: PathBuf, writer: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ColumnType {
    Text,
    Number,
}

/// A Parquet file in the folder of a table.
#[derive(Deserialize)]
struct DataFile {
    /// Its path in that folder.
    path: String,
    bytes: i64,
    rows: i64,
    /// The value of the partition column, which is not in the file.
    partition: Option<(String, String)>,
}

/// What is answered.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Version(u64),
    Files { version: u64, files: Vec<String> },
    Step(Option<i64>),
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut tables: HashMap<PathBuf, DeltaTable> = HashMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = serde_json::from_str(&line?)
            .context("the question cannot be read")
            .and_then(|question| runtime.block_on(answered(&mut tables, question)))
            .map_err(|error| format!("{error:#}"));
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(())
}

async fn answered(
    tables: &mut HashMap<PathBuf, DeltaTable>,
    question: Question,
) -> anyhow::Result<Answer> {
    match question {
        Question::Create {
            table,
            columns,
            partition,
        } => {
            let mut made = DeltaTableBuilder::from_url(address(&table)?)?
                .build()?
                .create();
            for (name, kind) in columns {
                let kind = match kind {
                    ColumnType::Text => PrimitiveType::String,
                    ColumnType::Number => PrimitiveType::Long,
                };
                made = made.with_column(name, DataType::Primitive(kind), true, None);
            }
            let made = made.with_partition_columns(partition).await?;
            let version = version(&made)?;
            tables.insert(table, made);
            Ok(Answer::Version(version))
        }
        Question::Append {
            table,
            files,
            writer,
            step,
        } => {
            let table = open(tables, table).await?;
            let log = table.log_store();
            let committed = table.snapshot()?.transaction_version(log.as_ref(), &writer);
            if committed.await?.is_some_and(|last| last >= step) {
                return Ok(Answer::Version(version(table)?));
            }
            let adds = files.into_iter().map(|file| Action::Add(added(file)));
            let once = CommitProperties::default()
                .with_application_transaction(Transaction::new(&writer, step));
            let written = DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: None,
                predicate: None,
            };
            CommitBuilder::from(once)
                .with_actions(adds.collect())
                .build(Some(table.snapshot()?.snapshot()), log.clone(), written)
                .await?;
            table.update_state().await?;
            Ok(Answer::Version(version(table)?))
        }
        Question::Files { table, version: of } => {
            let table_folder = table.clone();
            let newest = open(tables, table).await?;
            let mut older = newest.clone();
            if let Some(of) = of {
                older.load_version(of).await?;
            }
            let folder = format!("{}/", table_folder.display());
            let files = older.get_file_uris()?.map(|path| {
                let inside = path.strip_prefix("file://").unwrap_or(&path);
                inside.strip_prefix(&folder).unwrap_or(inside).to_owned()
            });
            let mut files: Vec<String> = files.collect();
            files.sort_unstable();
            Ok(Answer::Files {
                version: version(&older)?,
                files,
            })
        }
        Question::Restore { table, version: of } => {
            let path = table.clone();
            let table = open(tables, table).await?.clone();
            let (restored, _) = table.restore().with_version_to_restore(of).await?;
            let version = version(&restored)?;
            tables.insert(path, restored);
            Ok(Answer::Version(version))
        }
        Question::Step { table, writer } => {
            let table = open(tables, table).await?;
            let log = table.log_store();
            let step = table.snapshot()?.transaction_version(log.as_ref(), writer);
            Ok(Answer::Step(step.await?))
        }
    }
}

/// Returns the table in a folder, opened before or now.
async fn open(
    tables: &mut HashMap<PathBuf, DeltaTable>,
    folder: PathBuf,
) -> anyhow::Result<&mut DeltaTable> {
    if !tables.contains_key(&folder) {
        let opened = deltalake_core::open_table(address(&folder)?).await?;
        tables.insert(folder.clone(), opened);
    }
    tables.get_mut(&folder).context("it was opened")
}

fn address(folder: &PathBuf) -> anyhow::Result<Url> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    Url::from_directory_path(folder)
        .map_err(|()| anyhow::anyhow!("{} is not an absolute path", folder.display()))
}

fn version(table: &DeltaTable) -> anyhow::Result<u64> {
    table.version().context("the table has no version")
}

fn added(file: DataFile) -> Add {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let values = file
        .partition
        .into_iter()
        .map(|(name, value)| (name, Some(value)));
    Add {
        path: file.path,
        size: file.bytes,
        partition_values: values.collect(),
        modification_time: now.map_or(0, |now| now.as_millis() as i64),
        data_change: true,
        stats: Some(format!(r#"{{"numRecords":{}}}"#, file.rows)),
        ..Add::default()
    }
}
