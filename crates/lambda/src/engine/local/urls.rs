//! The dictionary of pages: each normalised URL has one number.
//!
//! It holds every page that has a view, as the view itself does.

use super::record::mix;
use crate::batch::bounces;
use crate::batch::normalise::{UrlError, normalise_url};
use crate::engine::EngineError;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::RwLock;

/// Normalised URL to number, shared by all threads.
#[derive(Default)]
pub struct Urls {
    numbers: RwLock<HashMap<Box<str>, u32, Folded>>,
    domains: RwLock<Domains>,
}

/// The domain of each URL number, and the number of each domain.
#[derive(Default, Clone)]
pub struct Domains {
    of_url: Vec<u32>,
    numbers: HashMap<Box<str>, u32, Folded>,
}

impl Domains {
    #[inline]
    pub fn of(&self, url: u32) -> u32 {
        self.of_url[url as usize]
    }

    /// The names, by number.
    pub fn names(&self) -> Vec<Box<str>> {
        let mut names = vec![Box::from(""); self.numbers.len()];
        for (name, number) in &self.numbers {
            names[*number as usize] = name.clone();
        }
        names
    }

    fn learn(&mut self, url: &str) {
        let name = bounces::domain(url);
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                // Not more domains than URLs.
                let number = self.numbers.len() as u32;
                self.numbers.insert(name.into(), number);
                number
            }
        };
        self.of_url.push(number);
    }
}

impl Urls {
    fn number(&self, url: &str) -> Result<u32, EngineError> {
        if let Some(&number) = self.numbers.read().expect("no thread panics").get(url) {
            return Ok(number);
        }
        let mut numbers = self.numbers.write().expect("no thread panics");
        if let Some(&number) = numbers.get(url) {
            return Ok(number);
        }
        let number = u32::try_from(numbers.len()).map_err(|_| EngineError::TooManyUrls)?;
        numbers.insert(url.into(), number);
        // Still under the lock on the numbers: places are numbers.
        self.domains.write().expect("no thread panics").learn(url);
        Ok(number)
    }

    /// The domains of all URLs so far.
    pub fn domains(&self) -> Domains {
        self.domains.read().expect("no thread panics").clone()
    }

    /// The URLs in order, and the place of each number in that order.
    pub fn sorted(self) -> (Vec<Box<str>>, Vec<u32>) {
        let numbers = self.numbers.into_inner().expect("no thread panics");
        let mut pairs: Vec<_> = numbers.into_iter().collect();
        pairs.sort_unstable();
        let mut rank = vec![0; pairs.len()];
        for (place, (_, number)) in pairs.iter().enumerate() {
            rank[*number as usize] = place as u32;
        }
        (pairs.into_iter().map(|(url, _)| url).collect(), rank)
    }
}

/// One thread's memory of raw URLs. Nearly all views are of spellings seen
/// before, so normalisation and the shared lock are rare.
#[derive(Default)]
pub struct RawUrls {
    numbers: HashMap<Box<str>, u32, Folded>,
}

/// Query strings can make every spelling a new one, so the memory is bounded.
const MOST_REMEMBERED: usize = 1 << 15;
const LONGEST_REMEMBERED: usize = 512;

impl RawUrls {
    /// The number of a raw URL; the inner error is about the URL.
    #[inline]
    pub fn number(&mut self, urls: &Urls, raw: &str) -> Result<Result<u32, UrlError>, EngineError> {
        match self.numbers.get(raw) {
            Some(&number) => Ok(Ok(number)),
            None => self.learn(urls, raw),
        }
    }

    #[cold]
    fn learn(&mut self, urls: &Urls, raw: &str) -> Result<Result<u32, UrlError>, EngineError> {
        let number = match normalise_url(raw) {
            Ok(url) => urls.number(&url)?,
            Err(error) => return Ok(Err(error)),
        };
        if raw.len() <= LONGEST_REMEMBERED {
            if self.numbers.len() >= MOST_REMEMBERED {
                self.numbers.clear();
            }
            self.numbers.insert(raw.into(), number);
        }
        Ok(Ok(number))
    }
}

/// Hashes by folded multiplication, eight bytes at a time: keys here are short
/// and many, and a `HashMap` still compares them whole.
pub type Folded = BuildHasherDefault<FoldedHasher>;

/// See [`Folded`].
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
