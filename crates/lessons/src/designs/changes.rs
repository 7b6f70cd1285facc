//! Changes of a table and of a view of it, in plain types, for those who write a dataflow's operator
//! themselves.
use std::collections::BTreeMap;

/// A change of the table of visits: its row (hour, person) is there once more, or once less.
///
/// ```
/// use lambda_workbook::designs::VisitChange;
/// let came = VisitChange { hour: 9, person: 7, change: 1 };
/// assert_eq!(VisitChange { change: -1, ..came }.person, 7); // takes it back
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitChange {
    /// The hour, counted from some midnight.
    pub hour: i64,
    /// The person.
    pub person: i64,
    /// 1: the row is there once more; -1: once less.
    pub change: i64,
}

/// A change of the view of unique visitors by hour: its row (hour, uniques) appears, or goes.
///
/// ```
/// use lambda_workbook::designs::UniquesChange;
/// let goes = UniquesChange { hour: 9, uniques: 1, change: -1 };
/// let appears = UniquesChange { uniques: 2, change: 1, ..goes };
/// assert_eq!(goes.hour, appears.hour); // from 1 to 2
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniquesChange {
    /// The hour of the row.
    pub hour: i64,
    /// The number of unique visitors of the row.
    pub uniques: i64,
    /// 1: the row appears; -1: it goes.
    pub change: i64,
}

/// How often each row (hour, person) is in the table of visits. A row that is not in it has no entry.
///
/// ```
/// use lambda_workbook::designs::VisitTimes;
/// let times = VisitTimes::from([((9, 7), 2), ((9, 8), 1), ((10, 7), 1)]);
/// assert_eq!(times.range((9, i64::MIN)..=(9, i64::MAX)).count(), 2); // persons at nine
/// ```
pub type VisitTimes = BTreeMap<(i64, i64), i64>;
