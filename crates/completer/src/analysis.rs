//! Loads the crates of a project into rust-analyzer, and one cell that uses them.

use crate::project::{Crate, Project};
use crate::question::{Answer, Ask, Question};
use crate::sources::{self, Source};
use anyhow::{Context, Result};
use ra_ap_base_db::target::TargetLoadError;
use ra_ap_base_db::{
    CrateBuilderId, CrateDisplayName, CrateGraphBuilder, CrateName, CrateOrigin,
    CrateWorkspaceData, DependencyBuilder, Env, LangCrateOrigin, SourceRoot,
};
use ra_ap_hir::{CfgAtom, CfgOptions, ChangeWithProcMacros};
use ra_ap_ide::{AnalysisHost, Edition, FileId, FilePosition, TextSize};
use ra_ap_intern::Symbol;
use ra_ap_paths::{AbsPathBuf, Utf8PathBuf};
use ra_ap_vfs::{VfsPath, file_set::FileSet};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use triomphe::Arc;

/// A rust-analyzer that has loaded the crates of a project, and one cell that uses them.
pub struct Analysis {
    host: AnalysisHost,
    /// The file of the cell; its text changes with each question.
    cell: FileId,
    /// How many steps of the warm-up are done.
    warm_up_steps: usize,
}

/// A crate, and the name under which another crate depends on it.
type Dep = (&'static str, CrateBuilderId);

/// The crates of the standard library. Each depends on those before it. The folders in the
/// third column contain no public types and are not read.
const LANG: [(&str, LangCrateOrigin, &[&str]); 3] = [
    ("core", LangCrateOrigin::Core, &[]),
    ("alloc", LangCrateOrigin::Alloc, &[]),
    ("std", LangCrateOrigin::Std, &["sys", "backtrace"]),
];

impl Analysis {
    /// Reads the crates of the checkout at `root` that cells can use.
    ///
    /// # Errors
    /// Returns an error when cargo or rustc cannot be asked, or a crate cannot be read.
    pub fn load(root: &Path) -> Result<Analysis> {
        // The standard library: its sources, or the built-in outline of it.
        let project = Project::find(root)?;
        let mut files = Files::default();
        let mut graph = Graph::new(&project, root)?;
        let lang = match &project.library {
            Some(library) => standard_library(library, &mut files, &mut graph)?,
            None => outline_of_standard_library(root, &mut files, &mut graph)?,
        };

        // The crates, then the dependencies among them.
        let mut ids = Vec::new();
        for krate in &project.crates {
            let folder = krate.root.parent().context("a crate root in no folder")?;
            files.add(sources::read(
                folder,
                &["tests", "benches", "examples", "target"],
            ))?;
            let root = files
                .id(&krate.root)
                .with_context(|| format!("cannot read {}", krate.root.display()))?;
            let origin = CrateOrigin::Library {
                repo: None,
                name: Symbol::intern(&krate.name),
            };
            let id = graph.add(krate, root, origin);
            graph.depend(id, &lang);
            ids.push(id);
        }
        for (krate, &id) in project.crates.iter().zip(&ids) {
            let deps: Vec<_> = krate
                .deps
                .iter()
                .map(|(at, name)| (name.as_str(), ids[*at]))
                .collect();
            graph.depend(id, &deps);
        }

        // The cell. It is in a source root of its own, because after a change rust-analyzer
        // analyses again what depends on the root of the changed file. The file at this path
        // is never written.
        let cell_path = root.join("target/cell.rs");
        let cell = files.add_one(&cell_path, String::new())?;
        let krate = Crate::plain("ctx", cell_path);
        let origin = CrateOrigin::Local {
            repo: None,
            name: Some(Symbol::intern("ctx")),
        };
        let id = graph.add(&krate, cell, origin);
        graph.depend(id, &lang);
        graph.depend(id, &[("lambda_workbook", ids[project.support])]);

        // Load everything as one change.
        let mut host = AnalysisHost::default();
        host.apply_change(files.into_change(cell, graph.builder));
        Ok(Analysis {
            host,
            cell,
            warm_up_steps: 0,
        })
    }

    /// Does the next step of the warm-up. Returns false when no step is left.
    ///
    /// A step answers a sample question. rust-analyzer then computes and caches what many
    /// answers need, such as the list of all names and the implementations of all traits. The
    /// reader's first question of that kind is answered faster.
    pub fn warm_up(&mut self) -> bool {
        const CODES: [&str; 4] = ["Gran", "views.gro", "name.tri", "numbers.pus"];
        let Some(code) = CODES.get(self.warm_up_steps) else {
            return false;
        };
        self.warm_up_steps += 1;
        let source = format!(
            "use lambda_workbook::{{self, polars}};\nuse lambda_workbook::prelude::*;\n\
             fn cell(views: DataFrame, name: String, numbers: Vec<u64>) {{ {code} }}"
        );
        self.answer(&Question {
            offset: source.len() - " }".len(),
            source,
            ask: Ask::Completions,
        });
        true
    }

    /// Answers a question about a cell.
    ///
    /// rust-analyzer panics on some code that is only half written. The panic is caught and the
    /// answer is empty. Without that, the process would end and all sources would have to be
    /// loaded again, which takes seconds.
    pub fn answer(&mut self, question: &Question) -> Answer {
        catch_unwind(AssertUnwindSafe(|| self.try_answer(question))).unwrap_or_default()
    }

    /// Answers a question; may panic within rust-analyzer.
    fn try_answer(&mut self, question: &Question) -> Answer {
        // Set the text of the cell, then ask about the position.
        let mut change = ChangeWithProcMacros::default();
        change.change_file(self.cell, Some(question.source.clone()));
        self.host.apply_change(change);
        let position = FilePosition {
            file_id: self.cell,
            offset: TextSize::new(question.offset as u32),
        };
        let analysis = self.host.analysis();
        match question.ask {
            Ask::Completions => crate::complete::answer(&analysis, position, &question.source),
            Ask::Help { detailed } => Answer {
                help: crate::help::answer(&analysis, position, &question.source, detailed),
                ..Answer::default()
            },
        }
    }
}

/// Reads the sources of the standard library in the folder `library`.
fn standard_library(library: &Path, files: &mut Files, graph: &mut Graph) -> Result<Vec<Dep>> {
    let mut lang = Vec::new();
    for (name, origin, skip) in LANG {
        let folder = library.join(name).join("src");
        files.add(sources::read(&folder, &[skip, &["tests"]].concat()))?;
        let krate = Crate::plain(name, folder.join("lib.rs"));
        let root = files
            .id(&krate.root)
            .with_context(|| format!("cannot read {}", krate.root.display()))?;
        let id = graph.add(&krate, root, CrateOrigin::Lang(origin));
        graph.depend(id, &lang);
        lang.push((name, id));
    }
    Ok(lang)
}

/// Loads [`std_outline.rs`](../std_outline.rs) in the place of the standard library, whose
/// sources are not installed.
///
/// Without any standard library, rust-analyzer tries to resolve each derive again and again,
/// which takes longer than everything else, and it cannot infer the type of an expression
/// with a `?`.
fn outline_of_standard_library(
    root: &Path,
    files: &mut Files,
    graph: &mut Graph,
) -> Result<Vec<Dep>> {
    let krate = Crate::plain("std", root.join("target/std.rs"));
    let file = files.add_one(&krate.root, include_str!("std_outline.rs").to_owned())?;
    let id = graph.add(&krate, file, CrateOrigin::Lang(LangCrateOrigin::Core));
    Ok(vec![("core", id), ("alloc", id), ("std", id)])
}

/// The source files. The id of a file is its index in `read`.
#[derive(Default)]
struct Files {
    paths: HashMap<PathBuf, FileId>,
    /// The paths and texts.
    read: Vec<(VfsPath, String)>,
}

impl Files {
    /// Adds source files.
    fn add(&mut self, sources: Vec<Source>) -> Result<()> {
        for source in sources {
            self.add_one(&source.path, source.text)?;
        }
        Ok(())
    }

    /// Adds one file and returns its id.
    fn add_one(&mut self, path: &Path, text: String) -> Result<FileId> {
        let id = FileId::from_raw(self.read.len() as u32);
        self.read.push((absolute(path)?.into(), text));
        self.paths.insert(path.to_owned(), id);
        Ok(id)
    }

    /// Returns the id of a file; `None` if it was not added.
    fn id(&self, path: &Path) -> Option<FileId> {
        self.paths.get(path).copied()
    }

    /// Returns all files and crates as a change of an empty rust-analyzer. The cell's root is
    /// local, that of all other files is a library, which rust-analyzer expects not to change.
    fn into_change(self, cell: FileId, graph: CrateGraphBuilder) -> ChangeWithProcMacros {
        let mut change = ChangeWithProcMacros::default();
        let (mut library, mut local) = (FileSet::default(), FileSet::default());
        for (at, (path, text)) in self.read.into_iter().enumerate() {
            let id = FileId::from_raw(at as u32);
            match id == cell {
                true => local.insert(id, path),
                false => library.insert(id, path),
            }
            change.change_file(id, Some(text));
        }
        change.set_roots(vec![
            SourceRoot::new_local(local),
            SourceRoot::new_library(library),
        ]);
        change.set_crate_graph(graph);
        change
    }
}

/// Builds rust-analyzer's graph of crates and dependencies.
struct Graph {
    builder: CrateGraphBuilder,
    /// The compile-time options of the platform, which all crates share.
    cfg: CfgOptions,
    root: Arc<AbsPathBuf>,
    workspace: Arc<CrateWorkspaceData>,
}

impl Graph {
    /// Creates an empty graph.
    fn new(project: &Project, root: &Path) -> Result<Graph> {
        let mut cfg = CfgOptions::default();
        cfg.extend(project.cfg.iter().map(|line| atom(line)));
        Ok(Graph {
            builder: CrateGraphBuilder::default(),
            cfg,
            root: Arc::new(absolute(root)?),
            workspace: Arc::new(CrateWorkspaceData {
                // The data layout is only needed for the layout of types in memory.
                target: Err(TargetLoadError::from(
                    "the data layout is not loaded".to_owned(),
                )),
                // With a stable version, rust-analyzer offers no unstable items.
                toolchain: project.version.parse().ok(),
            }),
        })
    }

    /// Adds a crate with its root file and returns its id.
    fn add(&mut self, krate: &Crate, root: FileId, origin: CrateOrigin) -> CrateBuilderId {
        let mut cfg = self.cfg.clone();
        cfg.extend(krate.features.iter().map(|feature| CfgAtom::KeyValue {
            key: Symbol::intern("feature"),
            value: Symbol::intern(feature),
        }));
        self.builder.add_crate_root(
            root,
            krate.edition.parse().unwrap_or(Edition::CURRENT),
            Some(CrateDisplayName::from_canonical_name(&krate.name)),
            krate.version.clone(),
            cfg,
            None,
            Env::default(),
            origin,
            Vec::new(),
            false,
            self.root.clone(),
            self.workspace.clone(),
        )
    }

    /// Makes the crate `from` depend on other crates under the given names. `core` and `std` are
    /// in scope without a `use`.
    fn depend(&mut self, from: CrateBuilderId, on: &[(&str, CrateBuilderId)]) {
        for &(name, to) in on {
            let lang = LANG.iter().any(|(lang, ..)| *lang == name);
            let prelude = name != "alloc";
            let dependency = DependencyBuilder::with_prelude(
                CrateName::normalize_dashes(name),
                to,
                prelude,
                lang,
            );
            // The only error is a cycle. Such a dependency is left out.
            let _ = self.builder.add_dep(from, dependency);
        }
    }
}

/// Parses a line of `rustc --print cfg`, such as `unix` or `target_os="linux"`.
fn atom(line: &str) -> CfgAtom {
    match line.split_once('=') {
        Some((key, value)) => CfgAtom::KeyValue {
            key: Symbol::intern(key),
            value: Symbol::intern(value.trim_matches('"')),
        },
        None => CfgAtom::Flag(Symbol::intern(line)),
    }
}

/// Converts a path to the type of rust-analyzer.
///
/// # Errors
/// Returns an error when the path is not UTF-8 or not absolute.
fn absolute(path: &Path) -> Result<AbsPathBuf> {
    let path = Utf8PathBuf::from_path_buf(path.to_owned())
        .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))?;
    AbsPathBuf::try_from(path).map_err(|path| anyhow::anyhow!("{path} is not absolute"))
}
