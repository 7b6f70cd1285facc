//! The experiments of the chapters on unique visitors and on people.
//!
//! Read the files in this order. Unique visitors: `sums` (why counts of visitors do not add up),
//! `returning` (who came in a week), `registers` (HyperLogLog with its registers in the open),
//! `storage` (bytes of sets beside bytes of sketches), `accuracy` (what precision buys), `cover` (a
//! plan, checked hour by hour), `in_range` (a range by its fewest reads, beside the exact count). People: `components` (union-find beside rounds of the smallest
//! label), `sides` (equivs applied at the query or before it), `bounce` (visits of a single view,
//! by person and by identifier), `shuffled` (what machines send each other for uniques), `stages` (what moves between a driver and its executors). `steps` has the small steps towards the exercises of both, and
//! `separators` makes the large numbers of a table readable.
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
mod growth;
mod in_range;
mod registers;
mod returning;
mod separators;
mod shuffled;
mod sides;
mod sketches;
mod stages;
mod steps;
mod storage;
mod sums;
#[cfg(test)]
mod tests;

pub use accuracy::{Accuracy, accuracy, accuracy_table};
pub use bounce::{PersonVisits, bounce_rates, eight_views, rate_of, visits};
pub use components::{cost_of_rounds, equivs_of, sent, union_find};
pub use cover::{both_plans, covers, covers_exactly};
pub use growth::growth;
pub use in_range::{beside_exact, exact_visitors, in_ranges};
pub use registers::{Landing, Registers, visitors};
pub use returning::visitors_of_week;
pub use separators::with_separators;
pub use shuffled::shuffled;
pub use sides::sides;
pub use sketches::sketches_of;
pub use stages::{ExecutorWork, QueryStages, StagedQuery, with_robot};
pub use steps::{
    step_bounces, step_day, step_edges, step_merge, step_read_side, step_reads, step_smallest,
    step_visits,
};
pub use storage::storage;
pub use sums::sums;
