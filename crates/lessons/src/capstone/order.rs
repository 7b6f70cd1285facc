//! What a node is told, and what it says.
use super::deployment::Code;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The network between the sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    #[default]
    Whole,
    /// Cut since the far partition had this end; now, if that is not known yet.
    Cut(Option<u64>),
}

/// One thing to do. Every order can be given again: a node that crashed may have
/// carried out what it did not report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// It is so late: epoch seconds.
    Time(i64),
    Network(LinkState),
    /// Lines for a site's log. On the reply they are acknowledged.
    Take {
        site: u32,
        lines: Vec<String>,
    },
    /// Brings the realtime views and the sites' counters up to date.
    Apply,
    /// Begins the next batch: takes its cut.
    Begin,
    /// Computes a batch and swaps it in.
    Serve {
        batch: u64,
        cut: Vec<u64>,
        code: Code,
    },
    /// Forgets in the realtime views what is served.
    Expire,
    /// Serves an older batch again.
    RollBack(u64),
    /// Answers.
    Ask,
    /// The records of a site's log from an offset on.
    Log {
        site: u32,
        from: u64,
    },
    /// The lines that a batch added to the master data.
    Master(u64),
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time(_) => "a tick of the clock",
            Self::Network(_) => "a change of the network",
            Self::Take { .. } => "an append",
            Self::Apply => "an update of the views",
            Self::Begin => "a batch's beginning",
            Self::Serve { .. } => "a batch run",
            Self::Expire => "an expiry",
            Self::RollBack(_) => "a roll back",
            Self::Ask => "a query",
            Self::Log { .. } => "a reading of the log",
            Self::Master(_) => "a reading of the master data",
        })
    }
}

/// What a site answers by its own counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAnswers {
    pub batch: u64,
    /// Of all pages, by the site's G-counters.
    pub page_views: i64,
    /// Of all pages, by the identities of the page views that came to either site.
    pub by_identity: i64,
    /// Counts and identities that the site keeps for what it does not find in the batch views.
    pub counts: u64,
    pub identities: u64,
    /// Of the home page.
    pub uniques: i64,
}

/// The merged answers, all of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Page by page: hours and page views.
    pub cells: Vec<Vec<(i64, i64)>>,
    pub uniques: i64,
    pub visits: i64,
    pub bounces: i64,
    /// Page views that the serving views hold.
    pub serving: i64,
    /// By site: the offsets up to which answers hold the log, and the batch's cut.
    pub seen: Vec<u64>,
    pub cut: Vec<u64>,
    pub batch: u64,
}

/// A node's reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeReply {
    Done,
    Linked(LinkState),
    Begun {
        batch: u64,
        cut: Vec<u64>,
    },
    /// Answers, or why there are none; what each site says; how many records wait, and
    /// since when the oldest has: epoch seconds.
    Answered {
        merged: Result<Box<Answers>, String>,
        sites: Vec<SiteAnswers>,
        waiting: u64,
        oldest: Option<i64>,
    },
    /// When each came, and what it says.
    Records(Vec<(i64, String)>),
    Lines(Vec<String>),
    Refused(String),
}
