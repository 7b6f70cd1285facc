//! When a stream that goes on is to stop.
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupted(_signal: i32) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Notes an interrupt (Ctrl-C) or a request to end, in place of ending at once, so that a stream is
/// stopped on the server too.
pub(super) struct Stop {
    /// The program that asks: when it is gone, the system gives this one another parent.
    asks: i32,
}

impl Stop {
    /// Begins to note interrupts.
    pub(super) fn on_interrupt() -> Self {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let handler = interrupted as extern "C" fn(i32) as libc::sighandler_t;
        // SAFETY: the handler only stores a flag, and this asks for a number.
        unsafe {
            libc::signal(libc::SIGINT, handler);
            libc::signal(libc::SIGTERM, handler);
            Self {
                asks: libc::getppid(),
            }
        }
    }

    /// Returns whether there was an interrupt, or the program that asks has ended.
    pub(super) fn is_asked_for(&self) -> bool {
        // SAFETY: this asks for a number.
        INTERRUPTED.load(Ordering::Relaxed) || unsafe { libc::getppid() } != self.asks
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        // SAFETY: as before the stream, a signal ends this program.
        unsafe {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            libc::signal(libc::SIGTERM, libc::SIG_DFL);
        }
    }
}
