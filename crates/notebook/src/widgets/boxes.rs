//! Containers, which arrange widgets in rows, columns and tabs.
use super::model::Model;
use super::{Control, Widget};
use serde_json::json;
use std::sync::Arc;

/// The widgets in a box: an array or a `Vec` of widgets of one type, or a tuple of up to six
/// widgets of any types.
pub trait Children {
    /// Returns their models, in order.
    fn models(self) -> Vec<Arc<Model>>;
}

impl<W: Widget, const N: usize> Children for [W; N] {
    fn models(self) -> Vec<Arc<Model>> {
        self.iter().map(|child| child.model().clone()).collect()
    }
}

impl<W: Widget> Children for Vec<W> {
    fn models(self) -> Vec<Arc<Model>> {
        self.iter().map(|child| child.model().clone()).collect()
    }
}

macro_rules! children_of_several_types {
    ($(($($child:ident)+))+) => {$(
        #[allow(non_snake_case)]
        impl<$($child: Widget),+> Children for ($($child,)+) {
            fn models(self) -> Vec<Arc<Model>> {
                let ($($child,)+) = self;
                vec![$($child.model().clone()),+]
            }
        }
    )+};
}

children_of_several_types!((A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F));

/// A box with widgets side by side.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Button, HBox, IntSlider};
/// use lambda_workbook::notebook::Render;
/// let row = HBox::new((IntSlider::new("servers", 1..=9), Button::new("Crash it")));
/// assert_eq!(row.render().get("text/plain"), Some("servers: 1 (1 to 9)  [Crash it]"));
/// ```
#[derive(Clone, Debug)]
pub struct HBox {
    model: Arc<Model>,
}

/// A box with widgets one below the other.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Label, VBox};
/// use lambda_workbook::notebook::Render;
/// let column = VBox::new([Label::new("a"), Label::new("b")]);
/// assert_eq!(column.render().get("text/plain"), Some("a\nb"));
/// ```
#[derive(Clone, Debug)]
pub struct VBox {
    model: Arc<Model>,
}

macro_rules! a_box {
    ($name:ident) => {
        impl $name {
            /// Creates a box of these widgets.
            pub fn new(children: impl Children) -> $name {
                let model = of(stringify!($name), children.models());
                $name { model }
            }
        }

        impl Widget for $name {
            fn model(&self) -> &Arc<Model> {
                &self.model
            }
        }
    };
}

a_box!(HBox);
a_box!(VBox);

/// Creates a model of this kind that contains the models `children`.
pub(super) fn of(kind: &str, children: Vec<Arc<Model>>) -> Arc<Model> {
    let model = Model::new(kind);
    let references: Vec<_> = children.iter().map(|child| child.reference()).collect();
    model.set("children", json!(references));
    model.refer_to(children);
    model
}

/// A box with a tab for each widget. Its value is the index of the tab that is open, from 0.
///
/// ```
/// use lambda_workbook::notebook::widgets::{Control, Label, Tab};
/// let tab = Tab::new([("one", Label::new("1")), ("two", Label::new("2"))]);
/// tab.set(1);
/// assert_eq!(tab.get(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Tab {
    model: Arc<Model>,
}

impl Tab {
    /// Creates a box of widgets of one type, each with the title of its tab.
    /// [`tab`](Tab::tab) adds widgets of other types.
    pub fn new<'a, W: Widget>(cards: impl IntoIterator<Item = (&'a str, W)>) -> Tab {
        let (titles, children): (Vec<&str>, Vec<W>) = cards.into_iter().unzip();
        let model = of("Tab", children.models());
        model.set("titles", json!(titles));
        if !titles.is_empty() {
            model.set("selected_index", json!(0));
        }
        Tab { model }
    }

    /// Adds a tab. Call it before the box is first shown.
    pub fn tab(self, title: &str, child: impl Widget) -> Tab {
        let mut titles = self.model.texts("titles");
        titles.push(title.to_owned());
        let mut children = self.model.texts("children");
        children.extend(child.model().reference().as_str().map(str::to_owned));
        self.model.refer_to([child.model().clone()]);
        self.model.set("children", json!(children));
        self.model.set("titles", json!(titles));
        if titles.len() == 1 {
            self.model.set("selected_index", json!(0));
        }
        self
    }
}

impl Widget for Tab {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Control for Tab {
    type Value = usize;

    fn reader(&self) -> impl Fn(&Model) -> usize + 'static {
        |model| model.int("selected_index") as usize
    }

    fn set(&self, card: usize) {
        self.model.set("selected_index", json!(card));
    }
}
