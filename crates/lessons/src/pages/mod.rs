//! Page views: what a counter that is incremented on arrival holds, and small steps towards a
//! view by local day.
//!
//! | file | concept |
//! |---|---|
//! | `counter` | one row for each URL and hour, incremented as records arrive |
//! | `steps` | three small steps towards exercise 1.1, each with its own check |
mod counter;

pub use counter::counted_on_arrival;
