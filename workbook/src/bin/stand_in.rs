//! What evcxr finds as `cargo`, `rustup` and `cc`: see
//! [`workbook::kernel::cargo_stand_in`].
//!
//! A program of its own because it starts two or three times a cell: `workbook`, with
//! polars and rust-analyzer in it, takes ten milliseconds to load, and this one less
//! than one.
use std::process::ExitCode;
use workbook::kernel::cargo_stand_in::{called_as, link, main as build};

fn main() -> ExitCode {
    match called_as() {
        Some("cargo") => build(),
        Some("cc") => link(),
        // Without rustup, evcxr looks for cargo and rustc on the PATH.
        Some(_) => ExitCode::FAILURE,
        None => {
            eprintln!("error: this program is started by the kernel alone");
            ExitCode::from(2)
        }
    }
}
