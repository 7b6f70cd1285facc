//! Completions at the cursor.

use crate::question::{Answer, Item};
use ra_ap_hir::PrefixKind;
use ra_ap_ide::{
    Analysis, CallableSnippets, CompletionConfig, CompletionFieldsToResolve, CompletionItemKind,
    FilePosition, RaFixtureConfig, SymbolKind, TextRange, TextSize,
};
use ra_ap_ide_db::SnippetCap;
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig};
use std::collections::HashSet;

/// Returns the completions that begin with the text before the cursor, the most relevant
/// first.
pub fn answer(analysis: &Analysis, position: FilePosition, source: &str) -> Answer {
    // Ask rust-analyzer.
    let found = analysis
        .completions(&config(), position, None)
        .ok()
        .flatten()
        .unwrap_or_default();

    // Keep the items that replace the word around the cursor, because Jupyter has one range
    // for all items. Items with other edits are left out, such as those that add a `use`.
    let range = word_at(source, position.offset);
    let typed = source
        .get(range.start().into()..position.offset.into())
        .unwrap_or_default();
    let mut items = Vec::new();
    for item in found {
        let mut edits = item.text_edit.iter();
        let (Some(edit), None) = (edits.next(), edits.next()) else {
            continue;
        };
        if edit.delete == range
            && item.lookup().starts_with(typed)
            && !item.lookup().starts_with("evcxr_")
        {
            items.push((
                item.relevance.score(),
                item.kind,
                edit.insert.clone(),
                item.label.primary.to_string(),
            ));
        }
    }

    // Sort by relevance, then by name. Items of the same name, such as a module and a function,
    // become one.
    items.sort_by(|a, b| (b.0, &a.2).cmp(&(a.0, &b.2)));
    let mut seen = HashSet::new();
    let items = items
        .into_iter()
        .map(|(_, item_kind, insert, label)| Item {
            text: without_placeholders(&insert),
            kind: kind(item_kind).to_owned(),
            label,
        })
        .filter(|item| seen.insert(item.text.clone()))
        .collect();
    Answer {
        items,
        start: range.start().into(),
        end: range.end().into(),
        help: None,
    }
}

/// Returns the range of the word around the cursor, or an empty range at the cursor.
pub fn word_at(source: &str, cursor: TextSize) -> TextRange {
    let cursor = usize::from(cursor).min(source.len());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (before, after) = source.split_at_checked(cursor).unwrap_or((source, ""));
    let start = before.trim_end_matches(word).len();
    let end = source.len() - after.trim_start_matches(word).len();
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

/// Returns the settings of completion: no snippets of other kinds than arguments, and nothing
/// that needs more than one edit.
fn config() -> CompletionConfig<'static> {
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

/// Removes the placeholders from a snippet: `$0` is left out, `${1:name}` becomes `name`.
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

/// Returns Jupyter's kind of a completion item.
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
    use super::*;

    #[test]
    fn snippets_lose_their_placeholders() {
        assert_eq!(without_placeholders("group_by(${1:by})$0"), "group_by(by)");
        assert_eq!(without_placeholders("plain"), "plain");
    }

    #[test]
    fn word_at_returns_the_word_around_the_cursor() {
        let range = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        assert_eq!(word_at("a.group", 7.into()), range(2, 7));
        assert_eq!(word_at("a.group_by(1)", 4.into()), range(2, 10));
        assert_eq!(word_at("a. ", 2.into()), range(2, 2));
        assert_eq!(word_at("größe", 7.into()), range(0, 7));
    }
}
