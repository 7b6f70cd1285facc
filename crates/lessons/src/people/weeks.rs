//! Four weeks of a small site, in which visitors come back and use several identifiers.

use dataset::{Kinds, Population, Spec, drawn};
use lambda::datum::{DataUnit, Equiv, PersonId};
use polars::prelude::{DataFrame, df};

/// The first second of the four weeks: 2015-06-18 00:00 UTC, where a week and a 28-day month begin.
pub(super) const FROM: i64 = 1_434_585_600;
/// The hours of four weeks.
pub(super) const HOURS: i64 = 28 * 24;

/// Four weeks of data; see [`four_weeks`].
#[derive(Clone, Debug)]
pub struct FourWeeks {
    /// The distinct page views with normalised URLs: the columns `url`, `true_as_of_secs`,
    /// `cookie` and `user_id`.
    pub views: DataFrame,
    /// The equivs that were learned in the four weeks.
    pub equivs: Vec<Equiv>,
    /// The number of people who have the identifiers.
    pub population: usize,
}

/// Makes 60,000 page views of four pages, from June 18 to July 16, 2015: exactly one 28-day month.
/// Nights are quiet, visitors come back, and many have several identifiers. The result is the
/// same in every run.
///
/// # Errors
/// None in practice: the arguments are fixed.
///
/// ```
/// let weeks = lambda_workbook::people::four_weeks()?;
/// assert_eq!(weeks.views.height(), 60_000);
/// assert!(!weeks.equivs.is_empty());
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
pub fn four_weeks() -> dataset::Result<FourWeeks> {
    let spec = Spec {
        hours: "2015-06-18..2015-07-16".parse()?,
        users: 3_000,
        pages: 4,
        duplicates: 0.0,
        kinds: Kinds::ALL,
        ..Spec::lesson()
    };
    let (mut urls, mut secs) = (Vec::new(), Vec::new());
    let (mut cookies, mut users) = (Vec::new(), Vec::new());
    let mut equivs = Vec::new();
    for drawn in drawn(&spec, 60_000)? {
        match drawn.datum.dataunit {
            DataUnit::PageView(view) => {
                urls.extend(drawn.page);
                secs.push(drawn.datum.pedigree.true_as_of_secs);
                let (cookie, user) = match view.person {
                    PersonId::Cookie(cookie) => (Some(cookie), None),
                    PersonId::UserId(user) => (None, Some(user)),
                };
                cookies.push(cookie);
                users.push(user);
            }
            DataUnit::Equiv(equiv) => equivs.push(equiv),
            _ => {}
        }
    }
    let views =
        df!("url" => urls, "true_as_of_secs" => secs, "cookie" => cookies, "user_id" => users);
    Ok(FourWeeks {
        views: views.expect("each page view gives one value to each column"),
        equivs,
        population: Population::new(spec.users, spec.seed).len(),
    })
}
