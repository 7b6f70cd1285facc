//! A panic caught: code of a cell that runs later, when a slider moves, must not
//! take the process with it.
use super::link;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What unwinding carries.
pub(super) struct Panicked(Box<dyn Any + Send>);

/// Runs `code`; a panic in it is an `Err`.
pub(super) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(Panicked)
}

impl Panicked {
    /// Whether the reader interrupted, which is to end all that runs.
    pub fn is_interrupt(&self) -> bool {
        self.text() == Some("interrupted")
    }

    /// Unwinds further.
    pub fn go_on(self) -> ! {
        resume_unwind(self.0)
    }

    /// In words, with the line of the cell where the kernel knows it. To be
    /// called once, right after the panic.
    pub fn told(&self) -> String {
        link::describe_last_panic().unwrap_or_else(|| {
            let text = self.text().unwrap_or("(a value that is no text)");
            format!("panicked: {text}")
        })
    }

    fn text(&self) -> Option<&str> {
        let text = self.0.downcast_ref::<&str>().copied();
        text.or_else(|| self.0.downcast_ref::<String>().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_keeps_its_words() {
        let told = |code: fn()| caught(code).unwrap_err().told();
        assert_eq!(told(|| panic!("no {}", "luck")), "panicked: no luck");
        assert_eq!(told(|| panic!("plain")), "panicked: plain");
        let other = told(|| std::panic::panic_any(7));
        assert_eq!(other, "panicked: (a value that is no text)");
        assert_eq!(caught(|| 5).ok(), Some(5));
    }

    #[test]
    fn an_interrupt_is_told_from_a_panic_and_goes_on() {
        let outer = caught::<()>(|| {
            let inner = caught::<()>(|| resume_unwind(Box::new("interrupted")));
            let inner = inner.unwrap_err();
            assert!(inner.is_interrupt());
            inner.go_on()
        });
        assert!(outer.unwrap_err().is_interrupt());
    }
}
