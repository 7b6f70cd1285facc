//! What a data set shall be: its arguments, which fix every byte of it.
use super::error::{DatasetError, Result};
use super::hours::Hours;
use super::kinds::Kinds;

/// Distinct page views of a data set of scale 1, duplicates not counted.
pub const PAGE_VIEWS: u64 = 1_402_776;

/// Page views that the lesson's subset holds twice.
pub const DUPLICATES: u64 = 6_646;

/// The arguments of a data set. Equal arguments give equal bytes, on any
/// machine and with any number of threads.
///
/// ```
/// use lambda_workbook::dataset::Spec;
///
/// let month = Spec { hours: "2015-08-01..2015-08-29".parse()?, scale: 10, ..Spec::lesson() };
/// assert!(month.check().is_ok());
/// assert_eq!(month.name(), "2015-08-01_2015-08-29-x10");
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The hours covered.
    pub hours: Hours,
    /// How many times 1.4 million page views: 1..=1000.
    pub scale: u64,
    /// Chooses among data sets that are alike.
    pub seed: u64,
    /// Accounts, `user_id` 0 to `users` - 1: 1..=100,000,000. Who owns
    /// what is in memory while a set is made: about 8 bytes an account.
    pub users: u32,
    /// Pages viewed in hours other than the lesson's: 2..=1,000,000. The lesson's
    /// hours always have two.
    pub pages: u32,
    /// Duplicates as a share of the distinct page views: 0..=1.
    pub duplicates: f64,
    /// The kinds of datum.
    pub kinds: Kinds,
}

impl Spec {
    /// The lesson's subset: page views only, 1,409,422 of them.
    pub fn lesson() -> Self {
        Self {
            hours: Hours::lesson(),
            scale: 1,
            seed: 2015,
            users: 10_000,
            pages: 100,
            duplicates: DUPLICATES as f64 / PAGE_VIEWS as f64,
            kinds: Kinds::PAGE_VIEWS,
        }
    }

    /// Whether every argument is within its range.
    pub fn check(&self) -> Result<()> {
        let ranges = [
            ("--scale", self.scale, 1, 1000),
            ("--users", u64::from(self.users), 1, 100_000_000),
            ("--pages", u64::from(self.pages), 2, 1_000_000),
        ];
        for (argument, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let remedy = format!("use a number from {least} to {most}");
                return Err(DatasetError::BadArgument {
                    argument,
                    value: value.to_string(),
                    remedy,
                });
            }
        }
        if !(0.0..=1.0).contains(&self.duplicates) {
            return Err(DatasetError::BadArgument {
                argument: "--duplicates",
                value: self.duplicates.to_string(),
                remedy: "use a share from 0 to 1".into(),
            });
        }
        if self.kinds == Kinds::default() {
            return Err(DatasetError::BadArgument {
                argument: "--kinds",
                value: String::new(),
                remedy: Kinds::allowed(),
            });
        }
        Ok(())
    }

    /// The folder's name under `data/generated/`: what differs from the lesson.
    pub fn name(&self) -> String {
        let lesson = Self::lesson();
        let mut name = self.hours.to_string().replace("..", "_").replace(',', "+");
        if self.scale != lesson.scale {
            name += &format!("-x{}", self.scale);
        }
        if self.seed != lesson.seed {
            name += &format!("-seed{}", self.seed);
        }
        if self.users != lesson.users {
            name += &format!("-users{}", self.users);
        }
        if self.pages != lesson.pages {
            name += &format!("-pages{}", self.pages);
        }
        if self.duplicates != lesson.duplicates {
            name += &format!("-dup{}", self.duplicates);
        }
        if self.kinds == Kinds::ALL {
            name += "-all";
        } else if self.kinds != lesson.kinds {
            name += &format!("-{}", self.kinds.to_string().replace(',', "+"));
        }
        name
    }
}

impl Default for Spec {
    fn default() -> Self {
        Self::lesson()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_out_of_range_are_wrong_use() {
        let lesson = Spec::lesson();
        for (bad, word) in [
            (
                Spec {
                    scale: 0,
                    ..lesson.clone()
                },
                "--scale",
            ),
            (
                Spec {
                    scale: 1001,
                    ..lesson.clone()
                },
                "1 to 1000",
            ),
            (
                Spec {
                    users: 0,
                    ..lesson.clone()
                },
                "--users",
            ),
            (
                Spec {
                    pages: 1,
                    ..lesson.clone()
                },
                "--pages",
            ),
            (
                Spec {
                    duplicates: -0.1,
                    ..lesson.clone()
                },
                "--duplicates",
            ),
            (
                Spec {
                    duplicates: f64::NAN,
                    ..lesson.clone()
                },
                "--duplicates",
            ),
            (
                Spec {
                    kinds: Kinds::default(),
                    ..lesson.clone()
                },
                "--kinds",
            ),
        ] {
            let error = bad.check().unwrap_err();
            assert!(error.is_wrong_use());
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(lesson.check().is_ok());
    }

    #[test]
    fn different_arguments_have_different_names() {
        let lesson = Spec::lesson();
        assert_eq!(lesson.name(), "lesson");
        let all = Spec {
            kinds: Kinds::ALL,
            seed: 7,
            ..lesson
        };
        assert_eq!(all.name(), "lesson-seed7-all");
    }
}
