//! What machines send each other for a count, and for the number of different visitors.
use calendar::Granularity;
use lambda::batch;
use polars::prelude::*;

/// Bytes of a number, and of the hash of an identifier.
const NUMBER: u64 = 8;

/// Returns what machines must send to the one that has a URL's hour, if each has an equal part of
/// the page views: kilobytes of values by the number of `machines`, for each of three ways.
///
/// | what is sent | once for each |
/// |---|---|
/// | counts, for page views | machine, URL and hour |
/// | identifiers, for exact uniques | machine, URL, hour and visitor |
/// | sketches, for uniques | machine, URL and hour |
///
/// A row of each also has its key, the URL and the hour, which is not counted here.
///
/// ```
/// use lambda_workbook::people;
/// use polars::prelude::*;
///
/// let views = df!(
///     "url" => ["a.com/", "a.com/", "a.com/", "a.com/"], "true_as_of_secs" => [1i64, 2, 3, 4],
///     "cookie" => [None::<&str>; 4], "user_id" => [7i64, 7, 7, 8],
/// )?;
/// let sent = people::shuffled(&views, &[1, 2])?;
/// let identifiers = sent.lazy().filter(col("sent").eq(lit("identifiers"))).collect()?;
/// // One machine sends two of them; of two machines one sends 7, and the other 7 and 8.
/// let kilobytes: Vec<f64> = identifiers.column("kB")?.f64()?.iter().flatten().collect();
/// assert_eq!(kilobytes, [0.016, 0.024]);
/// # Ok::<(), PolarsError>(())
/// ```
///
/// # Errors
/// A missing column.
pub fn shuffled(views: &DataFrame, machines: &[u32]) -> PolarsResult<DataFrame> {
    let (mut number, mut sent, mut kilobytes) = (Vec::new(), Vec::new(), Vec::new());
    for &machines in machines {
        let mut bytes = [0; 3];
        for machine in 0..u64::from(machines) {
            // The machine's part of the rows, which lie in the order of time.
            let at =
                |machine: u64| (views.height() as u64 * machine / u64::from(machines)) as usize;
            let part = views.slice(at(machine) as i64, at(machine + 1) - at(machine));
            let sketches = batch::uniques(&part, Granularity::Hour)?;
            let exact = batch::exact_uniques(&part, Granularity::Hour)?;
            let visitors = exact.column("uniques")?.i64()?.sum().unwrap_or(0) as u64;
            let encoded = sketches.column("sketch")?.binary()?.iter().flatten();
            bytes[0] += sketches.height() as u64 * NUMBER;
            bytes[1] += visitors * NUMBER;
            bytes[2] += encoded.map(|sketch| sketch.len() as u64).sum::<u64>();
        }
        for (what, bytes) in ["counts", "identifiers", "sketches"].iter().zip(bytes) {
            number.push(machines);
            sent.push(*what);
            kilobytes.push(bytes as f64 / 1e3);
        }
    }
    df!("machines" => number, "sent" => sent, "kB" => kilobytes)
}
