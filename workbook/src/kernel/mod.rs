//! The kernel: what stands between Jupyter and `evcxr_jupyter`.
//!
//! ```text
//! Jupyter  <- tcp ->  session (this process)  <- unix sockets ->  evcxr_jupyter  <- pipes ->  the cells' process
//!                        |                                            |
//!                        |  types of untyped `let`s                   |  "cargo build"
//!                        +------------------- cargo_stand_in  <-------+
//! ```
//!
//! Read in this order:
//! - [`wire`]: Jupyter's messages, signed, on ZeroMQ sockets.
//! - [`place`]: where the built support crate is, and the private folder of one kernel.
//! - [`cargo_stand_in`]: answers the `cargo build` of each cell with one direct
//!   call of rustc, and names the types of variables.
//! - [`annotate`]: writes those types into the cell.
//! - [`backend`]: `evcxr_jupyter`, unchanged, as a child process.
//! - [`complete`]: Tab completion, in a process of its own.
//! - [`reports`]: panics and failed `?`, as cells report them.
//! - [`engine`]: evcxr as a session holds it.
//! - [`session`]: one notebook's conversation.
//! - [`client`]: the other side, for `workbook run`, `check`, `bench` and the tests.

pub mod annotate;
pub mod backend;
pub mod cargo_stand_in;
pub mod client;
pub mod complete;
pub mod engine;
pub mod place;
pub mod reports;
pub mod session;
pub mod wire;
