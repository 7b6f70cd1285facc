//! One file per command.
pub mod batch;
pub mod bench;
pub mod check;
pub mod data;
pub mod grade;
pub mod kernel;
pub mod prepare;
pub mod query;
pub mod release;
pub mod run;
pub mod soak;
