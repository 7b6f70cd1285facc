//! The traits of types that can be shown in a cell.
use crate::Rich;
use std::fmt::{Debug, Display};
use std::rc::Rc;
use std::sync::Arc;

/// A value with a rich form.
pub trait Render {
    /// Returns the value in all its MIME types.
    fn render(&self) -> Rich;

    /// Renders many values. By default they are one below the other, and of many only the first
    /// and the last are shown. A type can override it, for example with a table that has a row
    /// for each value.
    fn render_all(items: &[Self]) -> Rich
    where
        Self: Sized,
    {
        crate::forms::list(items)
    }
}

/// A value that the last line of a cell can show: all types that implement [`Render`], and numbers
/// and text, which are shown in their `Debug` form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no rich form",
    note = "print it with `println!(\"{{x:?}}\")`, or show text with `display(Rich::text(x))`"
)]
pub trait AsRich {
    /// Returns the value in all its MIME types.
    fn as_rich(&self) -> Rich;
}

impl<T: Render + ?Sized> AsRich for T {
    fn as_rich(&self) -> Rich {
        self.render()
    }
}

macro_rules! as_debug {
    ($($type:ty),*) => {$(
        impl AsRich for $type {
            fn as_rich(&self) -> Rich {
                debug_text(&self)
            }
        }

        impl AsRich for &$type {
            fn as_rich(&self) -> Rich {
                debug_text(self)
            }
        }
    )*};
}

as_debug!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool, char, str,
    String
);

/// A cell that ends in a statement shows nothing.
impl AsRich for () {
    fn as_rich(&self) -> Rich {
        Rich::nothing()
    }
}

/// Returns a value's `Debug` form as plain text.
pub fn debug_text(value: &dyn Debug) -> Rich {
    Rich::text(format!("{value:?}"))
}

impl Render for Rich {
    fn render(&self) -> Rich {
        self.clone()
    }
}

impl<T: Render + ?Sized> Render for &T {
    fn render(&self) -> Rich {
        (**self).render()
    }
}

impl<T: Render + ?Sized> Render for Box<T> {
    fn render(&self) -> Rich {
        (**self).render()
    }
}

impl<T: Render + ?Sized> Render for Rc<T> {
    fn render(&self) -> Rich {
        (**self).render()
    }
}

impl<T: Render + ?Sized> Render for Arc<T> {
    fn render(&self) -> Rich {
        (**self).render()
    }
}

impl<T: Render> Render for Option<T> {
    fn render(&self) -> Rich {
        match self {
            Some(value) => value.render(),
            None => Rich::text("None"),
        }
    }
}

/// An `Err` is shown in red, and the notebook continues. To stop the run of a notebook at an error,
/// end the cell with `?`.
impl<T: Render, E: Display> Render for Result<T, E> {
    fn render(&self) -> Rich {
        match self {
            Ok(value) => value.render(),
            Err(error) => error_text(error),
        }
    }
}

/// Returns the message of an error, in red.
fn error_text(error: &dyn Display) -> Rich {
    let text = format!("Error: {error}");
    let html = format!(
        "<pre style=\"color:var(--jp-error-color1,#d32f2f)\">{}</pre>",
        crate::escape::escape(&text)
    );
    Rich::text(text).html(html)
}

impl<T: Render> Render for [T] {
    fn render(&self) -> Rich {
        T::render_all(self)
    }
}

impl<T: Render> Render for Vec<T> {
    fn render(&self) -> Rich {
        self.as_slice().render()
    }
}

impl<T: Render, const N: usize> Render for [T; N] {
    fn render(&self) -> Rich {
        self.as_slice().render()
    }
}

impl<A: Render, B: Render> Render for (A, B) {
    fn render(&self) -> Rich {
        Rich::stack(&[self.0.render(), self.1.render()])
    }
}

impl<A: Render, B: Render, C: Render> Render for (A, B, C) {
    fn render(&self) -> Rich {
        Rich::stack(&[self.0.render(), self.1.render(), self.2.render()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::DataFrame;

    #[test]
    fn an_error_is_shown_with_its_text() {
        let rich = Err::<DataFrame, _>("no <such> column").render();
        assert_eq!(rich.get("text/plain"), Some("Error: no <such> column"));
        assert!(rich.get("text/html").unwrap().contains("&lt;such&gt;"));
    }
}
