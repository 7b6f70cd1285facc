//! What set-up writes into `.venv` about it: how far it got, for which folder, with
//! which packages. A step writes "under way" before it starts and the result after
//! it ends, so that a kill anywhere in between is seen by the next run.
use super::process::write_whole;
use super::project::Project;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The record's file, inside `.venv`. A `.venv` without it is not ours.
pub const FILE: &str = "lambda-workbook.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The project folder it was made for: scripts in `.venv` hold its path.
    pub root: PathBuf,
    /// The Python it was made with, and that Python's version.
    pub base: PathBuf,
    pub python: String,
    pub stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// `python -m venv` is under way.
    Making,
    /// The environment is there, with no packages of ours.
    Made,
    /// pip is under way.
    Installing,
    /// Every package is there.
    Installed {
        /// The requirements that were installed, as pip read them.
        requirements: String,
        /// Package -> version, for this Python and system.
        pins: BTreeMap<String, String>,
    },
}

impl Record {
    /// The record in the project's `.venv`, if there is one that can be read.
    pub fn read(project: &Project) -> Option<Record> {
        let bytes = std::fs::read(project.venv().join(FILE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub fn write(&self, project: &Project) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        write_whole(&project.venv().join(FILE), &bytes)
    }

    /// Makes `.venv` with this record in it, at one stroke: a `.venv` of ours is
    /// never without one, whenever a run is killed.
    pub fn found(&self, project: &Project) -> Result<()> {
        if project.venv().is_dir() {
            return self.write(project);
        }
        let fresh = Project {
            root: project.lab().join("new"),
        };
        if fresh.root.exists() {
            std::fs::remove_dir_all(&fresh.root)?;
        }
        self.write(&fresh)?;
        std::fs::rename(fresh.venv(), project.venv())
            .with_context(|| format!("{} cannot be made", project.venv().display()))
    }

    pub fn at(self, stage: Stage) -> Record {
        Record { stage, ..self }
    }
}
