//! Real servers of Spark Connect behind the command line.
use crate::command_line::done;
use crate::systems;
use connect::local::LocalSystem;
use connect::local::sail::LocalSail;
use connect::local::spark::LocalSpark;
use connect::spark::count_rows;
use std::time::Duration;

fn spark() -> LocalSpark {
    LocalSpark::at(systems::folder("spark"))
}

fn sail() -> LocalSail {
    LocalSail::at(systems::folder("sail"))
}

extern "C" fn end_spark() {
    if let Some(running) = spark().running() {
        running.kill();
    }
}

extern "C" fn end_sail() {
    if let Some(running) = sail().running() {
        running.kill();
    }
}

/// Rule: `up`, `status` and `down` find a server that runs, and end it.
#[test]
fn the_command_line_starts_and_stops_spark() {
    up_status_down(spark(), end_spark);
}

/// Rule: so for Sail, which `up` starts again.
#[test]
fn the_command_line_starts_and_stops_sail() {
    if up_status_down(sail(), end_sail) {
        let address = up("sail");
        let rows = count_rows(&address, "SELECT id FROM range(3)", Duration::from_secs(60));
        assert_eq!(rows.unwrap(), 3);
        call("down", &["sail"]);
        assert_eq!(sail().running(), None);
    }
}

/// Returns whether this machine has what the system needs.
fn up_status_down<S: LocalSystem>(system: S, end: extern "C" fn()) -> bool {
    let Some(shared) = systems::start(system, &[], end) else {
        return false;
    };
    let shared = shared.into_inner().unwrap();
    let name = shared.system.name();
    assert_eq!(up(name), shared.address);
    let status = call("status", &[]);
    let line = format!("{name} runs at sc://{}, process ", shared.address);
    assert!(status.contains(&line), "{status}");
    let down = call("down", &[name]);
    assert_eq!(down, format!("{name} is stopped\n"));
    let status = call("status", &[]);
    let line = format!("{name} does not run; start it with `workbook up {name}`\n");
    assert!(status.contains(&line), "{status}");
    let down = call("down", &[name]);
    assert_eq!(down, format!("{name} did not run\n"));
    true
}

/// Calls `workbook up`, and returns the address that it prints.
fn up(name: &str) -> String {
    let said = call("up", &[name]);
    let address = said.strip_prefix(&format!("{name} runs at sc://"));
    address.expect(&said).trim_end().to_owned()
}

/// Calls the command line on the folder of systems that tests use.
fn call(verb: &str, words: &[&str]) -> String {
    let systems = systems::folder("");
    let folder = ["--systems", systems.to_str().unwrap()];
    done(&[&[verb], words, &folder[..]].concat())
}
