//! The batch layer: views as functions of all data.
//!
//! `view = function(all data)`, computed from scratch each time, so that a
//! mistake is mended by mending the function and running it again. The way of
//! one page view through this room, file by file:
//!
//! 1. [`normalise`]: the spellings of one page's URL become one key;
//! 2. [`rejected`]: what cannot be read is reported with its reason;
//! 3. [`dedupe`]: a datum that came twice counts once;
//! 4. [`page_views`]: counts by hour, day, week and month;
//! 5. [`local_days`]: counts by calendar day of a time zone;
//! 6. [`sketch`]: a set of persons in few bytes, which merges;
//! 7. [`persons`]: which identifiers are one person;
//! 8. [`uniques`](mod@uniques): how many persons saw a page, by bucket;
//! 9. [`bounces`](mod@bounces): visits, and those that end where they began;
//! 10. [`sql`]: the roll-up of hours into days as SQL;
//! 11. [`normal_form`]: why a view may be denormalised and the master data not;
//! 12. [`output`]: the new views replace the old ones at one instant.
//!
//! The functions here work on a `DataFrame` and are written to be read. The
//! same views over files larger than memory are [`crate::engine`]'s work; tests
//! hold the two equal.
//!
//! Invariants:
//! 1. Every row that is a page view is either in [`normalised`] or in
//!    [`rejected_rows`], never in both, never in neither.
//! 2. The order is: normalise, then drop duplicates. Two spellings of one page
//!    view are one page view.
//! 3. At every granularity, and by local day in every zone, counts sum to the
//!    number of distinct page views.

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

pub use bounces::bounces;
pub use dedupe::distinct;
pub use local_days::page_views_by_local_day;
pub use normalise::{UrlError, normalise_url, normalised};
pub use page_views::{page_views, page_views_all};
pub use persons::PersonIndex;
pub use rejected::{Reason, rejected_rows};
pub use sketch::{Precision, Sketch};
pub use uniques::{
    exact_uniques, precision_table, rolled_up, uniques, uniques_all, uniques_at,
    uniques_by_local_day, uniques_by_local_day_of,
};
