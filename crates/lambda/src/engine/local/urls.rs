//! The dictionary of URLs: each normalised URL has a number.
//!
//! The dictionary is in memory and contains every URL that has a page view. Its size is
//! therefore that of the set of URLs in the views.

use super::record::mix;
use crate::batch::bounces;
use crate::datum::{UrlError, normalise_url};
use crate::engine::EngineError;
use rayon::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::RwLock;

/// The numbers of normalised URLs, shared by all threads.
#[derive(Default)]
pub struct Urls {
    numbers: RwLock<HashMap<Box<str>, u32, Folded>>,
    domains: RwLock<Domains>,
}

/// The domains of the URLs, which have numbers of their own.
#[derive(Default, Clone)]
pub struct Domains {
    /// The domain number of each URL number.
    of_url: Vec<u32>,
    numbers: HashMap<Box<str>, u32, Folded>,
}

impl Domains {
    /// Returns the domain number of a URL number.
    #[inline]
    pub fn of(&self, url: u32) -> u32 {
        self.of_url[url as usize]
    }

    /// Returns the names of the domains in the order of their numbers.
    pub fn names(&self) -> Vec<Box<str>> {
        let mut names = vec![Box::from(""); self.numbers.len()];
        for (name, number) in &self.numbers {
            names[*number as usize] = name.clone();
        }
        names
    }

    /// Adds the domain of the next URL number.
    fn learn(&mut self, url: &str) {
        let name = bounces::domain(url);
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                // The cast cannot overflow: there are no more domains than URLs.
                let number = self.numbers.len() as u32;
                self.numbers.insert(name.into(), number);
                number
            }
        };
        self.of_url.push(number);
    }
}

impl Urls {
    /// Returns the number of a normalised URL, and adds the URL if it is new.
    ///
    /// # Errors
    /// If there are more URLs than numbers of 32 bits.
    pub fn number(&self, url: &str) -> Result<u32, EngineError> {
        if let Some(&number) = self.numbers.read().expect("no thread panics").get(url) {
            return Ok(number);
        }
        let mut numbers = self.numbers.write().expect("no thread panics");
        if let Some(&number) = numbers.get(url) {
            return Ok(number);
        }
        let number = u32::try_from(numbers.len()).map_err(|_| EngineError::TooManyUrls)?;
        numbers.insert(url.into(), number);
        // The lock on the numbers is still held, so the domains are in the order of the numbers.
        self.domains.write().expect("no thread panics").learn(url);
        Ok(number)
    }

    /// Returns the number of a domain; `None` if no URL of it was added.
    pub fn domain_number(&self, name: &str) -> Option<u32> {
        let domains = self.domains.read().expect("no thread panics");
        domains.numbers.get(name).copied()
    }

    /// Returns a copy of the domains of all URLs so far.
    pub fn domains(&self) -> Domains {
        self.domains.read().expect("no thread panics").clone()
    }

    /// Returns all URLs so far, in the order of their numbers.
    pub fn in_order(&self) -> Vec<Box<str>> {
        let numbers = self.numbers.read().expect("no thread panics");
        let mut urls = vec![Box::from(""); numbers.len()];
        for (url, number) in &*numbers {
            urls[*number as usize] = url.clone();
        }
        urls
    }

    /// Returns for each URL number so far the rank of its URL by its text.
    pub fn rank(&self) -> Vec<u32> {
        let numbers = self.numbers.read().expect("no thread panics");
        ranked(
            &mut numbers
                .iter()
                .map(|(url, n)| (&**url, *n))
                .collect::<Vec<_>>(),
        )
    }

    /// Returns the sorted URLs, and for each URL number its rank in that order.
    pub fn sorted(self) -> (Vec<Box<str>>, Vec<u32>) {
        let numbers = self.numbers.into_inner().expect("no thread panics");
        let mut pairs: Vec<_> = numbers.into_iter().collect();
        let rank = ranked(&mut pairs);
        (pairs.into_iter().map(|(url, _)| url).collect(), rank)
    }
}

/// Sorts pairs of a URL and its number, and returns for each number its rank in that order.
fn ranked<T: Ord + Send>(pairs: &mut [(T, u32)]) -> Vec<u32> {
    pairs.par_sort_unstable();
    let mut rank = vec![0; pairs.len()];
    for (place, (_, number)) in pairs.iter().enumerate() {
        rank[*number as usize] = place as u32;
    }
    rank
}

/// A thread's cache from raw URLs to numbers. Nearly all page views have a raw URL that was
/// seen before, so normalisation and the shared lock are seldom needed.
#[derive(Default)]
pub struct RawUrls {
    numbers: HashMap<Box<str>, u32, Folded>,
}

/// The largest number of URLs in a cache, which is emptied then. Query strings may make every
/// raw URL a different one, so it must be bounded.
const MAX_CACHED_URLS: usize = 1 << 15;
/// The longest raw URL that is cached, in bytes.
const MAX_CACHED_URL_BYTES: usize = 512;

impl RawUrls {
    /// Returns the number of a raw URL. The inner error says why the URL is invalid.
    ///
    /// # Errors
    /// If there are more URLs than numbers of 32 bits.
    #[inline]
    pub fn number(&mut self, urls: &Urls, raw: &str) -> Result<Result<u32, UrlError>, EngineError> {
        match self.numbers.get(raw) {
            Some(&number) => Ok(Ok(number)),
            None => self.learn(urls, raw),
        }
    }

    /// Normalises a raw URL that is not in the cache, and adds it.
    #[cold]
    fn learn(&mut self, urls: &Urls, raw: &str) -> Result<Result<u32, UrlError>, EngineError> {
        let number = match normalise_url(raw) {
            Ok(url) => urls.number(&url)?,
            Err(error) => return Ok(Err(error)),
        };
        if raw.len() <= MAX_CACHED_URL_BYTES {
            if self.numbers.len() >= MAX_CACHED_URLS {
                self.numbers.clear();
            }
            self.numbers.insert(raw.into(), number);
        }
        Ok(Ok(number))
    }
}

/// Builds [`FoldedHasher`]s, for the `HashMap`s of this engine.
pub type Folded = BuildHasherDefault<FoldedHasher>;

/// A fast hasher for short keys: folded multiplication, eight bytes at a time. It does not
/// protect against keys that are chosen to collide.
#[derive(Default, Clone, Copy)]
pub struct FoldedHasher(u64);

impl Hasher for FoldedHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
