//! Visits and bounces, by identifier and by person.

use lambda::batch::bounces;
use lambda::batch::persons::PersonIndex;
use lambda::datum::Equiv;
use polars::prelude::*;
use std::collections::BTreeMap;

/// Returns the eight page views of the book's example, and the two equivs by which users 1, 3 and 5
/// are one person. The columns are `url`, `true_as_of_secs`, `cookie` and `user_id`.
///
/// # Errors
/// None in practice: the columns have one length.
///
/// ```
/// let (views, equivs) = lambda_workbook::people::eight_views()?;
/// assert_eq!((views.height(), equivs.len()), (8, 2));
/// # Ok::<(), lambda_workbook::polars::prelude::PolarsError>(())
/// ```
pub fn eight_views() -> PolarsResult<(DataFrame, Vec<Equiv>)> {
    let views = df!(
        "url" => ["1", "1", "1", "3", "1", "2", "2", "3"].map(|post| format!("foo.com/post{post}")),
        "true_as_of_secs" => [60i64, 60, 62, 62, 4_000, 4_000, 10_000, 10_600],
        "cookie" => [None::<&str>; 8],
        "user_id" => [1i64, 2, 3, 2, 1, 1, 1, 5],
    )?;
    let equivs = super::equivs_of(&[(1, 3), (3, 5)]);
    Ok((views, equivs))
}

/// Counts visits and bounces of each domain twice: as if each identifier were a person, and for the
/// people behind the identifiers. The columns are `domain`, `counted_by`, `visits`, `bounces` and
/// `rate_percent` (bounces in percent of visits), sorted by domain.
///
/// # Errors
/// A missing column, or a row with no person or with two.
pub fn bounce_rates(views: &DataFrame, equivs: &[Equiv]) -> PolarsResult<DataFrame> {
    let by_person = PersonIndex::of(equivs).apply(views)?;
    let counted = [("identifier", views), ("person", &by_person)].map(|(by, views)| {
        let table = bounces(views)?.lazy();
        PolarsResult::Ok(table.with_column(lit(by).alias("counted_by")))
    });
    let [identifiers, people] = counted;
    let rate = lit(100.0) * col("bounces") / col("visits");
    concat([identifiers?, people?], UnionArgs::default())?
        .sort(["domain", "counted_by"], Default::default())
        .select([
            col("domain"),
            col("counted_by"),
            col("visits"),
            col("bounces"),
            rate.round(1, RoundMode::HalfToEven).alias("rate_percent"),
        ])
        .collect()
}

/// The visits of one person to one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonVisits {
    /// The domain.
    pub domain: String,
    /// The identifier, as it is shown.
    pub who: String,
    /// The epoch seconds of the views of each visit, sorted.
    pub visits: Vec<Vec<i64>>,
}

impl PersonVisits {
    /// Returns how many of the visits have a single view.
    pub fn bounces(&self) -> usize {
        self.visits.iter().filter(|visit| visit.len() == 1).count()
    }
}

/// A domain, and who visits it: a user id or a cookie.
type Visitor<'v> = (&'v str, Option<i64>, Option<&'v str>);

/// Cuts page views into visits, which end with more than `silence` seconds without a view, and
/// returns them by domain and identifier. O(n log n).
///
/// ```
/// let (views, _) = lambda_workbook::people::eight_views()?;
/// let visits = lambda_workbook::people::visits(&views, 1_800)?;
/// assert_eq!(visits.iter().map(|one| one.visits.len()).sum::<usize>(), 6);
/// assert_eq!(visits.iter().map(|one| one.bounces()).sum::<usize>(), 4);
/// # Ok::<(), lambda_workbook::polars::prelude::PolarsError>(())
/// ```
///
/// # Errors
/// A missing column, or one of another type.
pub fn visits(views: &DataFrame, silence: i64) -> PolarsResult<Vec<PersonVisits>> {
    let (urls, secs) = (
        views.column("url")?.str()?,
        views.column("true_as_of_secs")?.i64()?,
    );
    let (cookies, users) = (
        views.column("cookie")?.str()?,
        views.column("user_id")?.i64()?,
    );
    let mut seconds: BTreeMap<Visitor, Vec<i64>> = BTreeMap::new();
    for row in 0..views.height() {
        let url = urls.get(row).unwrap_or_default();
        let domain = url.split_once('/').map_or(url, |(domain, _)| domain);
        let key = (domain, users.get(row), cookies.get(row));
        seconds.entry(key).or_default().extend(secs.get(row));
    }
    let cut = |((domain, user, cookie), mut secs): (Visitor, Vec<i64>)| {
        secs.sort_unstable();
        let parts = secs.chunk_by(|one, next| next - one <= silence);
        PersonVisits {
            domain: domain.to_owned(),
            who: match user {
                Some(user) => format!("user {user}"),
                None => cookie.unwrap_or_default().to_owned(),
            },
            visits: parts.map(<[i64]>::to_vec).collect(),
        }
    };
    Ok(seconds.into_iter().map(cut).collect())
}

/// Returns visits, bounces and the bounce rate in percent of a domain.
pub fn rate_of(visits: &[PersonVisits], domain: &str) -> (usize, usize, f64) {
    let of_domain = || visits.iter().filter(|one| one.domain == domain);
    let all: usize = of_domain().map(|one| one.visits.len()).sum();
    let bounces: usize = of_domain().map(PersonVisits::bounces).sum();
    (all, bounces, 100.0 * bounces as f64 / all.max(1) as f64)
}
