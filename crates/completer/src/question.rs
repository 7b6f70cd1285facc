//! The questions of the kernel to the completer, and the answers.
//!
//! Each question and each answer is one line of JSON. The kernel includes this file by its
//! path, so that both programs use the same types and the kernel does not depend on
//! rust-analyzer.

use serde::{Deserialize, Serialize};

/// A question about a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The cell in its context: the items and variables of earlier cells, and its code.
    pub source: String,
    /// The byte offset of the cursor in `source`.
    pub offset: usize,
    /// What is asked about the position of the cursor.
    pub ask: Ask,
}

/// The kind of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The names that can stand at the cursor.
    Completions,
    /// The documentation of the name at the cursor, or of the function whose call is around the
    /// cursor.
    Help {
        /// Whether to list all fields, variants and items of a type, not only the
        /// first few.
        detailed: bool,
    },
}

/// The answer to a question; the default value when nothing was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The completions, the most relevant first.
    pub items: Vec<Item>,
    /// The byte offset of the start of the text in `source` that an item replaces.
    pub start: usize,
    /// The byte offset of the end of that text.
    pub end: usize,
    /// The documentation; `None` when it was not asked for or not found.
    pub help: Option<Help>,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The text that replaces what was typed.
    pub text: String,
    /// The kind as JupyterLab names it: function, class, module, instance or keyword.
    pub kind: String,
    /// The text that a list of completions shows.
    pub label: String,
}

/// Documentation in the two forms that Jupyter front ends show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// The text without markup, for terminals.
    pub plain: String,
    /// The text in Markdown.
    pub markdown: String,
}
