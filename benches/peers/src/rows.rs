//! The files that the bench hands over.
use crate::Result;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Rows in order of URL, granularity and time.
pub struct Rows(BufReader<File>);

/// The rows of one URL: granularity's code, ts, count.
pub type OfUrl = (String, Vec<(u8, i64, i64)>);

impl Rows {
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self(BufReader::with_capacity(1 << 20, File::open(path)?)))
    }

    /// The next URL. Of each: length, name, number of rows, and for each row a
    /// byte and two numbers of four bytes.
    pub fn next(&mut self) -> Result<Option<OfUrl>> {
        let mut word = [0; 4];
        match self.0.read_exact(&mut word) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut url = vec![0; u32::from_le_bytes(word) as usize];
        self.0.read_exact(&mut url)?;
        self.0.read_exact(&mut word)?;
        let mut bytes = vec![0; u32::from_le_bytes(word) as usize * 9];
        self.0.read_exact(&mut bytes)?;
        let number =
            |bytes: &[u8]| i64::from(u32::from_le_bytes(bytes.try_into().expect("four bytes")));
        let rows = bytes.chunks_exact(9);
        let rows = rows.map(|row| (row[0], number(&row[1..5]), number(&row[5..9])));
        Ok(Some((String::from_utf8(url)?, rows.collect())))
    }
}

/// A key whose bytes sort as the rows of our store do.
pub fn key(url: &str, code: u8, ts: i64) -> Vec<u8> {
    let mut key = url.as_bytes().to_vec();
    key.extend([0, code]);
    key.extend((ts ^ i64::MIN).to_be_bytes());
    key
}

/// The sum of the counts of some scans of one URL.
pub struct Query {
    pub url: String,
    pub scans: Vec<Scan>,
}

/// A scan as keys: the first, the one after the last unless it is a point, and the sign.
pub type KeyRange = (Vec<u8>, Option<Vec<u8>>, i64);

impl Query {
    /// Returns the keys of all scans.
    pub fn keys(&self) -> Vec<KeyRange> {
        let range = |scan: &Scan| {
            let key = |ts| key(&self.url, scan.code as u8, ts);
            let end = (scan.from != scan.to).then(|| key(scan.to));
            (key(scan.from), end, scan.sign)
        };
        self.scans.iter().map(range).collect()
    }
}

/// Buckets of one granularity that start in `from..to`. One of no length is a
/// point: the bucket that starts there.
pub struct Scan {
    pub code: char,
    pub from: i64,
    pub to: i64,
    /// 1, or -1 for what is taken away.
    pub sign: i64,
}

/// Returns the seconds of a granularity's bucket, by its code.
pub fn seconds_of(code: char) -> Result<i64> {
    match code {
        'h' => Ok(3_600),
        'd' => Ok(86_400),
        'w' => Ok(604_800),
        'm' => Ok(2_419_200),
        other => Err(format!("no granularity has the code {other:?}").into()),
    }
}

/// Reads queries: a line each, `url`, then `code from to sign` for each scan.
pub fn queries(path: &Path) -> Result<Vec<Query>> {
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (url, scans) = words.split_first().ok_or("an empty line")?;
        let scan = |words: &[&str]| {
            Ok(Scan {
                code: words[0].parse()?,
                from: words[1].parse()?,
                to: words[2].parse()?,
                sign: words[3].parse()?,
            })
        };
        Ok(Query {
            url: (*url).to_owned(),
            scans: scans.chunks_exact(4).map(scan).collect::<Result<_>>()?,
        })
    };
    std::fs::read_to_string(path)?.lines().map(one).collect()
}
