//! Replicas that may disagree, and the proof that they meet again.
//!
//! A *conflict-free replicated data type* is a state with a merge that is the
//! least upper bound of a lattice. Replicas change their own copy without asking
//! anybody, send it whenever the network lets them, and merge what they receive.
//!
//! | file | holds |
//! |---|---|
//! | `crdt` | the trait: [`Crdt`], its order, its laws |
//! | `replica` | [`ReplicaId`], and a [`Replica`] that notices a second one of its name |
//! | `error` | what cannot be merged, and what to do about it |
//! | `version_vector` | [`VersionVector`]: how much of whom was seen |
//! | `g_counter`, `pn_counter` | counters that grow; that also fall |
//! | `max_register`, `lww_register`, `mv_register` | one value: the largest, the last, all that nobody overwrote |
//! | `g_set`, `dots`, `or_set` | sets that grow; the events behind one that also shrinks |
//! | `map`, `any` | a map of CRDTs, of one type or of several |
//! | `sketch` | HyperLogLog, which has been one all along |
//! | `accumulator` | Spark's accumulator, which is none |
//! | `wrong` | an integer, last write wins on a counter, adding instead of max |
//! | `history` | the shortest history that breaks a counter |
//! | `by_hand` | plain types for those who build one themselves |
//!
//! Invariants, for every type here:
//! 1. Merging is commutative: a ∨ b = b ∨ a.
//! 2. Merging is associative: (a ∨ b) ∨ c = a ∨ (b ∨ c).
//! 3. Merging is idempotent: a ∨ a = a.
//! 4. States only grow: a ≤ a ∨ b, and a ≤ any change of a.
//! 5. Who has received the same changes, in whatever order and how often, holds
//!    the same state.
//! 6. A change that fails leaves the state as it was.
//!
//! ```
//! use lambda_workbook::crdt::{Crdt, GCounter, ReplicaId};
//! let replicas = [1, 2, 3].map(ReplicaId);
//! let mut views = GCounter::from_counts(replicas.into_iter().zip([10, 7, 18]))?;
//! assert_eq!(views.value(), 35);
//! views.add(replicas[0], 1)?;
//! views.add(replicas[2], 1)?;
//! assert_eq!((views.counts(&replicas), views.value()), (vec![11, 7, 19], 37));
//! # Ok::<(), lambda_workbook::crdt::CrdtError>(())
//! ```
//!
//! Sources: Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of
//! convergent and commutative replicated data types" (2011); Almeida, Shoker,
//! Baquero, "Delta state replicated data types" (2018); Marz and Warren, "Big
//! Data", chapter 12.
mod accumulator;
mod any;
pub mod by_hand;
#[allow(clippy::module_inception)]
mod crdt;
mod dots;
mod error;
mod g_counter;
mod g_set;
pub mod history;
#[cfg(test)]
mod laws_tests;
mod lww_register;
mod map;
mod max_register;
mod mv_register;
mod or_set;
#[cfg(test)]
mod oracle_tests;
mod pn_counter;
mod replica;
mod sketch;
mod version_vector;
pub mod wrong;

pub use accumulator::{Accumulator, ByPartition};
pub use any::Any;
pub use crdt::Crdt;
pub use dots::{Dot, Dots};
pub use error::CrdtError;
pub use g_counter::GCounter;
pub use g_set::GSet;
pub use lww_register::{ClockKind, LwwRegister, Stamp};
pub use map::Map;
pub use max_register::MaxRegister;
pub use mv_register::MvRegister;
pub use or_set::OrSet;
pub use pn_counter::PnCounter;
pub use replica::{Causal, Replica, ReplicaId, distinct};
pub use version_vector::VersionVector;
