//! What the stores of a batch run hold, and under which names: agreed between
//! [`publish`](super::publish), which writes them, and [`served`](super::served), which reads
//! them.
use calendar::Granularity;
use show::table::counted;
use std::fmt;

/// The names of the stores in [`SERVING`]. Each is named after its Parquet file.
pub(super) const STORES: [&str; 4] = ["page_views", "uniques", "bounces", "visits"];

/// The bucket under which values without a time are stored. Bounces and visits cover all
/// time, but every row of a store needs a bucket.
pub(super) const ALL_TIME: (Granularity, i64) = (Granularity::Month, 0);

/// The number of visits to a domain, and how many of them were bounces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounces {
    /// Number of visits, bounces included.
    pub visits: i64,
    /// Number of visits with a single page view.
    pub bounces: i64,
}

impl Bounces {
    /// Returns the bounce rate, from 0 to 1; `None` if there were no visits.
    ///
    /// ```
    /// use lambda_workbook::serving::Bounces;
    /// assert_eq!(Bounces { visits: 4, bounces: 1 }.rate(), Some(0.25));
    /// assert_eq!(Bounces { visits: 0, bounces: 0 }.rate(), None);
    /// ```
    pub fn rate(self) -> Option<f64> {
        (self.visits > 0).then(|| self.bounces as f64 / self.visits as f64)
    }

    /// Returns the two numbers as 16 bytes, little-endian, visits first.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.visits.to_le_bytes());
        bytes[8..].copy_from_slice(&self.bounces.to_le_bytes());
        bytes
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes); `None` for any other number of bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (visits, bounces) = bytes.split_first_chunk()?;
        Some(Self {
            visits: i64::from_le_bytes(*visits),
            bounces: i64::from_le_bytes(bounces.try_into().ok()?),
        })
    }
}

impl fmt::Display for Bounces {
    /// ```
    /// use lambda_workbook::serving::Bounces;
    /// let bounces = Bounces { visits: 4, bounces: 1 };
    /// assert_eq!(bounces.to_string(), "4 visits, 1 bounce");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visits = counted(self.visits as usize, "visit", "visits");
        let bounces = counted(self.bounces as usize, "bounce", "bounces");
        write!(f, "{visits}, {bounces}")
    }
}

/// Returns the key of a person's visits to a domain: the domain, a space, and the person's
/// bytes in hexadecimal. A domain contains no space, so the key is unambiguous.
pub(super) fn visitor_row(domain: &str, person: &[u8]) -> String {
    let mut row = String::with_capacity(domain.len() + 1 + 2 * person.len());
    row.push_str(domain);
    row.push(' ');
    for byte in person {
        row.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[digit as usize])),
        );
    }
    row
}
