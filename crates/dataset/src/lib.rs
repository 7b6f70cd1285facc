//! Data sets of datums: make them, write them, read them.
//!
//! A data set is fixed by its arguments, a [`Spec`]: the same arguments give
//! the same bytes, on any machine, with any number of threads. The default is
//! the lesson's subset, and its answers are known:
//!
//! | url | hour (UTC) | distinct page views |
//! |---|---|---|
//! | mysite.com/ | 2015-08-03 18:00 | 101,212 |
//! | mysite.com/blog | 2015-08-03 18:00 | 101,732 |
//! | mysite.com/ | 2015-08-07 02:00 | 300,054 |
//! | mysite.com/blog | 2015-08-07 02:00 | 899,778 |
//!
//! In the file they are 1,409,422 lines: 6,646 views were delivered twice, the
//! copy equal to the original in everything, a little later in the log. URLs
//! are raw. The log is in the order of time.
//!
//! # Which kinds of datum
//!
//! The lesson's file holds page views only, so that its lines can be counted.
//! [`Kinds`] adds the others, in the same file, in the order of time, without
//! changing which page views there are:
//!
//! - equivs (chapter on persons): their components are the persons of
//!   [`Population`], whose sizes are known;
//! - person properties: name, gender, location, and ages that follow a hidden
//!   birthday (chapter on partial recomputation);
//! - page properties: each page's counter at the end of each hour, equal to
//!   its distinct page views so far.
//!
//! # Reading order
//!
//! `spec`, `hours` and `kinds` (the arguments) -> `plan` (how many of what, when) ->
//! `site`, `population`, `people` (of what, by whom) -> `views`, `others` (the
//! rows) -> `json`, `columns`, `parquet`, `datums` (the bytes) -> `folder`, `make` (whole or not at
//! all) -> `home` (where).
mod columns;
mod datums;
mod error;
mod folder;
mod forms;
mod home;
mod hours;
mod json;
mod kinds;
mod known;
mod make;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
mod others;
mod parquet;
mod people;
mod plan;
mod population;
pub mod random;
mod sample;
mod site;
mod spec;
pub mod values;
mod views;
mod weeks;

pub use datums::{datums, read_parquet_datums};
pub use error::{DatasetError, Result};
pub use folder::{Arguments, DatasetCounts, DatasetManifest, FileEntry, VERSION, manifest};
pub use home::{PAGE_VIEW_COLUMNS, ensure, home, lesson};
pub use hours::{Hours, LESSON_HOURS};
pub use json::read_jsonl;
pub use kinds::Kinds;
pub use known::known_page_views;
pub use make::{Format, Made, generate};
pub use parquet::{COLUMNS, ROW_GROUP, read_parquet};
pub use population::{LESSON_COOKIES, Population};
pub use sample::{Drawn, drawn, golden, sample};
pub use spec::{DUPLICATES, PAGE_VIEWS, Spec};
pub use weeks::{WEEKS_FROM, Weeks, weeks, weeks_from};
