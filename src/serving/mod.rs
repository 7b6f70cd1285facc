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
//! | `record`, `shard_writer` | how a URL's rows lie on the disk |
//! | `checksum` | a flipped bit is an error |
//! | `build`, `world` | a new version, and what may go wrong on its way |
//! | `folder`, `header` | versions, `CURRENT`, the lock, the way back |
//! | `shard`, `url_rows`, `store` | reads |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapter 10.
mod build;
mod checksum;
mod error;
mod folder;
mod header;
mod key;
mod record;
mod shard;
mod shard_writer;
mod sharding;
mod store;
mod url_rows;
mod values;
mod world;

pub use build::{Builder, Layout, build};
pub use checksum::BLOCK;
pub use error::{Result, StoreError};
pub use folder::Versions;
pub use header::{FORMAT, Header};
pub use key::Key;
pub use shard::Shard;
pub use sharding::{shard_of, signed_shard_of};
pub use store::{Snapshot, Span, Store};
pub use url_rows::UrlRows;
pub use values::{Value, ValueKind};
pub use world::{Calm, Quota, Step, World};
