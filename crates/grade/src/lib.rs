//! Grading submissions whose authors may be hostile.
//!
//! Reading order, which is the way of one submission:
//! - [`task`]: the exercises to grade;
//! - [`submissions`]: whose it is, and where; files only, of a bounded size;
//! - [`extract`]: the function asked for, out of the notebook: its [`cells`] in
//!   [`tokens`], the [`definition`] that counts, and what is [`needed`] by the [`names`]
//!   and [`imports`] in it;
//! - [`scan`]: names that no answer needs;
//! - [`compile`]: a program of it, built in the [`sandbox`]; all answers of a student
//!   [`together`], as far as that goes;
//! - [`linked`]: what of this project that program calls, and whether it may;
//! - [`work`]: questions to that program, in the sandbox, and what it answers;
//! - [`mark`]: every case judged here, on data, by the same code that checks a
//!   reader's answer;
//! - [`points`], [`report`], [`feedback`], [`similar`]: what the teacher gets;
//! - [`process`]: all of that for one submission, in a process that may die;
//! - [`batch`]: all submissions, in parallel, and only those that changed since the
//!   [`ledger`] was written.
//!
//! Invariants:
//! 1. Points are given for values that equal the reference's, compared in this
//!    process. No code of a submission is ever linked with or run in it.
//! 2. Hidden inputs, right answers and marks are in no process or file that a
//!    submission can read.
//! 3. What goes wrong in any other way gives no points, and never stops the rest.

pub mod batch;
pub mod cells;
pub mod checked_expression;
pub mod compile;
pub mod definition;
pub mod extract;
pub mod feedback;
pub mod handout;
pub mod imports;
pub mod ledger;
pub mod linked;
pub mod mark;
pub mod names;
pub mod needed;
pub mod points;
pub mod process;
pub mod report;
pub mod sandbox;
pub mod scan;
pub mod similar;
mod stub;
pub mod submissions;
pub mod task;
pub mod together;
pub mod tokens;
pub mod work;
