//! Every picture that a cell draws: the charts of [`notebook::plot`], which know no
//! chapter, and the pictures of a chapter's own types.
//!
//! | function | shows |
//! |---|---|
//! | [`plan`](fn@plan) | a plan of reads, bucket by bucket |
//! | [`round`](fn@round) | equivs, round by round |
//! | [`topology`](fn@topology) | queues and workers that have run |
//! | [`pipes`](fn@pipes) | the operators of a micro-batch topology |
//! | [`held`](fn@held) | which view holds which minutes |
//! | [`birthdays`](fn@birthdays) | how age samples narrow a birthday |
//! | [`fit`](fn@fit) | a line through timed runs, and what it leaves of each |
//! | [`dashboard`](fn@dashboard) | a week of all layers, with what went wrong |
mod birthdays;
mod dashboard;
mod fit;
mod held;
mod pipes;
mod plan;
mod rounds;
mod topology;

pub use birthdays::birthdays;
pub use dashboard::dashboard;
pub use fit::fit;
pub use held::held;
pub use notebook::plot::*;
pub use pipes::{pipes, pipes_of};
pub use plan::plan;
pub use rounds::round;
pub use topology::topology;

// What all pictures are drawn with.
use show::picture::{canvas, scale, style};
