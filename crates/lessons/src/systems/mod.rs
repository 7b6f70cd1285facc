//! Data systems from first principles: `query = function(all data)`.
//!
//! | file | concept |
//! |---|---|
//! | `fact_kind` | a table for each kind of fact, with columns of its own types |
//! | `pedigree`, `numbered`, `master_set` | a master data set that is append-only by its type |
//! | `profiles`, `homes` | the same facts written in place, and as a view |
//! | `requests`, `deployment` | a bug for four hours: spoiled for good, or only delayed |
//! | `traffic` | a day of traffic, and the truth about it |
//! | `incremental` | the design without a batch layer |
//! | `ways` | one question, four ways: latency, timeliness, accuracy |
//! | `two_versions` | a wrong view and its replacement beside each other, while a log is replayed |
//! | `error` | what can go wrong |
//!
//! Recomputing no more than is needed:
//!
//! | file | concept |
//! |---|---|
//! | `birthday` | the range of birthdays that age samples leave, or the samples that contradict |
//! | `age_samples` | samples out of a data set, or drawn |
//! | [`partial`] | the entities of a new batch recomputed, in four steps, and merged |
//! | `key_filter` | a Bloom filter of keys: its size, its false positives |
//! | [`bloom_join`] | plain, semi and Bloom join on machines that count what moves |
//! | [`bloom_sweep`] | their costs by filter size and by share of keys; the best size |
//! | `cost_model` | T = O + P x H and its steady state |
//! | `cost_fit` | O and P of timed runs, by least squares |
//! | `cost_runs` | timed runs of this project's own batch job |
//! | `wire` | keys and rows as bytes |
//! | `by_hand` | what the exercises are given |
//! | `stopwatch` | a clock to pass in |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1, 2 and 18.
mod age_samples;
mod birthday;
pub mod bloom_join;
pub mod bloom_sweep;
mod by_hand;
mod cost_fit;
mod cost_model;
mod cost_runs;
pub(crate) mod deployment;
pub(crate) mod error;
mod fact_kind;
mod homes;
mod incremental;
mod key_filter;
mod master_set;
mod numbered;
pub mod partial;
mod pedigree;
mod profiles;
mod recompute_error;
mod requests;
mod stopwatch;
pub mod traffic;
mod two_versions;
mod ways;
mod wire;

pub use age_samples::{Ages, ages, drawn};
pub use birthday::{AgeSample, Birthday, Contradiction, Days, infer};
pub use by_hand::{BatchLayer, BatchRecord, CityFact, CityRetraction, positions};
pub use cost_fit::{Fit, TimedRun};
pub use cost_model::{CostError, CostModel, run_times};
pub use cost_runs::timed_runs;
pub use deployment::{Aftermath, Deployment, Repair, deploy};
pub use error::{Result, SystemsError};
pub use fact_kind::FactKind;
pub use homes::{homes, serve_homes};
pub use incremental::{Incremental, Writes};
pub use key_filter::{KeyFilter, bits_per_key, false_positives};
pub use master_set::{Append, MasterSet, Part};
pub use pedigree::{PEDIGREE, Recorded, Retraction, Scope};
pub use profiles::{Move, Profiles};
pub use recompute_error::RecomputeError;
pub use stopwatch::stopwatch;
pub use two_versions::{AskedVersion, Replacement, ViewProgram};
pub use ways::{Answered, Ways};
