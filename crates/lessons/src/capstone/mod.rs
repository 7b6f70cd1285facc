//! The capstone: everything runs for a week, and an account is drawn up.
//!
//! Two data centres take what comes, each into its own partition of the log; the
//! speed layer, batch runs, the serving views and merged queries work on it; the
//! network is cut, processes are killed, a batch run is deployed with a bug. Every
//! hour the merged answers stand beside the truth, which is counted from the data
//! as it was made and by none of the code that is put to the test.
//!
//! | reading order | concept |
//! |---|---|
//! | `week` | what happens when: [`Week`], drawn from a seed |
//! | `truth` | the right answers, counted apart |
//! | `arrivals` | the data on its way: late, sent twice, cut short |
//! | `faulty_log` | the log as a process reaches it: cut off from a site, or crashing |
//! | `sites` | counters of both sites as CRDTs |
//! | `deployment` | the batch code, and a version of it with a bug |
//! | `order`, `node` | what a node is told, and what it does |
//! | `host`, `process` | a node in this process, or in one of its own that is killed |
//! | `run`, `schedule`, `look` | the week, hour by hour; batch runs and deployments; the truth beside each answer |
//! | `reading` | one hour, as the dashboard shows it |
//! | `kill_frames` | one kill of a consumer, frame by frame |
//! | [`steps`] | small steps of the chapter, each with its own check |
//! | `evidence` | which events are lost or doubled |
//! | `parts` | a part of the week that a reader wrote, and the smallest run in which it goes wrong |
//! | [`incident`](mod@incident) | something went wrong, and the dashboard alone says what |
//! | `account` | lost, doubled: read from the log, the master data and the views |
//!
//! 1. A merged answer is what its layers claim to hold: every event in the log up to
//!    their offsets once, by the persons whom the equivs of before the cut make.
//! 2. What differs from the truth is known by name: it waits in the log, or an equiv
//!    came after the cut. A closing batch run leaves no difference.
//! 3. A crash, at any moment, changes no answer. What was acknowledged is there.
//! 4. During a partition both sites take and count what comes; after it they agree.
//! 5. A batch run with a bug delays right answers. It loses nothing: the views of the
//!    batch before are kept, and the master data is as it was.
//!
//! Source: *Big Data*, Marz and Warren (Manning), chapters 1, 12, 14 and 18.
mod account;
mod arrivals;
mod deployment;
mod error;
mod evidence;
mod faulty_log;
mod figures;
mod host;
mod incident;
mod kill_frames;
mod look;
mod node;
mod order;
mod parts;
mod process;
mod reading;
mod run;
mod schedule;
mod sites;
pub mod steps;
mod truth;
mod week;

pub use account::{Account, LostAndDoubled};
pub use deployment::Code;
pub use error::{CapstoneError, Result};
pub use evidence::{Fate, NamedEvent};
pub use figures::Figures;
pub use host::{Here, Host};
pub use incident::{Cause, Diagnosis, HourSigns, Incident, Remedy, RemedyVerdict, incident};
pub use kill_frames::{KillFrame, kill_frames};
pub use node::{Node, NodeConfig};
pub use order::{Answers, LinkState, NodeReply, Order, SiteAnswers};
pub use parts::{NewViews, OwnPart, PartAccount, with, with_in};
pub use process::{Process, serve};
pub use reading::{History, LogOffsets, Mark, Reading};
pub use run::{here, run};
pub use week::{BadDeployment, Consumer, Week};
