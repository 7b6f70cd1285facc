//! The pages of the data, and the many ways their URLs are written.
//!
//! Views need one name a page; logs have many. Each raw URL here is valid, and
//! normalises to its page: host in lower case, then the path; no user, port,
//! query or fragment.
use super::random::Random;

/// Pages 0 and 1 are the lesson's.
pub(super) const LESSON_PAGES: usize = 2;

/// A host in lower case, in capitals and with one capital, and the first part of its paths.
struct Domain {
    hosts: [&'static str; 3],
    section: &'static str,
}

const DOMAINS: [Domain; 4] = [
    Domain {
        hosts: ["mysite.com", "MYSITE.COM", "Mysite.com"],
        section: "blog",
    },
    Domain {
        hosts: ["foo.com", "FOO.COM", "Foo.com"],
        section: "blog",
    },
    Domain {
        hosts: ["bar.com", "BAR.COM", "Bar.com"],
        section: "post",
    },
    Domain {
        hosts: ["baz.net", "BAZ.NET", "Baz.net"],
        section: "page",
    },
];

/// How a URL may be written: before the host, which of the three spellings of the host, after the
/// host, after the path.
const FORMS: [(&str, usize, &str, &str); 11] = [
    ("http://", 0, "", ""),
    ("http://", 0, ":80", ""),
    ("http://", 0, ":8080", ""),
    ("http://", 1, "", ""),
    ("http://", 2, "", ""),
    ("http://", 0, "", "?utm_source=newsletter"),
    ("http://", 0, "", "?ref=search&lang=en"),
    ("http://", 0, "", "#comments"),
    ("http://", 0, "", "?page=2#top"),
    ("http://reader@", 0, "", ""),
    ("http://", 1, ":8080", "?utm_source=feed#comments"),
];

/// Of 64 URLs, 12 need more than the dropping of `http://`.
const WRITTEN_PLAIN: u64 = 52;

/// All pages. A raw URL is a number: its page, and the form in which it is written. There are
/// eleven times as many as pages, so they are spelled where they are needed.
pub(super) struct Site {
    pages: Vec<Page>,
}

pub(super) struct Page {
    /// `host/path`, as in the views.
    pub url: String,
    pub domain: usize,
}

impl Site {
    pub fn new(pages: usize) -> Self {
        Self {
            pages: (0..pages).map(page).collect(),
        }
    }

    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The parts of a raw URL, one after another. [`draw`](Self::draw) and
    /// [`plain`](Self::plain) return its number.
    pub fn raw_parts(&self, raw: usize) -> [&str; 5] {
        let page = &self.pages[raw / FORMS.len()];
        let (before, spelling, port, after) = FORMS[raw % FORMS.len()];
        let hosts = &DOMAINS[page.domain].hosts;
        let path = &page.url[hosts[0].len()..];
        [before, hosts[spelling], port, path, after]
    }

    /// A raw URL, spelled.
    pub fn raw(&self, raw: usize) -> String {
        self.raw_parts(raw).concat()
    }

    /// The raw URL without anything to drop but `http://`.
    pub fn plain(&self, page: usize) -> usize {
        page * FORMS.len()
    }

    /// The page of a raw URL.
    pub fn page_of(&self, raw: usize) -> &str {
        &self.pages[raw / FORMS.len()].url
    }

    /// Some raw URL of a page.
    pub fn draw(&self, page: usize, random: &mut Random) -> usize {
        let draw = random.below(64);
        let form = if draw < WRITTEN_PLAIN {
            0
        } else {
            1 + draw as usize % (FORMS.len() - 1)
        };
        page * FORMS.len() + form
    }
}

fn page(index: usize) -> Page {
    let (domain, path) = match index {
        0 => (0, "/".to_owned()),
        1 => (0, "/blog".to_owned()),
        // The homes of the other sites, then their articles in turn.
        2..5 => (index - 1, "/".to_owned()),
        _ => {
            let domain = (index - 5) % DOMAINS.len();
            (
                domain,
                format!(
                    "/{}/{}",
                    DOMAINS[domain].section,
                    (index - 5) / DOMAINS.len() + 1
                ),
            )
        }
    };
    Page {
        url: format!("{}{path}", DOMAINS[domain].hosts[0]),
        domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn raw_urls(site: &Site) -> impl Iterator<Item = String> {
        (0..site.pages.len() * FORMS.len()).map(|raw| site.raw(raw))
    }

    #[test]
    fn the_lessons_pages_come_first_and_no_two_are_alike() {
        let site = Site::new(1000);
        assert_eq!(site.pages()[0].url, "mysite.com/");
        assert_eq!(site.pages()[1].url, "mysite.com/blog");
        let urls: HashSet<&str> = site.pages().iter().map(|p| p.url.as_str()).collect();
        assert_eq!(urls.len(), 1000);
        let raw: HashSet<String> = raw_urls(&site).collect();
        assert_eq!(raw.len(), 1000 * FORMS.len());
    }

    #[test]
    fn raw_urls_need_no_escape_in_json() {
        for url in raw_urls(&Site::new(200)) {
            assert!(url.starts_with("http://"));
            assert_eq!(serde_json::to_string(&url).unwrap(), format!("\"{url}\""));
        }
    }

    #[test]
    fn a_good_share_of_urls_need_normalising() {
        let site = Site::new(LESSON_PAGES);
        let mut random = Random::new(&[1]);
        let odd = (0..10_000)
            .filter(|_| site.draw(1, &mut random) != site.plain(1))
            .count();
        assert!((1_700..2_050).contains(&odd), "{odd}");
    }
}
