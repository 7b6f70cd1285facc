//! Incidents: something has gone wrong in a week, and only the dashboard says what.
//!
//! A seed draws one of five causes, and with it three things that only look like one: the network
//! between the sites is cut and heals, a consumer pauses and catches up, a batch run fails. The
//! reader says the cause ([`Incident::diagnose`]) and makes a repair ([`Incident::repair`]). The
//! verdict compares the answers after the repair with the page views as they happened, one by one,
//! and says how many records the repair had to read again.
//!
//! | reading order | concept |
//! |---|---|
//! | `cause` | [`Cause`], and [`Remedy`] with its numbers |
//! | `plan` | what a seed draws |
//! | `system` | the layers, in memory, hour by hour, and what a repair does to them |
//! | `signs` | what monitoring shows of them |
//!
//! Each cause has a sign that none of the others and none of the harmless events has. The tests
//! prove it over many seeds.
mod cause;
mod plan;
mod signs;
mod system;

pub use cause::{Cause, Remedy};
pub use signs::HourSigns;

use notebook::table::{Grid, counted, grouped};
use notebook::{Render, Rich};
use plan::{IncidentPlan, right_repair};
use polars::prelude::{DataFrame, PolarsResult};
use std::fmt;
use system::{IncidentSystem, wrongs};

/// Returns an incident whose cause is drawn by the seed.
///
/// ```
/// use lambda_workbook::capstone::{Cause, Remedy, incident};
/// let incident = incident(7);
/// assert!(incident.signs()?.height() > 48);
/// // Of the five causes one is right.
/// let right = Cause::DRAWN.into_iter().filter(|cause| incident.diagnose(*cause).is_right());
/// assert_eq!(right.count(), 1);
/// // Doing nothing does not help.
/// assert!(!incident.repair(Remedy::Nothing).is_right());
/// # Ok::<(), lambda_workbook::prelude::PolarsError>(())
/// ```
pub fn incident(seed: u64) -> Incident {
    Incident::of(Cause::drawn_by(seed), seed)
}

/// A week in which something went wrong, up to the hour in which somebody looks.
#[derive(Clone, Debug)]
pub struct Incident {
    seed: u64,
    cause: Cause,
    right: Remedy,
    system: IncidentSystem,
}

/// What the signs say of a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    cause: Cause,
    /// What speaks for the cause, or what is missing of it.
    evidence: Result<String, String>,
}

/// What the answers are after a repair, and what the repair cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyVerdict {
    repair: Remedy,
    /// Why the repair could not be made.
    refused: Option<String>,
    /// Page views that are in no answer.
    pub lost: u64,
    /// Page views that are counted more than once.
    pub doubled: u64,
    /// Page views that are counted under a wrong hour.
    pub misplaced: u64,
    /// All page views that happened.
    pub of: u64,
    /// Some of them, in words.
    examples: Vec<(&'static str, String)>,
    /// Records that were read again.
    pub read_again: u64,
    /// Records that the cheapest right repair reads again.
    pub least: u64,
}

impl HourSigns {
    /// Reads a table of signs, as [`Incident::signs`] makes it.
    ///
    /// ```
    /// use lambda_workbook::capstone::{HourSigns, incident};
    /// let incident = incident(7);
    /// assert_eq!(HourSigns::of(&incident.signs()?)?, incident.hours());
    /// # Ok::<(), lambda_workbook::prelude::PolarsError>(())
    /// ```
    ///
    /// # Errors
    /// If a column is missing or has another type.
    pub fn of(signs: &DataFrame) -> PolarsResult<Vec<HourSigns>> {
        signs::hours(signs)
    }
}

impl Incident {
    /// Returns an incident with a cause, whose numbers a seed draws.
    pub fn of(cause: Cause, seed: u64) -> Self {
        let plan = IncidentPlan::drawn(cause, seed);
        let system = IncidentSystem::run(&plan);
        let right = right_repair(
            &plan.fault,
            system.missed,
            system.read(),
            system.last_good(),
        );
        debug_assert_eq!(plan.cause(), cause);
        Self {
            seed,
            cause,
            right,
            system,
        }
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the signs, hour by hour.
    pub fn hours(&self) -> &[HourSigns] {
        &self.system.signs
    }

    /// Returns the signs as a table with a row for each hour. Names that end in `_0` and `_1` are of
    /// site 0 and site 1, or of their partitions:
    ///
    /// | column | meaning |
    /// |---|---|
    /// | `hour` | hour of the week |
    /// | `accepted_0`, `accepted_1` | records that the site accepted in the hour |
    /// | `processed_0`, `processed_1` | records that the speed layer processed in the hour |
    /// | `end_0`, `end_1` | end of the partition: the offset of the next record |
    /// | `position_0`, `position_1` | the next offset that the speed layer reads |
    /// | `ahead_0`, `ahead_1` | median of the seconds by which a record's time is ahead of the time at which it was accepted |
    /// | `batch`, `version` | the served batch, and the version of the code that computed it |
    /// | `cut_0`, `cut_1` | the cut with which it was published |
    /// | `read_0`, `read_1` | the offsets up to which its run has read |
    /// | `users`, `cookies` | page views in the batch views, by what the person is known by |
    /// | `answered` | page views in the merged answers |
    ///
    /// # Errors
    /// None that depends on the incident.
    pub fn signs(&self) -> PolarsResult<DataFrame> {
        signs::frame(&self.system.signs)
    }

    /// Returns the signs of some hours as a table that is read like the dashboard: a row for each
    /// sign, and a column for each hour. Where a sign has two numbers, `12 | 9`, they are of site 0
    /// and site 1, or of their partitions. The names are those of [`signs`](Self::signs), without
    /// `_0` and `_1`. Hours that the incident does not have are left out.
    ///
    /// ```
    /// let incident = lambda_workbook::capstone::incident(7);
    /// let table = incident.signs_at(3..6)?;
    /// assert_eq!((table.height(), table.width()), (12, 4));
    /// assert_eq!(table.get_column_names(), ["sign", "hour 3", "hour 4", "hour 5"]);
    /// # Ok::<(), lambda_workbook::prelude::PolarsError>(())
    /// ```
    ///
    /// # Errors
    /// None that depends on the incident.
    pub fn signs_at(&self, hours: std::ops::Range<i64>) -> PolarsResult<DataFrame> {
        signs::by_sign(&self.system.signs, hours)
    }

    /// Says whether a cause is the one, and by which sign.
    pub fn diagnose(&self, cause: Cause) -> Diagnosis {
        let evidence = match (cause, self.cause) {
            (Cause::Nothing, Cause::Nothing) => Ok(
                "every sign of a fault has ended by itself, and the answers are right".to_owned(),
            ),
            _ => signs::evidence(cause, &self.system.signs),
        };
        Diagnosis { cause, evidence }
    }

    /// Makes a repair on a copy of the system, and compares the answers with the page views that
    /// happened.
    pub fn repair(&self, repair: Remedy) -> RemedyVerdict {
        let (counted, read_again, refused) = match self.system.repaired(repair) {
            Ok((counted, cost)) => (counted, cost, None),
            Err(reason) => (self.system.answers(), 0, Some(reason)),
        };
        let least = self.system.repaired(self.right).map_or(0, |(_, cost)| cost);
        let events = &self.system.events;
        let wrongs = wrongs(events, &counted);
        let number = |wrong: &str| wrongs.get(wrong).map_or(0, |events| events.len() as u64);
        let examples = wrongs.iter().flat_map(|(wrong, found)| {
            let some = found.iter().take(2);
            some.map(|event| (*wrong, events[*event].describe()))
        });
        RemedyVerdict {
            repair,
            refused,
            lost: number("lost"),
            doubled: number("doubled"),
            misplaced: number("under a wrong hour"),
            of: events.len() as u64,
            examples: examples.collect(),
            read_again,
            least,
        }
    }

    /// Returns the cause, and the repair that is right and reads the fewest records again.
    pub fn answer(&self) -> (Cause, Remedy) {
        (self.cause, self.right)
    }
}

impl Diagnosis {
    /// Whether the cause is the one.
    pub fn is_right(&self) -> bool {
        self.evidence.is_ok()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.cause;
        match &self.evidence {
            Ok(sign) => write!(f, "✓ {cause}: {sign}."),
            Err(missing) => write!(f, "✗ not {cause}: {missing}."),
        }
    }
}

impl Render for Diagnosis {
    fn render(&self) -> Rich {
        Rich::text(self)
    }
}

impl RemedyVerdict {
    /// Whether every page view is in the answers once, under its hour.
    pub fn is_right(&self) -> bool {
        self.refused.is_none() && (self.lost, self.doubled, self.misplaced) == (0, 0, 0)
    }

    /// Says in a few words what came of the repair.
    pub fn finding(&self) -> String {
        if let Some(reason) = &self.refused {
            return format!("the repair is impossible: {reason}");
        }
        let number = |n: u64, what: &str| {
            let views = counted(n as usize, "page view is", "page views are");
            (n > 0).then(|| format!("{views} {what}"))
        };
        let wrong = [
            number(self.lost, "lost"),
            number(self.doubled, "counted twice"),
            number(self.misplaced, "under a wrong hour"),
        ];
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        match wrong.is_empty() {
            true => "every page view is counted once, under its hour".to_owned(),
            false => wrong.join(", "),
        }
    }

    fn grid(&self) -> Grid {
        let n = |number: u64| grouped(number as i64);
        let mut rows = vec![
            ("repair", self.repair.to_string()),
            ("page views that happened", n(self.of)),
            ("after the repair", self.finding()),
            ("records read again", n(self.read_again)),
        ];
        if self.is_right() {
            rows.push(("the least that is right", n(self.least)));
        }
        for (wrong, event) in &self.examples {
            rows.push((wrong, event.clone()));
        }
        let facts: Vec<(&str, &dyn fmt::Display)> = rows
            .iter()
            .map(|(name, value)| (*name, value as &dyn fmt::Display))
            .collect();
        let title = match self.is_right() {
            true => "✓ The repair is right",
            false => "✗ The answers are still wrong",
        };
        Grid::of_facts(title, &facts)
    }
}

impl fmt::Display for RemedyVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.grid().to_text())
    }
}

impl Render for RemedyVerdict {
    fn render(&self) -> Rich {
        self.grid().render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that each rule is tried with.
    const SEEDS: std::ops::Range<u64> = 0..60;

    /// Rule: of all causes, exactly the one that happened has its sign.
    #[test]
    fn each_cause_is_told_from_all_others_by_the_signs_alone() {
        for seed in SEEDS {
            for cause in Cause::DRAWN {
                let incident = Incident::of(cause, seed);
                for said in Cause::DRAWN {
                    let diagnosis = incident.diagnose(said);
                    assert_eq!(
                        diagnosis.is_right(),
                        said == cause,
                        "{seed} {cause}: {diagnosis}"
                    );
                }
                assert!(!incident.diagnose(Cause::Nothing).is_right());
            }
            let healthy = Incident::of(Cause::Nothing, seed);
            for said in Cause::DRAWN {
                assert!(!healthy.diagnose(said).is_right(), "{seed}: {said}");
            }
            assert!(healthy.diagnose(Cause::Nothing).is_right());
        }
    }

    /// Rule: the right repair of the right cause counts every page view once, under its hour, and
    /// without it the answers are wrong.
    #[test]
    fn the_right_repair_makes_every_answer_right() {
        for seed in SEEDS {
            for cause in Cause::DRAWN {
                let incident = Incident::of(cause, seed);
                let after = incident.repair(incident.answer().1);
                assert!(after.is_right(), "{seed} {cause}: {after}");
                assert_eq!(after.read_again, after.least);
                assert!(
                    !incident.repair(Remedy::Nothing).is_right(),
                    "{seed} {cause}"
                );
            }
            assert!(
                Incident::of(Cause::Nothing, seed)
                    .repair(Remedy::Nothing)
                    .is_right()
            );
        }
    }

    /// Rule: the right repair of another cause does not help. There are two exceptions. A batch with
    /// a stale cut can also be rolled back: the speed layer begins at the cut of the batch before
    /// anyway. And a partition can be read again from an offset that is too early, which costs more.
    #[test]
    fn the_repair_of_another_cause_does_not_help() {
        for seed in SEEDS {
            let all: Vec<Incident> = { Cause::DRAWN.into_iter() }
                .map(|cause| Incident::of(cause, seed))
                .collect();
            for incident in &all {
                for other in all.iter().filter(|other| other.right != incident.right) {
                    let after = incident.repair(other.right);
                    let may_be_right = match (incident.right, other.right) {
                        (Remedy::Publish { .. }, Remedy::RollBack { .. }) => true,
                        (Remedy::Rewind { .. }, Remedy::Rewind { .. }) => {
                            after.read_again > after.least
                        }
                        _ => false,
                    };
                    let cause = incident.cause;
                    assert!(!after.is_right() || may_be_right, "{seed} {cause}: {after}");
                }
            }
        }
    }

    /// Rule: the number of answers on the dashboard is that of the page views that they hold.
    #[test]
    fn the_dashboard_counts_what_the_answers_hold() {
        for seed in SEEDS {
            for cause in Cause::DRAWN {
                let incident = Incident::of(cause, seed);
                let held: usize = incident.system.answers().iter().map(Vec::len).sum();
                let last = incident.hours().last().unwrap();
                assert_eq!(last.answered, held as i64, "{seed} {cause}");
            }
        }
    }

    /// Rule: a repair with a number that is off by one is wrong, or dearer than the right one.
    #[test]
    fn a_repair_with_a_wrong_number_is_wrong_or_costs_more() {
        for seed in SEEDS {
            for cause in Cause::DRAWN {
                let incident = Incident::of(cause, seed);
                for near in near(incident.right) {
                    let after = incident.repair(near);
                    let is_dearer = after.is_right() && after.read_again > after.least;
                    assert!(!after.is_right() || is_dearer, "{seed} {cause}: {after}");
                }
            }
        }
    }

    /// Repairs with one number that is a little off.
    fn near(repair: Remedy) -> Vec<Remedy> {
        match repair {
            Remedy::Nothing => vec![],
            Remedy::CorrectClock {
                site,
                from,
                seconds,
            } => {
                let with = |site, from, seconds| Remedy::CorrectClock {
                    site,
                    from,
                    seconds,
                };
                vec![
                    with(1 - site, from, seconds),
                    with(site, from - 1, seconds),
                    with(site, from + 1, seconds),
                    with(site, from, -seconds),
                    with(site, from, seconds + 600),
                ]
            }
            Remedy::Rewind { partition, offset } => vec![
                // The record at the offset itself may be a copy; the second after it is none.
                Remedy::Rewind {
                    partition,
                    offset: offset + 3,
                },
                Remedy::Rewind {
                    partition,
                    offset: offset - 1,
                },
                Remedy::Rewind {
                    partition: 1 - partition,
                    offset,
                },
            ],
            Remedy::RollBack { batch } => vec![
                Remedy::RollBack { batch: batch + 1 },
                Remedy::RollBack { batch: 0 },
                Remedy::RollBack { batch: 999 },
            ],
            Remedy::Publish { cut } => vec![
                Remedy::Publish {
                    cut: [cut[0] + 3, cut[1]],
                },
                Remedy::Publish {
                    cut: [cut[0], cut[1] - 3],
                },
                Remedy::Publish {
                    cut: [cut[0], 1_000_000],
                },
            ],
        }
    }
}
