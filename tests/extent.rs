//! How far a run of the tests goes. `LAMBDA_WORKBOOK_TESTS` says it; the README's section
//! on tests describes the choice.
//!
//! | value | a part that this machine lacks | random runs |
//! |---|---|---|
//! | not set | the tests that need it are left out, and say so | short |
//! | `all` | the tests that need it fail | short |
//! | `long` | the tests that need it fail | long |

/// Returns the number of rounds of a random run: `short` in the default run, `long` in
/// the long one. A bound on what the rounds must have met is given per round.
pub fn rounds<T>(short: T, long: T) -> T {
    if is("long") { long } else { short }
}

/// Returns whether a test may leave itself out for want of a part.
#[allow(dead_code)] // not every package has such tests
pub fn may_leave_out() -> bool {
    !is("all") && !is("long")
}

fn is(extent: &str) -> bool {
    std::env::var("LAMBDA_WORKBOOK_TESTS").is_ok_and(|set| set == extent)
}
