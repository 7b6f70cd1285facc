//! The batch layer on a Spark Connect server, which may be Spark or Sail, and streams on Spark.
//!
//! | module | what it is |
//! |---|---|
//! | `protocol` | the messages of Spark Connect that are used |
//! | `session` | a session: statements and queries in SQL |
//! | `rows`, `frames` | the rows of an answer, and frames of polars |
//! | `batch` | the batch layer in SQL: an [`Engine`](lambda::engine::Engine) |
//! | `stream` | the first queries of the batch layer over a topic of Kafka, while records arrive |
mod batch;
mod error;
mod frames;
mod protocol;
mod rows;
mod session;
mod stream;

pub use batch::{Spark, SparkFacts};
pub use error::SparkError;
pub use protocol::{ExecutionProgress, StageInfo};
pub use rows::{Blobs, Lists, Numbers, Rows, Texts, Truths};
pub use session::{Session, count_rows};
