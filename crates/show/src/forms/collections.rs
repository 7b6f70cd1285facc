//! The forms of maps and sets: tables with a row for each entry.
use crate::table::{Entries, Grid, pick_sorted};
use crate::{Render, Rich};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;

impl<K: Debug, V: Debug> Render for BTreeMap<K, V> {
    fn render(&self) -> Rich {
        map(self.len(), pick_sorted(self.iter()))
    }
}

/// Entries are sorted by key, because the order of a hash map differs from run to run.
impl<K: Debug, V: Debug, S> Render for HashMap<K, V, S> {
    fn render(&self) -> Rich {
        let mut entries = Entries::unsorted(self.len());
        self.keys().for_each(|key| entries.offer(key));
        map(self.len(), entries.pick(self.iter()))
    }
}

impl<T: Debug> Render for BTreeSet<T> {
    fn render(&self) -> Rich {
        set(self.len(), pick_sorted(self.iter()))
    }
}

/// Items are sorted, because the order of a hash set differs from run to run.
impl<T: Debug, S> Render for HashSet<T, S> {
    fn render(&self) -> Rich {
        let mut entries = Entries::unsorted(self.len());
        self.iter().for_each(|item| entries.offer(item));
        set(self.len(), entries.pick(self.iter()))
    }
}

/// Renders the entries of a map that are shown, of `len` in total.
fn map<K: Debug, V: Debug>(len: usize, shown: Vec<(&K, &V)>) -> Rich {
    let entries = shown.iter().map(|(key, value)| [key as &dyn Debug, value]);
    Grid::of_entries("map", len, ["key", "value"], entries.collect()).render()
}

/// Renders the items of a set that are shown, of `len` in total.
fn set<T: Debug>(len: usize, shown: Vec<&T>) -> Rich {
    let entries = shown.iter().map(|item| [item as &dyn Debug]);
    Grid::of_entries("set", len, ["item"], entries.collect()).render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;
    use std::time::{Duration, Instant};

    fn text(value: &dyn Render) -> String {
        value.render().get("text/plain").unwrap().to_owned()
    }

    #[test]
    fn a_map_has_a_row_for_each_key() {
        let map = BTreeMap::from([("blog", vec![1, 2]), ("home", vec![])]);
        assert_eq!(
            text(&map),
            "map of 2\nkey     value\n──────────────\n\"blog\"  [1, 2]\n\"home\"  []"
        );
        assert_eq!(
            text(&BTreeMap::<i64, i64>::new()),
            "map of 0\nkey  value\n──────────"
        );
    }

    #[test]
    fn a_hash_map_is_sorted_as_a_person_would() {
        #[derive(Debug, PartialEq, Eq, Hash)]
        struct UserId(i64);
        let ids = [10, 9, 100].map(|id| (UserId(id), id));
        let table = text(&HashMap::from(ids));
        let keys: Vec<&str> = table
            .lines()
            .skip(3)
            .map(|l| l.split("  ").next().unwrap())
            .collect();
        assert_eq!(keys, ["UserId(9)", "UserId(10)", "UserId(100)"]);
    }

    #[test]
    fn a_set_has_a_row_for_each_item() {
        assert_eq!(
            text(&HashSet::from([3, 1, 2])),
            "set of 3\nitem\n────\n1\n2\n3"
        );
        assert_eq!(text(&BTreeSet::from([1])), "set of 1\nitem\n────\n1");
    }

    #[test]
    fn of_many_entries_the_ends_are_shown_and_the_rest_is_counted() {
        let map: HashMap<u32, u32> = (0..100_000).map(|n| (n, n % 7)).collect();
        let begin = Instant::now();
        let table = text(&map);
        assert!(begin.elapsed() < Duration::from_secs(1));
        assert!(table.starts_with("map of 100,000\n"), "{table}");
        assert!(table.contains("\n⋮ 99,988 rows more\n99996"), "{table}");
        let sorted: BTreeMap<u32, u32> = map.into_iter().collect();
        assert_eq!(text(&sorted), table);
    }

    #[test]
    fn a_frame_in_a_map_keeps_its_lines() {
        let map = BTreeMap::from([("hour", df!("n" => [1]).unwrap())]);
        assert!(
            map.render()
                .get("text/html")
                .unwrap()
                .contains("<pre>shape: (1, 1)\n")
        );
        assert!(text(&map).contains("\n        ┌─────┐\n"), "{}", text(&map));
    }
}
