//! The program that evcxr finds under the names `cargo`, `rustup` and `cc`; see
//! [`kernel::cargo_stand_in`].
//!
//! It is not part of the program `workbook` because it starts two or three times for each
//! cell. `workbook` contains polars and rust-analyzer and takes ten milliseconds to load;
//! this program takes less than one.
use kernel::cargo_stand_in::{called_as, link, main as build};
use std::process::ExitCode;

fn main() -> ExitCode {
    match called_as() {
        Some("cargo") => build(),
        Some("cc") => link(),
        // When rustup fails, evcxr looks for cargo and rustc on the PATH, which is wanted.
        Some(_) => ExitCode::FAILURE,
        None => {
            eprintln!(
                "error: this program stands in for cargo and cc while a notebook runs; \
                 only the kernel starts it"
            );
            ExitCode::from(2)
        }
    }
}
