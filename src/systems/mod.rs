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
//! | `faults`, `fault_store`, `fault_lambda` | the same faults in both designs |
//! | `ways` | one question, four ways: latency, timeliness, accuracy |
//! | `error` | what can go wrong |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1, 2 and 18.
mod deployment;
mod error;
mod fact_kind;
mod fault_lambda;
mod fault_store;
mod faults;
mod homes;
mod incremental;
mod master_set;
mod numbered;
mod pedigree;
mod profiles;
mod requests;
pub mod traffic;
mod ways;

pub use deployment::{Aftermath, Deployment, Repair, deploy};
pub use error::{Result, SystemsError};
pub use fact_kind::FactKind;
pub use faults::{Design, Fault, Outcome, inject, inject_all};
pub use homes::{homes, serve_homes};
pub use incremental::{Incremental, Writes};
pub use master_set::{Append, MasterSet, Part};
pub use pedigree::{PEDIGREE, Recorded, Retraction, Scope};
pub use profiles::{Move, Profiles};
pub use ways::{Answered, Ways};
