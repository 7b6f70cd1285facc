//! Notices that the reader wants this program to end: Ctrl-C, a closed terminal, or
//! a polite kill.
use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

fn flag() -> &'static Arc<AtomicBool> {
    FLAG.get_or_init(Arc::default)
}

/// From now on, the three signals set a flag instead of ending the process.
///
/// # Errors
/// When the system refuses to install a handler.
pub fn listen() -> std::io::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, flag().clone())?;
    }
    Ok(())
}

/// Whether the program should end.
pub fn wanted() -> bool {
    flag().load(Ordering::Relaxed)
}

/// Asks the program to end, as a signal does.
pub fn ask() {
    flag().store(true, Ordering::Relaxed);
}

/// An error when the program should end, for use between two steps.
///
/// # Errors
/// When a signal was received.
pub fn check() -> Result<()> {
    if wanted() {
        bail!(Stopped);
    }
    Ok(())
}

/// The error of a step that was ended by the reader.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stopped; the next `cargo lab` continues from here")
    }
}

impl std::error::Error for Stopped {}
