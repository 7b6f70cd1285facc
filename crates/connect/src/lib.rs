//! Real systems behind the traits of the Lambda Architecture, and real systems started on this
//! machine.
//!
//! | module | what it is |
//! |---|---|
//! | [`kafka`] | the log of the speed layer in a Kafka cluster |
//! | [`hbase`] | the realtime store of the speed layer in HBase |
//! | [`serve`] | answers a process that asks about a log or a store, so that cells need not link any of this |
//! | [`spark`] | a question to a Spark Connect server, to see whether it runs queries |
//! | [`local`] | systems that are started here, from pinned jars and packages |
//!
//! Cells and the kernel are built without this crate. It is a program of its own, `connect`,
//! which is built when it is first needed.
pub mod hbase;
pub mod kafka;
#[cfg(unix)]
pub mod local;
pub mod serve;
pub mod spark;
