//! Datums as JSON lines: one datum a line, in the lesson's schema.
//!
//! Page views are written by hand, because there are millions of them: what
//! serde would print. The tests hold the two against each other.
use super::error::{DatasetError, Result};
use super::population::{Id, LESSON_COOKIES, private_cookie};
use super::site::Site;
use super::views::{CompactView, DatumRow};
use lambda::datum::{self, Datum};
use std::io::BufRead;

/// The longest line of a page view, and some.
const LINE: usize = 256;

/// Writes rows of a site.
pub(super) struct JsonLinesWriter<'a> {
    site: &'a Site,
}

impl<'a> JsonLinesWriter<'a> {
    pub fn new(site: &'a Site) -> Self {
        Self { site }
    }

    pub fn write(&self, rows: &[DatumRow]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(rows.len() * 160 + LINE);
        for row in rows {
            match row {
                DatumRow::View(view) => self.write_view(view, &mut bytes),
                DatumRow::Other(datum) => {
                    serde_json::to_writer(&mut bytes, datum).expect("a Vec takes every datum");
                }
            }
            bytes.push(b'\n');
        }
        bytes
    }

    fn write_view(&self, view: &CompactView, bytes: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        bytes.reserve(LINE);
        bytes.extend_from_slice(br#"{"dataunit":{"page_view":{"nonce":"#);
        bytes.extend_from_slice(digits.format(view.nonce).as_bytes());
        bytes.extend_from_slice(br#","page":{"url":""#);
        for part in self.site.raw_parts(view.url as usize) {
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(br#""},"person":{""#);
        match view.person {
            Id::User(id) => {
                bytes.extend_from_slice(br#"user_id":"#);
                bytes.extend_from_slice(digits.format(id).as_bytes());
            }
            Id::Lesson(_) | Id::Private(_) => {
                bytes.extend_from_slice(br#"cookie":""#);
                match view.person {
                    Id::Private(number) => bytes.extend_from_slice(&private_cookie(number)),
                    Id::Lesson(i) => {
                        bytes.extend_from_slice(LESSON_COOKIES[usize::from(i)].as_bytes());
                    }
                    Id::User(_) => {}
                }
                bytes.push(b'"');
            }
        }
        bytes.extend_from_slice(br#"}}},"pedigree":{"true_as_of_secs":"#);
        bytes.extend_from_slice(digits.format(view.ts).as_bytes());
        bytes.extend_from_slice(b"}}");
    }
}

/// Reads datums from JSON lines, one after another.
///
/// A line that breaks the [rule](lambda::datum#the-rule) is an item of its own that says
/// its number and the reason; reading goes on behind it. Empty lines are skipped. For
/// millions of lines use the batch layer's reader, which reads many at a time.
///
/// ```
/// use lambda_workbook::dataset::read_jsonl;
///
/// let text = "{\"dataunit\":{\"equiv\":{\"id1\":{\"user_id\":1},\"id2\":{\"user_id\":3}}},\
///             \"pedigree\":{\"true_as_of_secs\":60}}\nnot a datum\n";
/// let read: Vec<_> = read_jsonl(text.as_bytes()).collect();
/// assert!(read[0].is_ok());
/// assert!(read[1].as_ref().unwrap_err().to_string().starts_with("line 2 is no datum"));
/// ```
pub fn read_jsonl(mut reader: impl BufRead) -> impl Iterator<Item = Result<Datum>> {
    let (mut number, mut line, mut ended) = (0, Vec::new(), false);
    std::iter::from_fn(move || {
        while !ended {
            line.clear();
            number += 1;
            let bad = |reason: String| {
                Some(Err(DatasetError::BadLine {
                    line: number,
                    reason,
                }))
            };
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => ended = true,
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => {
                    let line = line.strip_suffix(b"\n").unwrap_or(&line);
                    return datum::parse(line)
                        .map(|datum| Some(Ok(datum)))
                        .unwrap_or_else(|reason| bad(reason.to_string()));
                }
                Err(error) => {
                    ended = true;
                    return bad(error.to_string());
                }
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::datum::{DataUnit, PageId, PageView, Pedigree};

    #[test]
    fn a_view_is_written_as_serde_would() {
        let site = Site::new(20);
        let lines = JsonLinesWriter::new(&site);
        for (i, person) in [Id::User(0), Id::User(9_999), Id::Lesson(3), Id::Private(77)]
            .into_iter()
            .enumerate()
        {
            let view = CompactView {
                ts: 1_438_913_491,
                nonce: u32::MAX - i as u32,
                url: 13 * i as u32,
                person,
            };
            let datum = Datum {
                dataunit: DataUnit::PageView(PageView {
                    nonce: i64::from(view.nonce),
                    page: PageId {
                        url: site.raw(view.url as usize),
                    },
                    person: person.to_person(),
                }),
                pedigree: Pedigree {
                    true_as_of_secs: view.ts,
                },
            };
            let mut expected = serde_json::to_vec(&datum).unwrap();
            expected.push(b'\n');
            assert_eq!(lines.write(&[DatumRow::View(view)]), expected);
        }
    }

    #[test]
    fn a_truncated_last_line_is_reported_after_the_good_ones() {
        let good = r#"{"dataunit":{"equiv":{"id1":{"user_id":1},"id2":{"user_id":3}}},"pedigree":{"true_as_of_secs":60}}"#;
        let text = format!("{good}\n\n{good}\n{}", &good[..40]);
        let read: Vec<_> = read_jsonl(text.as_bytes()).collect();
        assert_eq!(read.len(), 3);
        assert!(read[1].is_ok());
        assert!(matches!(
            read[2],
            Err(DatasetError::BadLine { line: 4, .. })
        ));
    }

    #[test]
    fn bytes_that_are_no_text_are_a_bad_line_not_a_crash() {
        let read: Vec<_> = read_jsonl(&b"\x1f\x8b\xff\xfe\n{}\n"[..]).collect();
        assert!(
            read.iter()
                .all(|r| matches!(r, Err(DatasetError::BadLine { .. })))
        );
        assert_eq!(read_jsonl(&b""[..]).count(), 0);
    }
}
