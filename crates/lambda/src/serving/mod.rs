//! The serving layer: batch views that are written as a whole and read at random.
//!
//! A serving-layer database need not do what makes databases hard. It takes no
//! random writes, because a batch view is computed from scratch and swapped in.
//! What is left is small enough to read in an hour, and fast:
//!
//! | reading order | concept |
//! |---|---|
//! | `key` | what a value is stored under, as bytes that sort |
//! | `values` | counts, or sketches of one precision |
//! | `sharding` | by URL alone, with a hash that never changes |
//! | `blocks` | a flipped bit is an error |
//! | `record`, `times`, `shortcut`, `shard_writer` | how a URL's rows lie on the disk |
//! | `build`, `world` | a new version, and what may go wrong on its way |
//! | `folder`, `header` | versions, `CURRENT`, the lock, the way back |
//! | `scan`, `shard`, `url_rows`, `sums`, `store` | reads |
//! | `frame` | data frames in, data frames out |
//! | `publish`, `served` | the views of a batch run, put where queries find them |
//! | `cluster` | shard servers with replicas |
//! | `service_time`, `scatter` | a query ends with the slowest server |
//! | [`requirements`] | the four requirements, shown and broken |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapter 10.
mod blocks;
mod build;
mod cluster;
mod error;
mod folder;
mod frame;
mod header;
mod key;
mod publish;
mod record;
mod scan;
mod served;
mod shard;
mod shard_writer;
mod sharding;
mod shortcut;
mod store;
mod sums;
mod times;
mod url_rows;
mod values;

pub use crate::faults::{Calm, Quota, Step, World};
pub use blocks::BLOCK;
pub use build::{Builder, Layout, build};
pub use cluster::Cluster;
pub use error::{Result, StoreError, io_at};
pub use frame::build_frame;
pub use header::{FORMAT, Header};
pub use key::Key;
pub use publish::{Serving, build_stores};
pub use scan::Scan;
pub use served::{Bounces, Explained, ServedViews};
pub use shard::Shard;
pub use sharding::{shard_of, signed_shard_of};
pub use store::{Snapshot, Store};
pub use url_rows::UrlRows;
pub use values::{Value, ValueKind};
