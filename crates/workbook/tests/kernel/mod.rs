//! The kernel as a reader meets it: real processes, real sockets, real rustc.
mod cells;
mod complete;
mod errors;
mod life;
mod output;
mod protocol;
mod states;
pub mod with_kernel;
