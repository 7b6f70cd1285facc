//! Before anything is graded: programs that try to break out.
use super::spec::Spec;
use super::started::{Confined, Ended};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// A program that tries what its argument says; an exit code of
/// 77 means that it could.
pub const PROBE: &str = r#"
use std::{fs, net, process::Command};
fn main() {
    let succeeded = match std::env::args().nth(1).as_deref() {
        Some("read") => fs::read("/etc/passwd").is_ok(),
        Some("write") => fs::write("probe", "x").is_ok() || fs::write("/tmp/lambda-workbook-probe", "x").is_ok(),
        Some("network") => net::TcpListener::bind("127.0.0.1:0").is_ok(),
        Some("process") => Command::new("/bin/true").status().is_ok(),
        Some("memory") => Vec::<u8>::new().try_reserve_exact(4 << 30).is_ok(),
        _ => std::process::exit(0),
    };
    std::process::exit(if succeeded { 77 } else { 0 });
}
"#;

/// Attempts, and what a refusal looks like from outside.
const ATTEMPTS: [(&str, Ended); 6] = [
    ("nothing", Ended::Code(0)),
    ("read", Ended::Code(0)),
    ("write", Ended::Code(0)),
    ("network", Ended::Signal(libc::SIGSYS)),
    ("process", Ended::Signal(libc::SIGSYS)),
    ("memory", Ended::Code(0)),
];

/// Has `start` run the compiled [`PROBE`] as `spec` says.
///
/// # Errors
/// If the sandbox does not start, or lets something through.
pub fn probe(start: impl Fn(&Spec) -> Result<Confined>, spec: &Spec) -> Result<()> {
    for (attempt, refused) in ATTEMPTS {
        let mut spec = spec.clone();
        spec.args = vec![attempt.to_owned()];
        let deadline = Instant::now() + Duration::from_secs(30);
        let (ended, _) = start(&spec)?.end(deadline)?;
        if ended != refused {
            bail!(
                "a program in the sandbox tried `{attempt}` and ended with {ended:?}, expected {refused:?}"
            );
        }
    }
    Ok(())
}
