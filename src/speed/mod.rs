//! The speed layer.
mod clock;
mod database;
mod dedupe;
mod delta;
mod embedded_log;
mod embedded_store;
mod error;
pub mod event;
mod expiry;
mod log;
pub mod recent;
mod store;
mod updater;
mod views;

pub use clock::{Clock, HandClock, SystemClock};
pub use dedupe::Window;
pub use delta::{Delta, Hour};
pub use embedded_log::{Durability, EmbeddedLog};
pub use embedded_store::{EmbeddedStore, StoreOptions};
pub(crate) use error::at;
pub use error::{Result, SpeedError};
pub use expiry::{Alternating, ByWatermark, Expiring, Since, Source};
pub use log::{Log, Record, Records, partition_of};
pub use store::{
    Atomicity, Cell, Change, Column, Family, Mutation, Reader, RealtimeStore, time_key,
};
pub use updater::{Step, Updater};
pub use views::{
    FAMILIES, Offsets, RealtimeViews, Update, ViewReader, person_key, stretch_bytes, stretches,
};
