//! Two small sets of datums, for tests and for reading with the eye.
use super::error::Result;
use super::kinds::Kinds;
use super::others::Others;
use super::plan::DatasetPlan;
use super::population::Population;
use super::site::Site;
use super::spec::Spec;
use super::views::{BlockGenerator, DatumRow};
use lambda::datum::{DataUnit, Datum, Equiv, PageId, PageView, Pedigree, PersonId};

/// Some hundred datums of all kinds: `data/sample.jsonl`. They are eight hours
/// on both sides of midnight UTC, August 7, 2015, which in California is all
/// one day.
///
/// ```
/// let sample = lambda_workbook::dataset::sample()?;
/// assert!(sample.is_sorted_by_key(|datum| datum.pedigree.true_as_of_secs));
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
pub fn sample() -> Result<Vec<Datum>> {
    let spec = Spec {
        hours: "2015-08-06T22..2015-08-07T06".parse()?,
        users: 12,
        pages: 4,
        duplicates: 0.05,
        kinds: Kinds::ALL,
        ..Spec::lesson()
    };
    let drawn = drawn(&spec, 300)?;
    Ok(drawn.into_iter().map(|drawn| drawn.datum).collect())
}

/// A datum with what its maker knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub datum: Datum,
    /// The page that was viewed, as views name it; a datum of another kind has none.
    pub page: Option<String>,
}

/// A data set held in memory, of so many distinct page views and not of the
/// millions of a scale: for runs that count all of it again and again. In the order
/// of time. O(datums).
///
/// # Errors
/// An argument out of its range.
///
/// ```
/// use lambda_workbook::dataset::{Kinds, Spec, drawn};
///
/// let spec = Spec {
///     hours: "2015-08-03..2015-08-17".parse()?, // two weeks
///     users: 20,
///     pages: 4,
///     kinds: Kinds::ALL,
///     duplicates: 0.0,
///     ..Spec::lesson()
/// };
/// let drawn = drawn(&spec, 500)?;
/// assert_eq!(drawn.iter().filter(|drawn| drawn.page.is_some()).count(), 500);
/// # Ok::<(), lambda_workbook::dataset::DatasetError>(())
/// ```
pub fn drawn(spec: &Spec, views: u64) -> Result<Vec<Drawn>> {
    let plan = DatasetPlan::of_views(spec, views)?;
    let people = Population::new(spec.users, spec.seed);
    Ok(drawn_of(spec, &plan, &people))
}

/// Draws the datums of a plan. The population is that of the arguments.
pub(super) fn drawn_of(spec: &Spec, plan: &DatasetPlan, people: &Population) -> Vec<Drawn> {
    let site = Site::new(spec.pages as usize);
    let others = Others::new(spec, &site, people, plan);
    let source = BlockGenerator {
        spec,
        site: &site,
        people,
        others: &others,
    };
    let rows = plan.blocks(&site).flat_map(|block| source.rows(&block).0);
    let drawn = |row: DatumRow| Drawn {
        page: row.page(&site).map(str::to_owned),
        datum: row.into_datum(&site),
    };
    rows.map(drawn).collect()
}

/// The golden example of the batch views: `data/golden.jsonl`. Small enough to
/// check by hand, with one visit that crosses from one identifier to another.
///
/// ```
/// let golden = lambda_workbook::dataset::golden();
/// assert_eq!(golden.len(), 8 + 2); // page views and equivs
/// ```
pub fn golden() -> Vec<Datum> {
    let views = [
        (1, 60, "post1"),
        (2, 60, "post1"),
        (3, 62, "post1"),
        (2, 62, "post3"),
        (1, 4_000, "post1"),
        (1, 4_000, "post2"),
        (1, 10_000, "post2"),
        (5, 10_600, "post3"),
    ];
    let views = views.iter().enumerate().map(|(i, &(user, secs, page))| {
        let page = PageId {
            url: format!("http://foo.com/{page}"),
        };
        let person = PersonId::UserId(user);
        (
            secs,
            DataUnit::PageView(PageView {
                nonce: i as i64 + 1,
                page,
                person,
            }),
        )
    });
    // An equiv holds for all time, however late it is found.
    let equivs = [(1, 3), (3, 5)].map(|(a, b)| {
        (
            10_700,
            DataUnit::Equiv(Equiv {
                id1: PersonId::UserId(a),
                id2: PersonId::UserId(b),
            }),
        )
    });
    views
        .chain(equivs)
        .map(|(secs, dataunit)| Datum {
            dataunit,
            pedigree: Pedigree {
                true_as_of_secs: secs,
            },
        })
        .collect()
}
