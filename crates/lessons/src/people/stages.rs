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
        }
    }

    /// Returns what a row is that an executor keeps after reading its part.
    pub(crate) fn kept(self) -> &'static str {
        match self {
            StagedQuery::Views => "partial counts",
            StagedQuery::Uniques => "different rows (url, hour, person)",
            StagedQuery::AllRows => "rows",
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
            for (row, key) in kept_rows(&part, query)? {
                keys.insert(key);
                let home = home(&row, count);
                let mine = &mut work[executor as usize];
                mine.kept += 1;
                mine.moved += u64::from(home != executor);
                work[home as usize].received += 1;
            }
        }
        let result = match query {
            StagedQuery::AllRows => rows,
            _ => keys.len() as u64,
        };
        Ok(QueryStages {
            query,
            executors: work,
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

/// The rows that an executor keeps of its part: each with its text, and the text of its URL and hour.
fn kept_rows(part: &DataFrame, query: StagedQuery) -> PolarsResult<Vec<(String, String)>> {
    let hour = (col("true_as_of_secs").floor_div(lit(3_600i64)) * lit(3_600i64)).alias("ts");
    let mut columns = vec![col("url"), hour];
    if query == StagedQuery::Uniques {
        columns.extend([col("cookie"), col("user_id")]);
    }
    let rows = part.clone().lazy().select(columns);
    let rows = rows.unique(None, UniqueKeepStrategy::Any).collect()?;
    let (urls, hours) = (rows.column("url")?.str()?, rows.column("ts")?.i64()?);
    let keys = urls.iter().zip(hours.iter());
    let keys = keys.map(|(url, ts)| format!("{} {}", url.unwrap_or(""), ts.unwrap_or(0)));
    if query != StagedQuery::Uniques {
        return Ok(keys.map(|key| (key.clone(), key)).collect());
    }
    let (cookies, users) = (
        rows.column("cookie")?.str()?,
        rows.column("user_id")?.i64()?,
    );
    let persons = cookies.iter().zip(users.iter());
    let rows = keys
        .zip(persons)
        .map(|(key, (cookie, user))| (format!("{key} {cookie:?} {user:?}"), key));
    Ok(rows.collect())
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

    #[test]
    fn no_executor_is_an_error() {
        let error = QueryStages::of(&views(), StagedQuery::Views, 0).unwrap_err();
        assert!(error.to_string().contains("needs an executor"), "{error}");
    }
}
