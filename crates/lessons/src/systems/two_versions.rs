//! Two versions of a view beside each other, while a log is replayed.
use crate::microbatch::by_hand::{LoggedView, page_of};
use std::collections::BTreeMap;

/// A view of page views by page, with the program that updates it.
///
/// ```
/// use lambda_workbook::microbatch::by_hand::LoggedView;
/// use lambda_workbook::systems::ViewProgram;
/// let mut right = ViewProgram::normalising();
/// assert_eq!(right.next(), 0); // it has read nothing
/// right.read(&LoggedView { offset: 0, url: "http://FOO.com:80/".to_owned() });
/// assert_eq!((right.next(), right.counts()["foo.com/"]), (1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct ViewProgram {
    next: i64,
    counts: BTreeMap<String, i64>,
    page: fn(&str) -> Option<String>,
}

impl ViewProgram {
    /// Creates an empty view whose program normalises URLs, and leaves out malformed ones.
    ///
    /// ```
    /// use lambda_workbook::systems::ViewProgram;
    /// assert!(ViewProgram::normalising().counts().is_empty());
    /// ```
    pub fn normalising() -> Self {
        ViewProgram::with(page_of)
    }

    /// Creates an empty view whose program takes each URL as it was sent for a page.
    ///
    /// ```
    /// use lambda_workbook::microbatch::by_hand::LoggedView;
    /// use lambda_workbook::systems::ViewProgram;
    /// let mut wrong = ViewProgram::as_sent();
    /// wrong.read(&LoggedView { offset: 0, url: "http://FOO.com:80/".to_owned() });
    /// assert_eq!(wrong.counts()["http://FOO.com:80/"], 1);
    /// ```
    pub fn as_sent() -> Self {
        ViewProgram::with(|url| Some(url.to_owned()))
    }

    fn with(page: fn(&str) -> Option<String>) -> Self {
        let counts = BTreeMap::new();
        ViewProgram {
            next: 0,
            counts,
            page,
        }
    }

    /// Returns the offset of the record that it reads next: the one after the last that it read.
    ///
    /// ```
    /// use lambda_workbook::systems::ViewProgram;
    /// assert_eq!(ViewProgram::as_sent().next(), 0);
    /// ```
    pub fn next(&self) -> i64 {
        self.next
    }

    /// Counts a record. It does not notice if it has read this record before.
    ///
    /// ```
    /// use lambda_workbook::microbatch::by_hand::LoggedView;
    /// use lambda_workbook::systems::ViewProgram;
    /// let record = LoggedView { offset: 0, url: "http://foo.com/".to_owned() };
    /// let mut view = ViewProgram::normalising();
    /// view.read(&record);
    /// view.read(&record);
    /// assert_eq!(view.counts()["foo.com/"], 2);
    /// ```
    pub fn read(&mut self, record: &LoggedView) {
        if let Some(page) = (self.page)(&record.url) {
            *self.counts.entry(page).or_insert(0) += 1;
        }
        self.next = record.offset + 1;
    }

    /// Returns the page views by page.
    ///
    /// ```
    /// use lambda_workbook::systems::ViewProgram;
    /// assert_eq!(ViewProgram::as_sent().counts().len(), 0);
    /// ```
    pub fn counts(&self) -> &BTreeMap<String, i64> {
        &self.counts
    }
}

/// Which of two versions of a view is asked.
///
/// ```
/// use lambda_workbook::systems::AskedVersion;
/// assert_ne!(AskedVersion::Old, AskedVersion::New);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedVersion {
    /// The version whose program was found to be wrong.
    Old,
    /// The version of the corrected program.
    New,
}

/// A view that is being replaced by a replay of the log.
///
/// ```
/// use lambda_workbook::systems::{AskedVersion, Replacement, ViewProgram};
/// let begun = Replacement::of(ViewProgram::as_sent(), ViewProgram::normalising());
/// assert_eq!((begun.asked, begun.old.is_some()), (AskedVersion::Old, true));
/// ```
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The view of the wrong program; `None` when it was deleted.
    pub old: Option<ViewProgram>,
    /// The view of the corrected program.
    pub new: ViewProgram,
    /// Which of them users are answered from.
    pub asked: AskedVersion,
}

impl Replacement {
    /// Begins a replacement: users are answered from the old view.
    ///
    /// ```
    /// use lambda_workbook::systems::{Replacement, ViewProgram};
    /// let begun = Replacement::of(ViewProgram::as_sent(), ViewProgram::normalising());
    /// assert_eq!(begun.new.next(), 0);
    /// ```
    pub fn of(old: ViewProgram, new: ViewProgram) -> Self {
        Replacement {
            old: Some(old),
            new,
            asked: AskedVersion::Old,
        }
    }

    /// Returns the view that users are answered from; `None` if it was deleted.
    ///
    /// ```
    /// use lambda_workbook::systems::{Replacement, ViewProgram};
    /// let mut broken = Replacement::of(ViewProgram::as_sent(), ViewProgram::normalising());
    /// broken.old = None;
    /// assert!(broken.answers().is_none());
    /// ```
    pub fn answers(&self) -> Option<&ViewProgram> {
        match self.asked {
            AskedVersion::Old => self.old.as_ref(),
            AskedVersion::New => Some(&self.new),
        }
    }
}
