//! Tells the binary which rustc built it: cells must be compiled by the same one,
//! or they cannot link the support crate.
use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").expect("cargo sets RUSTC");
    let output = Command::new(rustc).arg("--version").output();
    let version = output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_string());
    println!(
        "cargo::rustc-env=LAMBDA_WORKBOOK_RUSTC={}",
        version.expect("rustc tells its version")
    );
    println!("cargo::rerun-if-changed=build.rs");
}
