//! A line of JSON as a fact.
use super::reason::Reason;
use super::rule::{DatumKind, Fact, Fields, RawFact, RawPageView};
use super::scan::scan;
use super::types::Datum;
use calendar::TIMESTAMPS;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The longest line that is read, in bytes. A longer one is rejected, so that
/// a file without line ends does not fill the memory.
pub const LONGEST_LINE: usize = 64 << 20;

/// Reads a line, without its line end, as a fact with a normalised URL.
///
/// # Errors
/// The first part of the [rule](super#the-rule) that the line breaks.
///
/// ```
/// use lambda_workbook::datum::{Fact, Reason, Who, read};
///
/// let line = r#"{"dataunit":{"page_view":{"nonce":7,"page":{"url":"HTTP://Foo.com:80/a?b"},"person":{"user_id":1}}},"pedigree":{"true_as_of_secs":60}}"#;
/// let Ok(Fact::View(event)) = read(line.as_bytes()) else { panic!("a page view") };
/// assert_eq!((event.url.as_ref(), event.secs, event.who), ("foo.com/a", 60, Who::User(1)));
///
/// let milliseconds = line.replace("60}", "1438913491000}");
/// assert_eq!(read(milliseconds.as_bytes()), Err(Reason::Timestamp(1_438_913_491_000)));
/// assert_eq!(read(b"{}"), Err(Reason::NoKind));
/// ```
#[inline]
pub fn read(line: &[u8]) -> Result<Fact<'_>, Reason> {
    match plain_page_view(line) {
        Some(view) => view.normalise().map(Fact::View),
        None => by_schema(line)?.fact().map(Fact::into_owned),
    }
}

/// Reads a line, without its line end, that is a page view in its usual form and keeps the
/// rule, except that its URL is as written and may be malformed. Returns `None` for any other
/// line, which is then a matter for [`read_raw`].
///
/// The page view borrows its texts from the line, which costs no allocation.
#[inline]
pub fn plain_page_view(line: &[u8]) -> Option<RawPageView<'_>> {
    if line.len() > LONGEST_LINE {
        return None;
    }
    scan(line).filter(|view| TIMESTAMPS.contains(&view.secs))
}

/// Reads a line, without its line end, as a fact whose URL is as written and may be
/// malformed, and returns what `take` makes of it. The texts of the fact are borrowed, so it
/// is handed on and not returned.
///
/// It reads any line by the schema, which is slow; see [`plain_page_view`].
///
/// # Errors
/// The first part of the [rule](super#the-rule) that the line breaks.
pub fn read_raw<T>(line: &[u8], take: impl FnOnce(RawFact<'_>) -> T) -> Result<T, Reason> {
    let datum = by_schema(line)?;
    Ok(take(Fields::from(&datum).raw()?))
}

/// Reads a line, without its line end, as a [`Datum`] that keeps the whole rule. Its URL
/// is as written.
///
/// # Errors
/// The first part of the [rule](super#the-rule) that the line breaks.
pub fn parse(line: &[u8]) -> Result<Datum, Reason> {
    let datum = by_schema(line)?;
    datum.fact()?;
    Ok(datum)
}

/// Reads a line by the schema: what any reader of JSON would take.
#[cold]
#[inline(never)]
fn by_schema(line: &[u8]) -> Result<Datum, Reason> {
    if line.len() > LONGEST_LINE {
        return Err(Reason::LineTooLong);
    }
    if let Some(at) = memchr::memchr(b'\n', line) {
        return Err(Reason::LineEnd { at });
    }
    // The parser does not look at the bytes of texts that it skips.
    let line = str::from_utf8(line).map_err(|error| Reason::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    serde_json::from_str(line).map_err(|error| {
        if error.is_eof() {
            return Reason::Truncated;
        }
        broken(line).unwrap_or_else(|| {
            // The parser counts lines within what it was given, which is one line.
            let why = error.to_string();
            Reason::NotADatum(why.replace(" at line 1 column ", " at column "))
        })
    })
}

/// Returns the part of the rule that a line breaks which is JSON, but not of the schema.
/// `None` if it breaks the schema in another way, such as a text in place of a number.
fn broken(line: &str) -> Option<Reason> {
    let Kinds { dataunit } = serde_json::from_str(line).ok()?;
    let kinds = dataunit.unwrap_or_default();
    if kinds.len() > 1 {
        return None;
    }
    let kind = match DatumKind::named(kinds.keys().next().map(String::as_str)) {
        Ok(kind) => kind,
        Err(reason) => return Some(reason),
    };

    // Each field as a column of a table would have it.
    let Loose { dataunit, pedigree } = serde_json::from_str(line).ok()?;
    let unit = dataunit?.into_values().next()?;
    let [person, id1, id2] = [unit.person, unit.id1, unit.id2].map(Option::unwrap_or_default);
    let (id, page) = (unit.id.unwrap_or_default(), unit.page.unwrap_or_default());
    let (first, url) = match kind {
        DatumKind::PageView => (person, page.url),
        DatumKind::Equiv => (id1, None),
        DatumKind::PersonProperty => (id, None),
        DatumKind::PageProperty => (LooseEnd::default(), id.url),
    };
    let fields = Fields {
        kind,
        true_as_of_secs: pedigree.and_then(|pedigree| pedigree.true_as_of_secs),
        url: url.as_deref(),
        cookie: first.cookie.as_deref(),
        user_id: first.user_id,
        nonce: unit.nonce,
        second: Some((id2.cookie.as_deref(), id2.user_id)),
    };
    fields.fact().err()
}

/// The keys of a data unit.
#[derive(Deserialize)]
struct Kinds {
    dataunit: Option<BTreeMap<String, IgnoredAny>>,
}

/// A datum of any kind, each field of which may be null or missing.
#[derive(Deserialize)]
struct Loose {
    dataunit: Option<BTreeMap<String, LooseUnit>>,
    pedigree: Option<LoosePedigree>,
}

#[derive(Deserialize)]
struct LoosePedigree {
    true_as_of_secs: Option<i64>,
}

#[derive(Deserialize)]
struct LooseUnit {
    nonce: Option<i64>,
    page: Option<LooseEnd>,
    person: Option<LooseEnd>,
    id: Option<LooseEnd>,
    id1: Option<LooseEnd>,
    id2: Option<LooseEnd>,
}

/// A person or a page.
#[derive(Default, Deserialize)]
struct LooseEnd {
    cookie: Option<String>,
    user_id: Option<i64>,
    url: Option<String>,
}
