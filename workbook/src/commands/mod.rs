//! One file per command.
pub mod data;
pub mod batch;
pub mod check;
pub mod release;
pub mod run;
pub mod bench;
pub mod lab;
pub mod doctor;
pub mod kernel;
