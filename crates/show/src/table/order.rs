//! Sorts keys that have no order of their own by their text, in which numbers count by value.
use super::shown_range::ShownRange;
use std::cmp::Ordering;

/// Compares two texts in natural order, in which `UserId(9)` comes before `UserId(10)`.
pub fn natural(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) {
        return a.total_cmp(&b);
    }
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (x, y) = (number(&mut left), number(&mut right));
            // Without leading zeros, a number with more digits is larger.
            x.len().cmp(&y.len()).then(x.cmp(y))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
    }
    // One text begins with the other, or they differ in leading zeros only, such as `007` and `7`.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Removes the digits at the start of a text, and returns them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    *text = rest;
    let zeros = number.iter().take_while(|c| **c == b'0').count();
    &number[zeros..]
}

/// Selects the first and the last of many keys in natural order, without keeping all of them.
pub struct Ends {
    window: ShownRange,
    /// The first keys so far, in order, with their positions in the collection.
    first: Vec<(String, usize)>,
    /// The last keys so far, in reverse order.
    last: Vec<(String, usize)>,
}

impl Ends {
    /// Creates a selection from a collection of `len` keys.
    pub fn of(len: usize) -> Self {
        Ends {
            window: ShownRange::of_rows(len),
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Considers the key at position `place` of the collection.
    pub fn offer(&mut self, key: &str, place: usize) {
        keep(&mut self.first, self.window.first(), key, place, natural);
        keep(&mut self.last, self.window.last(), key, place, |a, b| {
            natural(b, a)
        });
    }

    /// Returns the keys that are shown, in order, each as (key, position).
    pub fn into_order(self) -> Vec<(String, usize)> {
        let last = self.last.into_iter().rev();
        self.first.into_iter().chain(last).collect()
    }
}

/// Inserts a key into `kept`, if it is among the first `most` by `order`.
fn keep(
    kept: &mut Vec<(String, usize)>,
    most: usize,
    key: &str,
    place: usize,
    order: impl Fn(&str, &str) -> Ordering,
) {
    let at = kept.partition_point(|(known, _)| order(known, key).is_le());
    if at < most {
        kept.truncate(most - 1);
        kept.insert(at, (key.to_owned(), place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_count_as_numbers() {
        let mut keys = ["b", "a10", "a9", "10", "9", "-5", "a009", "", "a"];
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, ["", "-5", "9", "10", "a", "a009", "a9", "a10", "b"]);
    }

    #[test]
    fn the_ends_of_many_are_those_of_all_sorted() {
        let mut ends = Ends::of(1_000);
        // A walk through all places that is in no order.
        for step in 0..1_000 {
            let place = step * 617 % 1_000;
            ends.offer(&format!("k{place}"), place);
        }
        let places: Vec<usize> = ends.into_order().into_iter().map(|end| end.1).collect();
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7, 996, 997, 998, 999]);
    }

    #[test]
    fn few_are_all_kept() {
        let mut ends = Ends::of(3);
        for (place, key) in ["b", "c", "a"].into_iter().enumerate() {
            ends.offer(key, place);
        }
        let keys: Vec<String> = ends.into_order().into_iter().map(|end| end.0).collect();
        assert_eq!(keys, ["a", "b", "c"]);
    }
}
