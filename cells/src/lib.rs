//! What a notebook cell links: the whole support crate, under its own name.
//!
//! See this package's `Cargo.toml` for why it exists.
pub use support::*;
