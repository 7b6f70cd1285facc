//! The pages of the data, and the many ways their URLs are written.
//!
//! Views need one name a page; logs have many. Each raw URL here is valid, and
//! normalises to its page: host in lower case, then the path; no user, port,
//! query or fragment.
use super::random::Random;

/// Pages 0 and 1 are the lesson's.
pub(super) const LESSON_PAGES: usize = 2;

const DOMAINS: [(&str, &str); 4] = [
    ("mysite.com", "blog"),
    ("foo.com", "blog"),
    ("bar.com", "post"),
    ("baz.net", "page"),
];

/// How a URL may be written: `{h}` host, `{H}` host in capitals, `{C}` host
/// with one capital, `{p}` path.
const FORMS: [&str; 11] = [
    "http://{h}{p}",
    "http://{h}:80{p}",
    "http://{h}:8080{p}",
    "http://{H}{p}",
    "http://{C}{p}",
    "http://{h}{p}?utm_source=newsletter",
    "http://{h}{p}?ref=search&lang=en",
    "http://{h}{p}#comments",
    "http://{h}{p}?page=2#top",
    "http://reader@{h}{p}",
    "http://{H}:8080{p}?utm_source=feed#comments",
];

/// Of 64 URLs, 12 need more than the dropping of `http://`.
const WRITTEN_PLAIN: u64 = 52;

/// All pages, and all raw URLs.
pub(super) struct Site {
    pages: Vec<Page>,
    raw: Vec<String>,
}

pub(super) struct Page {
    /// `host/path`, as in the views.
    pub url: String,
    pub domain: usize,
}

impl Site {
    pub fn new(pages: usize) -> Self {
        let pages: Vec<Page> = (0..pages).map(page).collect();
        let raw = pages
            .iter()
            .flat_map(|page| FORMS.iter().map(|form| write(form, page)))
            .collect();
        Self { pages, raw }
    }

    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Raw URLs; [`draw`](Self::draw) and [`plain`](Self::plain) point into them.
    pub fn raw(&self) -> &[String] {
        &self.raw
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
                format!("/{}/{}", DOMAINS[domain].1, (index - 5) / DOMAINS.len() + 1),
            )
        }
    };
    Page {
        url: format!("{}{path}", DOMAINS[domain].0),
        domain,
    }
}

fn write(form: &str, page: &Page) -> String {
    let (host, path) = page
        .url
        .split_at(page.url.find('/').unwrap_or(page.url.len()));
    let capital = host[..1].to_uppercase() + &host[1..];
    form.replace("{h}", host)
        .replace("{H}", &host.to_uppercase())
        .replace("{C}", &capital)
        .replace("{p}", path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_lessons_pages_come_first_and_no_two_are_alike() {
        let site = Site::new(1000);
        assert_eq!(site.pages()[0].url, "mysite.com/");
        assert_eq!(site.pages()[1].url, "mysite.com/blog");
        let urls: HashSet<&str> = site.pages().iter().map(|p| p.url.as_str()).collect();
        assert_eq!(urls.len(), 1000);
        let raw: HashSet<&String> = site.raw().iter().collect();
        assert_eq!(raw.len(), 1000 * FORMS.len());
    }

    #[test]
    fn raw_urls_need_no_escape_in_json() {
        for url in Site::new(200).raw() {
            assert!(url.starts_with("http://"));
            assert_eq!(serde_json::to_string(url).unwrap(), format!("\"{url}\""));
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
