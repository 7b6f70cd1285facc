//! Time zones by name, with suggestions for an unknown name.
use chrono_tz::{TZ_VARIANTS, Tz};
use strsim::levenshtein;

/// The error for a name that is not in the time zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no time zone {name:?}; did you mean {}? Zones have IANA names, Area/City",
    nearest.join(", ")
)]
pub struct UnknownZone {
    /// The name that was not found.
    pub name: String,
    /// At most three similar names that are in the database, the most similar first.
    pub nearest: Vec<&'static str>,
}

/// Returns the time zone with an IANA name, such as Asia/Kolkata.
///
/// # Errors
/// An unknown name. The error suggests similar ones.
///
/// ```
/// use lambda_workbook::calendar::parse_zone;
///
/// assert_eq!(parse_zone("Asia/Kolkata")?.name(), "Asia/Kolkata");
/// let error = parse_zone("america/los angeles").unwrap_err();
/// assert_eq!(error.nearest[0], "America/Los_Angeles");
/// # Ok::<(), lambda_workbook::calendar::UnknownZone>(())
/// ```
pub fn parse_zone(name: &str) -> Result<Tz, UnknownZone> {
    name.parse().map_err(|_| UnknownZone {
        name: name.to_owned(),
        nearest: nearest(name),
    })
}

/// Common names of time zones that are too different from the IANA name for the edit distance
/// to find it.
const EVERYDAY: [(&str, &str); 9] = [
    ("pacific", "America/Los_Angeles"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("eastern", "America/New_York"),
    ("edt", "America/New_York"),
    ("central", "America/Chicago"),
    ("mountain", "America/Denver"),
    ("ist", "Asia/Kolkata"),
    ("cest", "Europe/Berlin"),
];

/// Returns the zone of a common name, or else the three zones with the most similar names: by
/// edit distance to the whole name or to the city alone.
fn nearest(name: &str) -> Vec<&'static str> {
    let wanted = plain(name);
    if let Some((_, zone)) = EVERYDAY.iter().find(|(word, _)| *word == wanted) {
        return vec![zone];
    }
    let mut zones: Vec<(usize, &'static str)> = TZ_VARIANTS
        .iter()
        .map(|zone| {
            let known = plain(zone.name());
            let city = known.rsplit('/').next().unwrap_or_default();
            (
                levenshtein(&wanted, &known).min(levenshtein(&wanted, city)),
                zone.name(),
            )
        })
        .collect();
    zones.sort();
    zones.into_iter().take(3).map(|(_, zone)| zone).collect()
}

/// Returns a name in the form in which names are compared.
fn plain(name: &str) -> String {
    // The cut keeps the edit distance cheap for a very long name. No zone has 64 characters.
    name.trim()
        .chars()
        .take(64)
        .collect::<String>()
        .to_lowercase()
        .replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_parses() {
        for zone in TZ_VARIANTS {
            assert_eq!(parse_zone(zone.name()), Ok(zone));
        }
    }

    #[test]
    fn slips_lead_to_the_zone_that_was_meant() {
        for (slip, meant) in [
            ("Pacific", "America/Los_Angeles"),
            ("PDT", "America/Los_Angeles"),
            ("Los_Angeles", "America/Los_Angeles"),
            ("America/Los-Angeles", "America/Los_Angeles"),
            ("europe/berlin", "Europe/Berlin"),
            ("Asia/Calcuta", "Asia/Calcutta"),
            ("kolkata", "Asia/Kolkata"),
        ] {
            let error = parse_zone(slip).unwrap_err();
            assert_eq!(error.nearest[0], meant, "{slip}");
            assert!(error.to_string().contains(meant));
        }
    }

    #[test]
    fn an_empty_or_huge_name_is_an_error_too() {
        assert!(!parse_zone("").unwrap_err().nearest.is_empty());
        assert!(parse_zone(&"x".repeat(1_000_000)).is_err());
    }
}
