//! What can have happened, and what can be done about it.
use dataset::random::Random;
use std::fmt;

/// What went wrong in a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing: what looks odd has ended by itself.
    Nothing,
    /// From some hour on the clock of a site is off, so its page views have wrong times.
    ClockOff,
    /// The consumer of a partition was down. When it came back it went on at the end of the log,
    /// and has never read what was appended in between.
    SkippingConsumer,
    /// From some batch on the batch code has a bug: it leaves out the page views of cookies.
    BadDeployment,
    /// No consumer reads a partition any more.
    LostPartition,
    /// A batch was published with the cut of the batch before: the speed layer still answers for
    /// records that are in the batch views.
    StaleCut,
}

impl Cause {
    /// The causes that [`incident`](super::incident) draws.
    pub const DRAWN: [Self; 5] = [
        Self::ClockOff,
        Self::SkippingConsumer,
        Self::BadDeployment,
        Self::LostPartition,
        Self::StaleCut,
    ];

    /// Returns the cause of the incident with a seed.
    pub fn drawn_by(seed: u64) -> Self {
        let drawn = Random::new(&[seed, 0xCA05]).below(Self::DRAWN.len() as u64);
        Self::DRAWN[drawn as usize]
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::ClockOff => "a clock that is off",
            Self::SkippingConsumer => "a consumer that skips",
            Self::BadDeployment => "a bad deployment",
            Self::LostPartition => "a lost partition",
            Self::StaleCut => "a stale cut",
        })
    }
}

/// A repair, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Changes nothing.
    Nothing,
    /// Adds `seconds` to the times of the records that `site` (0 or 1) accepted in the hour `from` of
    /// the week or later, and computes their views again. The records themselves stay as they
    /// are: the correction is a rule of the code that reads them.
    CorrectClock {
        /// The site, which is also the number of its partition.
        site: usize,
        /// The first hour of the week whose records are corrected.
        from: i64,
        /// Seconds to add; negative if the clock is ahead.
        seconds: i64,
    },
    /// Has the speed layer read a partition again from an offset on, up to the end of the log. What
    /// it holds of the partition from there on is dropped first.
    Rewind {
        /// The partition, 0 or 1.
        partition: usize,
        /// The first offset that is read again.
        offset: u64,
    },
    /// Serves an older batch again, with its own cut. The speed layer reads what came since that cut.
    RollBack {
        /// The number of the batch.
        batch: u64,
    },
    /// Publishes the cut of the served batch anew: for each partition the offset from which on the
    /// speed layer answers.
    Publish {
        /// One offset for each partition.
        cut: [u64; 2],
    },
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("change nothing"),
            Self::CorrectClock {
                site,
                from,
                seconds,
            } => write!(
                f,
                "add {seconds} s to the times of site {site} from hour {from} on"
            ),
            Self::Rewind { partition, offset } => {
                write!(
                    f,
                    "read partition {partition} again from offset {offset} on"
                )
            }
            Self::RollBack { batch } => write!(f, "serve batch {batch} again"),
            Self::Publish { cut } => write!(f, "publish the cut {}, {}", cut[0], cut[1]),
        }
    }
}
