//! rust-analyzer over the crates of a project, and one cell on top of them.

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

/// The crates of a project, analysed, and one cell on top of them.
pub struct Analysis {
    host: AnalysisHost,
    cell: FileId,
    /// How many questions of the warm-up have been answered.
    warm: usize,
}

/// A crate and the name that another crate has for it.
type Dep = (&'static str, CrateBuilderId);

/// The crates of the standard library, each with those before it as dependencies, and
/// the folders of its sources that name no public type.
const LANG: [(&str, LangCrateOrigin, &[&str]); 3] = [
    ("core", LangCrateOrigin::Core, &[]),
    ("alloc", LangCrateOrigin::Alloc, &[]),
    ("std", LangCrateOrigin::Std, &["sys", "backtrace"]),
];

impl Analysis {
    /// Reads the crates that the checkout at `root` offers to cells.
    pub fn load(root: &Path) -> Result<Analysis> {
        let project = Project::find(root)?;
        let mut files = Files::default();
        let mut graph = Graph::new(&project, root)?;

        let lang = match &project.library {
            Some(library) => standard_library(library, &mut files, &mut graph)?,
            None => outline_of_standard_library(root, &mut files, &mut graph)?,
        };

        // The crates of the card, then what each needs.
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

        // The cell, in a root of its own: only what depends on a root whose files
        // change is looked at again after a change.
        let cell_path = root.join("target/cell.rs"); // never written
        let cell = files.add_one(&cell_path, String::new())?;
        let krate = Crate::plain("ctx", cell_path);
        let origin = CrateOrigin::Local {
            repo: None,
            name: Some(Symbol::intern("ctx")),
        };
        let id = graph.add(&krate, cell, origin);
        graph.depend(id, &lang);
        graph.depend(id, &[("lambda_workbook", ids[project.support])]);

        let mut host = AnalysisHost::default();
        host.apply_change(files.into_change(cell, graph.builder));
        Ok(Analysis {
            host,
            cell,
            warm: 0,
        })
    }

    /// Answers the next of some questions whose answers need what many answers need:
    /// which names there are, which types implement which traits. Each first answer
    /// of its kind takes longer than those after it. False when none is left.
    pub fn warm_up(&mut self) -> bool {
        const CODES: [&str; 4] = ["Gran", "views.gro", "name.tri", "numbers.pus"];
        let Some(code) = CODES.get(self.warm) else {
            return false;
        };
        self.warm += 1;
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
    /// rust-analyzer panics over some code that is only half written. That costs this
    /// one answer, not the seconds in which everything would be read again.
    pub fn answer(&mut self, question: &Question) -> Answer {
        catch_unwind(AssertUnwindSafe(|| self.try_answer(question))).unwrap_or_default()
    }

    fn try_answer(&mut self, question: &Question) -> Answer {
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

/// Reads the sources of the standard library.
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

/// Puts [`std_outline.rs`](../std_outline.rs) in the place of the standard library.
/// Without one, rust-analyzer tries to resolve each derive again and again, which takes
/// longer than everything else, and no type behind a `?` is known.
fn outline_of_standard_library(
    root: &Path,
    files: &mut Files,
    graph: &mut Graph,
) -> Result<Vec<Dep>> {
    let krate = Crate::plain("std", root.join("target/std.rs")); // never written
    let file = files.add_one(&krate.root, include_str!("std_outline.rs").to_owned())?;
    let id = graph.add(&krate, file, CrateOrigin::Lang(LangCrateOrigin::Core));
    Ok(vec![("core", id), ("alloc", id), ("std", id)])
}

/// The files that are read, numbered.
#[derive(Default)]
struct Files {
    paths: HashMap<PathBuf, FileId>,
    read: Vec<(VfsPath, String)>,
}

impl Files {
    fn add(&mut self, sources: Vec<Source>) -> Result<()> {
        for source in sources {
            self.add_one(&source.path, source.text)?;
        }
        Ok(())
    }

    fn add_one(&mut self, path: &Path, text: String) -> Result<FileId> {
        let id = FileId::from_raw(self.read.len() as u32);
        self.read.push((absolute(path)?.into(), text));
        self.paths.insert(path.to_owned(), id);
        Ok(id)
    }

    fn id(&self, path: &Path) -> Option<FileId> {
        self.paths.get(path).copied()
    }

    /// All files and crates, as a change of nothing into them.
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

/// The crates and their dependencies, as rust-analyzer wants them.
struct Graph {
    builder: CrateGraphBuilder,
    cfg: CfgOptions,
    root: Arc<AbsPathBuf>,
    workspace: Arc<CrateWorkspaceData>,
}

impl Graph {
    fn new(project: &Project, root: &Path) -> Result<Graph> {
        let mut cfg = CfgOptions::default();
        cfg.extend(project.cfg.iter().map(|line| atom(line)));
        Ok(Graph {
            builder: CrateGraphBuilder::default(),
            cfg,
            root: Arc::new(absolute(root)?),
            workspace: Arc::new(CrateWorkspaceData {
                // Only the layout of types in memory needs it.
                target: Err(TargetLoadError::from("not asked for".to_owned())),
                // So that nothing unstable is offered.
                toolchain: project.version.parse().ok(),
            }),
        })
    }

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

    /// Makes `from` depend on crates under their names. The standard library is seen
    /// without being named.
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
            // A crate is only left out here if it would depend on itself.
            let _ = self.builder.add_dep(from, dependency);
        }
    }
}

/// A line of `rustc --print cfg`: `unix`, or `target_os="linux"`.
fn atom(line: &str) -> CfgAtom {
    match line.split_once('=') {
        Some((key, value)) => CfgAtom::KeyValue {
            key: Symbol::intern(key),
            value: Symbol::intern(value.trim_matches('"')),
        },
        None => CfgAtom::Flag(Symbol::intern(line)),
    }
}

fn absolute(path: &Path) -> Result<AbsPathBuf> {
    let path = Utf8PathBuf::from_path_buf(path.to_owned())
        .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))?;
    AbsPathBuf::try_from(path).map_err(|path| anyhow::anyhow!("{path} is not absolute"))
}
