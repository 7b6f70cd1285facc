//! A panic caught, with its words and its place.
//!
//! Code of a cell that runs later, when a slider moves, must not take the process
//! with it. `catch_unwind` alone loses where the panic was, which only the
//! panic hook is told.
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location, PanicHookInfo};
use std::sync::Once;

/// The file of every cell's code, as rustc was given it.
const CELL: &str = "src/lib.rs";

/// What a panic said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Panicked {
    pub message: String,
    /// File and line.
    pub place: Option<(String, u32)>,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

/// Runs `code`; a panic in it is an `Err`, and is not reported elsewhere.
pub(super) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Panicked> {
    static HOOK: Once = Once::new();
    // Later than the channel's own hook, which must hear of all other panics.
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                LAST.set(Some(told(info)));
            } else {
                others(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    LAST.take();
    let result = panic::catch_unwind(AssertUnwindSafe(code));
    CATCHING.set(outer);
    result.map_err(|payload| LAST.take().unwrap_or_else(|| without_hook(&*payload)))
}

fn told(info: &PanicHookInfo<'_>) -> Panicked {
    let place = info.location().map(|at| (at.file().to_owned(), at.line()));
    Panicked {
        message: words(info.payload_as_str()),
        place,
    }
}

/// The reader may have set a hook since; then the place stays unknown.
fn without_hook(payload: &(dyn Any + Send)) -> Panicked {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Panicked {
        message: words(text),
        place: None,
    }
}

fn words(text: Option<&str>) -> String {
    text.unwrap_or("(a value that is no text)").to_owned()
}

impl Panicked {
    /// What to show: `panicked: message`, and the place on a line of its own.
    ///
    /// A line number of a cell's file means nothing to its reader, for a cell is
    /// compiled with more around it; counted from the call it does.
    pub fn told_from(&self, call: Call) -> String {
        let message = &self.message;
        match self.place_from(call) {
            Some(place) => format!("panicked: {message}\n  at {place}"),
            None => format!("panicked: {message}"),
        }
    }

    fn place_from(&self, call: Call) -> Option<String> {
        let (file, line) = self.place.as_ref()?;
        if file != CELL {
            return Some(format!("{}:{line}", shortened(file)));
        }
        Some(match line.checked_sub(call.at.line()) {
            Some(below) if call.at.file() == CELL => {
                format!("line {} of this `{}`", below + 1, call.name)
            }
            _ => "an item of this notebook".to_owned(),
        })
    }
}

/// Where code was handed over to run later, and to what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub name: &'static str,
    pub at: &'static Location<'static>,
}

impl Call {
    #[track_caller]
    pub fn of(name: &'static str) -> Call {
        let at = Location::caller();
        Call { name, at }
    }
}

/// A path inside a package without what comes before the package.
fn shortened(file: &str) -> &str {
    match file.split_once("/registry/src/") {
        Some((_, rest)) => rest.split_once('/').map_or(file, |(_, rest)| rest),
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_keeps_its_message_and_place() {
        let panicked = caught(|| -> () { panic!("no {}", "luck") }).unwrap_err();
        assert_eq!(panicked.message, "no luck");
        let (file, line) = panicked.place.clone().unwrap();
        assert!(file.ends_with("panics.rs") && line > 1, "{file}:{line}");
        let told = panicked.told_from(Call::of("interact"));
        assert!(told.starts_with("panicked: no luck\n  at "), "{told}");
        assert_eq!(caught(|| 5), Ok(5));
    }

    #[test]
    fn a_panic_inside_a_caught_one_is_its_own() {
        let outer = caught(|| {
            let inner = caught(|| -> () { panic!("inner") }).unwrap_err();
            assert_eq!(inner.message, "inner");
            panic!("outer after {}", inner.message)
        });
        assert_eq!(outer.unwrap_err().message, "outer after inner");
    }

    #[test]
    fn a_value_that_is_no_text_is_told_so() {
        let panicked = caught(|| panic::panic_any(7)).unwrap_err();
        assert_eq!(panicked.message, "(a value that is no text)");
    }

    #[test]
    fn a_library_is_named_without_the_machines_folders() {
        let file = "/home/x/.cargo/registry/src/host-1/polars-0.1/src/a.rs";
        assert_eq!(shortened(file), "polars-0.1/src/a.rs");
    }
}
