//! How long a shard server takes: a distribution, and a seed.
//!
//! The time of a server for a query depends on the seed, the query and the
//! server, and on nothing else. So a simulation and real threads that wait for
//! those times can be held beside each other, query by query.
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// A distribution of service times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ServiceTime {
    /// Mostly `usual`, but `slow` in a share of the requests: a disk that spins
    /// up, a collection of garbage, another job on the machine.
    Mostly {
        usual: Duration,
        slow: Duration,
        slow_share: f64,
    },
    /// Exponential: often short, sometimes long. Slow are those of the longest
    /// hundredth.
    Exponential { mean: Duration },
}

impl ServiceTime {
    /// 10 ms, and 1 s once in a hundred requests.
    pub const LESSON: Self = Self::Mostly {
        usual: Duration::from_millis(10),
        slow: Duration::from_millis(1000),
        slow_share: 0.01,
    };

    /// The time of a server for a query, to the microsecond.
    ///
    /// ```
    /// use lambda_workbook::serving::ServiceTime;
    /// let time = |query| ServiceTime::LESSON.of(7, query, 3);
    /// assert_eq!(time(12), time(12)); // the seed decides
    /// let slow = (0..10_000).filter(|&query| time(query) >= ServiceTime::LESSON.slow());
    /// assert!((70..130).contains(&slow.count())); // one in a hundred
    /// ```
    pub fn of(&self, seed: u64, query: u64, server: u64) -> Duration {
        let label = seed ^ query.rotate_left(24) ^ server.rotate_left(48);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(label);
        // 53 bits: at least 0, below 1.
        let share = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
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

    /// The mean.
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

    /// From here on a request counts as slow.
    pub fn slow(&self) -> Duration {
        match *self {
            Self::Mostly { slow, .. } => slow,
            Self::Exponential { mean } => mean.mul_f64(100f64.ln()),
        }
    }

    /// How likely one request is slow.
    pub fn slow_share(&self) -> f64 {
        match *self {
            Self::Mostly { slow_share, .. } => slow_share,
            Self::Exponential { .. } => 0.01,
        }
    }
}

/// How likely a query waits for a slow server, if it asks `servers` and each is
/// slow with this chance, on its own: 1 - (1 - p)^n.
///
/// ```
/// use lambda_workbook::serving::any_slow;
/// assert_eq!(any_slow(0.5, 2), 0.75);
/// assert!((any_slow(0.01, 100) - 0.634).abs() < 0.001);
/// ```
pub fn any_slow(slow_share: f64, servers: u32) -> f64 {
    1.0 - (1.0 - slow_share).powf(f64::from(servers))
}
