//! Builds grids of maps, sets, lists and facts.
use super::order::Ends;
use super::shown_range::ShownRange;
use super::text::{KEPT, start_of, start_of_display};
use super::{Grid, Head, TableCell, counted};
use std::fmt::Debug;

/// Number of characters that are kept of an entry's debug form, which may have several lines,
/// such as that of a data frame.
const KEPT_OF_VALUE: usize = 4 * KEPT;

/// Selects the entries of a map or a set that are shown. The values of other entries are not
/// formatted. The type is not generic over the items, so that a cell that shows a map compiles
/// little code.
pub struct Entries {
    ends: Ends,
    /// Number of keys that were offered.
    offered: usize,
}

impl Entries {
    /// Creates a selection from a collection of `len` entries without an order, which are shown
    /// sorted, because the order of a hash map differs from run to run.
    pub fn unsorted(len: usize) -> Self {
        Entries {
            ends: Ends::of(len),
            offered: 0,
        }
    }

    /// Considers the collection's next key.
    pub fn offer(&mut self, key: &dyn Debug) {
        let key = start_of(KEPT, |out| write!(out, "{key:?}"));
        self.ends.offer(&key, self.offered);
        self.offered += 1;
    }

    /// Returns the items that are shown, sorted by key. `all` are all items, in the order in
    /// which their keys were offered.
    pub fn pick<T>(self, all: impl Iterator<Item = T>) -> Vec<T> {
        let places = self.ends.into_order().into_iter().map(|end| end.1);
        let places: Vec<usize> = places.collect();
        let mut picked: Vec<(usize, T)> = all
            .enumerate()
            .filter_map(|(place, item)| {
                let rank = places.iter().position(|shown| *shown == place)?;
                Some((rank, item))
            })
            .collect();
        picked.sort_by_key(|(rank, _)| *rank);
        picked.into_iter().map(|(_, item)| item).collect()
    }
}

/// Returns the items that are shown of a collection in its own order: all, or the first and the
/// last ones.
pub fn pick_sorted<T>(
    all: impl DoubleEndedIterator<Item = T> + ExactSizeIterator + Clone,
) -> Vec<T> {
    let window = ShownRange::of_rows(all.len());
    let last = all.clone().rev().take(window.last()).rev();
    all.take(window.first()).chain(last).collect()
}

impl Grid {
    /// Returns the grid of a collection of `len` entries, of which `rows` are shown in their
    /// debug form. `what` names the collection in the caption.
    pub fn of_entries<const N: usize>(
        what: &str,
        len: usize,
        heads: [&str; N],
        rows: Vec<[&dyn Debug; N]>,
    ) -> Grid {
        let row = |items: &[&dyn Debug; N]| items.map(debug_cell).to_vec();
        Grid {
            caption: format!("{what} of {}", super::grouped(len as i64)),
            heads: heads.iter().map(|name| Head::text(name)).collect(),
            rows: rows.iter().map(row).collect(),
            gap: ShownRange::of_rows(len).gap(),
        }
    }
}

/// Returns the cell of a value in its debug form.
fn debug_cell(value: &dyn Debug) -> TableCell {
    let text = start_of(KEPT_OF_VALUE, |out| write!(out, "{value:?}"));
    match text.contains('\n') {
        true => TableCell::Block(text),
        false => TableCell::Value(text),
    }
}

impl Grid {
    /// Returns the grid of a list of `len` items with a row for each. `row` returns the texts of
    /// an item's cells, and is called for the items that are shown.
    pub fn of_list(heads: Vec<Head>, len: usize, row: impl Fn(usize) -> Vec<String>) -> Grid {
        let window = ShownRange::of_rows(len);
        let cells = |place| row(place).into_iter().map(TableCell::Value).collect();
        Grid {
            caption: counted(len, "item", "items"),
            heads,
            rows: window.places().map(cells).collect(),
            gap: window.gap(),
        }
    }

    /// Returns the grid of facts about one thing, with a name and a value in each row.
    ///
    /// ```
    /// use show::table::{Grid, grouped};
    /// let grid = Grid::of_facts("sketch", &[("estimate", &grouped(899_778))]);
    /// assert_eq!(grid.to_text(), "sketch\nestimate  899,778");
    /// ```
    pub fn of_facts(caption: &str, facts: &[(&str, &dyn std::fmt::Display)]) -> Grid {
        let row = |(name, value): &(&str, &dyn std::fmt::Display)| {
            vec![
                TableCell::Value((*name).to_owned()),
                TableCell::Value(start_of_display(value)),
            ]
        };
        Grid {
            caption: caption.to_owned(),
            heads: vec![Head::text(""), Head::text("")],
            rows: facts.iter().map(row).collect(),
            ..Grid::default()
        }
    }
}
