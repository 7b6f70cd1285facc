//! Data systems from first principles: `query = function(all data)`.
//!
//! | file | concept |
//! |---|---|
//! | `fact_kind` | a table for each kind of fact, with columns of its own types |
//! | `pedigree`, `numbered`, `master_set` | a master data set that is append-only by its type |
//! | `profiles`, `homes` | the same facts written in place, and as a view |
//! | `deployment` | a bug for four hours: spoiled for good, or only delayed |
//! | `error` | what can go wrong |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1, 2 and 18.
mod deployment;
mod error;
mod fact_kind;
mod homes;
mod master_set;
mod numbered;
mod pedigree;
mod profiles;

pub use deployment::{Aftermath, Deployment, Repair, deploy};
pub use error::{Result, SystemsError};
pub use fact_kind::FactKind;
pub use homes::{homes, serve_homes};
pub use master_set::{Append, MasterSet, Part};
pub use pedigree::{PEDIGREE, Recorded, Retraction, Scope};
pub use profiles::{Move, Profiles};
