//! Three ways to forget rows that a batch view has by now: a time to live, deletions, or a store of
//! their own that is dropped.
use lambda::speed::{
    EmbeddedStore, Family, ManualClock, Mutation, RealtimeStore, RealtimeStoreOptions, Result, at,
};
use polars::prelude::{DataFrame, df};
use std::path::Path;
use std::sync::Arc;

/// Rows that are forgotten.
const ROWS: u64 = 20_000;
/// Milliseconds that a row lives in the family with a time to live.
const LIVES_MS: i64 = 1_000;

/// Writes 20,000 rows of 100 bytes into each of three stores, and forgets them in three ways. A row for
/// each: `way`, `rows seen` after it, and the kilobytes of the files `KB before`, `KB after forgetting`
/// and `KB after a compaction`.
///
/// ```
/// use lambda_workbook::speed::forgetting;
///
/// let folder = tempfile::tempdir()?;
/// let table = forgetting(folder.path())?;
/// let column = |name| table.column(name).unwrap().i64().unwrap().to_vec();
/// assert_eq!(column("rows seen"), [Some(0); 3]);
/// assert_eq!(column("KB after a compaction"), [Some(0); 3]);
/// assert_eq!(column("KB after forgetting")[2], Some(0)); // a dropped store needs no compaction
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder cannot be written or read.
pub fn forgetting(folder: &Path) -> Result<DataFrame> {
    let ways = ["time to live", "deletions", "a store that is dropped"];
    let mut columns = [vec![], vec![], vec![], vec![]];
    for (n, way) in ways.into_iter().enumerate() {
        // A store with the rows in a file.
        let clock = Arc::new(ManualClock::at(0));
        let place = folder.join(n.to_string());
        let family = Family {
            ttl: (way == "time to live").then_some(LIVES_MS),
            ..Family::new("n")
        };
        let options = RealtimeStoreOptions {
            clock: clock.clone(),
            compaction: false,
            ..RealtimeStoreOptions::default()
        };
        let store = EmbeddedStore::open_with(&place, &[family], options)?;
        let put = |row: u64| Mutation::of(row.to_be_bytes()).put("n", "n", 0, [7; 100]);
        store.apply(&(0..ROWS).map(put).collect::<Vec<_>>())?;
        store.flush("n")?;
        let kilobytes = |store: &EmbeddedStore| {
            Ok::<_, lambda::speed::SpeedError>((store.file_bytes("n")? / 1000) as i64)
        };
        columns[1].push(kilobytes(&store)?);

        // Forget them.
        if way == "a store that is dropped" {
            drop(store);
            std::fs::remove_dir_all(&place).map_err(at("removing", &place))?;
            columns[0].push(0);
            columns[2].push(0);
            columns[3].push(0);
            continue;
        }
        clock.set(LIVES_MS);
        if way == "deletions" {
            let delete = |row: u64| Mutation::of(row.to_be_bytes()).delete("n", "n");
            store.apply(&(0..ROWS).map(delete).collect::<Vec<_>>())?;
            store.flush("n")?;
        }
        columns[0].push(store.reader().scan(b"", "n")?.len() as i64);
        columns[2].push(kilobytes(&store)?);
        store.compact("n")?;
        columns[3].push(kilobytes(&store)?);
    }
    let [seen, before, after, compacted] = columns;
    Ok(df!(
        "way" => ways,
        "rows seen" => seen,
        "KB before" => before,
        "KB after forgetting" => after,
        "KB after a compaction" => compacted,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dropped_store_gives_its_space_back_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let table = forgetting(folder.path()).unwrap();
        let column = |name: &str| -> Vec<i64> {
            let column = table.column(name).unwrap().i64().unwrap();
            column.iter().flatten().collect()
        };
        let (before, after) = (column("KB before"), column("KB after forgetting"));
        assert_eq!(after[0], before[0]); // what has expired stays in the file
        assert!(after[1] > before[1]); // a deletion is an entry of its own
        assert_eq!((after[2], column("rows seen")), (0, vec![0; 3]));
        assert_eq!(column("KB after a compaction"), [0; 3]);
    }
}
