//! Why samples, filters and joins are refused, and what to do.
use lambda::datum::PersonId;

/// The oldest age that is taken for one, in years.
pub const OLDEST: i64 = 150;

/// Why a sample, a filter or a join is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecomputeError {
    /// An age is not between 0 and [`OLDEST`].
    #[error(
        "{}: an age of {age} years; ages are whole years from 0 to {OLDEST}, so correct the \
         source, or leave this sample out",
        name(person)
    )]
    Age {
        /// The person of the sample.
        person: PersonId,
        /// The age in years.
        age: i64,
    },
    /// The time of a sample is outside the years 1000 to 9999.
    #[error(
        "{}: an age sample at {secs} s; times are epoch seconds (not milliseconds) of the years \
         1000 to 9999",
        name(person)
    )]
    Time {
        /// The person of the sample.
        person: PersonId,
        /// The time in epoch seconds.
        secs: i64,
    },
    /// A row has neither a cookie nor a user id, or both.
    #[error("row {row}: a person is a cookie or a user_id, exactly one of them")]
    Person {
        /// The number of the row, counted from 0.
        row: usize,
    },
    /// A row has no time.
    #[error("row {row}: an age without true_as_of_secs says nothing")]
    NoTime {
        /// The number of the row, counted from 0.
        row: usize,
    },
    /// A rate of false positives is not between 0 and 1.
    #[error("a rate of false positives of {0}; choose one above 0 and below 1, such as 0.01")]
    FalsePositives(f64),
    /// A filter would have no bits, or more than the memory has.
    #[error(
        "a filter of {0} bits a key; choose above 0 and up to 64, of which 10 gives 1 % false \
         positives"
    )]
    BitsPerKey(f64),
    /// A share of the keys is not between 0 and 1.
    #[error("a share of keys of {0}; choose one from 0 to 1")]
    Share(f64),
    /// A cluster would have no machines, or too many to play each by a thread.
    #[error("a cluster of {0} machines; choose 1 to 64, each is played by a thread")]
    Machines(usize),
    /// A batch would have more rows than there are.
    #[error("a new batch of {asked} rows out of {rows}; choose no more than there are")]
    Batch {
        /// The number of rows that was asked for.
        asked: usize,
        /// The number of rows that there are.
        rows: usize,
    },
    /// Bytes are not a message of this cluster.
    #[error("byte {at} of a message: {what}; send it again from where it was made")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// The byte of the message, counted from 0.
        at: usize,
    },
}

/// A person in words: `user 7`, `cookie ABCDE`.
pub(super) fn name(person: &PersonId) -> String {
    match person {
        PersonId::UserId(id) => format!("user {id}"),
        PersonId::Cookie(cookie) => format!("cookie {cookie}"),
    }
}

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
