//! The real systems behind the traits, each started once for all tests. Where a machine has no Java,
//! or no Python for Sail, the tests say so and are left out.
mod broker;
mod chapter;
mod connect_servers;
#[path = "../../../tests/extent.rs"]
mod extent;
mod hbase_on_hdfs;
mod hbase_store;
mod kafka_exactly_once;
mod kafka_log;
#[path = "../../../tests/log_promises.rs"]
mod log_promises;
mod region_server;
mod spark_batch;
mod spark_connect;
mod spark_stream;
#[path = "../../../tests/store_promises.rs"]
mod store_promises;
mod systems;
mod unusual_datums;
