//! Why samples, filters and joins are refused, and what to do.
use lambda::datum::PersonId;
use std::fmt;

/// The oldest age that is taken for one, in years.
pub const OLDEST: i64 = 150;

/// A sample, a filter or a join that cannot be.
#[derive(Clone, Debug, PartialEq)]
pub enum RecomputeError {
    /// An age that nobody has.
    Age { person: PersonId, age: i64 },
    /// A time outside of the years 1000 to 9999.
    Time { person: PersonId, secs: i64 },
    /// A row of nobody, or of two at once.
    Person { row: usize },
    /// A row without a time.
    NoTime { row: usize },
    /// A rate of false positives that is none.
    FalsePositives(f64),
    /// A filter without bits, or with more than memory has.
    BitsPerKey(f64),
    /// A share of keys that is none.
    Share(f64),
    /// A cluster without machines, or with more than threads can play.
    Machines(usize),
    /// More rows in a batch than there are.
    Batch { asked: usize, rows: usize },
    /// Bytes that are no message of this cluster.
    Damaged { what: &'static str, at: usize },
}

/// A person in words: `user 7`, `cookie ABCDE`.
pub(super) fn name(person: &PersonId) -> String {
    match person {
        PersonId::UserId(id) => format!("user {id}"),
        PersonId::Cookie(cookie) => format!("cookie {cookie}"),
    }
}

impl fmt::Display for RecomputeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age { person, age } => write!(
                f,
                "{}: an age of {age} years; ages are whole years from 0 to {OLDEST}, so correct the source, or leave this sample out",
                name(person)
            ),
            Self::Time { person, secs } => write!(
                f,
                "{}: an age sample at {secs} s; times are epoch seconds (not milliseconds) of the years 1000 to 9999",
                name(person)
            ),
            Self::Person { row } => write!(
                f,
                "row {row}: a person is a cookie or a user_id, exactly one of them"
            ),
            Self::NoTime { row } => {
                write!(f, "row {row}: an age without true_as_of_secs says nothing")
            }
            Self::FalsePositives(rate) => write!(
                f,
                "a rate of false positives of {rate}; choose one above 0 and below 1, such as 0.01"
            ),
            Self::BitsPerKey(bits) => write!(
                f,
                "a filter of {bits} bits a key; choose above 0 and up to 64, of which 10 gives 1 % false positives"
            ),
            Self::Share(share) => write!(f, "a share of keys of {share}; choose one from 0 to 1"),
            Self::Machines(asked) => write!(
                f,
                "a cluster of {asked} machines; choose 1 to 64, each is played by a thread"
            ),
            Self::Batch { asked, rows } => write!(
                f,
                "a new batch of {asked} rows out of {rows}; choose no more than there are"
            ),
            Self::Damaged { what, at } => write!(
                f,
                "byte {at} of a message: {what}; send it again from where it was made"
            ),
        }
    }
}

impl std::error::Error for RecomputeError {}

impl From<RecomputeError> for polars::error::PolarsError {
    fn from(error: RecomputeError) -> Self {
        polars::error::PolarsError::ComputeError(error.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_how_to_mend() {
        let person = PersonId::Cookie("ABCDE".into());
        let text = RecomputeError::Age { person, age: -1 }.to_string();
        assert!(text.starts_with("cookie ABCDE: an age of -1") && text.contains("leave"));
        assert!(
            RecomputeError::BitsPerKey(0.0)
                .to_string()
                .contains("up to 64")
        );
    }
}
