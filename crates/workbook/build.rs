//! Links the program at a fixed place in memory, where the linker of Linux can.
//!
//! The program is large: as a position-independent one it has 690,000 places to fill in at each
//! start, 12 ms of CPU instead of 5. The grader starts it twice for an answer, and only to confine
//! itself and become another program.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}"));
    if target("OS").as_deref() == Ok("linux") && target("ENV").as_deref() == Ok("gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
