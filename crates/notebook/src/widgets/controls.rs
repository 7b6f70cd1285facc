//! Converts the values of controls to the parameters of a closure.
use super::Control;
use super::model::Model;
use crate::Rich;
use show::InteractOutput;
use std::sync::Arc;

/// One control, or a tuple of up to six.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a control",
    note = "a control is a slider, a dropdown, ... or a tuple of up to six of them; \
            pass a clone of a control that you also use elsewhere"
)]
pub trait Controls: Clone + 'static {
    /// The tuple of their values.
    type Values;

    /// Returns the current values.
    fn values(&self) -> Self::Values;

    /// Returns for each control the model that is drawn and the model that holds its value.
    fn models(&self) -> Vec<[Arc<Model>; 2]>;
}

impl<C: Control> Controls for C {
    type Values = (C::Value,);

    fn values(&self) -> Self::Values {
        (self.get(),)
    }

    fn models(&self) -> Vec<[Arc<Model>; 2]> {
        vec![[self.model().clone(), self.value_model().clone()]]
    }
}

/// A type of a closure's parameter that can be made from a control's value of type `V`.
#[diagnostic::on_unimplemented(
    message = "a control with values of type `{V}` cannot be a parameter of type `{Self}`",
    note = "an IntSlider and a Play can be any integer type, a FloatSlider f64, a Checkbox bool, \
            a Text String, a Dropdown and ToggleButtons the type of their options"
)]
pub trait Parameter<V>: Sized {
    /// Converts a control's value.
    ///
    /// # Panics
    /// If the value does not fit into the type, such as a negative number into a `usize`.
    fn from_value(value: V) -> Self;
}

impl<T> Parameter<T> for T {
    fn from_value(value: T) -> T {
        value
    }
}

/// The text of a dropdown of string literals.
impl Parameter<&'static str> for String {
    fn from_value(value: &'static str) -> String {
        value.to_owned()
    }
}

macro_rules! integer_parameters {
    ($from:ty: $($to:ty),*) => {$(
        impl Parameter<$from> for $to {
            fn from_value(value: $from) -> $to {
                <$to>::try_from(value).unwrap_or_else(|_| {
                    panic!(
                        "the control's value {value} does not fit into a parameter of type {}; \
                         use another type, or another range for the control",
                        stringify!($to)
                    )
                })
            }
        }
    )*};
}

integer_parameters!(i64: i8, i16, i32, isize, u8, u16, u32, u64, usize);
integer_parameters!(u64: i32, i64, u32, usize);

/// A closure that takes a parameter for each control.
#[diagnostic::on_unimplemented(
    message = "this closure does not fit its controls",
    note = "it needs one parameter for each control, with its type: `|n: i64, zone: String|`"
)]
pub trait Closure<Values, Parameters> {
    /// Calls the closure with the values of its controls. Returns what is shown; `None` if nothing
    /// is.
    fn call(&mut self, values: Values) -> Option<Rich>;
}

macro_rules! tuples {
    ($(($($control:ident $parameter:ident $n:tt),+))+) => {
        $(tuples!(@closure $($control $parameter $n),+);)+
    };
    (@closure $($control:ident $parameter:ident $n:tt),+) => {
        impl<F, R, $($control, $parameter),+> Closure<($($control,)+), ($($parameter,)+)> for F
        where
            F: FnMut($($parameter),+) -> R,
            R: InteractOutput,
            $($parameter: Parameter<$control>),+
        {
            fn call(&mut self, values: ($($control,)+)) -> Option<Rich> {
                self($($parameter::from_value(values.$n)),+).output()
            }
        }
    };
}

tuples!(
    (A P 0)
    (A P 0, B Q 1)
    (A P 0, B Q 1, C S 2)
    (A P 0, B Q 1, C S 2, D T 3)
    (A P 0, B Q 1, C S 2, D T 3, E U 4)
    (A P 0, B Q 1, C S 2, D T 3, E U 4, G V 5)
);

macro_rules! control_tuples {
    ($(($($control:ident $n:tt),+))+) => {$(
        impl<$($control: Control),+> Controls for ($($control,)+) {
            type Values = ($($control::Value,)+);

            fn values(&self) -> Self::Values {
                ($(self.$n.get(),)+)
            }

            fn models(&self) -> Vec<[Arc<Model>; 2]> {
                vec![$([self.$n.model().clone(), self.$n.value_model().clone()]),+]
            }
        }
    )+};
}

control_tuples!(
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
);
