//! Maps, sets, lists and facts as grids.
use super::order::Ends;
use super::text::{KEPT, start_of, start_of_display};
use super::window::Window;
use super::{Cell, Grid, Head, counted};
use std::fmt::Debug;

/// The debug form of a map's value may take several lines, as a frame's does.
const KEPT_OF_VALUE: usize = 4 * KEPT;

/// What is shown of a map or a set. Only that is formatted, and of the walk over
/// the items nothing but the walk is compiled into a cell.
pub struct Entries {
    ends: Ends,
    offered: usize,
}

impl Entries {
    /// Of a collection without an order: its own would change from run to run.
    pub fn unsorted(len: usize) -> Self {
        Entries {
            ends: Ends::of(len),
            offered: 0,
        }
    }

    /// Looks at the collection's next key.
    pub fn offer(&mut self, key: &dyn Debug) {
        let key = start_of(KEPT, |out| write!(out, "{key:?}"));
        self.ends.offer(&key, self.offered);
        self.offered += 1;
    }

    /// The items that are shown, sorted, of all in the order of the keys offered.
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

/// The items that are shown of a collection that has an order.
pub fn pick_sorted<T>(
    all: impl DoubleEndedIterator<Item = T> + ExactSizeIterator + Clone,
) -> Vec<T> {
    let window = Window::of_rows(all.len());
    let last = all.clone().rev().take(window.last()).rev();
    all.take(window.first()).chain(last).collect()
}

impl Grid {
    /// The grid of a collection of `len`, of which `rows` are shown, by their
    /// debug form.
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
            gap: Window::of_rows(len).gap(),
        }
    }
}

fn debug_cell(value: &dyn Debug) -> Cell {
    let text = start_of(KEPT_OF_VALUE, |out| write!(out, "{value:?}"));
    match text.contains('\n') {
        true => Cell::Block(text),
        false => Cell::Value(text),
    }
}

impl Grid {
    /// The grid of a list: one row an item, as much of it as `row` is asked for.
    pub fn of_list(heads: Vec<Head>, len: usize, row: impl Fn(usize) -> Vec<String>) -> Grid {
        let window = Window::of_rows(len);
        let cells = |place| row(place).into_iter().map(Cell::Value).collect();
        Grid {
            caption: counted(len, "item", "items"),
            heads,
            rows: window.places().map(cells).collect(),
            gap: window.gap(),
        }
    }

    /// The grid of facts about one thing: a name and a value a row.
    ///
    /// ```
    /// use show::table::{Grid, grouped};
    /// let grid = Grid::of_facts("sketch", &[("estimate", &grouped(899_778))]);
    /// assert_eq!(grid.to_text(), "sketch\nestimate  899,778");
    /// ```
    pub fn of_facts(caption: &str, facts: &[(&str, &dyn std::fmt::Display)]) -> Grid {
        let row = |(name, value): &(&str, &dyn std::fmt::Display)| {
            vec![
                Cell::Value((*name).to_owned()),
                Cell::Value(start_of_display(value)),
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
