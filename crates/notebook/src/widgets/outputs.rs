//! Text and pictures that code can replace.
use super::Widget;
use super::model::Model;
use serde_json::json;
use std::sync::Arc;

/// A widget that shows HTML.
///
/// ```
/// use lambda_workbook::notebook::widgets::Html;
/// let status = Html::new("<b>up</b>");
/// status.set("<b>down</b>");
/// assert_eq!(status.get(), "<b>down</b>");
/// ```
#[derive(Clone, Debug)]
pub struct Html {
    model: Arc<Model>,
}

/// A widget that shows plain text.
///
/// ```
/// use lambda_workbook::notebook::widgets::Label;
/// assert_eq!(Label::new("1 < 2").get(), "1 < 2");
/// ```
#[derive(Clone, Debug)]
pub struct Label {
    model: Arc<Model>,
}

macro_rules! text_output {
    ($name:ident, $kind:literal) => {
        impl $name {
            /// Creates a widget that shows this text.
            pub fn new(value: impl Into<String>) -> $name {
                let model = Model::new($kind);
                model.set("value", json!(value.into()));
                $name { model }
            }

            /// Returns the current text.
            pub fn get(&self) -> String {
                self.model.text("value")
            }

            /// Replaces the text.
            pub fn set(&self, value: impl Into<String>) {
                self.model.set("value", json!(value.into()));
            }
        }

        impl Widget for $name {
            fn model(&self) -> &Arc<Model> {
                &self.model
            }
        }
    };
}

text_output!(Html, "HTML");
text_output!(Label, "Label");

/// A widget that shows a picture, for use beside other widgets.
///
/// Use [`interact`](super::interact) if the picture should be stored in the notebook: its result is
/// an ordinary output, while a widget is not stored.
///
/// ```
/// use lambda_workbook::notebook::widgets::Image;
/// let picture = Image::svg("<svg xmlns='http://www.w3.org/2000/svg'/>");
/// assert_eq!(picture.get().len(), 41);
/// ```
#[derive(Clone, Debug)]
pub struct Image {
    model: Arc<Model>,
}

impl Image {
    /// Creates a widget that shows an SVG document, such as a figure's `svg()`.
    pub fn svg(document: &str) -> Image {
        Image::of("svg+xml", document.as_bytes().to_vec())
    }

    /// Creates a widget that shows a PNG file.
    pub fn png(bytes: impl Into<Vec<u8>>) -> Image {
        Image::of("png", bytes.into())
    }

    fn of(format: &str, bytes: Vec<u8>) -> Image {
        let model = Model::new("Image");
        model.set("format", json!(format));
        model.set_bytes("value", bytes);
        Image { model }
    }

    /// Returns the bytes of the current picture.
    pub fn get(&self) -> Vec<u8> {
        self.model.bytes("value")
    }

    /// Replaces the picture by another one of the same format.
    pub fn set(&self, bytes: impl Into<Vec<u8>>) {
        self.model.set_bytes("value", bytes.into());
    }
}

impl Widget for Image {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }
}
