//! The four requirements of a database for realtime views: shown, then broken.
//!
//! Each function builds what it needs in an empty folder, tries it, and reports what it saw, as
//! [`serving_layer::requirements`](crate::serving_layer::requirements) does for the serving layer.
//! The second function of a pair leaves one part out.
//!
//! | requirement | shown by | broken by |
//! |---|---|---|
//! | random reads | a row by its key | the log itself as the view: every record is read |
//! | random writes | one cell is written | a serving view: its files are written anew |
//! | scalability | rows placed by a hash of the URL | rows placed by the hour: all writes of now on one server |
//! | fault tolerance | the log keeps what the view was computed from | a log that has already forgotten |
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 12.2, on requirements for a realtime view.
use crate::serving_layer::requirements::Shown;
use calendar::Granularity::Hour;
use lambda::serving::{Layout, RowValue, build};
use lambda::speed::{
    EmbeddedLog, EmbeddedStore, Family, Log, Mutation, RealtimeStore, Result, SpeedError,
    partition_of,
};
use show::table::grouped;
use std::path::Path;

const FAMILY: [Family; 1] = [Family::new("n")];
const AS_BUILT: &str = "as built";
/// Pages and hours of the events.
const PAGES: u64 = 100;
const HOURS: u64 = 48;
/// Servers over which rows are spread.
const SERVERS: u32 = 8;

/// The key of a row: page and hour.
fn row(page: u64, hour: u64) -> Vec<u8> {
    format!("foo.com/{page:03}|{hour:03}").into_bytes()
}

fn put(page: u64, hour: u64, count: u64) -> Mutation {
    Mutation::of(row(page, hour)).put("n", "n", 0, count.to_be_bytes())
}

/// Opens a store with a row for each page and hour.
fn filled(folder: &Path) -> Result<EmbeddedStore> {
    let store = EmbeddedStore::open(folder, &FAMILY)?;
    for hour in 0..HOURS {
        let rows: Vec<Mutation> = (0..PAGES).map(|page| put(page, hour, 1)).collect();
        store.apply(&rows)?;
    }
    Ok(store)
}

/// Makes a log with one event for each page and hour, in the order of time.
fn events(folder: &Path) -> Result<EmbeddedLog> {
    let log = EmbeddedLog::open(folder)?;
    log.create_topic("events", 1)?;
    for hour in 0..HOURS {
        let keys: Vec<Vec<u8>> = (0..PAGES).map(|page| row(page, hour)).collect();
        let records: Vec<(&[u8], &[u8])> = keys.iter().map(|key| (&b""[..], &key[..])).collect();
        log.append("events", 0, &records)?;
    }
    Ok(log)
}

/// Reads the 48 hours of a page from the store, by one scan of its rows, and counts the cells that
/// were returned.
fn random_reads(folder: &Path) -> Result<Shown> {
    let found = filled(folder)?.reader().scan(b"foo.com/017|", "n")?.len() as u64;
    Ok(Shown {
        requirement: "random reads",
        variant: AS_BUILT,
        holds: found == HOURS,
        measured: found,
        evidence: format!("{HOURS} hours of a page: {found} cells are read"),
    })
}

/// Answers the same from the log, which has no index by page.
fn log_as_view(folder: &Path) -> Result<Shown> {
    let records = events(folder)?.read("events", 0, 0, usize::MAX)?;
    let of_page = records
        .iter()
        .filter(|r| r.value.starts_with(b"foo.com/017|"))
        .count() as u64;
    let read = records.len() as u64;
    Ok(Shown {
        requirement: "random reads",
        variant: "the log as the view",
        holds: read <= 2 * of_page,
        measured: read,
        evidence: format!(
            "{of_page} hours of a page: {} records are read",
            grouped(read as i64)
        ),
    })
}

/// Changes one row, and measures the file that the store writes for it.
fn random_writes(folder: &Path) -> Result<Shown> {
    let store = filled(folder)?;
    store.flush("n")?;
    let before = store.file_bytes("n")?;
    store.apply(&[put(17, 5, 2)])?;
    store.flush("n")?;
    let written = store.file_bytes("n")? - before;
    let share = 100 * written / before.max(1);
    Ok(Shown {
        requirement: "random writes",
        variant: AS_BUILT,
        holds: share < 10,
        measured: share,
        evidence: written_of(share),
    })
}

/// Says which share of a view was written, in percent, for one row.
fn written_of(share: u64) -> String {
    let share = if share == 0 {
        "less than 1".to_owned()
    } else {
        share.to_string()
    };
    format!(
        "one row of {} changes: {share} % of the view is written",
        grouped((PAGES * HOURS) as i64)
    )
}

/// Changes one row of a serving view: a new version is written.
fn serving_view(folder: &Path) -> Result<Shown> {
    let failed = |error: lambda::serving::ServingError| SpeedError::Remote {
        doing: "building a serving view".to_owned(),
        address: folder.display().to_string(),
        problem: error.to_string(),
    };
    let urls: Vec<String> = (0..PAGES)
        .map(|page| format!("foo.com/{page:03}"))
        .collect();
    let version = |count: i64| -> Result<u64> {
        let rows = urls.iter().flat_map(|url| {
            (0..HOURS as i64).map(move |hour| {
                let changed = url == "foo.com/017" && hour == 5;
                (
                    url.as_str(),
                    Hour,
                    hour * 3600,
                    RowValue::Count(if changed { count } else { 1 }),
                )
            })
        });
        build(folder, Layout::counts(1).keep(1), rows).map_err(failed)?;
        let store = lambda::serving::Store::open(folder).map_err(failed)?;
        let bytes = store.open_version().shards()[0].bytes();
        Ok(bytes.iter().sum())
    };
    let (before, written) = (version(1)?, version(2)?);
    let share = 100 * written / before.max(1);
    Ok(Shown {
        requirement: "random writes",
        variant: "a serving view",
        holds: share < 10,
        measured: share,
        evidence: written_of(share),
    })
}

/// Places the writes of one hour, one for each page, on eight servers, and looks at the busiest.
fn busiest(variant: &'static str, server: impl Fn(u64, u64) -> u32) -> Shown {
    let hour = HOURS - 1;
    let mut writes = vec![0u64; SERVERS as usize];
    for page in 0..PAGES {
        writes[server(page, hour) as usize] += 1;
    }
    let most = writes.into_iter().max().unwrap_or(0);
    Shown {
        requirement: "scalability",
        variant,
        holds: most <= 3 * PAGES / u64::from(SERVERS),
        measured: most,
        evidence: format!(
            "{PAGES} writes of this hour on {SERVERS} servers: {most} on the busiest"
        ),
    }
}

fn by_url() -> Shown {
    busiest(AS_BUILT, |page, _| {
        partition_of(format!("foo.com/{page:03}").as_bytes(), SERVERS)
    })
}

fn by_hour() -> Shown {
    busiest("rows placed by the hour", |_, hour| {
        partition_of(&hour.to_be_bytes(), SERVERS)
    })
}

/// Loses the store with its disk, and computes the views again from the log, of which `forgotten`
/// records are gone.
fn rebuilt(folder: &Path, variant: &'static str, forgotten: u64) -> Result<Shown> {
    let log = events(&folder.join("log"))?;
    log.delete_before("events", 0, forgotten)?;
    let place = folder.join("store");
    let rows = filled(&place)?.reader().scan(b"", "n")?.len();
    // The disk is lost.
    std::fs::remove_dir_all(&place).map_err(lambda::speed::at("removing", &place))?;
    let store = EmbeddedStore::open(&place, &FAMILY)?;
    let records = log.read("events", 0, log.begin("events", 0)?, usize::MAX)?;
    let again: Vec<Mutation> = records
        .iter()
        .map(|record| Mutation::of(record.value).put("n", "n", 0, 1u64.to_be_bytes()))
        .collect();
    store.apply(&again)?;
    let found = store.reader().scan(b"", "n")?.len();
    Ok(Shown {
        requirement: "fault tolerance",
        variant,
        holds: found == rows,
        measured: (rows - found) as u64,
        evidence: format!(
            "the disk is lost: {} of {} rows come back from the log",
            grouped(found as i64),
            grouped(rows as i64)
        ),
    })
}

/// Tries the four requirements in pairs, as built and with a part left out, each in a folder of its
/// own.
///
/// ```
/// use lambda_workbook::speed::requirements::requirements;
///
/// let folder = tempfile::tempdir()?;
/// let shown = requirements(folder.path())?;
/// let holds: Vec<bool> = shown.iter().map(|row| row.holds).collect();
/// assert_eq!(holds, [true, false, true, false, true, false, true, false]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the folder cannot be written or read.
pub fn requirements(folder: &Path) -> Result<Vec<Shown>> {
    Ok(vec![
        random_reads(&folder.join("reads"))?,
        log_as_view(&folder.join("log"))?,
        random_writes(&folder.join("writes"))?,
        serving_view(&folder.join("serving"))?,
        by_url(),
        by_hour(),
        rebuilt(&folder.join("kept"), AS_BUILT, 0)?,
        rebuilt(&folder.join("forgotten"), "a log kept for too short", 3_000)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_requirement_of_a_realtime_store_breaks_when_its_part_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let shown = requirements(folder.path()).unwrap();
        for pair in shown.chunks(2) {
            assert_eq!(pair[0].requirement, pair[1].requirement);
            assert!(pair[0].holds && !pair[1].holds, "{pair:?}");
        }
        assert_eq!((shown[1].measured, shown[7].measured), (4_800, 3_000));
    }
}
