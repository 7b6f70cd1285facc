//! A URL's hour while it is counted: the part that the batch engine and the speed layer share.
use super::sketch::{Precision, Sketch, SketchError};

/// The page views and visitors of one URL in one hour, while they are counted.
///
/// ```
/// use lambda_workbook::batch::sketch::{Precision, user_hash};
/// use lambda_workbook::batch::url_hour::UrlHour;
///
/// let mut hour = UrlHour::new(Precision::DEFAULT);
/// hour.add(Some(user_hash(7)));
/// hour.add(Some(user_hash(7)));
/// assert_eq!((hour.count, hour.persons.uniques()), (2, 1));
/// ```
#[derive(Clone, Debug)]
pub struct UrlHour {
    /// Number of page views.
    pub count: i64,
    /// The visitors, as a sketch that is still being built.
    pub persons: Sketch,
}

impl UrlHour {
    /// Creates an hour without page views.
    pub fn new(precision: Precision) -> Self {
        Self {
            count: 0,
            persons: Sketch::new(precision),
        }
    }

    /// Adds a page view, and its visitor by hash; `None` if visitors are not counted.
    #[inline]
    pub fn add(&mut self, person: Option<u64>) {
        self.count += 1;
        if let Some(hash) = person {
            self.persons.add_hash(hash);
        }
    }

    /// Adds the page views and visitors of another part of the same hour.
    ///
    /// # Errors
    /// Another precision. `self` is unchanged then.
    pub fn merge(&mut self, other: &UrlHour) -> Result<(), SketchError> {
        self.persons.merge(&other.persons)?;
        self.count += other.count;
        Ok(())
    }
}
