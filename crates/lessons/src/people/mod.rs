//! The experiments of the chapter on people: uniques that merge, and who is behind an identifier.
//!
//! Read the files in this order: `sums` (why counts of people do not add up), `returning` (who came
//! in a week), `registers` (HyperLogLog with its registers in the open), `storage`
//! (bytes of sets beside bytes of sketches), `accuracy` (what precision buys), `steps` (two
//! small steps towards exercise 2.2), `cover` (a plan, checked hour by hour), `components` (union-find
//! beside rounds of the smallest label), `sides` (equivs applied at the query or before it), `bounce`
//! (visits that end where they began, by person and by identifier). `separators` makes the large
//! numbers of a table readable.
//!
//! All of them use the four weeks of [`dataset::weeks`].
//!
//! Invariants:
//! 1. The registers of [`Registers`] are those of the library that the views use.
//! 2. Merging registers gives the registers of the union, in any order, however often.
//! 3. Both ways to find components find the same ones.
//!
//! Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007); Heule, Nunkesser, Hall,
//! "HyperLogLog in Practice" (2013); Marz and Warren, "Big Data", sections 8.3, 9.2.3, 10.5, 10.7.

mod accuracy;
mod bounce;
mod components;
mod cover;
mod registers;
mod returning;
mod separators;
mod sides;
mod sketches;
mod steps;
mod storage;
mod sums;
#[cfg(test)]
mod tests;

pub use accuracy::{Accuracy, accuracy, accuracy_table};
pub use bounce::{bounce_rates, eight_views};
pub use components::{cost_of_rounds, equivs_of, sent, union_find};
pub use cover::{both_plans, covers, covers_exactly};
pub use registers::{Landing, Registers, visitors};
pub use returning::visitors_of_week;
pub use separators::with_separators;
pub use sides::sides;
pub use sketches::sketches_of;
pub use steps::{step_day, step_merge};
pub use storage::storage;
pub use sums::sums;
