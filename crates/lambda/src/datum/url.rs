//! URL normalisation: the many spellings of one page become one key.
//!
//! Views are keyed by URL, so `http://MySite.com:80/blog?from=mail#top` and
//! `mysite.com/blog` must not be counted apart. What is kept is host and path:
//! the host in lower case, the path byte for byte. Scheme, user info, port,
//! query and fragment are dropped. What cannot be read as such a URL is an
//! error with its reason, because a page view that is dropped in silence can
//! never be asked about.

use std::borrow::Cow;

/// Longest URL taken, in bytes, before normalisation. Browsers and servers
/// give up far earlier; a longer one is a broken or hostile record.
pub const MAX_URL_BYTES: usize = 65_536;

/// Longest host name, in bytes (RFC 1035).
const MAX_HOST_BYTES: usize = 253;
/// Longest label between two dots of a host name, in bytes (RFC 1035).
const MAX_LABEL_BYTES: usize = 63;

/// Why a URL is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The URL is empty.
    #[error("empty URL")]
    Empty,
    /// The URL is longer than [`MAX_URL_BYTES`].
    #[error("URL of {bytes} bytes; at most {MAX_URL_BYTES} are taken")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The URL contains white space or a control character.
    #[error("URL has {found:?} at byte {at}; it must be percent-encoded")]
    Forbidden {
        /// That character.
        found: char,
        /// Its first byte, counted from 0.
        at: usize,
    },
    /// The URL has this scheme, and not `http` or `https`.
    #[error("URL scheme {0:?}; only http and https are pages")]
    Scheme(String),
    /// There is no host before the path.
    #[error("URL without a host")]
    NoHost,
    /// The URL is `name@host` without a scheme, such as a mail address.
    #[error("URL with a user name but no http:// before it")]
    UserInfoWithoutScheme,
    /// This port is not a number from 0 to 65535.
    #[error("URL port {0:?} is no number from 0 to 65535")]
    Port(String),
    /// The host is neither a name nor an address.
    #[error("URL host {host:?}: {why}")]
    Host {
        /// The host.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Host and path of a page's URL, the host in lower case.
///
/// - An empty path is `/`, as RFC 3986 (6.2.3) has it for http.
/// - A URL without a scheme (`mysite.com/blog`) is taken as normalised data
///   has it, so normalising twice changes nothing.
/// - The path is kept as it is: case, percent signs and dots may mean something
///   to the server. So is a final slash.
/// - A host outside ASCII is lower-cased by Unicode's rules and not turned into
///   Punycode.
///
/// Borrows from `raw` when host and path already stand there in this form.
///
/// ```
/// use lambda_workbook::datum::{UrlError, normalise_url};
///
/// assert_eq!(normalise_url("http://mysite.com/").unwrap(), "mysite.com/");
/// assert_eq!(normalise_url("HTTPS://MySite.com:8080/blog?from=mail#top").unwrap(), "mysite.com/blog");
/// assert_eq!(normalise_url("http://mysite.com").unwrap(), "mysite.com/");
/// assert_eq!(normalise_url("mysite.com/blog").unwrap(), "mysite.com/blog");
/// assert_eq!(normalise_url("ftp://mysite.com/"), Err(UrlError::Scheme("ftp".into())));
/// assert_eq!(normalise_url("/blog"), Err(UrlError::NoHost));
/// ```
pub fn normalise_url(raw: &str) -> Result<Cow<'_, str>, UrlError> {
    if raw.is_empty() {
        return Err(UrlError::Empty);
    }
    if raw.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong { bytes: raw.len() });
    }
    forbid(raw)?;
    let (has_scheme, rest) = strip_scheme(raw)?;
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let path = &tail[..tail.find(['?', '#']).unwrap_or(tail.len())];
    let host_and_port = match authority.rfind('@') {
        Some(_) if !has_scheme => return Err(UrlError::UserInfoWithoutScheme),
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    let (host, port) = split_port(host_and_port);
    if let Some(port) = port {
        check_port(port, has_scheme)?;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = if !host.is_ascii() {
        Cow::Owned(host.to_lowercase())
    } else if host.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    check_host(&host)?;

    if let Cow::Borrowed(host) = host
        && !path.is_empty()
        && host.as_bytes().as_ptr_range().end == path.as_ptr()
    {
        // Host and path are neighbours in `raw`, so their join is a slice of it.
        let start = host.as_ptr() as usize - raw.as_ptr() as usize;
        return Ok(Cow::Borrowed(&raw[start..start + host.len() + path.len()]));
    }
    let mut url = host.into_owned();
    url.push_str(if path.is_empty() { "/" } else { path });
    Ok(Cow::Owned(url))
}

/// White space and control characters are never part of a URL (RFC 3986, 2).
fn forbid(raw: &str) -> Result<(), UrlError> {
    // Nearly every URL is plain ASCII: look at bytes first.
    if raw.bytes().all(|b| (0x21..0x7f).contains(&b)) {
        return Ok(());
    }
    match raw
        .char_indices()
        .find(|(_, c)| c.is_whitespace() || c.is_control())
    {
        Some((at, found)) => Err(UrlError::Forbidden { found, at }),
        None => Ok(()),
    }
}

/// Splits `http://` off. The flag says whether there was a scheme.
fn strip_scheme(raw: &str) -> Result<(bool, &str), UrlError> {
    let authority_end = raw.find(['/', '?', '#']).unwrap_or(raw.len());
    let (head, tail) = raw.split_at(authority_end);
    match (head.strip_suffix(':'), tail.strip_prefix("//")) {
        (Some(scheme), Some(rest)) => {
            if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") {
                Ok((true, rest))
            } else {
                Err(UrlError::Scheme(scheme.to_owned()))
            }
        }
        (None, Some(rest)) if head.is_empty() => Ok((true, rest)),
        _ => Ok((false, raw)),
    }
}

/// Host and port; the colons inside `[...]` belong to the address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_bracket = match (authority.starts_with('['), authority.rfind(']')) {
        (true, None) => return (authority, None),
        (_, bracket) => bracket.map_or(0, |at| at + 1),
    };
    match authority[after_bracket..].find(':') {
        Some(at) => {
            let colon = after_bracket + at;
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        None => (authority, None),
    }
}

fn check_port(port: &str, has_scheme: bool) -> Result<(), UrlError> {
    // RFC 3986 allows `host:` with nothing after it. Without a scheme it is
    // rather a mistyped scheme, as in `http:/mysite.com`.
    let empty_is_fine = port.is_empty() && has_scheme;
    let number = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if empty_is_fine || number {
        Ok(())
    } else {
        Err(UrlError::Port(cut(port)))
    }
}

fn check_host(host: &str) -> Result<(), UrlError> {
    let wrong = |why| {
        Err(UrlError::Host {
            host: cut(host),
            why,
        })
    };
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if let Some(address) = host.strip_prefix('[') {
        return match address.strip_suffix(']') {
            Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => Ok(()),
            _ => wrong("no IPv6 address in the brackets"),
        };
    }
    if host.len() > MAX_HOST_BYTES {
        return wrong("longer than 253 bytes");
    }
    let mut label_len = 0;
    for b in host.bytes() {
        match b {
            b'.' if label_len == 0 => return wrong("nothing between two dots"),
            b'.' => label_len = 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | 0x80.. => {
                label_len += 1;
                if label_len > MAX_LABEL_BYTES {
                    return wrong("a part longer than 63 bytes");
                }
            }
            _ => return wrong("a character that no host name has"),
        }
    }
    if label_len == 0 {
        wrong("nothing between two dots")
    } else {
        Ok(())
    }
}

/// At most 80 bytes of it: an error is read by people.
fn cut(text: &str) -> String {
    let mut end = text.len().min(80);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_page_become_one() {
        for raw in [
            "http://mysite.com/blog",
            "https://mysite.com/blog",
            "HTTP://MYSITE.COM/blog",
            "http://mysite.com:80/blog",
            "http://mysite.com:/blog",
            "http://mysite.com./blog",
            "http://mysite.com/blog?a=1&b=http://x.y/z",
            "http://mysite.com/blog#top",
            "http://mysite.com/blog?#",
            "http://user:pa@ss@mysite.com/blog",
            "//mysite.com/blog",
            "mysite.com/blog",
            "mysite.com:8080/blog",
        ] {
            assert_eq!(
                normalise_url(raw).as_deref(),
                Ok("mysite.com/blog"),
                "{raw}"
            );
        }
    }

    #[test]
    fn the_path_is_kept() {
        for (raw, normal) in [
            ("http://mysite.com", "mysite.com/"),
            ("http://mysite.com?q=1", "mysite.com/"),
            ("http://mysite.com/", "mysite.com/"),
            ("http://mysite.com/blog/", "mysite.com/blog/"),
            (
                "http://mysite.com/Blog/%7Ea/../b",
                "mysite.com/Blog/%7Ea/../b",
            ),
            ("http://mysite.com/a:b@c", "mysite.com/a:b@c"),
            ("http://[::1]:8080/x", "[::1]/x"),
            ("http://127.0.0.1/x", "127.0.0.1/x"),
            ("http://BÜCHER.example/ä", "bücher.example/ä"),
            ("mysite.com/go?to=ftp://other.com/", "mysite.com/go"),
            (
                "mysite.com/http://other.com/",
                "mysite.com/http://other.com/",
            ),
        ] {
            assert_eq!(normalise_url(raw).as_deref(), Ok(normal), "{raw}");
        }
    }

    #[test]
    fn a_normal_url_costs_no_copy() {
        assert!(matches!(
            normalise_url("http://mysite.com/blog?x"),
            Ok(Cow::Borrowed(_))
        ));
        assert!(matches!(
            normalise_url("http://mysite.com:80/blog"),
            Ok(Cow::Owned(_))
        ));
    }

    #[test]
    fn every_malformed_url_has_its_reason() {
        for (raw, reason) in [
            ("", "empty URL"),
            ("http://", "URL without a host"),
            ("http:///blog", "URL without a host"),
            ("/blog", "URL without a host"),
            ("?q=1", "URL without a host"),
            ("http://:80/", "URL without a host"),
            (
                "ftp://mysite.com/",
                "URL scheme \"ftp\"; only http and https are pages",
            ),
            (
                "://mysite.com/",
                "URL scheme \"\"; only http and https are pages",
            ),
            (
                "mailto:bob@mysite.com",
                "URL with a user name but no http:// before it",
            ),
            (
                "javascript:alert(1)",
                "URL port \"alert(1)\" is no number from 0 to 65535",
            ),
            (
                "http:/mysite.com/",
                "URL port \"\" is no number from 0 to 65535",
            ),
            (
                "http:mysite.com/",
                "URL port \"mysite.com\" is no number from 0 to 65535",
            ),
            (
                "http://mysite.com:99999/",
                "URL port \"99999\" is no number from 0 to 65535",
            ),
            (
                "http://mysite.com:+80/",
                "URL port \"+80\" is no number from 0 to 65535",
            ),
            (
                "http://my site.com/",
                "URL has ' ' at byte 9; it must be percent-encoded",
            ),
            (
                "http://mysite.com/a\nb",
                "URL has '\\n' at byte 19; it must be percent-encoded",
            ),
            (
                "http://mysite..com/",
                "URL host \"mysite..com\": nothing between two dots",
            ),
            (
                "http://.com/",
                "URL host \".com\": nothing between two dots",
            ),
            (
                "http://my%20site.com/",
                "URL host \"my%20site.com\": a character that no host name has",
            ),
            (
                "http:\\\\mysite.com/",
                "URL port \"\\\\\\\\mysite.com\" is no number from 0 to 65535",
            ),
            (
                "http://[::1/",
                "URL host \"[::1\": no IPv6 address in the brackets",
            ),
        ] {
            assert_eq!(
                normalise_url(raw).map_err(|e| e.to_string()),
                Err(reason.into()),
                "{raw}"
            );
        }
        let long = format!("http://mysite.com/{}", "a".repeat(10_000_000));
        assert_eq!(
            normalise_url(&long),
            Err(UrlError::TooLong { bytes: 10_000_018 })
        );
        let label = format!("http://{}.com/", "a".repeat(64));
        assert!(
            normalise_url(&label)
                .unwrap_err()
                .to_string()
                .ends_with("a part longer than 63 bytes")
        );
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(
            raw in r"((https?|HTTP|ftp)?:?//)?([a-z]@)?[A-Za-z0-9.ÄİΣ\[\]:-]{0,12}(:[0-9]{0,3})?(/[a-zA-Z:@/%ß]{0,8})?([?#][a-z/?#]{0,4})?"
        ) {
            if let Ok(once) = normalise_url(&raw) {
                let twice = normalise_url(&once);
                prop_assert_eq!(twice.as_deref(), Ok(once.as_ref()));
                prop_assert!(once.contains('/') && !once.contains(['?', '#']));
            }
        }

        #[test]
        fn no_text_panics(raw in any::<String>()) {
            let _ = normalise_url(&raw);
        }
    }
}
