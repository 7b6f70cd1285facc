//! Where people live, as a view: a function of all location facts.
use super::error::Result;
use calendar::Granularity::Day;
use lambda::serving::{Layout, RowValue, Store, build};
use polars::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The city of each account: what its latest fact says, by the time since which it
/// is true; of two of one second the one that came later. O(rows).
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::systems::homes;
/// let facts = df!(
///     "true_as_of_secs" => [60i64, 90, 70], "user_id" => [1i64, 1, 2],
///     "city" => ["New York", "Tokyo", "Chicago"],
/// )?;
/// assert_eq!(homes(&facts)?[&1], "Tokyo");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn homes(locations: &DataFrame) -> Result<HashMap<i64, String>> {
    let secs = locations.column("true_as_of_secs")?.i64()?;
    let users = locations.column("user_id")?.i64()?;
    let cities = locations.column("city")?.str()?;
    let mut last: HashMap<i64, (i64, &str)> = HashMap::new();
    for ((secs, user), city) in secs.iter().zip(users.iter()).zip(cities.iter()) {
        let (Some(secs), Some(user), Some(city)) = (secs, user, city) else {
            continue;
        };
        let known = last.entry(user).or_insert((secs, city));
        if known.0 <= secs {
            *known = (secs, city);
        }
    }
    let named = |(user, (_, city)): (i64, (i64, &str))| (user, city.to_owned());
    Ok(last.into_iter().map(named).collect())
}

/// The view as a serving store: built whole and swapped in.
pub fn serve_homes(folder: impl AsRef<Path>, homes: &HashMap<i64, String>) -> Result<Store> {
    let names: BTreeMap<String, &String> = homes
        .iter()
        .map(|(user, city)| (format!("user {user}"), city))
        .collect();
    let rows = names
        .iter()
        .map(|(name, city)| (name.as_str(), Day, 0, RowValue::Bytes(city.as_bytes())));
    build(&folder, Layout::bytes(2), rows)?;
    Ok(Store::open(folder)?)
}
