//! rust-analyzer over a project, asked for completions and documentation.

use super::project::project;
use super::{Answer, Item, Question};
use anyhow::{Context, Result};
use ra_ap_base_db::SourceRoot;
use ra_ap_hir::{ChangeWithProcMacros, PrefixKind};
use ra_ap_ide::{
    AnalysisHost, CallableSnippets, CompletionConfig, CompletionFieldsToResolve,
    CompletionItemKind, FilePosition, FileRange, HoverConfig, HoverDocFormat, RaFixtureConfig,
    SubstTyLen,
};
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig};
use ra_ap_ide_db::{FxHashMap, SnippetCap, SymbolKind};
use ra_ap_paths::{AbsPathBuf, Utf8PathBuf};
use ra_ap_project_model::{CargoConfig, ProjectJson, ProjectJsonData, ProjectWorkspace};
use ra_ap_syntax::{TextRange, TextSize};
use ra_ap_vfs::{FileId, Vfs, VfsPath, file_set::FileSetConfig};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// Answers questions on stdin until it closes.
pub fn serve(root: &Path) -> Result<()> {
    let mut analysis = Analysis::load(root)?;
    // The names that the prelude brings are looked up once, in seconds; better now
    // than at the reader's first name.
    let source = "use lambda_workbook::prelude::*; fn cell() { let x: Gran }";
    analysis.answer(&Question {
        source: source.to_owned(),
        offset: source.len() - 2,
        hover: false,
    });
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = serde_json::from_str::<Question>(&line?)
            .map(|question| analysis.answer(&question))
            .unwrap_or_default();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

/// The crates of a project, analysed, and one cell on top of them.
pub struct Analysis {
    host: AnalysisHost,
    cell: FileId,
}

impl Analysis {
    /// Reads the crates that the project at `root` offers to cells.
    pub fn load(root: &Path) -> Result<Analysis> {
        let cell = root.join("target").join("cell.rs"); // never written
        let data = project(root, &cell, sysroot_src().as_deref())?;
        let data: ProjectJsonData = serde_json::from_value(data)?;
        let base = absolute(root)?;
        let json = ProjectJson::new(None, &base, data);
        let workspace = ProjectWorkspace::load_inline(json, &CargoConfig::default(), &|_| {});

        let mut vfs = Vfs::default();
        let mut change = ChangeWithProcMacros::default();
        for package in workspace.to_roots() {
            for folder in &package.include {
                read_sources(folder.as_ref(), &mut vfs);
            }
        }
        let cell_path = VfsPath::from(absolute(&cell)?);
        vfs.set_file_contents(cell_path.clone(), Some(Vec::new()));
        let (cell, _) = vfs.file_id(&cell_path).context("the cell has no file id")?;
        for (file, changed) in vfs.take_changes() {
            if let ra_ap_vfs::Change::Create(bytes, _) | ra_ap_vfs::Change::Modify(bytes, _) =
                changed.change
            {
                change.change_file(file, String::from_utf8(bytes).ok());
            }
        }
        change.set_roots(
            FileSetConfig::default()
                .partition(&vfs)
                .into_iter()
                .map(SourceRoot::new_local)
                .collect(),
        );
        let (graph, _) = workspace.to_crate_graph(
            &mut |path| vfs.file_id(&path.to_path_buf().into()).map(|(id, _)| id),
            &FxHashMap::default(),
        );
        change.set_crate_graph(graph);
        let mut host = AnalysisHost::default();
        host.apply_change(change);
        Ok(Analysis { host, cell })
    }

    /// Completions or documentation at the question's cursor.
    pub fn answer(&mut self, question: &Question) -> Answer {
        let mut change = ChangeWithProcMacros::default();
        change.change_file(self.cell, Some(question.source.clone()));
        self.host.apply_change(change);
        if question.hover {
            Answer {
                hover: self.hover(question.offset),
                ..Answer::default()
            }
        } else {
            self.completions(question)
        }
    }

    fn completions(&self, question: &Question) -> Answer {
        let position = FilePosition {
            file_id: self.cell,
            offset: TextSize::new(question.offset as u32),
        };
        let found = self
            .host
            .analysis()
            .completions(&completion_config(), position, None)
            .ok()
            .flatten()
            .unwrap_or_default();
        let mut answer = Answer {
            start: question.offset,
            end: question.offset,
            ..Answer::default()
        };
        let mut range: Option<TextRange> = None;
        for item in found {
            let mut edits = item.text_edit.iter();
            let (Some(edit), None) = (edits.next(), edits.next()) else {
                continue;
            };
            // All items must replace the same text; Jupyter knows one range.
            if *range.get_or_insert(edit.delete) != edit.delete {
                continue;
            }
            let typed = &question.source[edit.delete];
            if !item.lookup().starts_with(typed) || item.lookup().starts_with("evcxr_") {
                continue;
            }
            answer.items.push(Item {
                text: without_placeholders(&edit.insert),
                kind: kind(item.kind).to_owned(),
                label: item.label.primary.to_string(),
            });
        }
        if let Some(range) = range {
            answer.start = range.start().into();
            answer.end = range.end().into();
        }
        answer
    }

    fn hover(&self, offset: usize) -> Option<String> {
        let at = TextSize::new(offset as u32);
        let config = HoverConfig {
            links_in_hover: false,
            memory_layout: None,
            documentation: true,
            keywords: true,
            format: HoverDocFormat::Markdown,
            max_trait_assoc_items_count: None,
            max_fields_count: Some(8),
            max_enum_variants_count: Some(8),
            max_subst_ty_len: SubstTyLen::Unlimited,
            show_drop_glue: false,
            ra_fixture: RaFixtureConfig::default(),
        };
        let range = FileRange {
            file_id: self.cell,
            range: TextRange::new(at, at),
        };
        let found = self.host.analysis().hover(&config, range).ok()??;
        Some(found.info.markup.into())
    }
}

fn completion_config() -> CompletionConfig<'static> {
    CompletionConfig {
        enable_postfix_completions: false,
        snippet_cap: SnippetCap::new(true),
        enable_imports_on_the_fly: false,
        enable_self_on_the_fly: true,
        enable_private_editable: false,
        prefer_no_std: false,
        full_function_signatures: true,
        snippets: Vec::new(),
        insert_use: InsertUseConfig {
            prefix_kind: PrefixKind::ByCrate,
            group: false,
            granularity: ImportGranularity::Item,
            enforce_granularity: false,
            skip_glob_imports: false,
        },
        callable: None::<CallableSnippets>,
        limit: None,
        prefer_prelude: false,
        enable_term_search: false,
        term_search_fuel: 0,
        prefer_absolute: false,
        add_semicolon_to_unit: false,
        fields_to_resolve: CompletionFieldsToResolve::empty(),
        exclude_flyimport: Vec::new(),
        exclude_traits: &[],
        enable_auto_iter: true,
        enable_auto_await: true,
        ra_fixture: RaFixtureConfig::default(),
        add_colons_to_module: false,
    }
}

fn absolute(path: &Path) -> Result<AbsPathBuf> {
    let path = Utf8PathBuf::from_path_buf(path.to_owned())
        .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))?;
    AbsPathBuf::try_from(path).map_err(|path| anyhow::anyhow!("{path} is not absolute"))
}

/// The sources of the standard library, where the reader has them.
fn sysroot_src() -> Option<PathBuf> {
    let output = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let sysroot = String::from_utf8(output.stdout).ok()?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    folder.join("core").is_dir().then_some(folder)
}

fn read_sources(folder: &Path, vfs: &mut Vfs) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !["tests", "benches", "examples", "target"]
                .iter()
                .any(|skip| name == *skip)
            {
                read_sources(&path, vfs);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && let Ok(bytes) = std::fs::read(&path)
            && let Ok(path) = absolute(&path)
        {
            vfs.set_file_contents(path.into(), Some(bytes));
        }
    }
}

/// A snippet without `$0` and `${1:name}`.
fn without_placeholders(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        text += &rest[..at];
        rest = &rest[at + 1..];
        if let Some(inner) = rest.strip_prefix('{')
            && let Some(end) = inner.find('}')
        {
            text += inner[..end].split_once(':').map_or("", |(_, name)| name);
            rest = &inner[end + 1..];
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    text + rest
}

fn kind(kind: CompletionItemKind) -> &'static str {
    use CompletionItemKind as K;
    use SymbolKind as S;
    match kind {
        K::SymbolKind(S::Function | S::Method | S::Macro | S::ProcMacro) => "function",
        K::SymbolKind(
            S::Struct | S::Enum | S::Union | S::Trait | S::TypeAlias | S::TypeParam | S::SelfType,
        )
        | K::BuiltinType => "class",
        K::SymbolKind(S::Module | S::CrateRoot | S::ToolModule) => "module",
        K::Keyword => "keyword",
        _ => "instance",
    }
}

#[cfg(test)]
mod tests {
    use super::without_placeholders;

    #[test]
    fn snippets_lose_their_placeholders() {
        assert_eq!(without_placeholders("group_by(${1:by})$0"), "group_by(by)");
        assert_eq!(without_placeholders("plain"), "plain");
    }
}
