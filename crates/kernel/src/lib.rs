//! The Jupyter kernel of this project, a process between Jupyter and `evcxr_jupyter`.
//!
//! A Jupyter kernel is the process that runs the cells of one notebook. evcxr is an
//! interpreter for Rust: it compiles each cell to a shared library and has another
//! process, here called the cell process, load and run it. This kernel uses evcxr
//! unchanged and adds faster compilation, output in order, widgets, completion and errors
//! with the reader's line numbers.
//!
//! ```text
//! Jupyter  <- tcp ->  session (this process)  <- unix sockets ->  evcxr_jupyter
//!                      |     |                                      |        |
//!                      |     +-- types --  cargo_stand_in  <- cargo +        | pipes
//!                      |                                                     |
//!                      +---------- side channel: output, widgets ------  cell process
//! ```
//!
//! Read the modules in this order:
//! - [`wire`]: Jupyter's messages: their format, signatures and connection files.
//! - [`place`]: the built support crate, and the private folder of one kernel.
//! - [`metadata`]: what rustc reads about the support crate's dependencies in every cell.
//! - [`cargo_stand_in`]: answers the `cargo build` of each cell with one direct call of
//!   rustc, and finds the types of variables.
//! - [`cell_source`]: changes the source that evcxr has made of a cell, so that it compiles faster.
//! - [`annotate`]: writes those types into the cell.
//! - [`backend`]: runs `evcxr_jupyter` as a child process.
//! - [`side_channel`], [`printed`]: receive the output and the requests of the cell process.
//! - [`failure`], [`locate`], [`diagnostics`], [`check`]: errors of a cell, and the lines
//!   where they occurred.
//! - [`engine`]: starts evcxr in the background.
//! - [`complete`]: completion and documentation, by a separate program.
//! - [`parse`]: decides whether a cell is complete.
//! - [`held`]: requests that were received before this kernel was built.
//! - [`session`]: the kernel session of one notebook.
//! - [`client`]: a Jupyter client for `workbook run`, `check`, `bench` and the tests.

pub mod annotate;
pub mod backend;
pub mod cargo_stand_in;
pub mod cell_source;
pub mod check;
pub mod client;
pub mod complete;
pub mod diagnostics;
pub mod engine;
pub mod failure;
pub mod held;
pub mod locate;
pub mod metadata;
pub mod notebook_file;
pub mod parse;
pub mod place;
pub mod printed;
pub mod session;
pub mod side_channel;
pub mod wire;
