//! Catches panics in closures of cells. They run when the reader uses a widget, and a panic there
//! must not end the process.
use super::link;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The payload of a panic.
pub(super) struct Panicked(Box<dyn Any + Send>);

/// Runs `code` and returns its result, or the panic in it as an `Err`.
pub(super) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(Panicked)
}

impl Panicked {
    /// Returns true if this is an interrupt by the reader, which must end everything that runs.
    pub fn is_interrupt(&self) -> bool {
        self.text() == Some("interrupted")
    }

    /// Continues to unwind.
    pub fn resume(self) -> ! {
        resume_unwind(self.0)
    }

    /// Returns the message of the panic, with the line of the cell if the kernel knows it. Call it
    /// once, directly after the panic.
    pub fn message(&self) -> String {
        link::describe_last_panic().unwrap_or_else(|| {
            let text = self.text().unwrap_or("(a value that is no text)");
            format!("panicked: {text}")
        })
    }

    /// Returns the payload if it is text.
    fn text(&self) -> Option<&str> {
        let text = self.0.downcast_ref::<&str>().copied();
        text.or_else(|| self.0.downcast_ref::<String>().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_keeps_its_message() {
        let message = |code: fn()| caught(code).unwrap_err().message();
        assert_eq!(message(|| panic!("no {}", "luck")), "panicked: no luck");
        assert_eq!(message(|| panic!("plain")), "panicked: plain");
        let other = message(|| std::panic::panic_any(7));
        assert_eq!(other, "panicked: (a value that is no text)");
        assert_eq!(caught(|| 5).ok(), Some(5));
    }

    #[test]
    fn an_interrupt_is_told_from_a_panic_and_goes_on() {
        let outer = caught::<()>(|| {
            let inner = caught::<()>(|| resume_unwind(Box::new("interrupted")));
            let inner = inner.unwrap_err();
            assert!(inner.is_interrupt());
            inner.resume()
        });
        assert!(outer.unwrap_err().is_interrupt());
    }
}
