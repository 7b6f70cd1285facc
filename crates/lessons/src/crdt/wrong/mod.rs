//! Counters that are no CRDTs, each with the law that it breaks.
//!
//! They implement [`Crdt`](super::Crdt) in form, so that
//! [`history`](super::history) can find the shortest history that shows it.
mod adding;
mod integer;
mod lww_counter;

pub use adding::AddingCounter;
pub use integer::Integer;
pub use lww_counter::LwwCounter;
