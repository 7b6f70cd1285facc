//! The people behind the identifiers.
//!
//! A page view names a cookie or an account; an equiv says that two of them are
//! one person. Draw the equivs as edges: each connected component is a person,
//! and its smallest identifier is their name, the *PersonID*. Two ways to it:
//!
//! - [`components`]: union-find, on one machine, in one pass;
//! - [`rounds`]: every identifier sends the smallest label that it knows to all
//!   its neighbours, until nothing changes. Slower here, but each round is a
//!   group-by, which a cluster can do.
//!
//! With the [`PersonIndex`] that comes of it, uniques are counted right in one of
//! two places: [`read_side`] keeps identifiers and converts when asked,
//! [`write_side`] converts first and keeps sketches. [`late`] shows what an equiv
//! that is learned late does to each.
//!
//! Invariants:
//! 1. Both ways find the same components, whatever the order of the equivs.
//! 2. An identifier without an equiv is its own person; so is one that was only
//!    said to be equal to itself.
//! 3. The index is idempotent: the person of a PersonID is that PersonID.
//!
//! Source: Marz and Warren, "Big Data", sections 9.2.3 and 10.7 (figures 9.3 and
//! 10.11).

pub mod components;
mod equivs;
pub mod index;
pub mod late;
pub mod read_side;
pub mod rounds;
pub mod write_side;

pub use components::components;
pub use equivs::equivs;
pub use index::PersonIndex;
pub use late::late_equiv;
pub use read_side::ReadSide;
pub use rounds::{Round, rounds};
pub use write_side::WriteSide;
