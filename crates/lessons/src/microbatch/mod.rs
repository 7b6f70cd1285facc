//! Micro-batches: a stream cut into small batches, each of which counts once,
//! however often it is tried.
//!
//! | file | concept |
//! |---|---|
//! | [`one_at_a_time`] | tuple by tuple: at least once, and exactly once by strong order |
//! | `stored` | values with the id of their batch: three kinds of state |
//! | `value`, `aggregate` | rows, and what makes one value of many |
//! | `topology`, `build` | operators, and the checks before they run |
//! | `worker`, `exchange` | rows on their way, alone and by key |
//! | [`event_time`] | event time, the clock of each partition, the watermark |
//! | `distinct` | duplicates, recognised within a time |
//! | `sessions` | visits, ended by silence, and what becomes of late rows |
//! | `state_store`, `job`, `run` | the plan, the commits, the record that it is done |
//! | `reading` | questions to the states |
//! | `batch_step` | the steps at which a process can crash |
//! | `topologies` | word count, top three, page views, uniques, bounce rate |
//! | [`late_data`] | two hours of late page views, and what becomes of them |
//! | [`crashes`] | every crash at every step, tried |
//! | [`model`] | the commit protocol in every interleaving |
//! | [`trade`] | latency and throughput by the batch interval |
//! | [`paradigms`] | eight ways to count a stream, each crashed at every point |
//! | [`steps`] | small steps towards the exercises |
//! | [`by_hand`] | plain types for exercises |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 16 and 17.
mod aggregate;
mod batch_step;
mod build;
pub mod by_hand;
pub mod crashes;
mod distinct;
mod error;
pub mod event_time;
mod exchange;
mod job;
pub mod late_data;
pub mod model;
pub mod one_at_a_time;
pub mod paradigms;
mod reading;
mod run;
mod sessions;
mod state_store;
pub mod steps;
mod stored;
mod topologies;
mod topology;
pub mod trade;
mod value;
mod worker;

pub use aggregate::{Aggregate, ApproximateUniques, Count, Sum, Top};
pub use batch_step::{BatchPhase, BatchStep};
pub use distinct::DistinctWithin;
pub use error::{MicroBatchError, Result};
pub use event_time::{EventClock, EventTime, WatermarkOf};
pub use job::{Batch, Job, JobOptions, Replay};
pub use sessions::Sessions;
pub use state_store::BatchPlan;
pub use stored::{Base, Kind, StoredValue};
pub use topologies::{bounce_rate, bounce_rate_after, lesson, page_views, top_words, word_count};
pub use topology::{Emit, Pipe, Topology, TopologyBuilder};
pub use value::{FieldValue, Owned};
