//! `cargo lab`: from a fresh clone to a running JupyterLab.
//!
//! A reader should have something to read within ninety seconds, although the
//! kernel takes minutes to compile. So this program is small and built in seconds;
//! it installs JupyterLab and opens it on the executed start page while cargo builds
//! the kernel in the background.
//!
//! ```text
//! cargo lab ── lab ──┬── step (one list of steps: folder, Python, .venv, ...) ── server
//!                    │                                                              │
//!                    └── build (a thread: fetch, kernel, lesson data, completer)    │
//!                          │ writes .lab/build.json                                 │
//!                          ├─> page (progress in JupyterLab's top bar)        JupyterLab
//!                          └─> waiting (a cell that is run early waits) <── kernelspec
//! ```
//!
//! One list of [`step::Step`]s, [`steps`], says what a working set-up is. `cargo lab` walks it
//! and fixes what it can; `cargo workbook doctor` walks it and only reports. Nothing
//! is checked in two places.
//!
//! In reading order: [`lab`] (the command), [`project`] (where things are), [`step`]
//! (the list), then one file a step: [`disk`], [`toolchain`], [`python`],
//! [`environment`], [`packages`], [`kernelspec`], [`page`], [`trust`]; then
//! [`build`] (the background build), [`waiting`] (what a notebook's kernel is until
//! then) and [`server`] (JupyterLab). [`reading`] makes plain pages of the chapters
//! where JupyterLab cannot be installed. [`doctor`] adds [`kernel`], [`lesson`] and
//! the optional [`peers`]. Under them, [`process`] runs a program into a log,
//! [`progress`] shows how far a step is, [`lock`] keeps runs apart and [`stop`]
//! notices Ctrl-C.
pub mod build;
pub mod disk;
pub mod doctor;
pub mod environment;
pub mod free_space;
pub mod interpreter;
pub mod kernel;
pub mod kernelspec;
pub mod lab;
pub mod lesson;
pub mod lock;
pub mod packages;
pub mod page;
pub mod peers;
pub mod port;
pub mod process;
pub mod progress;
pub mod project;
pub mod python;
pub mod reading;
pub mod record;
pub mod server;
pub mod step;
pub mod steps;
pub mod stop;
pub mod toolchain;
pub mod trust;
pub mod waiting;

/// What the kernel answers to Jupyter's `kernel_info_request`, as JSON. The kernel
/// and its stand-in during the build must say the same, or JupyterLab would mark
/// the notebook as changed.
pub const KERNEL_INFO: &str = include_str!("../python/kernel_info.json");
