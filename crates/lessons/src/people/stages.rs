//! What moves between a driver and its executors for a query.
use polars::prelude::*;
use std::collections::BTreeSet;

/// A query over page views, by what its executors send.
///
/// ```
/// use lambda_workbook::people::StagedQuery;
/// assert!(StagedQuery::Views.sql().contains("COUNT(*)"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedQuery {
    /// Page views by URL and hour.
    Views,
    /// Exact unique visitors by URL and hour.
    Uniques,
    /// All rows, sent to the program that asks.
    AllRows,
    /// A join with a large table of persons, whose result stays on the executors.
    Join,
}

impl StagedQuery {
    /// Returns the text of the query, as chapter 4b has it.
    pub fn sql(self) -> &'static str {
        match self {
            StagedQuery::Views => "SELECT url, ts, COUNT(*) FROM hourly_visits GROUP BY url, ts",
            StagedQuery::Uniques => {
                "SELECT url, ts, COUNT(DISTINCT person) FROM hourly_visits GROUP BY url, ts"
            }
            StagedQuery::AllRows => "SELECT * FROM hourly_visits",
            StagedQuery::Join => {
                "CREATE TABLE joined AS SELECT * FROM hourly_visits JOIN persons USING (person)"
            }
        }
    }

    /// Returns what a row is that an executor keeps after reading its part.
    pub(crate) fn kept(self) -> &'static str {
        match self {
            StagedQuery::Views => "partial counts",
            StagedQuery::Uniques => "different rows (url, hour, person)",
            StagedQuery::AllRows | StagedQuery::Join => "rows",
        }
    }
}

/// The work of one executor.
///
/// ```
/// use lambda_workbook::people::ExecutorWork;
/// let work = ExecutorWork { read: 100, kept: 4, moved: 3, received: 2 };
/// assert!(work.moved <= work.kept);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutorWork {
    /// Page views of its part of the file.
    pub read: u64,
    /// Rows that are left of them before anything is sent.
    pub kept: u64,
    /// Of these, the rows whose key another executor has.
    pub moved: u64,
    /// Rows that it has after the shuffle, its own among them.
    pub received: u64,
}

/// A query, stage by stage.
///
/// ```
/// use lambda_workbook::people::{QueryStages, StagedQuery};
/// use polars::prelude::*;
///
/// let views = df!(
///     "url" => ["a.com/", "a.com/", "a.com/", "a.com/"], "true_as_of_secs" => [1i64, 2, 3, 4],
///     "cookie" => [None::<&str>; 4], "user_id" => [7i64, 7, 7, 8],
/// )?;
/// let count = QueryStages::of(&views, StagedQuery::Views, 2)?;
/// // Each of two executors has a partial count, and one of them sends it to the other.
/// assert_eq!((count.kept(), count.moved(), count.result), (2, 1, 1));
/// let all = QueryStages::of(&views, StagedQuery::AllRows, 2)?;
/// assert_eq!((all.moved(), all.result), (0, 4));
/// # Ok::<(), PolarsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryStages {
    pub query: StagedQuery,
    /// The work of each executor.
    pub executors: Vec<ExecutorWork>,
    /// Rows that each executor (first index) has for each (second index) after the first stage.
    pub flows: Vec<Vec<u64>>,
    /// Rows that go to the driver, and to the program that asked.
    pub result: u64,
}

impl QueryStages {
    /// Computes what moves if each of some executors has an equal part of the page views. A row's
    /// key is hashed, and the hash names the executor that the row is sent to. Linear in the page
    /// views.
    ///
    /// # Errors
    /// A missing column, or no executor.
    pub fn of(views: &DataFrame, query: StagedQuery, executors: u32) -> PolarsResult<QueryStages> {
        if executors == 0 {
            polars_bail!(ComputeError: "a query needs an executor");
        }
        let count = u64::from(executors);
        let rows = views.height() as u64;
        let mut work = vec![ExecutorWork::default(); executors as usize];
        let mut flows = vec![vec![0; executors as usize]; executors as usize];
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for executor in 0..count {
            let at = |executor: u64| (rows * executor / count) as usize;
            let (from, to) = (at(executor), at(executor + 1));
            let part = views.slice(from as i64, to - from);
            work[executor as usize].read = part.height() as u64;
            if query == StagedQuery::AllRows {
                work[executor as usize].kept = part.height() as u64;
                continue;
            }
            for kept in kept_rows(&part, query)? {
                keys.insert(kept.key);
                let home = home(&kept.row, count);
                let mine = &mut work[executor as usize];
                mine.kept += kept.count;
                mine.moved += if home == executor { 0 } else { kept.count };
                work[home as usize].received += kept.count;
                flows[executor as usize][home as usize] += kept.count;
            }
        }
        let result = match query {
            StagedQuery::AllRows => rows,
            StagedQuery::Join => 0,
            StagedQuery::Views | StagedQuery::Uniques => keys.len() as u64,
        };
        Ok(QueryStages {
            query,
            executors: work,
            flows,
            result,
        })
    }

    /// Returns the rows that all executors keep.
    pub fn kept(&self) -> u64 {
        self.executors.iter().map(|work| work.kept).sum()
    }

    /// Returns the rows that are sent from one executor to another.
    pub fn moved(&self) -> u64 {
        self.executors.iter().map(|work| work.moved).sum()
    }

    /// Returns how many times an even share of the shuffled rows the executor has that has most of
    /// them. The stage after the shuffle ends when this executor is done. It is 1 if all have equally
    /// many, and 0 if nothing is shuffled.
    ///
    /// ```
    /// use lambda_workbook::people::{QueryStages, StagedQuery, with_robot};
    /// use polars::prelude::*;
    ///
    /// let views = df!("url" => ["a.com/"; 1_000], "true_as_of_secs" => [0i64; 1_000],
    ///     "cookie" => [None::<&str>; 1_000], "user_id" => (0..1_000i64).collect::<Vec<_>>())?;
    /// let uneven = |views: &DataFrame| QueryStages::of(views, StagedQuery::Join, 4).map(|s| s.unevenness());
    /// assert!(uneven(&views)? < 1.2);
    /// assert!(uneven(&with_robot(&views, 50)?)? > 2.3); // 50 % and a quarter of the rest, of 25 %
    /// # Ok::<(), PolarsError>(())
    /// ```
    pub fn unevenness(&self) -> f64 {
        let most = self.executors.iter().map(|work| work.received).max();
        let even = self.kept() as f64 / self.executors.len().max(1) as f64;
        match self.query {
            StagedQuery::AllRows => 0.0,
            _ if even == 0.0 => 0.0,
            _ => most.unwrap_or(0) as f64 / even,
        }
    }
}

/// The user id that [`with_robot`] gives to rows.
const ROBOT: i64 = 1_000_000_007;

/// Returns page views of which `percent` in each hundred rows were made by one robot: a user id that no
/// person of the lesson's data has. Linear in the rows.
///
/// # Errors
/// A missing column.
///
/// ```
/// use lambda_workbook::people::with_robot;
/// use polars::prelude::*;
/// let views = df!("cookie" => vec!["a"; 200], "user_id" => vec![None::<i64>; 200])?;
/// let robots = with_robot(&views, 30)?;
/// assert_eq!(robots.column("user_id")?.len() - robots.column("user_id")?.null_count(), 60);
/// assert_eq!(robots.column("cookie")?.null_count(), 60);
/// # Ok::<(), PolarsError>(())
/// ```
pub fn with_robot(views: &DataFrame, percent: u32) -> PolarsResult<DataFrame> {
    let is_robot = (0..views.height()).map(|row| row % 100 < percent as usize);
    let is_robot = Column::new("is_robot".into(), is_robot.collect::<Vec<bool>>());
    let of_robot = |value: Expr, column: &str| {
        let given = when(col("is_robot")).then(value).otherwise(col(column));
        given.alias(column)
    };
    let rows = views.hstack(&[is_robot])?.lazy();
    let rows = rows.with_columns([
        of_robot(lit(NULL), "cookie"),
        of_robot(lit(ROBOT), "user_id"),
    ]);
    rows.collect()?.drop("is_robot")
}

/// The executor that has a row: by the hash of what the row is grouped by. The hash is the same on
/// every machine and with every compiler: FNV-1a, mixed so that its last bits depend on all others.
fn home(row: &str, executors: u64) -> u64 {
    let hash = row.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (mixed ^ (mixed >> 33)) % executors
}

/// Equal rows that an executor keeps of its part.
struct KeptRows {
    /// What they are grouped or joined by, as text: it names the executor that they are sent to.
    row: String,
    /// The text of their URL and hour; empty for a join.
    key: String,
    count: u64,
}

/// The rows that an executor keeps of its part.
fn kept_rows(part: &DataFrame, query: StagedQuery) -> PolarsResult<Vec<KeptRows>> {
    // A count keeps one row of those that are grouped, a count of persons one for each person too. A join
    // keeps every row.
    let hour = (col("true_as_of_secs").floor_div(lit(3_600i64)) * lit(3_600i64)).alias("ts");
    let mut columns = Vec::new();
    if query != StagedQuery::Join {
        columns.extend([col("url"), hour]);
    }
    if query != StagedQuery::Views {
        columns.extend([col("cookie"), col("user_id")]);
    }
    let number = len().cast(DataType::Int64).alias("number");
    let rows = part.clone().lazy().group_by(columns).agg([number]);
    let rows = rows.collect()?;
    let mut keys = vec![String::new(); rows.height()];
    if query != StagedQuery::Join {
        let (urls, hours) = (rows.column("url")?.str()?, rows.column("ts")?.i64()?);
        for (key, (url, ts)) in keys.iter_mut().zip(urls.iter().zip(hours.iter())) {
            *key = format!("{} {}", url.unwrap_or(""), ts.unwrap_or(0));
        }
    }
    let mut texts = keys.clone();
    if query != StagedQuery::Views {
        let cookies = rows.column("cookie")?.str()?;
        let persons = cookies.iter().zip(rows.column("user_id")?.i64()?.iter());
        for (text, (cookie, user)) in texts.iter_mut().zip(persons) {
            *text += &format!(" {cookie:?} {user:?}");
        }
    }
    let numbers = rows.column("number")?.i64()?.iter();
    let kept = texts.into_iter().zip(keys).zip(numbers);
    let kept = kept.map(|((row, key), number)| KeptRows {
        row,
        key,
        count: match query {
            StagedQuery::Join => number.unwrap_or(0) as u64,
            _ => 1,
        },
    });
    Ok(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views() -> DataFrame {
        df!(
            "url" => (0..1_000).map(|n| ["a.com/", "b.com/"][n % 2]).collect::<Vec<_>>(),
            "true_as_of_secs" => (0..1_000i64).map(|n| n * 7).collect::<Vec<_>>(),
            "cookie" => vec![None::<&str>; 1_000],
            "user_id" => (0..1_000i64).map(|n| n % 50).collect::<Vec<_>>(),
        )
        .unwrap()
    }

    /// Rule: what is kept is received, each row by one executor; and the number of executors changes
    /// what moves, never the result.
    #[test]
    fn what_executors_keep_arrives_once_and_the_result_stays() {
        for query in [StagedQuery::Views, StagedQuery::Uniques] {
            let results: BTreeSet<u64> = (1..9)
                .map(|executors| {
                    let stages = QueryStages::of(&views(), query, executors).unwrap();
                    let received: u64 = stages.executors.iter().map(|work| work.received).sum();
                    assert_eq!(received, stages.kept());
                    assert_eq!(
                        stages.executors.iter().map(|work| work.read).sum::<u64>(),
                        1_000
                    );
                    assert!(stages.moved() <= stages.kept());
                    assert!(executors > 1 || stages.moved() == 0);
                    stages.result
                })
                .collect();
            assert_eq!(results, BTreeSet::from([4])); // two URLs, two hours
        }
    }

    /// Rule: a join sends every row, so an executor with a heavy key has its rows. A count and a count of
    /// persons send few of them, so there the heavy key weighs nothing.
    #[test]
    fn a_heavy_key_makes_a_join_uneven_and_no_count() {
        let robots = with_robot(&views(), 60).unwrap();
        let of = |query, executors| QueryStages::of(&robots, query, executors).unwrap();
        for executors in [2, 4, 8] {
            let join = of(StagedQuery::Join, executors);
            assert_eq!((join.kept(), join.result), (1_000, 0));
            let most = join.executors.iter().map(|work| work.received).max();
            assert!(most >= Some(600), "{most:?}");
            assert!(join.unevenness() >= 0.6 * f64::from(executors));
            let sent: u64 = join.flows.iter().flatten().sum();
            assert_eq!(sent, join.kept());
            // The robot has one row for each URL, hour and executor.
            let persons = of(StagedQuery::Uniques, executors);
            let without = QueryStages::of(&views(), StagedQuery::Uniques, executors).unwrap();
            assert!(persons.unevenness() < without.unevenness() + 0.5);
        }
        assert_eq!(of(StagedQuery::AllRows, 4).unevenness(), 0.0);
        assert_eq!(with_robot(&views(), 0).unwrap(), views());
    }

    #[test]
    fn no_executor_is_an_error() {
        let error = QueryStages::of(&views(), StagedQuery::Views, 0).unwrap_err();
        assert!(error.to_string().contains("needs an executor"), "{error}");
    }
}
