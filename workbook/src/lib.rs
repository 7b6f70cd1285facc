//! The program `workbook`: the command line and the kernel. The set-up is the
//! crate `launcher`.
//!
//! It is a library too, so that the tests can speak to a real kernel.

pub mod commands;
pub mod grade;
pub mod kernel;
pub mod notebook_file;

/// How a command ended: the process's exit code.
///
/// 0 done, 1 the answer is no (a check failed), 2 wrong use (clap's own), 3 the
/// set-up or the input is broken (every `Err`).
pub enum Outcome {
    Done,
    No,
}

/// Ends the program as clap does when the words of the command line are wrong.
pub fn wrong_use(problem: impl std::fmt::Display) -> ! {
    eprintln!("error: {problem}");
    std::process::exit(2)
}
