//! How long a shard server takes: a distribution, and a seed.
//!
//! The time of a server for a query depends on the seed, the query and the
//! server, and on nothing else. So a simulation and real threads that wait for
//! those times can be compared query by query.
use super::draws::share;
use std::time::Duration;

/// A distribution of service times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ServiceTime {
    /// One of two times: a disk that must start to spin, a garbage collection or another job
    /// on the machine makes a few requests slow.
    Mostly {
        /// The time of most requests.
        usual: Duration,
        /// The time of the slow ones.
        slow: Duration,
        /// The share of slow requests, from 0 to 1.
        slow_share: f64,
    },
    /// The exponential distribution: often short, sometimes long. The longest hundredth
    /// counts as slow.
    Exponential {
        /// The mean time.
        mean: Duration,
    },
}

impl ServiceTime {
    /// 10 ms, and 1 s once in a hundred requests.
    pub const LESSON: Self = Self::Mostly {
        usual: Duration::from_millis(10),
        slow: Duration::from_millis(1000),
        slow_share: 0.01,
    };

    /// 1 ms, and 20 ms once in a hundred requests: for real threads, which really wait.
    pub const THREADS: Self = Self::Mostly {
        usual: Duration::from_millis(1),
        slow: Duration::from_millis(20),
        slow_share: 0.01,
    };

    /// 10 ms on average, in an exponential distribution.
    pub const SPREAD: Self = Self::Exponential {
        mean: Duration::from_millis(10),
    };

    /// Returns the time that a server takes for a query, in whole microseconds.
    ///
    /// ```
    /// use lambda_workbook::serving::ServiceTime;
    /// let time = |query| ServiceTime::LESSON.of(7, query, 3);
    /// assert_eq!(time(12), time(12)); // the seed decides
    /// let slow = (0..10_000).filter(|&query| time(query) >= ServiceTime::LESSON.slow());
    /// assert!((70..130).contains(&slow.count())); // one in a hundred
    /// ```
    pub fn of(&self, seed: u64, query: u64, server: u64) -> Duration {
        let share = share(seed, query, server);
        match *self {
            Self::Mostly {
                slow, slow_share, ..
            } if share < slow_share => slow,
            Self::Mostly { usual, .. } => usual,
            Self::Exponential { mean } => {
                let micros = -(1.0 - share).ln() * mean.as_micros() as f64;
                Duration::from_micros(micros.round() as u64)
            }
        }
    }

    /// Returns the mean time.
    pub fn mean(&self) -> Duration {
        match *self {
            Self::Mostly {
                usual,
                slow,
                slow_share,
            } => usual.mul_f64(1.0 - slow_share) + slow.mul_f64(slow_share),
            Self::Exponential { mean } => mean,
        }
    }

    /// Returns the time from which on a request counts as slow.
    pub fn slow(&self) -> Duration {
        match *self {
            Self::Mostly { slow, .. } => slow,
            Self::Exponential { mean } => mean.mul_f64(100f64.ln()),
        }
    }

    /// Returns the probability that one request is slow.
    pub fn slow_share(&self) -> f64 {
        match *self {
            Self::Mostly { slow_share, .. } => slow_share,
            Self::Exponential { .. } => 0.01,
        }
    }
}

/// Returns the probability that a query waits for a slow server, if it asks `servers` of them
/// and each is slow with probability `slow_share`, independently of the others: 1 - (1 - p)^n.
///
/// ```
/// use lambda_workbook::serving::any_slow;
/// assert_eq!(any_slow(0.5, 2), 0.75);
/// assert!((any_slow(0.01, 100) - 0.634).abs() < 0.001);
/// ```
pub fn any_slow(slow_share: f64, servers: u32) -> f64 {
    1.0 - (1.0 - slow_share).powf(f64::from(servers))
}
