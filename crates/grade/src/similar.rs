//! Submissions that are nearly the same.
//!
//! Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document
//! Fingerprinting" (SIGMOD 2003), the method of MOSS: hash every run of K tokens,
//! and of every W hashes in a row keep the smallest. Two sources that share K+W-1
//! tokens in a row share a fingerprint.
//!
//! Names that a student chose count as one and the same, so that renaming hides
//! nothing; names of methods and of paths count as they are, for short functions
//! differ in little else. What the handout gives to everyone is left out, and so is
//! what most students share: there are few ways to write some lines.
use super::tokens::{Token, tokens};
use ra_ap_parser::SyntaxKind;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

const K: usize = 8;
const W: usize = 5;
/// Fewer fingerprints say nothing.
const FEWEST: usize = 8;

/// Two submissions to one exercise, and the share of the shorter that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub exercise: String,
    pub students: [String; 2],
    pub share: f64,
}

/// The pairs that share at least `least`, the closest first. `sources` are of one
/// exercise, by student.
///
/// Time is in proportion to the length of the sources, but for a logarithm, and to the
/// fingerprints that each pair has in common.
pub fn pairs(exercise: &str, stub: &str, sources: &[(String, String)], least: f64) -> Vec<Pair> {
    let given = fingerprints(stub);
    let mut holders: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (student, (_, source)) in sources.iter().enumerate() {
        for print in fingerprints(source).difference(&given) {
            holders.entry(*print).or_default().push(student);
        }
    }
    // In a class of a few, what three share may still be copied.
    let most = (sources.len() / 2).max(4);
    holders.retain(|_, holders| holders.len() <= most);
    let mut counts = vec![0usize; sources.len()];
    let mut common: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for holders in holders.values() {
        for (at, one) in holders.iter().enumerate() {
            counts[*one] += 1;
            for other in &holders[at + 1..] {
                *common.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let pair = |((one, other), common): ((usize, usize), usize)| {
        let shorter = counts[one].min(counts[other]);
        let share = common as f64 / shorter as f64;
        (shorter >= FEWEST && share >= least).then(|| Pair {
            exercise: exercise.to_owned(),
            students: [sources[one].0.clone(), sources[other].0.clone()],
            share,
        })
    };
    let mut pairs: Vec<Pair> = common.into_iter().filter_map(pair).collect();
    pairs.sort_by(|one, other| other.share.total_cmp(&one.share));
    pairs
}

/// The winnowed hashes of a source, in time in proportion to its tokens: each is hashed
/// with the next K-1, and each hash compared with the next W-1.
fn fingerprints(source: &str) -> BTreeSet<u64> {
    let words = words(&tokens(source));
    let hashes: Vec<u64> = words
        .windows(K)
        .map(|run| {
            let mut hasher = DefaultHasher::new();
            run.hash(&mut hasher);
            hasher.finish()
        })
        .collect();
    hashes
        .windows(W.min(hashes.len()).max(1))
        .filter_map(|window| window.iter().min().copied())
        .collect()
}

/// Tokens as they are compared.
fn words<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let word = |(at, token): (usize, &Token<'a>)| {
        let before = at.checked_sub(1).map_or("", |at| tokens[at].text);
        let chosen =
            token.kind == SyntaxKind::IDENT && ![".", ":"].contains(&before) && token.text != "col";
        if chosen { "name" } else { token.text }
    };
    tokens.iter().enumerate().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "fn day(ts: i64) -> i64 { let hours = ts.div_euclid(3_600); let days = hours.div_euclid(24); days * 24 * 3_600 + offset(days).unwrap_or(0) }";
    const RENAMED: &str = "fn day(t: i64) -> i64 { // mine\n let h = t.div_euclid(3_600);\n let d = h.div_euclid(24);\n d * 24 * 3_600 + offset(d).unwrap_or(0) }";
    const OTHER: &str = "fn day(ts: i64) -> i64 { match LocalDays::new(zone).start_of(ts) { Some(start) if start <= ts => start, Some(_) => unreachable!(), None => (ts / 86_400 - i64::from(ts < 0)) * 86_400 } }";

    #[test]
    fn renaming_and_comments_hide_nothing() {
        let sources = [("ada", ONE), ("bob", RENAMED), ("cleo", OTHER)];
        let sources = sources.map(|(name, source)| (name.to_owned(), source.to_owned()));
        let found = pairs("day", "fn day(ts: i64) -> i64 { todo!() }", &sources, 0.6);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].students.clone(), found[0].share),
            (["ada".to_owned(), "bob".to_owned()], 1.0)
        );
    }

    #[test]
    fn stubs_are_nobodys_copy() {
        let sources = [
            ("ada".to_owned(), ONE.to_owned()),
            ("bob".to_owned(), ONE.to_owned()),
        ];
        assert_eq!(pairs("day", ONE, &sources, 0.6), []);
        assert_eq!(
            pairs(
                "day",
                "",
                &[("a".into(), String::new()), ("b".into(), String::new())],
                0.0
            ),
            []
        );
    }
}
