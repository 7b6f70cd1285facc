//! Widgets: sliders, buttons and boxes that call Rust closures when the reader uses them.
//!
//! Most notebooks need only [`interact`], which shows controls and calls a closure with their
//! values.
//!
//! ```
//! use lambda_workbook::notebook::widgets::{Checkbox, IntSlider, interact};
//! let servers = IntSlider::new("servers", 1..=100).value(10);
//! let replicas = Checkbox::new("replicas", true);
//! interact((servers, replicas), |n: u32, replicas: bool| {
//!     let copies = if replicas { 2 } else { 1 };
//!     println!("{copies} copies of each datum");
//!     format!("{n} servers hold {} shards", n * 4 / copies)
//! });
//! ```
//!
//! A value of a widget type is a handle. It can be cloned into a closure. `get` reads the
//! widget's value, `set` changes it, and `on_change` registers a closure for changes by the
//! reader. The names are those of ipywidgets, whose JupyterLab extension draws the widgets.
//!
//! ```
//! use lambda_workbook::notebook::widgets::*;
//! let servers = IntSlider::new("servers", 1..=100);
//! let status = Label::new("");
//! let shown = status.clone();
//! servers.on_change(move |n| shown.set(format!("{n} are up")));
//! let panel = VBox::new((servers.clone(), status.clone())); // as a cell's last line
//! servers.set(7);
//! assert_eq!(status.get(), "7 are up");
//! ```
//!
//! # When code runs
//!
//! Handlers and closures run on the thread that runs the cells, one at a time, while no cell
//! runs. They must own what they capture, so use `move` and clones. If the reader moves a slider
//! faster than its handler runs, the positions in between are skipped. If a closure panics, the
//! message is shown, and the closure is called again at the next change.
//!
//! # Without a front end
//!
//! In an export, on a code host, under another Rust kernel or in a test, a widget is shown as a
//! line of text such as `servers: 10 (1 to 100)`, and [`interact`] calls its closure once.
//! Handles can be read and set as usual.
//!
//! # The files, in reading order
//!
//! | file | contents |
//! |---|---|
//! | `models` | the table of all kinds of widgets with their attributes |
//! | `model`, `admit` | the state of a widget, and the check of its values |
//! | `comm` | the messages between a model and the front ends |
//! | `front_end`, `registry` | receives messages and finds the model that they are for |
//! | `handlers`, `panics` | when closures run, and what happens if they panic |
//! | `widget` | the methods of all widgets |
//! | `slider`, `selection`, `inputs`, `play`, `outputs`, `boxes` | the widgets |
//! | `jslink` | links two widgets in the front end |
//! | `reading` | widgets as text |
//! | `interact`, `controls`, `capture` | a closure with controls |
//! | `link` | the connection to the kernel |
mod admit;
mod boxes;
mod capture;
mod comm;
mod controls;
mod front_end;
mod handlers;
mod inputs;
mod interact;
mod jslink;
mod link;
mod model;
mod models;
mod outputs;
mod panics;
mod play;
mod reading;
mod registry;
mod selection;
mod slider;
#[cfg(test)]
mod tests;
mod widget;

pub(super) use capture::drawing;

pub use boxes::{Children, HBox, Tab, VBox};
pub use controls::{Closure, Controls, Parameter};
pub use inputs::{Button, Checkbox, Text};
pub use interact::{Interact, interact};
pub use jslink::{Link, jsdlink, jslink};
pub use model::Model;
pub use outputs::{Html, Image, Label};
pub use play::Play;
pub use selection::{Choice, Dropdown, ToggleButtons};
pub use show::InteractOutput;
pub use slider::{FloatSlider, IntSlider};
pub use widget::{AnyWidget, Control, Widget};
