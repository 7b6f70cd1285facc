//! The view that all serve: made, not kept. Same arguments, same rows.
use lambda_workbook::calendar::Granularity;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// 2015-01-01 00:00 UTC.
pub const START: i64 = 1_420_070_400;
/// Hours of a year.
pub const HOURS: i64 = 365 * 24;
/// In the order of their codes, as views are sorted.
const BY_CODE: [Granularity; 4] = [
    Granularity::Day,
    Granularity::Hour,
    Granularity::Month,
    Granularity::Week,
];

/// Some URLs with a year of page views each.
pub struct View {
    urls: Vec<String>,
    /// Hours without a view, of each 2^32.
    gaps: u64,
}

impl View {
    pub fn new(urls: u32, gaps: f64) -> Self {
        let name = |n| format!("site{:02}.example.com/articles/{n:05}", n % 50);
        let mut urls: Vec<String> = (0..urls).map(name).collect();
        urls.sort();
        let gaps = (gaps.clamp(0.0, 1.0) * 2f64.powi(32)) as u64;
        Self { urls, gaps }
    }

    /// In order.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The rows of a URL, in the order of a view.
    pub fn rows(&self, url: usize) -> Vec<(Granularity, i64, i64)> {
        let mut buckets: [Vec<(Granularity, i64, i64)>; 4] = Default::default();
        for hour in 0..HOURS {
            let drawn = mix((url as u64) << 32 | hour as u64);
            if drawn >> 32 < self.gaps {
                continue;
            }
            let (ts, count) = (START + hour * 3600, 1 + (drawn & 0xFFFF) as i64 % 500);
            for (rows, granularity) in buckets.iter_mut().zip(BY_CODE) {
                let start = granularity.bucket(ts);
                match rows.last_mut() {
                    Some(last) if last.1 == start => last.2 += count,
                    _ => rows.push((granularity, start, count)),
                }
            }
        }
        buckets.concat()
    }

    /// Writes the rows as the native peers read them.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for (number, url) in self.urls.iter().enumerate() {
            let rows = self.rows(number);
            out.write_all(&(url.len() as u32).to_le_bytes())?;
            out.write_all(url.as_bytes())?;
            out.write_all(&(rows.len() as u32).to_le_bytes())?;
            for (granularity, ts, count) in rows {
                out.write_all(granularity.code().as_bytes())?;
                out.write_all(&(ts as u32).to_le_bytes())?;
                out.write_all(&(count as u32).to_le_bytes())?;
            }
        }
        out.flush()
    }
}

/// SplitMix64's output function.
pub fn mix(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
