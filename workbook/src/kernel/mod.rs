//! The kernel: what stands between Jupyter and `evcxr_jupyter`.
//!
//! ```text
//! Jupyter  <- tcp ->  session (this process)  <- unix sockets ->  evcxr_jupyter
//!                      |     |                                      |        |
//!                      |     +-- types --  cargo_stand_in  <- cargo +        | pipes
//!                      |                                                     |
//!                      +---------- side channel: output, widgets ----  the cells' process
//! ```
//!
//! Read in this order:
//! - [`wire`]: Jupyter's messages, signed, on ZeroMQ sockets.
//! - [`place`]: where the built support crate is, and the private folder of one kernel.
//! - [`cargo_stand_in`]: answers the `cargo build` of each cell with one direct
//!   call of rustc, and names the types of variables.
//! - [`annotate`]: writes those types into the cell.
//! - [`backend`]: `evcxr_jupyter`, unchanged, as a child process.
//! - [`complete`]: Tab completion, by a program of its own.
//! - [`side_channel`], [`printed`]: what the cells' process says and prints.
//! - [`failure`], [`locate`], [`diagnostics`]: what goes wrong, and in which line.
//! - [`engine`]: evcxr as a session holds it.
//! - [`parse`]: whether a cell is complete.
//! - [`held`]: cells that were run before this kernel was built.
//! - [`session`]: one notebook's conversation.
//! - [`client`]: the other side, for `workbook run`, `check`, `bench` and the tests.

pub mod annotate;
pub mod backend;
pub mod cargo_stand_in;
pub mod client;
pub mod complete;
pub mod diagnostics;
pub mod engine;
pub mod failure;
pub mod held;
pub mod locate;
pub mod parse;
pub mod place;
pub mod printed;
pub mod session;
pub mod side_channel;
pub mod wire;
