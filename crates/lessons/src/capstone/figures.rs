//! The answers to the three questions that the week asks, over and over.
use std::fmt;

/// The three questions' answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Of all pages, over all hours.
    pub page_views: i64,
    /// Persons who came to the home page.
    pub uniques: i64,
    /// Visits to the domain, and those of one view.
    pub visits: i64,
    pub bounces: i64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            page_views,
            uniques,
            visits,
            bounces,
        } = self;
        write!(
            f,
            "{page_views} page views, {uniques} uniques, {visits} visits, {bounces} bounces"
        )
    }
}
