//! A new version is published while queries run, on real threads.
//!
//! Four readers each run queries that read all web pages, a part of the pages at a time. A
//! writer replaces the data while they read. All threads meet at a barrier after each step, so
//! every run is the same:
//!
//! | reader | data | what its queries see |
//! |---|---|---|
//! | one long query | a store with versions | the version with which it began |
//! | short queries | a store with versions | each one the version that was served when it began |
//! | short queries | a store with versions, of which the served one is looked up again for every page | rows of two versions, if a publication overtakes them |
//! | short queries | files that are updated in place, one a page | rows of two versions, if a writer overtakes them |
//!
//! The third reader shows that the atomic rename is not enough. It makes the switch between
//! versions indivisible, but only a query that keeps the version with which it began reads one
//! version.
//!
//! 1. A query that keeps its version sees one version, complete.
//! 2. The versions that one reader sees never go backwards.
use calendar::Granularity::Hour;
use lambda::serving::{Layout, Result, RowValue, ServingError, Store, build, io_at};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

/// Steps of the run.
pub const STEPS: usize = 8;
/// The new versions, each with the step before which it is published.
pub const PUBLISHED: [(usize, i64); 2] = [(3, 2), (5, 3)];
/// Pages, of which a step reads its part.
pub const PAGES: usize = 8;

/// What a query saw: it ran for some steps and read some pages at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySeen {
    /// The reader.
    pub reader: &'static str,
    /// The first step of the query.
    pub first: usize,
    /// For each step, the versions of the rows that were read.
    pub seen: Vec<BTreeSet<i64>>,
}

impl QuerySeen {
    /// Returns the versions of all rows that the query read. One number means a complete
    /// version.
    pub fn versions(&self) -> BTreeSet<i64> {
        self.seen.iter().flatten().copied().collect()
    }
}

/// Returns the number of queries that read rows of more than one version.
pub fn mixed(queries: &[QuerySeen]) -> usize {
    queries
        .iter()
        .filter(|query| query.versions().len() > 1)
        .count()
}

const LONG: &str = "store: one long query";
const SHORT: &str = "store: short queries";
const NOT_KEPT: &str = "store, version not kept: short queries";
const IN_PLACE: &str = "updated in place: short queries";

/// Runs the four readers and the writer in an empty folder. Each version has the same pages,
/// and the number of the version as the count of each.
///
/// ```
/// use lambda_workbook::serving::publication::{mixed, publish_while_reading};
/// let folder = tempfile::tempdir()?;
/// let queries = publish_while_reading(folder.path())?;
/// assert_eq!((queries.len(), mixed(&queries)), (13, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder cannot be written or read.
pub fn publish_while_reading(folder: &Path) -> Result<Vec<QuerySeen>> {
    publish_while_reading_at(folder, PUBLISHED)
}

/// The same, with other steps before which versions 2 and 3 are published.
///
/// ```
/// use lambda_workbook::serving::publication::{mixed, publish_while_reading_at};
/// let folder = tempfile::tempdir()?;
/// // Between two of the short queries.
/// let queries = publish_while_reading_at(folder.path(), [(2, 2), (4, 3)])?;
/// assert_eq!(mixed(&queries), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder cannot be written or read.
pub fn publish_while_reading_at(
    folder: &Path,
    published: [(usize, i64); 2],
) -> Result<Vec<QuerySeen>> {
    let (home, files) = (folder.join("store"), folder.join("files"));
    publish(&home, 1)?;
    fs::create_dir_all(&files).map_err(io_at("make", &files))?;
    (0..PAGES).try_for_each(|page| overwrite(&files, page, 1))?;
    // All threads meet twice a step: the writer works before the first meeting, the readers
    // between the first and the second.
    let meeting = Barrier::new(5);
    std::thread::scope(|threads| {
        let writer = threads.spawn(|| {
            // An error is returned only at the end, because the readers wait for this thread.
            let mut result = Ok(());
            for step in 0..STEPS {
                for (_, version) in published.iter().filter(|(at, _)| *at == step) {
                    result = result.and(publish(&home, *version));
                    let mut pages = 0..PAGES;
                    result =
                        result.and(pages.try_for_each(|page| overwrite(&files, page, *version)));
                }
                meeting.wait();
                meeting.wait();
            }
            result
        });
        let long = threads.spawn(|| reader(LONG, STEPS, &meeting, || version_reader(&home)));
        let short = threads.spawn(|| reader(SHORT, 2, &meeting, || version_reader(&home)));
        let not_kept = threads.spawn(|| {
            let begin = || Ok(Box::new(|page| version_reader(&home)?(page)) as PageReader);
            reader(NOT_KEPT, 2, &meeting, begin)
        });
        let in_place = threads.spawn(|| {
            let begin = || Ok(Box::new(|page| read(&files, page)) as PageReader);
            reader(IN_PLACE, 2, &meeting, begin)
        });
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Result<Vec<QuerySeen>>>| {
            thread.join().expect("a reader returns its errors")
        };
        let seen = [long, short, not_kept, in_place].map(joined);
        writer.join().expect("the writer returns its errors")?;
        Ok(seen.into_iter().collect::<Result<Vec<_>>>()?.concat())
    })
}

/// Reads the version of a page's row.
type PageReader<'a> = Box<dyn Fn(usize) -> Result<i64> + 'a>;

/// Runs queries of `steps` steps each, one after another. `begin` is called where a query
/// begins.
fn reader<'a>(
    reader: &'static str,
    steps: usize,
    meeting: &Barrier,
    begin: impl Fn() -> Result<PageReader<'a>>,
) -> Result<Vec<QuerySeen>> {
    let mut queries: Vec<QuerySeen> = Vec::new();
    let mut read = None;
    let mut failed = None;
    for step in 0..STEPS {
        meeting.wait();
        let mut work = || {
            if step % steps == 0 {
                read = Some(begin()?);
                let seen = Vec::new();
                queries.push(QuerySeen {
                    reader,
                    first: step,
                    seen,
                });
            }
            // The pages of this step: all pages, in as many parts as the query has steps.
            let part = PAGES / steps;
            let pages = part * (step % steps)..part * (step % steps + 1);
            let read = read.as_ref().expect("a query begins at step 0");
            let seen = pages.map(read).collect::<Result<_>>()?;
            queries
                .last_mut()
                .expect("a query has begun")
                .seen
                .push(seen);
            Ok::<(), ServingError>(())
        };
        // After an error the thread goes on to the meetings, because the others wait for it.
        if failed.is_none() {
            failed = work().err();
        }
        meeting.wait();
    }
    failed.map_or(Ok(queries), Err)
}

fn url(page: usize) -> String {
    format!("foo.com/{page}")
}

/// Publishes a version in which every page has the number of the version as its count.
fn publish(home: &Path, version: i64) -> Result<()> {
    let urls: Vec<String> = (0..PAGES).map(url).collect();
    let rows = urls
        .iter()
        .map(|url| (url.as_str(), Hour, 0, RowValue::Count(version)));
    // The long query reads version 1 until its end, also when it has been removed.
    build(home, Layout::counts(2).keep(2), rows).map(drop)
}

/// Begins a query on the store: it holds the version that is served now.
fn version_reader<'a>(home: &Path) -> Result<PageReader<'a>> {
    let version = Store::open(home)?.open_version();
    Ok(Box::new(move |page| {
        let url = url(page);
        let rows = version.url(&url)?;
        Ok(rows
            .map_or(Ok(None), |rows| rows.count(Hour, 0))?
            .unwrap_or(0))
    }))
}

fn path(files: &Path, page: usize) -> PathBuf {
    files.join(page.to_string())
}

fn overwrite(files: &Path, page: usize, version: i64) -> Result<()> {
    let path = path(files, page);
    fs::write(&path, version.to_le_bytes()).map_err(io_at("write", &path))
}

fn read(files: &Path, page: usize) -> Result<i64> {
    let path = path(files, page);
    let bytes = fs::read(&path).map_err(io_at("read", &path))?;
    Ok(bytes.try_into().map_or(0, i64::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_on_the_store_sees_one_version_while_others_are_published() {
        let folder = tempfile::tempdir().unwrap();
        let queries = publish_while_reading(folder.path()).unwrap();
        let versions = |reader| -> Vec<Vec<i64>> {
            let of = queries.iter().filter(|query| query.reader == reader);
            of.map(|query| query.versions().into_iter().collect())
                .collect()
        };
        assert_eq!(versions(LONG), [vec![1]]);
        assert_eq!(versions(SHORT), [vec![1], vec![1], vec![2], vec![3]]);
        // Without a kept version, the second and the third query were overtaken by a publication.
        assert_eq!(
            versions(NOT_KEPT),
            [vec![1], vec![1, 2], vec![2, 3], vec![3]]
        );
        // In place, the second and the third query were overtaken by a writer.
        assert_eq!(
            versions(IN_PLACE),
            [vec![1], vec![1, 2], vec![2, 3], vec![3]]
        );
    }
}
