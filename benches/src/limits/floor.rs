//! The least that a stage has to do, as loops without anything else.
use super::super::serving::view::mix;
use anyhow::Result;
use serde::Deserialize;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Reads all bytes, eight at a time.
pub fn sum_of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(0u64, |sum, word| {
        sum.wrapping_add(u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(sum, |sum, byte| sum.wrapping_add(u64::from(*byte)))
}

/// Returns the number of line ends.
pub fn line_ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// Returns the lines of a text in which each has an end.
pub fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).map(move |end| {
        let line = &text[start..end];
        start = end + 1;
        line
    })
}

/// A page view, as far as it is counted.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    dataunit: DataUnit<'a>,
    pedigree: Pedigree,
}

#[derive(Deserialize)]
struct Pedigree {
    true_as_of_secs: i64,
}

#[derive(Deserialize)]
struct DataUnit<'a> {
    #[serde(borrow)]
    page_view: PageView<'a>,
}

#[derive(Deserialize)]
struct PageView<'a> {
    nonce: i64,
    #[serde(borrow)]
    page: Page<'a>,
    #[serde(borrow)]
    person: Person<'a>,
}

#[derive(Deserialize)]
struct Page<'a> {
    url: &'a str,
}

#[derive(Deserialize)]
struct Person<'a> {
    #[serde(borrow)]
    cookie: Option<&'a str>,
    user_id: Option<i64>,
}

/// Decodes all lines by serde_json, into structs that borrow. Returns the sums that our decoder does.
pub fn decode_by_serde(text: &[u8]) -> Result<(i64, usize)> {
    let (mut sum, mut bytes) = (0i64, 0);
    for line in lines_of(text) {
        let line: Line = serde_json::from_slice(line)?;
        let view = line.dataunit.page_view;
        black_box((view.person.cookie, view.person.user_id));
        sum = sum
            .wrapping_add(line.pedigree.true_as_of_secs)
            .wrapping_add(view.nonce);
        bytes += view.page.url.len();
    }
    Ok((sum, bytes))
}

/// XXH64 of eight bytes, by its specification.
#[inline]
pub fn xxh64_of(id: i64, seed: u64) -> u64 {
    const P1: u64 = 0x9E37_79B1_85EB_CA87;
    const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
    const P3: u64 = 0x1656_67B1_9E37_79F9;
    const P4: u64 = 0x85EB_CA77_C2B2_AE63;
    const P5: u64 = 0x27D4_EB2F_1656_67C5;
    let mut hash = seed.wrapping_add(P5).wrapping_add(8);
    let lane = (id as u64)
        .wrapping_mul(P2)
        .rotate_left(31)
        .wrapping_mul(P1);
    hash = (hash ^ lane)
        .rotate_left(27)
        .wrapping_mul(P1)
        .wrapping_add(P4);
    hash = (hash ^ hash >> 33).wrapping_mul(P2);
    hash = (hash ^ hash >> 29).wrapping_mul(P3);
    hash ^ hash >> 32
}

/// Keeps in a byte chosen by each hash the larger of it and a byte of the hash.
pub fn most_at_random(bytes: &mut [u8], hashes: &[u64]) -> u8 {
    let shift = 64 - bytes.len().ilog2();
    for hash in hashes {
        if let Some(byte) = bytes.get_mut((hash >> shift) as usize) {
            *byte = (*byte).max(*hash as u8);
        }
    }
    bytes[0]
}

/// Keeps the larger of each two bytes.
pub fn most_of_each(most: &mut [u8], other: &[u8]) {
    for (mine, theirs) in most.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

/// A table in memory, as large as the store.
pub struct Floor {
    /// The place of the next line, in each line of a cache: one cycle through all of them.
    next: Vec<[u64; 8]>,
}

impl Floor {
    /// Makes a table of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let lines = (bytes / 64).max(2);
        let mut order: Vec<u64> = (0..lines as u64).collect();
        // Sattolo's shuffle, whose result is a single cycle.
        for n in (1..lines).rev() {
            order.swap(n, (mix(n as u64) % n as u64) as usize);
        }
        let mut next = vec![[0; 8]; lines];
        for (line, to) in next.iter_mut().zip(order) {
            line[0] = to;
        }
        Self { next }
    }

    /// Follows the places so many times: each is known only when the one before it was read.
    pub fn chase(&self, steps: usize) -> u64 {
        let mut at = 0;
        for _ in 0..steps {
            at = self.next[at as usize][0];
        }
        at
    }

    /// Reads bytes in order, from a place that `random` chooses.
    pub fn range(&self, random: u64, bytes: usize) -> u64 {
        let lines = (bytes / 64).clamp(1, self.next.len());
        let from = (random % (self.next.len() - lines + 1) as u64) as usize;
        let range = self.next[from..from + lines].iter().flatten();
        range.fold(0, |sum, word| sum.wrapping_add(*word))
    }
}

/// Writes a small file, flushes it, and gives it its name. Seconds of one.
pub fn renamed(folder: &Path) -> Result<f64> {
    const TIMES: usize = 10;
    let (draft, named) = (folder.join("draft"), folder.join("named"));
    let started = Instant::now();
    for _ in 0..TIMES {
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&[7; 100])?;
        file.sync_all()?;
        std::fs::rename(&draft, &named)?;
    }
    Ok(started.elapsed().as_secs_f64() / TIMES as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_hash_is_xxh64() {
        for id in [0, 1, -7, i64::MAX] {
            let theirs = xxhash_rust::xxh64::xxh64(&id.to_le_bytes(), 42);
            assert_eq!(xxh64_of(id, 42), theirs);
        }
    }

    #[test]
    fn a_chase_visits_every_line_before_it_comes_back() {
        let floor = Floor::new(64 * 100);
        let visited: HashSet<u64> = (1..=100).map(|steps| floor.chase(steps)).collect();
        assert_eq!(visited.len(), 100);
        assert_eq!(floor.chase(100), 0);
    }

    #[test]
    fn the_loops_do_what_they_say() {
        assert_eq!(sum_of(&[1; 9]), u64::from_le_bytes([1; 8]) + 1);
        assert_eq!(line_ends(b"a\nb\n"), 2);
        assert_eq!(
            lines_of(b"a\n\nb\n").collect::<Vec<_>>(),
            [&b"a"[..], b"", b"b"]
        );
        let mut bytes = vec![0; 4];
        most_at_random(&mut bytes, &[(3 << 62) | 9, (3 << 62) | 5, 7]);
        assert_eq!(bytes, [7, 0, 0, 9]);
        most_of_each(&mut bytes, &[9, 1, 0, 2]);
        assert_eq!(bytes, [9, 1, 0, 9]);
        let floor = Floor::new(64 * 4);
        assert_eq!(floor.range(0, 64 * 4), (0..4).sum::<u64>());
    }

    #[test]
    fn a_file_is_written_and_renamed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(renamed(folder.path()).unwrap() > 0.0);
        assert!(folder.path().join("named").exists() && !folder.path().join("draft").exists());
    }
}
