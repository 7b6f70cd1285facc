//! The serving layer: a store for batch views, written as a whole and read at random.
//!
//! A serving store does not need random writes, which are what makes databases hard: a
//! batch view is computed from scratch, and a new version replaces the old one
//! atomically. So the store needs no write-ahead log, no compaction and no lock for
//! readers, and it is small enough to read in an hour.
//!
//! The files and their bytes are drawn in `docs/serving_store.md`, together with the
//! way of a read, of a build and of a publication, and with what each optimisation is
//! for. Read that page first, then the modules in this order:
//!
//! | module | concept |
//! |---|---|
//! | `key` | the key of a value, as bytes that sort in the order of the view |
//! | `values` | the kinds of value: counts, sketches of one precision, other bytes |
//! | `sharding` | the shard of a URL, by a hash that never changes |
//! | `blocks` | blocks of 64 bytes with checksums, so that a flipped bit is an error |
//! | `record`, `times` | the layout of one URL's rows |
//! | `shortcut`, `shard_writer` | the files of a shard |
//! | `build` | how a version is built from sorted rows; [`faults`](crate::faults) can interrupt it at every step |
//! | `folder`, `header` | the files of a version |
//! | `shard`, `url_rows`, `scan`, `sums`, `store` | reads |
//! | `frame` | from a data frame to a store, and back |
//! | `publish`, `view_rows`, `served` | the stores of a batch run, and the queries over them |
//! | `person_table` | the table of persons, which the speed layer looks up |
//! | `cluster` | shard servers with replicas |
//!
//! How versions are numbered, published and rolled back is the work of
//! [`crate::versions`]. A test chooses what goes wrong during a build through
//! [`crate::faults`].
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
mod person_table;
mod publish;
mod record;
mod scan;
pub mod served;
mod shard;
mod shard_writer;
mod sharding;
mod shortcut;
pub mod store;
mod sums;
mod times;
mod url_rows;
mod values;
mod view_rows;

pub use blocks::BLOCK;
pub use build::{Builder, Layout, build};
pub use cluster::StoreCluster;
pub use error::{Result, ServingError, io_at};
pub use frame::build_frame;
pub use header::{FORMAT, Header};
pub use key::Key;
pub use person_table::PersonTable;
pub use publish::{ServingOptions, build_stores};
pub use scan::Scan;
pub use served::{Explained, ServedViews};
pub use shard::Shard;
pub use sharding::{shard_of, signed_shard_of};
pub use store::{OpenVersion, Store};
pub use url_rows::UrlRows;
pub use values::{RowValue, ValueKind};
pub use view_rows::Bounces;
