//! The key of a view's row, as bytes whose order is the order in which the view is read.
//!
//! ```text
//! url bytes | 0x00 | granularity code | ts, big-endian, sign bit flipped
//! ```
//!
//! A zero byte ends the URL, so a URL must not contain one. The zero byte sorts before
//! every other byte, so all rows of `a.com/` come before those of `a.com/b`. With the sign
//! bit flipped, negative timestamps (before 1970) sort before positive ones. The result is
//! the order of the batch view's columns `url`, `granularity`, `ts`
//! ([`VIEW_ORDER`](crate::batch::page_views::VIEW_ORDER)).
//!
//! 1. Keys sort as their bytes do.
//! 2. All rows of a URL are neighbours, and so are the rows of one URL and granularity in a
//!    range of time: they can be read by one contiguous scan.
//!
//! The files of this store do not contain these bytes. The builder accepts rows in this
//! order, and a record keeps the rows of one URL in it.
use calendar::Granularity;

/// The key of one row of a view: a URL, and one bucket of time.
///
/// ```
/// use lambda_workbook::calendar::Granularity;
/// use lambda_workbook::serving::Key;
///
/// let key = |url, granularity, ts| Key { url, granularity, ts }.to_bytes();
/// let noon = key("foo.com/", Granularity::Hour, 43_200);
/// assert!(key("foo.com/", Granularity::Day, 0) < noon); // "d" before "h"
/// assert!(noon < key("foo.com/", Granularity::Hour, 46_800));
/// assert!(key("foo.com/", Granularity::Hour, -3600) < noon);
/// assert!(noon < key("foo.com/a", Granularity::Day, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    /// The normalised URL, without a zero byte.
    pub url: &'a str,
    /// The width of the bucket.
    pub granularity: Granularity,
    /// Start of the bucket in epoch seconds, UTC.
    pub ts: i64,
}

impl<'a> Key<'a> {
    /// Returns the key as bytes that sort as keys do. O(length of the URL).
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.url.len() + 10);
        bytes.extend_from_slice(self.url.as_bytes());
        bytes.push(0);
        bytes.push(code(self.granularity));
        bytes.extend_from_slice(&(self.ts ^ i64::MIN).to_be_bytes());
        bytes
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes); `None` if they are not a key.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (rest, ts) = bytes.split_last_chunk::<8>()?;
        let [url @ .., 0, code] = rest else {
            return None;
        };
        Some(Self {
            url: std::str::from_utf8(url).ok()?,
            granularity: granularity_of(*code)?,
            ts: i64::from_be_bytes(*ts) ^ i64::MIN,
        })
    }
}

/// Returns the byte of a granularity: its one-letter code.
#[inline]
const fn code(granularity: Granularity) -> u8 {
    granularity.code().as_bytes()[0]
}

/// Returns the granularity with this code; `None` for any other byte.
fn granularity_of(byte: u8) -> Option<Granularity> {
    Granularity::ALL.into_iter().find(|&g| code(g) == byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = (String, Granularity, i64)> {
        let ts = prop_oneof![any::<i64>(), -10_000i64..10_000];
        let granularity = prop::sample::select(Granularity::ALL.to_vec());
        ("[a-c/\u{1}é]{0,4}", granularity, ts)
    }

    fn key((url, granularity, ts): &(String, Granularity, i64)) -> Key<'_> {
        Key {
            url,
            granularity: *granularity,
            ts: *ts,
        }
    }

    proptest! {
        #[test]
        fn bytes_sort_as_the_columns_of_the_view(a in any_key(), b in any_key()) {
            let columns = |k: &(String, Granularity, i64)| (k.0.clone(), k.1.code(), k.2);
            prop_assert_eq!(
                key(&a).to_bytes().cmp(&key(&b).to_bytes()),
                columns(&a).cmp(&columns(&b))
            );
        }

        #[test]
        fn a_key_reads_back(a in any_key()) {
            let bytes = key(&a).to_bytes();
            prop_assert_eq!(Key::from_bytes(&bytes), Some(key(&a)));
        }
    }

    #[test]
    fn what_is_no_key_reads_as_none() {
        for bad in [
            &b""[..],
            b"foo.com/",
            b"foo.com/\0x\0\0\0\0\0\0\0\0",
            b"\xff\0h\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Key::from_bytes(bad), None);
        }
    }
}
