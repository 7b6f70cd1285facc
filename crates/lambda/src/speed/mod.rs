//! The speed layer: what came since the last batch run, in views that are up to
//! date within milliseconds.
//!
//! The way of one event, in reading order:
//!
//! | file | concept |
//! |---|---|
//! | `log`, `embedded_log`, `entry` | the multi-consumer log; here, in a folder |
//! | `feed` | datums on their way into it |
//! | `work_queue`, [`queues`], `acknowledgements` | the other queues, what a crash does to each, and what an acknowledgement costs |
//! | [`topology`](Topology) | queues and workers on threads |
//! | [`event`] | a record, read and normalised |
//! | `dedupe` | copies, found within a window |
//! | `store`, `embedded_store`, `store_reader`, `cell_key`, `database` | rows that can be written at random; here, in a folder |
//! | `delta` | what some events add |
//! | `views`, `view_reader` | the realtime views, updated exactly once |
//! | `updater` | from the log to the views (figure 12.3) |
//! | [`recent`] | the other strategy: from scratch (figure 12.2) |
//! | `expiry`, `alternating`, `by_watermark` | two sets in turn, or one by watermark |
//! | `split_commit` | a consumer that commits its offset apart from its results, and what a crash does to it |
//! | [`burst`] | synchronous or asynchronous |
//! | [`compaction`] | what random writes cost the disk |
//! | `simulated_disk` | a disk whose process crashes at planned writes, for an exercise |
//! | `clock`, `error` | time passed in; what can go wrong |
//!
//! Log and realtime store are traits, [`Log`] and [`RealtimeStore`], in the shapes
//! of Kafka and HBase; their files say where each promise differs. The merged
//! query is in [`crate::query`].
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 12 to 15.
mod alternating;
mod by_watermark;
mod cell_key;
mod clock;
mod database;
mod dedupe;
mod delta;
mod embedded_log;
mod embedded_store;
mod entry;
mod error;
pub mod event;
mod expiry;
mod feed;
mod log;
mod split_commit;
mod store;
mod store_reader;
mod updater;
mod view_reader;
mod views;

pub use alternating::Alternating;
pub use by_watermark::ByWatermark;
pub use clock::{Clock, HandClock, SystemClock};
pub use database::open as open_database;
pub use dedupe::Window;
pub use delta::{Delta, Hour};
pub use embedded_log::{Durability, EmbeddedLog};
pub use embedded_store::{EmbeddedStore, StoreOptions};
pub use error::{Result, SpeedError, at};
pub use expiry::{Expiring, Since, Source};
pub use feed::{feed, feed_lines, person_of};
pub use log::{Log, Record, Records, partition_of};
pub use split_commit::{CommitOrder, SplitCommit};
pub use store::{
    Atomicity, Cell, Change, Column, Family, Mutation, Reader, RealtimeStore, time_key,
};
pub use updater::{Step, Updater};
pub use view_reader::ViewReader;
pub use views::{FAMILIES, Offsets, RealtimeViews, Update};
