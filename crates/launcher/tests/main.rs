//! The set-up on machines that lack something, and after runs that were cut off.
//! Real processes, with the programs on the PATH replaced where that is the point.
mod build;
mod disk;
mod lab;
mod mending;
mod missing;
mod project;
mod server;
