//! A program that can do nothing but compute.
//!
//! [`Confined::start`] starts this program again as `workbook confine`, which takes
//! every right away from itself and then becomes the program asked for:
//!
//! - [`spec`]: what is asked for, and the limits;
//! - [`confine`]: landlock for files and signals, seccomp for system calls
//!   ([`filter`]), limits on memory, CPU time, file size, files and threads, no
//!   capabilities, and, where the system allows it, no network to see at all;
//! - [`group`]: where the system has delegated one, a control group for each program;
//! - [`started`]: the grader's end: pipes, the wall clock, how it ended;
//! - [`probe`]: before anything is graded, programs that try to break out.
//!
//! Invariants:
//! 1. The program does not run unless all of landlock, seccomp and the limits hold.
//! 2. When the grader ends, or its patience does, the program ends.
//! 3. However much the program writes, the grader keeps a bounded part.

mod confine;
mod filter;
mod group;
mod probe;
mod spec;
mod started;

pub use confine::confine;
pub use group::Groups;
pub use probe::{PROBE, probe};
pub use spec::{Kind, Limits, Spec, system_libraries, system_programs};
pub use started::{Confined, Ended, processor_secs, survive_broken_pipes};
