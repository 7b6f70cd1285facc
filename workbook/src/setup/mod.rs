//! From a fresh clone to a running JupyterLab.
//!
//! One list of [`step::Step`]s says what a working set-up is. `workbook lab` walks
//! it and mends what it can; `workbook doctor` walks it and only tells. Nothing is
//! checked in two places.
//!
//! In reading order: [`project`] (where things are), [`step`] (the list), then one
//! file a step: [`disk`], [`toolchain`], [`support`], [`python`], [`environment`],
//! [`packages`], [`kernelspec`], [`trust`], [`lesson`]; [`peers`] are the optional ones. Under
//! them [`process`] runs a program into a log and [`progress`] shows how far it is.
//! When all is well, [`lock`], [`port`] and [`server`] open JupyterLab.
pub mod disk;
pub mod environment;
pub mod kernelspec;
pub mod lesson;
pub mod lock;
pub mod packages;
pub mod peers;
pub mod port;
pub mod process;
pub mod progress;
pub mod project;
pub mod python;
pub mod record;
pub mod server;
pub mod step;
pub mod support;
pub mod toolchain;
pub mod trust;
