//! The values that the closure of an interactive cell may return.
use crate::escape::escape;
use crate::{Render, Rich};
use std::fmt::{Debug, Display};

/// A value that the closure of an `interact` may return: anything that renders, numbers and
/// text, nothing, or a `Result` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown under controls",
    note = "return a figure, a table, a text, a number, nothing, or a `Result` of one of them; \
            `format!(\"{{x:?}}\")` makes a text of most other values"
)]
pub trait InteractOutput {
    /// Returns what is shown; `None` if nothing is.
    fn output(self) -> Option<Rich>;
}

impl<T: Render> InteractOutput for T {
    fn output(self) -> Option<Rich> {
        Some(self.render())
    }
}

impl InteractOutput for () {
    fn output(self) -> Option<Rich> {
        None
    }
}

impl<E: Display> InteractOutput for Result<(), E> {
    fn output(self) -> Option<Rich> {
        self.err().map(|error| red(&format!("Error: {error}")))
    }
}

macro_rules! plain {
    ($show:ident: $($type:ty),*) => {$(
        impl InteractOutput for $type {
            fn output(self) -> Option<Rich> {
                Some($show(&self))
            }
        }

        impl<E: Display> InteractOutput for Result<$type, E> {
            fn output(self) -> Option<Rich> {
                match self {
                    Ok(value) => value.output(),
                    Err(error) => Some(red(&format!("Error: {error}"))),
                }
            }
        }
    )*};
}

// Numbers are shown in their debug form, as in the last line of a cell, and text without quotes.
plain!(debug: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool);
plain!(text: char, &str, String);

fn debug(value: &dyn Debug) -> Rich {
    Rich::text(format!("{value:?}"))
}

fn text(value: &dyn Display) -> Rich {
    Rich::text(value)
}

/// Returns the message of an error, in red, to be shown in place of a result.
pub fn red(text: &str) -> Rich {
    let html = format!(
        "<pre style=\"color:var(--jp-error-color1,#d32f2f)\">{}</pre>",
        escape(text)
    );
    Rich::text(text).html(html)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{DataFrame, PolarsError, df};

    fn plain(outcome: impl InteractOutput) -> Option<String> {
        let rich = outcome.output()?;
        rich.get("text/plain").map(str::to_owned)
    }

    #[test]
    fn numbers_text_nothing_and_their_results_are_shown() {
        assert_eq!(plain(0.5), Some("0.5".into()));
        assert_eq!(plain("two"), Some("two".into()));
        assert_eq!(plain(()), None);
        assert_eq!(plain(Ok::<_, String>(3u8)), Some("3".into()));
        assert_eq!(plain(Ok::<_, String>(())), None);
        assert_eq!(
            plain(df!("a" => [1])).map(|text| text.contains('1')),
            Some(true)
        );
    }

    #[test]
    fn an_error_is_shown_whatever_the_ok_would_have_been() {
        let error = || PolarsError::NoData("nothing < here".into());
        let no_frame = Err::<DataFrame, _>(error()).output().unwrap();
        let no_unit = Err::<(), _>(error()).output().unwrap();
        assert_eq!(no_frame, no_unit);
        assert!(
            no_unit
                .get("text/html")
                .unwrap()
                .contains("nothing &lt; here")
        );
    }
}
