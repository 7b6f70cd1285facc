//! Kafka, by its own protocol.
//!
//! | file | concept |
//! |---|---|
//! | `wire` | a connection to one broker: request, response |
//! | `client` | a cluster: which broker leads, which one coordinates, and when to ask again |
//! | `producer` | appends that are stored once, however often they are sent |
//! | `batches` | records out of what a broker sends |
//! | `murmur2` | the partition of a key |
//! | `transactions` | results and offsets that become visible, or none of them |
//! | `group` | the partitions of a topic, shared out among consumers that are alive |
//! | `commit` | the offset of a consumer group |
//! | `log` | [`lambda::speed::Log`] on all of these |
mod batches;
mod client;
mod commit;
mod group;
mod log;
mod murmur2;
mod producer;
mod transactions;
mod wire;

pub use client::Failure;
pub use group::GroupMember;
pub use log::{KafkaLog, KafkaOptions};
pub use murmur2::partition_of;
pub use transactions::{KafkaTransactions, Transaction};
