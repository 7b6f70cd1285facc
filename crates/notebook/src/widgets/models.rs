//! The table of all kinds of widgets, as front ends know them.
//!
//! The attributes, their types and their defaults are those of ipywidgets 8
//! (`jupyterwidgetmodels.latest.md`); a test compares them. The attributes that the reader can
//! change are marked with `by_hand`. No other attribute is accepted from a front end.
use Initial::*;

/// The version of the JavaScript packages that implement the models.
pub(super) const VERSION: &str = "2.0.0";
/// The package with layouts and the views of styles.
pub(super) const BASE: &str = "@jupyter-widgets/base";
/// The package with everything else.
pub(super) const CONTROLS: &str = "@jupyter-widgets/controls";

/// The type of an attribute, and its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Initial {
    /// A text or null; null by default.
    NoText,
    /// A boolean or null; null by default.
    NoBool,
    /// An integer or null; null by default.
    NoInt,
    /// A boolean with this default.
    Bool(bool),
    /// An integer with this default.
    Int(i64),
    /// A float with this default.
    Float(f64),
    /// A text with this default.
    Text(&'static str),
    /// A list; empty by default.
    List,
    /// A reference to a model; by default to a new one of this kind.
    New(&'static str),
    /// Bytes, which messages carry outside of the JSON; empty by default.
    Bytes,
}

/// An attribute of a model, which ipywidgets calls a trait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its type and default.
    pub initial: Initial,
    /// Whether the reader can change it in the front end.
    pub by_hand: bool,
}

/// A kind of model.
#[derive(Debug)]
pub(super) struct ModelKind {
    /// Its name in ipywidgets, without the ending `Model`.
    pub name: &'static str,
    /// The package of the model.
    pub module: &'static str,
    /// The package and the name of its view. Links have no view.
    pub view: (&'static str, Option<&'static str>),
    /// The attribute that `on_change` watches; empty if there is none.
    pub value: &'static str,
    /// Its attributes, in groups that several kinds share.
    groups: &'static [&'static [Attribute]],
    /// The names of further attributes of type [`NoText`].
    unset: &'static [&'static str],
}

/// An attribute that the reader cannot change.
const fn a(name: &'static str, initial: Initial) -> Attribute {
    Attribute {
        name,
        initial,
        by_hand: false,
    }
}

/// An attribute that the reader can change.
const fn by_hand(name: &'static str, initial: Initial) -> Attribute {
    Attribute {
        name,
        initial,
        by_hand: true,
    }
}

const DOM: &[Attribute] = &[
    a("_dom_classes", List),
    a("layout", New("Layout")),
    a("tabbable", NoBool),
    a("tooltip", NoText),
];
const DESCRIBED: &[Attribute] = &[
    a("description", Text("")),
    a("description_allow_html", Bool(false)),
];
const INPUT: &[Attribute] = &[a("disabled", Bool(false))];
const SLIDER: &[Attribute] = &[
    a("behavior", Text("drag-tap")),
    a("continuous_update", Bool(true)),
    a("orientation", Text("horizontal")),
    a("readout", Bool(true)),
    a("style", New("SliderStyle")),
];
const INTS: &[Attribute] = &[
    a("min", Int(0)),
    a("max", Int(100)),
    a("step", Int(1)),
    by_hand("value", Int(0)),
];
const SELECTION: &[Attribute] = &[a("_options_labels", List), by_hand("index", NoInt)];
const BOX: &[Attribute] = &[a("box_style", Text("")), a("children", List)];
const TEXT: &[Attribute] = &[a("placeholder", Text("\u{200b}"))];
const STYLE: &[Attribute] = &[a("description_width", Text(""))];
const LINK: &[Attribute] = &[a("source", List), a("target", List)];

macro_rules! kind {
    ($name:literal, value $value:literal, $groups:expr) => {
        ModelKind {
            name: $name,
            module: CONTROLS,
            view: (CONTROLS, Some(concat!($name, "View"))),
            value: $value,
            groups: &$groups,
            unset: &[],
        }
    };
    ($name:literal, view $view:expr, $groups:expr, unset $unset:expr) => {
        ModelKind {
            name: $name,
            module: CONTROLS,
            view: $view,
            value: "",
            groups: &$groups,
            unset: &$unset,
        }
    };
}

/// The view of styles.
const STYLED: (&str, Option<&str>) = (BASE, Some("StyleView"));
/// The view of kinds that are not drawn.
const UNSEEN: (&str, Option<&str>) = (CONTROLS, None);

#[rustfmt::skip]
static KINDS: &[ModelKind] = &[
    kind!("IntSlider", value "value",
        [DOM, DESCRIBED, INPUT, SLIDER, INTS, &[a("readout_format", Text("d"))]]),
    kind!("FloatSlider", value "value",
        [DOM, DESCRIBED, INPUT, SLIDER, &[
            a("min", Float(0.0)), a("max", Float(100.0)), a("step", Float(0.1)),
            by_hand("value", Float(0.0)), a("readout_format", Text(".2f"))]]),
    kind!("Dropdown", value "index",
        [DOM, DESCRIBED, INPUT, SELECTION, &[a("style", New("DescriptionStyle"))]]),
    kind!("ToggleButtons", value "index",
        [DOM, DESCRIBED, INPUT, SELECTION, &[
            a("button_style", Text("")), a("icons", List), a("tooltips", List),
            a("style", New("ToggleButtonsStyle"))]]),
    kind!("Checkbox", value "value",
        [DOM, DESCRIBED, INPUT, &[
            a("indent", Bool(true)), by_hand("value", Bool(false)),
            a("style", New("CheckboxStyle"))]]),
    kind!("Button", value "",
        [DOM, INPUT, &[
            a("description", Text("")), a("button_style", Text("")), a("icon", Text("")),
            a("style", New("ButtonStyle"))]]),
    kind!("Play", value "value",
        [DOM, DESCRIBED, INPUT, INTS, &[
            a("interval", Int(100)), by_hand("playing", Bool(false)),
            by_hand("repeat", Bool(false)), a("show_repeat", Bool(true)),
            a("style", New("DescriptionStyle"))]]),
    kind!("Text", value "value",
        [DOM, DESCRIBED, INPUT, TEXT, &[
            a("continuous_update", Bool(true)), by_hand("value", Text("")),
            a("style", New("TextStyle"))]]),
    kind!("HTML", value "",
        [DOM, DESCRIBED, TEXT, &[a("value", Text("")), a("style", New("HTMLStyle"))]]),
    kind!("Label", value "",
        [DOM, DESCRIBED, TEXT, &[a("value", Text("")), a("style", New("LabelStyle"))]]),
    kind!("Image", value "",
        [DOM, &[
            a("format", Text("png")), a("width", Text("")), a("height", Text("")),
            a("value", Bytes)]]),
    kind!("HBox", value "", [DOM, BOX]),
    kind!("VBox", value "", [DOM, BOX]),
    kind!("Tab", value "selected_index",
        [DOM, BOX, &[a("titles", List), by_hand("selected_index", NoInt)]]),
    kind!("Link", view UNSEEN, [LINK], unset []),
    kind!("DirectionalLink", view UNSEEN, [LINK], unset []),
    kind!("SliderStyle", view STYLED, [STYLE], unset ["handle_color"]),
    kind!("DescriptionStyle", view STYLED, [STYLE], unset []),
    kind!("ToggleButtonsStyle", view STYLED,
        [STYLE, &[a("button_width", Text("")), a("font_weight", Text(""))]], unset []),
    kind!("CheckboxStyle", view STYLED, [STYLE], unset ["background"]),
    kind!("ButtonStyle", view STYLED, [], unset [
        "button_color", "font_family", "font_size", "font_style", "font_variant",
        "font_weight", "text_color", "text_decoration"]),
    kind!("TextStyle", view STYLED, [STYLE], unset ["background", "font_size", "text_color"]),
    kind!("HTMLStyle", view STYLED, [STYLE], unset ["background", "font_size", "text_color"]),
    kind!("LabelStyle", view STYLED, [STYLE], unset [
        "background", "font_family", "font_size", "font_style", "font_variant",
        "font_weight", "text_color", "text_decoration"]),
    ModelKind {
        name: "Layout",
        module: BASE,
        view: (BASE, Some("LayoutView")),
        value: "",
        groups: &[],
        unset: &[
            "align_content", "align_items", "align_self", "border_bottom", "border_left",
            "border_right", "border_top", "bottom", "display", "flex", "flex_flow", "grid_area",
            "grid_auto_columns", "grid_auto_flow", "grid_auto_rows", "grid_column", "grid_gap",
            "grid_row", "grid_template_areas", "grid_template_columns", "grid_template_rows",
            "height", "justify_content", "justify_items", "left", "margin", "max_height",
            "max_width", "min_height", "min_width", "object_fit", "object_position", "order",
            "overflow", "padding", "right", "top", "visibility", "width",
        ],
    },
];

impl ModelKind {
    /// Returns the kind of this name.
    ///
    /// # Panics
    /// If it is not in the table.
    pub fn named(name: &str) -> &'static ModelKind {
        let kind = KINDS.iter().find(|kind| kind.name == name);
        kind.unwrap_or_else(|| panic!("no widget model is called {name}"))
    }

    /// Returns all attributes, except for the six that name the model and its view.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> {
        let unset = self.unset.iter().map(|name| a(name, NoText));
        self.groups
            .iter()
            .flat_map(|group| group.iter().copied())
            .chain(unset)
    }

    /// Returns the attribute of this name; `None` if there is none.
    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};

    /// Returns the models as ipywidgets 8 publishes them in its
    /// `jupyterwidgetmodels.latest.json`: attribute -> [type, default].
    fn published() -> Map<String, Value> {
        serde_json::from_str(include_str!("schema.json")).unwrap()
    }

    fn type_and_default(attribute: Attribute) -> [Value; 2] {
        let default = |kind: &str, value: Value| [json!(kind), value];
        match attribute.initial {
            NoText => default("string or null", Value::Null),
            NoBool => default("bool or null", Value::Null),
            NoInt => default("int or null", Value::Null),
            Bool(value) => default("bool", json!(value)),
            Int(value) => default("int", json!(value)),
            Float(value) => default("float", json!(value)),
            Text(value) => default("string", json!(value)),
            List => default("array", json!([])),
            New(kind) => [
                json!(format!("reference {kind}")),
                json!("reference to new instance"),
            ],
            Bytes => default("bytes", json!("b''")),
        }
    }

    #[test]
    fn every_model_has_exactly_the_published_attributes() {
        let published = published();
        assert_eq!(published.len(), KINDS.len());
        for kind in KINDS {
            let attributes = published[kind.name].as_object().unwrap();
            let theirs = attributes
                .keys()
                .filter(|name| !name.starts_with("_model") && !name.starts_with("_view"));
            let mut ours: Vec<&str> = kind.attributes().map(|a| a.name).collect();
            ours.sort_unstable();
            assert_eq!(ours, theirs.collect::<Vec<_>>(), "{}", kind.name);
        }
    }

    #[test]
    fn every_attribute_has_the_published_type_and_default() {
        let published = published();
        for kind in KINDS {
            for attribute in kind.attributes() {
                let theirs = &published[kind.name][attribute.name];
                let [ours, default] = type_and_default(attribute);
                let (ours, kind) = (ours.as_str().unwrap(), kind.name);
                let name = attribute.name;
                assert_eq!(theirs[1], default, "{kind}.{name}");
                // The published types "array of string" and "float or null" say more than ours.
                let theirs = theirs[0].as_str().unwrap();
                assert!(theirs.starts_with(ours), "{kind}.{name}: {ours}, {theirs}");
            }
        }
    }

    #[test]
    fn what_a_reader_changes_by_hand_is_what_handlers_watch() {
        for kind in KINDS.iter().filter(|kind| !kind.value.is_empty()) {
            assert!(kind.attribute(kind.value).unwrap().by_hand, "{}", kind.name);
        }
    }
}
