//! Page views: what a counter that is incremented on arrival holds, and small steps towards a
//! view by local day.
//!
//! | file | concept |
//! |---|---|
//! | `counter` | one row for each URL and hour, incremented as records arrive |
//! | `rolled` | days of a place out of hours of UTC, and where that is wrong |
//! | `steps` | two small steps towards exercise 1.1, each with its own check |
mod counter;
mod rolled;
mod steps;

pub use counter::counted_on_arrival;
pub use rolled::{days_of_hours, shifted_days, wrong_days};
pub use steps::{step_date, step_first_moment, step_whole_hours};
