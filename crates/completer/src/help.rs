//! Documentation at the cursor: that of a name, or of the function that is called.

use crate::complete::word_at;
use crate::question::Help;
use ra_ap_ide::{
    Analysis, FilePosition, FileRange, HoverConfig, HoverDocFormat, RaFixtureConfig, SignatureHelp,
    SubstTyLen, TextRange,
};

/// Returns the documentation of the name in which the cursor is or behind which it stands.
/// Elsewhere between the parentheses of a call, returns that of the function that is called.
/// Returns `None` when there is neither.
///
/// With `detailed` all fields, variants and items of a type are listed.
pub fn answer(
    analysis: &Analysis,
    position: FilePosition,
    source: &str,
    detailed: bool,
) -> Option<Help> {
    let word = word_at(source, position.offset);
    let typed = source.get(word.start().into()..word.end().into())?;
    let in_name =
        word.start() < position.offset && !typed.starts_with(|c: char| c.is_ascii_digit());
    let name = || name(analysis, position, detailed);
    let call = || call(analysis, position);
    match in_name {
        true => name().or_else(call),
        false => call().or_else(name),
    }
}

/// Returns the documentation of the name at the position.
fn name(analysis: &Analysis, position: FilePosition, detailed: bool) -> Option<Help> {
    let range = FileRange {
        file_id: position.file_id,
        range: TextRange::empty(position.offset),
    };
    let hover = |format| {
        let config = hover_config(format, detailed);
        let found = analysis.hover(&config, range).ok()??;
        let text = String::from(found.info.markup);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Some(Help {
        markdown: hover(HoverDocFormat::Markdown)?,
        plain: without_fences(&hover(HoverDocFormat::PlainText)?),
    })
}

/// Returns the settings for one output format: Markdown or plain text.
fn hover_config(format: HoverDocFormat, detailed: bool) -> HoverConfig<'static> {
    let limit = |brief: usize| Some(if detailed { usize::MAX } else { brief });
    HoverConfig {
        links_in_hover: false,
        memory_layout: None,
        documentation: true,
        keywords: true,
        format,
        max_trait_assoc_items_count: if detailed { Some(usize::MAX) } else { None },
        max_fields_count: limit(8),
        max_enum_variants_count: limit(8),
        max_subst_ty_len: SubstTyLen::Unlimited,
        show_drop_glue: false,
        ra_fixture: RaFixtureConfig::default(),
    }
}

/// Returns the signature, the parameter at the cursor and the documentation of the function in
/// whose arguments the cursor is.
fn call(analysis: &Analysis, position: FilePosition) -> Option<Help> {
    let found = analysis.signature_help(position).ok()??;
    let documentation = found
        .doc
        .as_ref()
        .map(|docs| docs.as_str().trim().to_owned())
        .filter(|docs| !docs.is_empty());
    let parameter = active_parameter(&found);
    let mut markdown = format!("```rust\n{}\n```", found.signature);
    let mut plain = found.signature.clone();
    if let Some((number, of, label)) = &parameter {
        markdown += &format!("\n\nParameter {number} of {of}: `{label}`");
        plain += &format!("\n\nParameter {number} of {of}: {label}");
    }
    if let Some(documentation) = documentation {
        markdown += &format!("\n\n---\n\n{documentation}");
        plain += &format!("\n\n{}", without_fences(&documentation));
    }
    Some(Help { plain, markdown })
}

/// Returns the parameter at the cursor: its number, from 1; the number of parameters; and its
/// name and type.
fn active_parameter(found: &SignatureHelp) -> Option<(usize, usize, &str)> {
    let at = found.active_parameter?;
    let label = found.parameter_labels().nth(at)?;
    Some((at + 1, found.parameter_ranges().len(), label))
}

/// Removes the lines that begin and end code blocks from Markdown.
fn without_fences(markdown: &str) -> String {
    let lines: Vec<&str> = markdown
        .lines()
        .filter(|line| !line.trim_start().starts_with("```"))
        .collect();
    lines.join("\n").trim().to_owned()
}
