//! The persons behind the identifiers.
//!
//! A page view names an identifier: a cookie or an account. An *equiv* says that two
//! identifiers belong to one person. In the graph whose edges are the equivs, each connected
//! component is a person. The smallest identifier of a component is the *PersonID* of that
//! person. The components can be computed in two ways:
//!
//! - [`components`]: union-find, on one machine, in one pass;
//! - [`rounds`]: every identifier sends the smallest label that it knows to all of its
//!   neighbours, until nothing changes. This is slower on one machine, but each round is a
//!   group-by, which a cluster can execute.
//!
//! The result is a [`PersonIndex`], from identifiers to PersonIDs. It can be applied at one of
//! two moments. The [`read_side`] stores identifiers and converts them during each query. The
//! [`write_side`] converts them first and stores sketches. [`late`] shows what happens to each
//! when an equiv arrives late.
//!
//! Invariants:
//! 1. Both algorithms find the same components, whatever the order of the equivs.
//! 2. An identifier without an equiv is a person of its own. So is one whose only equiv is
//!    with itself.
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
