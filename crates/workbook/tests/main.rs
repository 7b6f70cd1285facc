//! All integration tests of the program, one module a file or folder. They are one
//! program because each program of tests links the kernel, rust-analyzer and polars.
mod batch;
#[allow(dead_code)] // no test here kills the broker
#[path = "../../connect/tests/broker.rs"]
mod broker;
mod command_line;
mod data;
mod execution;
mod exercises;
#[path = "../../../tests/extent.rs"]
mod extent;
mod front_ends;
mod grade;
mod hbase;
mod kafka;
mod kernel;
mod layers;
#[cfg(target_os = "linux")]
#[path = "../../../tests/memory.rs"]
mod memory;
mod notebooks;
mod query;
#[allow(dead_code)] // as above
#[path = "../../connect/tests/region_server.rs"]
mod region_server;
mod soak;
mod spark;
#[allow(dead_code)] // as above
#[path = "../../connect/tests/systems.rs"]
mod systems;
mod widgets;

/// Fails if a file or folder beside this one is no module of it: its tests would not
/// be run.
#[test]
fn every_file_of_tests_is_compiled() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let module = format!("\nmod {stem};\n");
        assert!(
            stem == "main" || include_str!("main.rs").contains(&module),
            "crates/workbook/tests/main.rs has no `mod {stem};`"
        );
    }
}
