//! Where everything is: one project folder, and what set-up keeps in it.
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The project folder and the paths below it.
#[derive(Debug, Clone)]
pub struct Project {
    pub root: PathBuf,
}

impl Project {
    /// The folder named in `LAMBDA_WORKBOOK_ROOT`, else the first one upwards from
    /// the current folder that holds the workbook, else the one this binary was
    /// built from.
    pub fn find() -> Result<Project> {
        if let Some(root) = std::env::var_os("LAMBDA_WORKBOOK_ROOT") {
            let root = PathBuf::from(root);
            if !is_project(&root) {
                bail!(
                    "LAMBDA_WORKBOOK_ROOT is {}, which holds no Lambda Workbook; unset it, or name the folder with Cargo.toml and notebooks/",
                    root.display()
                );
            }
            return Project::at(&root);
        }
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        if let Some(root) = here.ancestors().find(|folder| is_project(folder)) {
            return Project::at(root);
        }
        match Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2) {
            Some(root) if is_project(root) => Project::at(root),
            _ => bail!(
                "no Lambda Workbook in {} or above it; go to the project folder (the one with Cargo.toml and notebooks/)",
                here.display()
            ),
        }
    }

    /// The project in `root`, symbolic links resolved, so that one folder has one name.
    pub fn at(root: &Path) -> Result<Project> {
        let root = root
            .canonicalize()
            .with_context(|| format!("{} cannot be read", root.display()))?;
        Ok(Project { root })
    }

    /// The Python environment.
    pub fn venv(&self) -> PathBuf {
        self.root.join(".venv")
    }

    /// The environment's Python.
    pub fn venv_python(&self) -> PathBuf {
        self.venv().join("bin/python")
    }

    /// The folder of the environment from which Jupyter reads kernels and extensions.
    pub fn share(&self) -> PathBuf {
        self.venv().join("share/jupyter")
    }

    /// The extension that shows the progress of the build in JupyterLab's top bar.
    pub fn progress_item(&self) -> PathBuf {
        self.share().join("labextensions/lambda-workbook-progress")
    }

    /// What set-up and JupyterLab keep for this folder: locks, logs, settings.
    /// Apart from `.venv`, so that making that anew loses no settings.
    pub fn lab(&self) -> PathBuf {
        self.root.join(".lab")
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.lab().join("logs").join(format!("{name}.log"))
    }

    pub fn jupyter(&self, part: &str) -> PathBuf {
        self.lab().join("jupyter").join(part)
    }

    /// `path` as the reader would write it: relative to the project where it can be.
    pub fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

fn is_project(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("notebooks").is_dir()
}
