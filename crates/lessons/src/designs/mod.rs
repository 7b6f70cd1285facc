//! Do you still need Lambda? The same days and the same faults in five designs, and what a law on
//! erasure does to data that is never changed.
//!
//! | file | concept |
//! |---|---|
//! | `scenario` | days of traffic, and the one thing that goes wrong on them |
//! | `system` | what a design must do, and what it says of itself |
//! | `misread_log` | a log whose reader may have a bug, and which counts what is read |
//! | `over_log` | how arrivals are handed to a design over a log, and what a repair reads of it |
//! | `lambda_layers` | Lambda: batch, serving and speed layer |
//! | `one_store` | one store that each event changes, and its backups |
//! | `kappa` | one stream program over a log, which is replayed |
//! | `program` | a program in `rivals/`, asked over a pipe |
//! | `lakehouse` | tables with snapshots, and a query engine over them |
//! | `maintained` | views that a dataflow maintains incrementally |
//! | `changes` | changes of tables and of views, as a dataflow sees them |
//! | `rows` | facts as rows of a data frame |
//! | `outcome` | the designs, and their wrong answers hour by hour |
//! | `run` | the trials, judged hour by hour; how each design answers meanwhile |
//! | `recorded` | a dated run of the designs in programs of their own |
//! | `lines` | lines of code, counted from the sources |
//! | `sealed` | rows under a key of their person, and keys that can be forgotten |
//! | `erasure` | a person is erased, in two ways, and what can be found out afterwards |
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1 and 18, for Lambda and the one store.
//! Jay Kreps, "Questioning the Lambda Architecture" (2014), for Kappa.
mod changes;
mod erasure;
mod kappa;
mod lakehouse;
mod lambda_layers;
mod lines;
mod maintained;
mod misread_log;
mod one_store;
mod outcome;
mod over_log;
mod program;
mod recorded;
mod rows;
mod run;
mod scenario;
mod sealed;
mod system;

pub use changes::{UniquesChange, VisitChange, VisitTimes};
pub use erasure::{Erased, Facts, Guess, erase, guesses};
pub use lines::{LINES_TAKEN, lines_of_code};
pub use outcome::{Design, Outcome, Standing, WrongAnswers};
pub use recorded::{TAKEN, is_built, record_of};
pub use run::{inject, inject_all, standing};
pub use scenario::{Fault, Scenario};
pub use sealed::{SealError, Sealed, Vault};
pub use system::{Kept, Recovery};
