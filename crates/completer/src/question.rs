//! What the kernel asks the completer, and what the completer answers.
//!
//! Each question and each answer is one line of JSON. This file is the only
//! statement of both: the kernel includes it by its path, so that it does not
//! depend on this package and rust-analyzer.

use serde::{Deserialize, Serialize};

/// A question about a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The cell in its context: items, variables with their types, the code.
    pub source: String,
    /// The cursor, in bytes from the start of `source`.
    pub offset: usize,
    /// What is asked about the cursor's place.
    pub ask: Ask,
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The names that can stand at the cursor.
    Completions,
    /// The documentation of the name at the cursor, or of the function that the call
    /// around the cursor calls.
    Help {
        /// Whether to list all fields, variants and items of a type, not only the
        /// first few.
        detailed: bool,
    },
}

/// The answer to a question. An answer that found nothing is the default value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Completions, the likeliest first.
    pub items: Vec<Item>,
    /// Start of the part of `source` that an item replaces, in bytes.
    pub start: usize,
    /// End of that part, in bytes.
    pub end: usize,
    /// The documentation, when it was asked for and found.
    pub help: Option<Help>,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The text that replaces what was typed.
    pub text: String,
    /// Jupyter's kind of the completion: function, class, module, instance, keyword.
    pub kind: String,
    /// The text that a list of completions shows.
    pub label: String,
}

/// Documentation in the two forms that Jupyter front ends show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// Without any markup, for terminals.
    pub plain: String,
    /// In Markdown.
    pub markdown: String,
}
