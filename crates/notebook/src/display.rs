//! What evcxr calls to show the last expression of a cell.
use crate::emit::emit;
use show::AsRich;
use show::render::debug_text;
use std::fmt::Debug;

/// What evcxr calls on the last expression of a cell.
///
/// Implemented for everything that renders, and for numbers and text, which show
/// as their `Debug` form.
pub trait EvcxrDisplay {
    /// Shows the value.
    fn evcxr_display(&self);
}

impl<T: AsRich + ?Sized> EvcxrDisplay for T {
    fn evcxr_display(&self) {
        emit(&self.as_rich());
    }
}

/// The `Debug` form for every other type.
///
/// It takes `&mut self` so that method lookup comes here only after
/// [`EvcxrDisplay`] has been ruled out. A cell that ends in `frame.height()` then
/// compiles once, where evcxr would fail, and compile again with `{:?}`.
pub trait EvcxrDebug {
    /// Shows the value's `Debug` form.
    fn evcxr_display(&mut self);
}

impl<T: Debug> EvcxrDebug for T {
    fn evcxr_display(&mut self) {
        emit(&debug_text(self));
    }
}

#[cfg(test)]
// Written as evcxr writes it.
#[allow(unused_parens, clippy::double_parens, clippy::needless_borrow)]
mod tests {
    use super::*;
    use polars::prelude::*;

    /// Never called, for it would write on the tests' output: it compiles only if
    /// each of these finds exactly one method.
    #[allow(dead_code)]
    fn every_kind_of_value_has_the_method() {
        let frame = df!("a" => [1]).unwrap();
        (frame.clone()).evcxr_display();
        (frame.clone().lazy()).evcxr_display();
        (frame.height()).evcxr_display();
        ("text").evcxr_display();
        (vec![1, 2]).evcxr_display();
        (vec![frame.clone()]).evcxr_display();
        ((frame.clone(), frame.clone())).evcxr_display();
        (frame.column("a")).evcxr_display();
        (Some(frame)).evcxr_display();
        ((1, "b")).evcxr_display();
        ().evcxr_display();
    }

    /// A value that is only borrowed, and need not be mutable, shows as well.
    #[allow(dead_code)]
    fn a_reference_has_the_method() {
        let frame = df!("a" => [1]).unwrap();
        let numbers = vec![1, 2];
        (&(frame)).evcxr_display();
        (&(numbers)).evcxr_display();
        (&(frame.height())).evcxr_display();
        (&("text")).evcxr_display();
        (&(frame.column("a"))).evcxr_display();
        (&((1, "b"))).evcxr_display();
        (&(())).evcxr_display();
    }
}
