//! What happens in a week, and when.
use super::error::{CapstoneError, Result};
use dataset::random::Random;
use dataset::{Kinds, Spec};
use lambda::speed;
use lambda::{Lambda, Options};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Hours of a week.
pub const HOURS: i64 = 7 * 24;
/// The data: the week, and before it one that is served when it begins. UTC.
const BOTH: &str = "2015-07-27..2015-08-10";
/// Monday, 2015-08-03 00:00 UTC: epoch seconds.
pub const BEGIN: i64 = 1_438_560_000;

/// How the speed layer commits its offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consumer {
    /// Together with the counts, in one atomic write.
    #[default]
    ExactlyOnce,
    /// In a call of its own, before or after the counts are written.
    SplitCommit(speed::CommitOrder),
}

impl Consumer {
    /// Whom the speed layer takes for a person after the cut.
    pub(super) fn resolution(self) -> speed::IdentityResolution {
        match self {
            Self::ExactlyOnce => speed::IdentityResolution::AtCut,
            // It keeps no names of persons in its views.
            Self::SplitCommit(_) => speed::IdentityResolution::None,
        }
    }

    /// Opens the layers in a folder, with this consumer in the speed layer.
    pub(super) fn layers(
        self,
        folder: &Path,
        log: Arc<dyn speed::Log>,
        topic: &str,
        options: Options,
    ) -> Result<Lambda> {
        Ok(match self {
            Self::ExactlyOnce => Lambda::open(folder, log, topic, options)?,
            Self::SplitCommit(order) => {
                Lambda::open_with(folder, log, topic, options, |source, home, batch, cut| {
                    let views = speed::SplitCommit::open(order, source, home, batch, cut)?;
                    Ok(Box::new(views))
                })?
            }
        })
    }
}

/// A batch run that is deployed with a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDeployment {
    /// The first batch that is computed by it, from 2 on.
    pub batch: u64,
    /// Hours of wrong answers until it is noticed and rolled back.
    pub noticed_after: i64,
}

/// A week: how much comes, and what goes wrong. Times are hours since it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    pub seed: u64,
    /// Distinct page views of this week and the one before, both together.
    pub views: u64,
    pub users: u32,
    pub pages: u32,
    /// Hours between two looks at the answers; divides 24.
    pub step: i64,
    /// A batch run begins so often.
    pub batch_every: i64,
    /// How long it takes until its views are served.
    pub batch_takes: i64,
    /// How long what they hold is kept in the realtime views all the same: a way
    /// back that can be gone at once.
    pub expire_after: i64,
    /// When the sites cannot reach each other.
    pub partition: Option<Range<i64>>,
    /// When a process is killed, in order; an hour may be named more than once.
    pub crashes: Vec<i64>,
    pub bad_deployment: Option<BadDeployment>,
    pub consumer: Consumer,
    /// Offsets that streaming dedupe reaches back.
    pub window: usize,
    /// Address of the log, such as `kafka://127.0.0.1:9092`, where the week gets a topic of its
    /// own; `None` for a log in the folder.
    pub log: Option<String>,
    /// Address of the realtime views, such as `hbase://127.0.0.1:9090`, where the week gets tables
    /// of its own, which are removed when it is over; `None` for a store in the folder.
    pub store: Option<String>,
    /// Address of the engine that computes the batch views, such as `sc://127.0.0.1:15002`; `None`
    /// for that of this machine.
    pub engine: Option<String>,
}

impl Week {
    /// The week of the notebook: batches every 12 hours, a partition on Tuesday
    /// night, two crashes, a bug on Thursday.
    pub fn lesson() -> Self {
        Self {
            seed: 2015,
            views: 40_000,
            users: 400,
            pages: 12,
            step: 1,
            batch_every: 12,
            batch_takes: 3,
            expire_after: 4,
            partition: Some(42..57),
            crashes: vec![18, 63, 75, 120],
            bad_deployment: Some(BadDeployment {
                batch: 8,
                noticed_after: 2,
            }),
            consumer: Consumer::ExactlyOnce,
            window: 1 << 17,
            log: None,
            store: None,
            engine: None,
        }
    }

    /// A small week whose faults a seed draws: for running many.
    ///
    /// ```
    /// use lambda_workbook::capstone::Week;
    /// assert_eq!(Week::drawn(7, 1_000), Week::drawn(7, 1_000));
    /// assert_ne!(Week::drawn(7, 1_000).crashes, Week::drawn(8, 1_000).crashes);
    /// assert!((0..1_000).all(|seed| Week::drawn(seed, 1_000).check().is_ok()));
    /// ```
    pub fn drawn(seed: u64, views: u64) -> Self {
        let mut random = Random::new(&[seed, 0x3EEC]);
        let mut between = |from: i64, to: i64| from + random.below((to - from) as u64) as i64;
        let batch_every = [24, 36, 48][between(0, 3) as usize];
        let cut = between(6, 120);
        let mut crashes: Vec<i64> = (0..4).map(|_| between(0, HOURS)).collect();
        crashes.sort_unstable();
        Self {
            seed,
            views,
            users: 40,
            pages: 5,
            step: 4,
            batch_every,
            batch_takes: between(1, 11),
            expire_after: between(0, 11),
            partition: Some(cut..cut + between(6, 40)),
            crashes,
            bad_deployment: Some(BadDeployment {
                batch: between(2, HOURS / batch_every) as u64,
                noticed_after: between(1, 11),
            }),
            ..Self::lesson()
        }
    }

    /// A small week for a reader's part: a crash every fourth hour and now and then two in a row, a
    /// partition, and a batch run every 18 hours.
    pub fn of_parts(seed: u64) -> Self {
        Self {
            step: 1,
            batch_every: 18,
            batch_takes: 4,
            crashes: (0..HOURS)
                .filter(|hour| [3, 4, 7, 11].contains(&(hour % 12)))
                .collect(),
            partition: Some(40..52),
            bad_deployment: None,
            ..Self::drawn(seed, 1_200)
        }
    }

    /// Whether it can be run.
    pub fn check(&self) -> Result<()> {
        let wrong = |what, value: String, remedy: &str| {
            Err(CapstoneError::Week {
                what,
                value,
                remedy: remedy.to_owned(),
            })
        };
        if !(1..=1_000_000).contains(&self.views) {
            let remedy = "take from 1 to 1,000,000; more is the work of `workbook batch`";
            return wrong("page views", self.views.to_string(), remedy);
        }
        if self.step < 1 || 24 % self.step != 0 {
            return wrong(
                "a step of hours",
                self.step.to_string(),
                "take a divisor of 24",
            );
        }
        if self.batch_takes < 1 || self.batch_takes >= self.batch_every {
            let remedy = "a run takes at least an hour, and ends before the next begins";
            return wrong("batch runs of hours", self.batch_takes.to_string(), remedy);
        }
        if self.expire_after < 0 {
            let remedy = "views expire when a batch is served, or later";
            return wrong(
                "an expiry after hours",
                self.expire_after.to_string(),
                remedy,
            );
        }
        if let Some(hour) = self.crashes.iter().find(|hour| !(0..HOURS).contains(*hour)) {
            return wrong(
                "a crash at hour",
                hour.to_string(),
                "take hours from 0 to 167",
            );
        }
        if let Some(cut) = &self.partition
            && (cut.is_empty() || cut.start < 0)
        {
            let remedy = "it begins in the week and ends later than that";
            return wrong("a partition in hours", format!("{cut:?}"), remedy);
        }
        if let Some(bad) = self.bad_deployment
            && (bad.batch < 2 || bad.noticed_after < 1)
        {
            let remedy = "batch 1 is there when the week begins, and noticing takes an hour";
            return wrong("a bad deployment", format!("{bad:?}"), remedy);
        }
        if let (Consumer::SplitCommit(order), Some(address)) = (self.consumer, &self.store) {
            let value = format!("{order:?} and realtime views at {address}");
            let remedy = "only the exactly-once consumer can continue an update that a crash left \
                          half done in a store where a row is atomic; take it, or leave out the \
                          address of the store";
            return wrong("a consumer that commits", value, remedy);
        }
        Ok(self.spec()?.check()?)
    }

    /// The data set that comes in: both weeks, all kinds.
    pub fn spec(&self) -> Result<Spec> {
        Ok(Spec {
            hours: BOTH.parse()?,
            scale: 1,
            seed: self.seed,
            users: self.users,
            pages: self.pages,
            duplicates: 0.02,
            kinds: Kinds::ALL,
        })
    }
}
