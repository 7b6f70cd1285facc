//! Tests of this program that run in a process of their own, so that they can be killed.
use std::process::Command;

/// Returns a command that runs the ignored test `name` of the module at `module_path`,
/// which the caller gives as `module_path!()`, and nothing else.
pub fn running(module_path: &str, name: &str) -> Command {
    // The harness names tests without the crate.
    let (_, module) = module_path
        .split_once("::")
        .expect("a module of this crate");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        &format!("{module}::{name}"),
        "--ignored",
        "--nocapture",
    ]);
    command
}
