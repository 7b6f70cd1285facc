//! A quick reader for the common shape of a page view.
//!
//! It takes any key order and white space, but only plain values: no escapes,
//! no unknown or repeated keys, whole numbers of up to 18 digits. Everything
//! else is `None`, and [`serde_json`] with the schema decides. So this reader
//! can be fast because it never has to be complete, and the schema stays the
//! one truth; a test holds that what is taken here is read the same there. What
//! is no matter of form, such as the time, is left to [`super::rule`].
//!
//! Without it, a struct that borrows its texts and derives [`serde::Deserialize`] takes 1.74
//! times as long for a line (182 and 105 ns), and a `workbook batch --views page-views` of the
//! lesson's 1.4 million lines 1.31 times. sonic-rs takes 2.75 times as long for a line,
//! simd-json 2.45 times: both look for structure in long texts, and a line has 150 bytes.

use super::rule::{RawPageView, Viewer};

/// Reads a line that is one plain page view. Its time is not checked.
pub(super) fn scan(line: &[u8]) -> Option<RawPageView<'_>> {
    let mut at = Cursor { line, pos: 0 };
    let (mut secs, mut view) = (None, None);
    at.object(|at, key| match key {
        b"pedigree" => set(&mut secs, at.single(b"true_as_of_secs", Cursor::int)?),
        b"dataunit" => set(&mut view, at.single(b"page_view", Cursor::page_view)?),
        _ => None,
    })?;
    at.skip_white();
    let (url, viewer, nonce) = view?;
    let secs = secs?;
    (at.pos == line.len()).then_some(RawPageView {
        secs,
        url,
        viewer,
        nonce,
    })
}

/// Each key may stand once.
#[inline]
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

struct Cursor<'a> {
    line: &'a [u8],
    pos: usize,
}

impl<'a> Cursor<'a> {
    fn page_view(&mut self) -> Option<(&'a str, Viewer<'a>, i64)> {
        let (mut url, mut person, mut nonce) = (None, None, None);
        self.object(|at, key| match key {
            b"person" => set(&mut person, at.person()?),
            b"page" => set(&mut url, at.single(b"url", Cursor::string)?),
            b"nonce" => set(&mut nonce, at.int()?),
            _ => None,
        })?;
        Some((url?, person?, nonce?))
    }

    fn person(&mut self) -> Option<Viewer<'a>> {
        let mut person = None;
        self.object(|at, key| match key {
            b"cookie" => set(&mut person, Viewer::Cookie(at.string()?)),
            b"user_id" => set(&mut person, Viewer::User(at.int()?)),
            _ => None,
        })?;
        person
    }

    /// An object with exactly this key.
    #[inline]
    fn single<T>(&mut self, name: &[u8], value: impl Fn(&mut Self) -> Option<T>) -> Option<T> {
        let mut found = None;
        self.object(|at, key| {
            if key == name {
                set(&mut found, value(at)?)
            } else {
                None
            }
        })?;
        found
    }

    #[inline]
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        loop {
            let key = self.raw_string()?;
            self.expect(b':')?;
            member(self, key)?;
            self.skip_white();
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = *self.line.get(self.pos)?;
        self.pos += 1;
        Some(byte)
    }

    #[inline]
    fn skip_white(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.line.get(self.pos) {
            self.pos += 1;
        }
    }

    #[inline]
    fn expect(&mut self, wanted: u8) -> Option<()> {
        self.skip_white();
        (self.next()? == wanted).then_some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let bytes = self.raw_string()?;
        // `from_utf8` has its own quick way for ASCII.
        str::from_utf8(bytes).ok()
    }

    /// The bytes between two quotes, if none needs unescaping.
    #[inline]
    fn raw_string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let rest = &self.line[self.pos..];
        let len = plain_len(rest);
        self.pos += len + 1;
        (*rest.get(len)? == b'"').then(|| &rest[..len])
    }

    #[inline]
    fn int(&mut self) -> Option<i64> {
        self.skip_white();
        let negative = self.line.get(self.pos) == Some(&b'-');
        self.pos += usize::from(negative);
        let start = self.pos;
        let mut value = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.line.get(self.pos) {
            // Past 18 digits the value may be wrong, and is not used.
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.pos += 1;
        }
        let digits = self.pos - start;
        let leading_zero = self.line.get(start) == Some(&b'0') && (digits > 1 || negative);
        let plain = (1..=18).contains(&digits) && !leading_zero;
        // What follows must end the number: `1.0` and `1e3` are no integers.
        let ends = matches!(
            self.line.get(self.pos),
            Some(b',' | b'}' | b' ' | b'\t' | b'\r')
        );
        (plain && ends).then_some(if negative {
            value.wrapping_neg()
        } else {
            value
        })
    }
}

/// Bytes before the first quote, backslash or control character.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let end = bytes
        .iter()
        .position(|&b| b == b'"' || b == b'\\' || b < 0x20);
    end.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::{DataUnit, Datum, Who};
    use proptest::prelude::*;

    /// What is scanned must be what the schema reads.
    fn agrees(line: &[u8]) -> Result<bool, TestCaseError> {
        let Some(scanned) = scan(line) else {
            return Ok(false);
        };
        let datum: Datum = serde_json::from_slice(line)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", line.escape_ascii())))?;
        let DataUnit::PageView(view) = datum.dataunit else {
            return Err(TestCaseError::fail("not a page view"));
        };
        prop_assert_eq!(scanned.secs, datum.pedigree.true_as_of_secs);
        prop_assert_eq!(scanned.url, view.page.url);
        prop_assert_eq!(scanned.nonce, view.nonce);
        prop_assert_eq!(Who::from(scanned.viewer).into_person(), view.person);
        Ok(true)
    }

    const LESSON: &str = r#"{"dataunit":{"page_view":{"nonce":4028254285,"page":{"url":"mysite.com/blog"},"person":{"cookie":"PQRST"}}},"pedigree":{"true_as_of_secs":1438913491}}"#;

    #[test]
    fn takes_any_key_order_and_white_space() {
        for line in [
            LESSON,
            r#"{"pedigree":{"true_as_of_secs":-1},"dataunit":{"page_view":{"person":{"user_id":0},"page":{"url":"ä"},"nonce":-7}}}"#,
            "\t{ \"pedigree\" : {\"true_as_of_secs\" : 1 } , \"dataunit\":{\"page_view\":{\"page\":{\"url\":\"\"},\"nonce\":7 ,\"person\":{\"user_id\":1 }}}}\r",
        ] {
            assert!(agrees(line.as_bytes()).unwrap(), "{line}");
        }
    }

    #[test]
    fn leaves_the_rest_to_the_schema() {
        let secs = "1438913491";
        for line in [
            LESSON.replace(secs, "1.0"),
            LESSON.replace(secs, "1e3"),
            LESSON.replace(secs, "01"),
            LESSON.replace(secs, "-0"),
            LESSON.replace(secs, "9223372036854775808"),
            LESSON.replace("PQRST", "PQ\\u0052ST"),
            LESSON.replace("{\"nonce\"", "{\"nonce\":1,\"nonce\""),
            LESSON.replace("{\"nonce\"", "{\"extra\":1,\"nonce\""),
            LESSON.replace("page_view", "pageview"),
            LESSON.replace("{\"nonce\"", "{\n\"nonce\""),
            format!("{LESSON}{LESSON}"),
            LESSON[..LESSON.len() - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(scan(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_reads_what_the_schema_reads_otherwise(
            cuts in proptest::collection::vec((0..200usize, any::<u8>(), 0..3u8), 0..4)
        ) {
            let mut line = LESSON.as_bytes().to_vec();
            for (at, byte, how) in cuts {
                let at = at % line.len();
                match how {
                    0 => line[at] = byte,
                    1 => line.insert(at, byte),
                    _ => { line.remove(at); }
                }
            }
            agrees(&line)?;
        }
    }
}
