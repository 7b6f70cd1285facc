//! What the operators of an incident see: an hour of it, and all hours as a table.
use super::cause::Cause;
use polars::prelude::{Column, DataFrame, PolarsResult, df};

/// The signs of an hour, as monitoring reads them from the parts of the system. Pairs are of site 0
/// and site 1, or of their partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourSigns {
    /// The hour of the week.
    pub hour: i64,
    /// Records that each site accepted in the hour.
    pub accepted: [u64; 2],
    /// Records that the speed layer processed in the hour.
    pub processed: [u64; 2],
    /// The end of each partition of the log.
    pub end: [u64; 2],
    /// The next offset that the speed layer reads.
    pub position: [u64; 2],
    /// The median of how many seconds the time in a record is ahead of the time at which it was
    /// accepted; below 0 if it is behind. The second time is that of a clock that is right.
    pub ahead: [i64; 2],
    /// The batch that is served, and the version of its code.
    pub batch: u64,
    /// See `batch`.
    pub version: u64,
    /// The cut with which the batch was published.
    pub cut: [u64; 2],
    /// The offsets up to which the batch run has read the log.
    pub read: [u64; 2],
    /// Page views in the batch views, by users.
    pub users: i64,
    /// Page views in the batch views, by cookies.
    pub cookies: i64,
    /// Page views in the merged answers.
    pub answered: i64,
}

/// Returns a row for each hour. Names that end in `_0` and `_1` are of the two sites.
pub(super) fn frame(signs: &[HourSigns]) -> PolarsResult<DataFrame> {
    let column = |of: &dyn Fn(&HourSigns) -> i64| signs.iter().map(of).collect::<Vec<i64>>();
    let of_site = |of: fn(&HourSigns) -> [u64; 2], site: usize| {
        column(&|signs: &HourSigns| of(signs)[site] as i64)
    };
    df!(
        "hour" => column(&|signs| signs.hour),
        "accepted_0" => of_site(|signs| signs.accepted, 0),
        "accepted_1" => of_site(|signs| signs.accepted, 1),
        "processed_0" => of_site(|signs| signs.processed, 0),
        "processed_1" => of_site(|signs| signs.processed, 1),
        "end_0" => of_site(|signs| signs.end, 0),
        "end_1" => of_site(|signs| signs.end, 1),
        "position_0" => of_site(|signs| signs.position, 0),
        "position_1" => of_site(|signs| signs.position, 1),
        "ahead_0" => column(&|signs| signs.ahead[0]),
        "ahead_1" => column(&|signs| signs.ahead[1]),
        "batch" => column(&|signs| signs.batch as i64),
        "version" => column(&|signs| signs.version as i64),
        "cut_0" => of_site(|signs| signs.cut, 0),
        "cut_1" => of_site(|signs| signs.cut, 1),
        "read_0" => of_site(|signs| signs.read, 0),
        "read_1" => of_site(|signs| signs.read, 1),
        "users" => column(&|signs| signs.users),
        "cookies" => column(&|signs| signs.cookies),
        "answered" => column(&|signs| signs.answered),
    )
}

/// Returns a row for each sign and a column for each of `hours`.
pub(super) fn by_sign(signs: &[HourSigns], hours: std::ops::Range<i64>) -> PolarsResult<DataFrame> {
    type Value = fn(&HourSigns) -> String;
    fn both<T: std::fmt::Display>([one, two]: [T; 2]) -> String {
        format!("{one} | {two}")
    }
    let rows: [(&str, Value); 12] = [
        ("accepted", |hour| both(hour.accepted)),
        ("processed", |hour| both(hour.processed)),
        ("end", |hour| both(hour.end)),
        ("position", |hour| both(hour.position)),
        ("ahead (s)", |hour| both(hour.ahead)),
        ("batch", |hour| hour.batch.to_string()),
        ("version", |hour| hour.version.to_string()),
        ("cut", |hour| both(hour.cut)),
        ("read", |hour| both(hour.read)),
        ("users", |hour| hour.users.to_string()),
        ("cookies", |hour| hour.cookies.to_string()),
        ("answered", |hour| hour.answered.to_string()),
    ];
    let mut columns = vec![Column::new("sign".into(), rows.map(|row| row.0).to_vec())];
    for hour in signs.iter().filter(|hour| hours.contains(&hour.hour)) {
        let name = format!("hour {}", hour.hour);
        columns.push(Column::new(
            name.into(),
            rows.map(|row| row.1(hour)).to_vec(),
        ));
    }
    DataFrame::new(rows.len(), columns)
}

/// Returns the sign that speaks for a cause, or what is missing of it.
pub(super) fn evidence(cause: Cause, signs: &[HourSigns]) -> Result<String, String> {
    let Some(last) = signs.last() else {
        return Err("there are no signs".to_owned());
    };
    let pairs = || signs.windows(2).map(|pair| (&pair[0], &pair[1]));
    match cause {
        Cause::Nothing => Err("an answer is wrong; look for a sign that has not ended".to_owned()),
        Cause::ClockOff => {
            let off = (0..2).find(|site| last.ahead[*site].abs() > 60);
            let site = off.ok_or(
                "the times in the records of both sites are within a minute of the time at which \
                 they were accepted",
            )?;
            Ok(format!(
                "the times in the records of site {site} are {} s ahead",
                last.ahead[site]
            ))
        }
        Cause::SkippingConsumer => {
            for (before, hour) in pairs() {
                for partition in 0..2 {
                    let moved = hour.position[partition] - before.position[partition];
                    let skipped = moved - hour.processed[partition];
                    if skipped > 0 {
                        return Ok(format!(
                            "in hour {} the position in partition {partition} moved by {moved} \
                             records, of which {} were processed",
                            hour.hour, hour.processed[partition]
                        ));
                    }
                }
            }
            Err(
                "the speed layer has processed every record that its position has passed"
                    .to_owned(),
            )
        }
        Cause::BadDeployment => {
            let fewer = pairs().find(|(before, hour)| hour.cookies < before.cookies);
            let (before, hour) = fewer.ok_or(
                "with each batch the batch views hold more page views of users and of cookies, also \
                 where the version of the code changed",
            )?;
            Ok(format!(
                "batch {} has {} page views by cookies, and batch {} had {}",
                hour.batch, hour.cookies, before.batch, before.cookies
            ))
        }
        Cause::LostPartition => {
            let stands = |partition: &usize| last.end[*partition] > last.position[*partition];
            let partition = (0..2).find(stands).ok_or(
                "the speed layer is at the end of both partitions now; where it was behind, it has \
                 caught up, or gone on",
            )?;
            Ok(format!(
                "the position in partition {partition} stands at {}, and the log goes on to {}",
                last.position[partition], last.end[partition]
            ))
        }
        Cause::StaleCut => {
            let apart = (0..2).find(|partition| last.cut[*partition] != last.read[*partition]);
            apart.ok_or(
                "the served batch was published with the cut up to which its run has read",
            )?;
            Ok(format!(
                "batch {} has read up to {}, {} and was published with the cut {}, {}",
                last.batch, last.read[0], last.read[1], last.cut[0], last.cut[1]
            ))
        }
    }
}

/// Reads a table that [`frame`] made.
pub(super) fn hours(frame: &DataFrame) -> PolarsResult<Vec<HourSigns>> {
    let column = |name: &str| -> PolarsResult<Vec<i64>> {
        let column = frame.column(name)?.i64()?;
        Ok(column.iter().map(Option::unwrap_or_default).collect())
    };
    let pair = |name: &str| -> PolarsResult<[Vec<i64>; 2]> {
        Ok([column(&format!("{name}_0"))?, column(&format!("{name}_1"))?])
    };
    let [accepted, processed, end, position] =
        ["accepted", "processed", "end", "position"].map(pair);
    let [cut, read] = ["cut", "read"].map(pair);
    let (accepted, processed, end, position) = (accepted?, processed?, end?, position?);
    let (ahead, cut, read) = (pair("ahead")?, cut?, read?);
    let (hour, batch, version) = (column("hour")?, column("batch")?, column("version")?);
    let (users, cookies, answered) = (column("users")?, column("cookies")?, column("answered")?);
    let of = |row: usize| {
        let both = |pair: &[Vec<i64>; 2]| [pair[0][row] as u64, pair[1][row] as u64];
        HourSigns {
            hour: hour[row],
            accepted: both(&accepted),
            processed: both(&processed),
            end: both(&end),
            position: both(&position),
            ahead: [ahead[0][row], ahead[1][row]],
            batch: batch[row] as u64,
            version: version[row] as u64,
            cut: both(&cut),
            read: both(&read),
            users: users[row],
            cookies: cookies[row],
            answered: answered[row],
        }
    };
    Ok((0..frame.height()).map(of).collect())
}
