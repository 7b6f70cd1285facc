//! The speed layer: realtime views of the events that arrived since the last batch run.
//! An event is visible in them a moment after it was appended to the log.
//!
//! The files, in the order in which one event passes through them:
//!
//! | file | concept |
//! |---|---|
//! | `log`, `embedded_log`, `entry` | the partitioned log that many consumers read, and its implementation in a folder |
//! | `open`, `remote_log`, `remote_store`, `store_body`, `remote` | a log or a store by its address, and those that lie in other systems |
//! | `feed` | appends datums to the log |
//! | [`event`] | the key of a person in the views, and what makes two records one event; a record is read by [`crate::datum`] |
//! | `dedupe` | finds duplicates within a window |
//! | `store`, `embedded_store`, `store_reader`, `cell_key`, `database`, `stores` | the store with random writes, its implementation in a folder, and where the stores of views are |
//! | `delta` | gathers what several events add to the views |
//! | `views`, `view_reader`, `row_by_row` | the realtime views, in which each event is counted exactly once, also in a store where only a row is atomic |
//! | `resolution` | by which name the views know a person |
//! | `updater` | applies the log to the views (figure 12.3) |
//! | `expiry`, `alternating`, `by_cut` | removes what a batch has, with two sets of views in turn or with one set by cut |
//! | `views_since` | the views since the cut of a batch, for a query |
//! | `split_commit` | a consumer that commits its offset apart from its results, to show what a crash does to it |
//! | `clock`, `error` | the clock, which callers pass in, and the errors |
//!
//! The log and the realtime store are traits, [`Log`] and [`RealtimeStore`], with the data
//! models of Kafka and HBase. Their module documentation says where each guarantee differs.
//! The query that merges both layers is in [`crate::query`]. The experiments with this layer
//! are in the crate `lessons`, in its module `speed_layer`: other queues, views computed
//! from scratch (figure 12.2), bursts, and the cost of compaction.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 12 to 15.
mod alternating;
mod by_cut;
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
pub mod expiry;
mod feed;
pub mod log;
mod open;
mod remote_log;
mod remote_store;
mod resolution;
mod row_by_row;
mod split_commit;
pub mod store;
pub mod store_body;
mod store_reader;
mod stores;
mod updater;
mod view_reader;
pub mod views;
mod views_since;

pub use alternating::Alternating;
pub use by_cut::ByCut;
pub use clock::{Clock, ManualClock, SystemClock};
pub use database::open as open_database;
pub use dedupe::Window;
pub use delta::Delta;
pub use embedded_log::{Durability, EmbeddedLog};
pub use embedded_store::{EmbeddedStore, RealtimeStoreOptions};
pub use error::{Result, SpeedError, at};
pub use expiry::{Source, SpeedLayer};
pub use feed::{feed, feed_lines, record_key};
pub use log::{Log, Record, Records, partition_of};
pub use open::{open, open_store};
pub use remote_log::{LogAnswer, LogQuestion, RemoteLog};
pub use remote_store::{
    FamilyOptions, RemoteStore, RemoteStores, StoreAnswer, StoreQuestion, StoreRequest,
};
pub use resolution::{IdentityResolution, KnownPersons, PersonNames};
pub use split_commit::{CommitOrder, SplitCommit};
pub use store::{
    Atomicity, Cell, Change, Column, Conditional, Family, Mutation, Place, Reader, RealtimeStore,
    by_row, family_at, sortable,
};
pub use stores::{StorePlace, Stores, Tables};
pub use updater::{Applied, Updater};
pub use view_reader::ViewReader;
pub use views::{FAMILIES, Offsets, RealtimeViews, Update};
pub use views_since::ViewsSince;
