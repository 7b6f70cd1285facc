//! What a notebook cell needs, in one `use`.
//!
//! Every cell starts with it, so names are chosen to stand beside those of
//! polars. Where two libraries use one name, polars keeps it: chrono's traits are
//! here without a name, its `Duration` is [`TimeDelta`]. The widgets `Text` and
//! `Label` share theirs with plotters and polars: they are [`widgets::Text`] and
//! [`widgets::Label`].
//!
//! ```
//! use lambda_workbook::prelude::*;
//! let ts = DateTime::from_timestamp(1_438_912_800, 0).unwrap();
//! let pacific: Tz = "America/Los_Angeles".parse().unwrap();
//! assert_eq!(ts.with_timezone(&pacific).day(), 6);
//! assert_eq!(Granularity::Day.secs(), 86_400);
//! ```
pub use polars::prelude::*;
pub use polars::sql::SQLContext;

pub use crate::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
pub use crate::chrono::{Datelike as _, TimeZone as _, Timelike as _};
pub use crate::chrono_tz::Tz;

pub use crate::batch::{Precision, Sketch};
pub use crate::calendar::{self, Granularity, Plan, Span};
pub use crate::notebook::predict;
pub use crate::notebook::predict::{about, predictions};
pub use crate::notebook::table::grouped;
pub use crate::notebook::widgets::{
    self, Button, Checkbox, Dropdown, FloatSlider, HBox, Html, Image, IntSlider, Play, Tab,
    ToggleButtons, VBox, interact, jslink,
};
pub use crate::notebook::widgets::{Control as _, Widget as _};
pub use crate::notebook::{EvcxrDebug as _, EvcxrDisplay as _};
pub use crate::notebook::{Render, Rich, scratch, with_time};
pub use crate::notebook::{clear_output, display, input, measured, password, progress, timed};
pub use crate::plot;
pub use crate::plotters;
pub use crate::{
    batch, cap, capstone, check, crdt, dataset, designs, engine, exercises, faults, hint, lambda,
    marks, microbatch, pages, people, serving, solution, speed, systems,
};
