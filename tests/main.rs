//! All integration tests of the support crate, one module a file. They are one program
//! because each program of tests links polars and compiles its generic code again.
mod batch;
mod capstone;
mod claims;
mod course;
mod coverage;
mod dataset;
mod dataset_folder;
mod datum;
mod extent;
mod lambda;
mod links;
mod log_promises;
#[cfg(target_os = "linux")]
mod memory;
mod microbatch;
mod persons;
#[cfg(unix)]
mod process;
mod row_store;
#[cfg(unix)]
mod serving_crash;
mod serving_store;
mod serving_views;
#[cfg(unix)]
mod speed_crash;
mod speed_log;
mod speed_row_by_row;
mod speed_store;
mod speed_views;
mod store_promises;

/// Fails if a file beside this one is no module of it: its tests would not be run.
#[test]
fn every_file_of_tests_is_compiled() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let module = format!("\nmod {stem};\n");
        let is_source = path.extension().is_some_and(|end| end == "rs");
        assert!(
            !is_source || stem == "main" || include_str!("main.rs").contains(&module),
            "tests/main.rs has no `mod {stem};`"
        );
    }
}
