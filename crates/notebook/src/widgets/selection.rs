//! Widgets with which the reader chooses one of several options.
use super::model::Model;
use super::{Control, Widget};
use serde_json::json;
use std::fmt::Display;
use std::sync::Arc;

/// A type of options: any type that can be compared and cloned.
pub trait Choice: Clone + PartialEq + Send + Sync + 'static {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Choice for T {}

macro_rules! selection {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<T> {
            model: Arc<Model>,
            options: Arc<[T]>,
        }

        impl<T: Choice> $name<T> {
            /// Creates a widget with these options, of which the first one is chosen. The labels
            /// are the options as text.
            ///
            /// # Panics
            /// If there is no option.
            #[track_caller]
            pub fn new(description: &str, options: impl IntoIterator<Item = T>) -> Self
            where
                T: Display,
            {
                let labelled = |option: T| (option.to_string(), option);
                Self::labelled(description, options.into_iter().map(labelled))
            }

            /// Creates a widget with options given as (label, option), of which the first one is
            /// chosen.
            ///
            /// # Panics
            /// If there is no option.
            #[track_caller]
            pub fn labelled<L: Into<String>>(
                description: &str,
                options: impl IntoIterator<Item = (L, T)>,
            ) -> Self {
                let label = |(label, option): (L, T)| (label.into(), option);
                let (labels, options): (Vec<String>, Vec<T>) =
                    options.into_iter().map(label).unzip();
                let model = choose_among(stringify!($name), description, &labels);
                let options = options.into();
                $name { model, options }
            }

            /// Chooses an option. A value that is not one of the options is ignored, with a
            /// message on standard error.
            pub fn value(self, option: T) -> Self {
                self.set(option);
                self
            }
        }

        impl<T: Choice> Widget for $name<T> {
            fn model(&self) -> &Arc<Model> {
                &self.model
            }
        }

        impl<T: Choice> Control for $name<T> {
            type Value = T;

            fn reader(&self) -> impl Fn(&Model) -> T + 'static {
                let options = self.options.clone();
                move |model| {
                    let index = model.int("index") as usize;
                    options[index.min(options.len() - 1)].clone()
                }
            }

            fn set(&self, option: T) {
                match self.options.iter().position(|known| *known == option) {
                    Some(index) => self.model.set("index", json!(index)),
                    None => self.model.trace("the new value is not one of the options; the choice is unchanged"),
                }
            }
        }
    };
}

/// Creates the model of a selection, with the first option chosen.
///
/// # Panics
/// If there is no option.
#[track_caller]
fn choose_among(name: &str, description: &str, labels: &[String]) -> Arc<Model> {
    assert!(
        !labels.is_empty(),
        "{name} `{description}`: needs at least one option"
    );
    let model = Model::new(name);
    model.describe(description);
    model.set("_options_labels", json!(labels));
    model.set("index", json!(0));
    model
}

selection! {
    /// A dropdown list of options.
    ///
    /// ```
    /// use lambda_workbook::notebook::widgets::{Control, Dropdown};
    /// let zone = Dropdown::new("zone", ["UTC", "Asia/Kolkata"]).value("Asia/Kolkata");
    /// assert_eq!(zone.get(), "Asia/Kolkata");
    /// let hour = Dropdown::labelled("every", [("hour", 3_600), ("day", 86_400)]);
    /// assert_eq!(hour.get(), 3_600);
    /// ```
    Dropdown
}

selection! {
    /// A row of buttons for the options, one of which is pressed.
    ///
    /// ```
    /// use lambda_workbook::notebook::widgets::{Control, ToggleButtons};
    /// use lambda_workbook::prelude::Granularity;
    /// let every = ToggleButtons::new("every", [Granularity::Hour, Granularity::Day]);
    /// assert_eq!(every.get(), Granularity::Hour);
    /// ```
    ToggleButtons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::panics::caught;

    #[test]
    fn no_option_at_all_is_refused_by_the_widgets_name() {
        let refused = caught(|| Dropdown::<String>::new("zone", [])).unwrap_err();
        assert_eq!(
            refused.message(),
            "panicked: Dropdown `zone`: needs at least one option"
        );
    }

    #[test]
    fn an_option_comes_back_in_its_own_type() {
        let bucket = ToggleButtons::labelled("n", [("one", Some(1)), ("none", None)]);
        assert_eq!(bucket.get(), Some(1));
        bucket.set(None);
        assert_eq!(bucket.get(), None);
    }

    #[test]
    fn what_is_no_option_changes_nothing() {
        let zone = Dropdown::new("zone", ["UTC", "Asia/Kolkata"]).value("Mars");
        assert_eq!(zone.get(), "UTC");
    }
}
