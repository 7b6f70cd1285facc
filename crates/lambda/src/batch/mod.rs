//! The batch layer: batch views as functions of all data.
//!
//! `batch view = function(all data)`. The views are computed from scratch by each batch run,
//! so a bug is fixed by correcting the function and running it again. A page view goes this way:
//!
//! 1. [`normalise`] takes the rows that are page views by [the rule](crate::datum#the-rule),
//!    and turns all spellings of a page's URL into one; [`rejected`] reports every other row,
//!    with the reason;
//! 2. [`dedupe`] drops duplicates;
//! 3. [`persons`] finds out which identifiers belong to one person;
//! 4. the views are computed: [`page_views`] by hour, day, week and month, [`local_days`] by the
//!    calendar day of a time zone, [`uniques`](mod@uniques) with a [`sketch`] of the persons in
//!    each bucket, [`bounces`](mod@bounces) by domain.
//!
//! Beside it:
//!
//! - [`url_hour`] counts a URL's hour page view by page view, for the engine and the speed
//!   layer;
//! - [`output`] names the files of a batch run and describes them in a manifest;
//! - [`sql`] sums hours to days in SQL, and [`normal_form`] shows why views may be denormalised
//!   and master data may not: both are here for a chapter.
//!
//! The functions here work on a `DataFrame`, and are written to be read and changed in a
//! cell. [`crate::engine`] computes the same views from files of any size. Tests check that
//! both give the same views.
//!
//! Invariants:
//! 1. Every row that is a page view is either in [`normalised`] or in [`rejected_rows`], and
//!    never in both.
//! 2. URLs are normalised before duplicates are dropped, so two spellings of one page view
//!    count once.
//! 3. At every granularity, and by local day in every zone, the counts add up to the number of
//!    distinct page views.

pub mod bounces;
pub mod dedupe;
pub mod local_days;
pub mod normal_form;
pub mod normalise;
pub mod output;
pub mod page_views;
pub mod persons;
pub mod rejected;
pub mod sketch;
pub mod sql;
pub mod uniques;
pub mod url_hour;

pub use crate::datum::{UrlError, normalise_url};
pub use bounces::bounces;
pub use dedupe::distinct;
pub use local_days::page_views_by_local_day;
pub use normalise::normalised;
pub use page_views::{page_views, page_views_all};
pub use persons::PersonIndex;
pub use rejected::rejected_rows;
pub use sketch::{Precision, Sketch};
pub use uniques::{
    exact_uniques, precision_table, rolled_up, uniques, uniques_all, uniques_at,
    uniques_by_local_day, uniques_by_local_day_of,
};
