//! The Lambda Architecture: `query = function(batch views, realtime views)`.
//!
//! All data is kept for ever in a **master data set** that is only ever added to. The
//! **batch layer** computes views of all of it, from scratch, again and again. The
//! **serving layer** keeps the newest views and answers from them. The **speed layer** keeps
//! views of what arrived since, and forgets it when a batch has it. A **query** merges
//! both. They meet at the **cut** of a batch: for each partition of the log, the offset
//! before which every record is in the batch.
//!
//! A **datum** is a fact. In the log it is a **record**, with an offset. A page view that
//! the speed layer counts is an **event**. **Serving views** are the batch views of the version
//! that is served. A batch has a number, and so has a version of a folder: batch 7 may be
//! version 9, because after a roll-back, or when a batch is computed again, numbers of versions
//! go on.
//!
//! # The way of one datum
//!
//! Read the crate by going down this list once.
//!
//! | step | module | what happens |
//! |---|---|---|
//! | 1 | [`datum`] | a fact: a page view, an equiv (two identifiers are one person), a property; which of them are refused, and why |
//! | 2 | [`speed::Log`] | it arrives in a partitioned log: the speed layer reads it from there, and the master data set is filled from it |
//! | 3 | [`master`] | before a batch, what arrived becomes a part of the master data set |
//! | 4 | [`batch`] | what the views are: URLs normalised, duplicates dropped, persons joined, page views and uniques counted by hour, day, week and month of 28 days, visits and bounces by domain; as functions of data frames, to be read and changed in a cell |
//! | 5 | [`engine`] | computes the same views for files of any size: [`engine::local`] on this machine's cores |
//! | 6 | [`versions`] | the views become a version of a folder, published by one rename, kept for a roll-back |
//! | 7 | [`serving`] | the store that answers from a version: written whole, sharded, read at random |
//! | 8 | [`speed`], `persons_at_cut` | meanwhile the realtime views count the datum once, however often a worker crashes, know its person by the equivs of before their cut, and expire it when a batch has it |
//! | 9 | [`query`] | both layers are merged; or the query is refused, because the realtime views begin later than the served batch ends |
//!
//! [`BuiltBatch`] is steps 5 to 7 as one call, and [`Lambda`] holds all layers over one topic.
//! [`calendar`](mod@calendar), a crate of its own, has the buckets, the days of a place, and
//! the fewest buckets that make up a range. [`faults`] lets a test make a process crash or a disk be full.
//!
//! # The way of one query
//!
//! [`Lambda::query`] takes a snapshot of both layers, as a [`Query`]. What [`Query::page_views`]
//! then does is in these files, in this order:
//!
//! | step | file | what happens |
//! |---|---|---|
//! | 1 | `layers`, `query` | both layers are opened at one moment, or the gap between them is named |
//! | 2 | `speed/alternating` or `speed/by_cut`, `speed/views_since` | the realtime views that begin at the cut of the served batch |
//! | 3 | `serving/served` | the range becomes a plan of the fewest buckets ([`calendar::Plan`]) |
//! | 4 | `serving/sharding`, `serving/store`, `serving/shard`, `serving/shortcut` | the URL's shard, and the place of its rows in it, are found |
//! | 5 | `serving/scan`, `serving/url_rows`, `serving/times`, `serving/record`, `serving/blocks` | the buckets are read, and each block is verified before it is used |
//! | 6 | `speed/view_reader`, `speed/store` (the trait), `speed/store_reader`, `speed/cell_key` | the counts of the hours since the cut are read |
//! | 7 | `query` | counts may be added answer by answer. Uniques and visits may not: for them the views are merged |
//!
//! # Where another system can stand
//!
//! | trait | here | in a larger system |
//! |---|---|---|
//! | [`speed::Log`] | [`speed::EmbeddedLog`], files of this machine | Kafka, by [`speed::open`] and the crate `connect` |
//! | [`speed::RealtimeStore`] | [`speed::EmbeddedStore`], an LSM tree in this process | HBase, by [`speed::open_store`] and the crate `connect`. [`speed::RealtimeViews`] count once on a store with atomic calls and on one with atomic rows; [`Options::store`] says where [`Lambda`] has them |
//! | [`engine::Engine`] | [`engine::Local`], the cores of this machine | Spark |
//!
//! The crate imports neither the chapters nor Jupyter: experiments and pictures are in the
//! crates that stand on it. Of cells it knows how a value looks (the crate `show`), in
//! `forms`. Three modules are here for chapters alone: `speed/split_commit`,
//! `batch/normal_form` and `batch/sql`.
pub mod batch;
pub mod built_batch;
pub mod datum;
pub mod engine;
mod error;
// Shared with the tests of the workspace: how long random runs are.
#[cfg(test)]
#[path = "../../../tests/extent.rs"]
mod extent;
pub mod faults;
mod forms;
mod layers;
pub mod master;
// Likewise: where their temporary files lie.
#[cfg(all(test, target_os = "linux"))]
#[path = "../../../tests/memory.rs"]
mod memory;
mod persons_at_cut;
pub mod query;
pub mod remote;
pub mod row_groups;
pub mod serving;
pub mod speed;
mod version_step;
pub mod versions;

pub use built_batch::BuiltBatch;
pub use calendar;
pub use error::{LambdaError, Result};
pub use layers::{Expiry, Lambda, Options, TOPIC, is_home};
pub use master::Master;
pub use query::{Answer, Freshness, Query};
