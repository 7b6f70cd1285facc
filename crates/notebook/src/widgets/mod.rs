//! Sliders, buttons and boxes whose moves run Rust.
//!
//! [`interact`] is what a notebook needs most: controls, and a closure that draws
//! what they say.
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
//! Each widget is a handle: clone it into a closure, read it with `get`, move it
//! with `set`, hear of the reader's moves with `on_change`. The names are those
//! of ipywidgets, whose part in JupyterLab draws them.
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
//! Handlers and closures run on the thread that runs the cells, one at a time,
//! while no cell runs. What they capture must be owned: `move`, and clones. When
//! the reader moves a slider faster than its handler runs, the moves between are
//! left out. A closure that panics says so, and is called again at the next move.
//!
//! # Without a front end
//!
//! In an export, on a code host, under another Rust kernel or in a test, a widget
//! is the line of text that reads like it, `servers: 10 (1 to 100)`, and
//! [`interact`] draws once. Handles work as ever.
//!
//! # How it works, in reading order
//!
//! | file | holds |
//! |---|---|
//! | `models` | what each kind of widget is to a front end: one table |
//! | `model`, `admit` | one widget's state, and which values it takes |
//! | `comm` | what is said between a model and the front ends |
//! | `front_end`, `registry` | messages from there, and whom they are for |
//! | `handlers`, `panics` | when closures run, and what happens if they panic |
//! | `widget` | what all widgets can do |
//! | `slider`, `selection`, `inputs`, `play`, `outputs`, `boxes` | the widgets |
//! | `jslink` | widgets that move together |
//! | `reading` | widgets as text |
//! | `interact`, `controls`, `capture` | a closure under controls |
//! | `link` | the way to the kernel |
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
pub use show::Outcome;
pub use slider::{FloatSlider, IntSlider};
pub use widget::{AnyWidget, Control, Widget};
