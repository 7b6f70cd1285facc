//! Selects the rows or columns that are shown: all of them, or the first and the last ones.

/// The largest number of rows or columns that are all shown. Of more, the middle ones are left
/// out.
pub const ALL: usize = 24;
const FIRST_ROWS: usize = 8;
const LAST_ROWS: usize = 4;
const FIRST_COLUMNS: usize = 12;
const LAST_COLUMNS: usize = 6;

/// The rows or columns that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Index, among those that are shown, of the first one after the gap.
    pub before: usize,
    /// Number of rows or columns that are left out.
    pub left_out: usize,
}

/// The part of a long list that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownRange {
    len: usize,
    first: usize,
    last: usize,
}

impl ShownRange {
    /// Selects from `len` rows, or from items that have a row each.
    pub fn of_rows(len: usize) -> Self {
        Self::new(len, FIRST_ROWS, LAST_ROWS)
    }

    /// Selects from `len` columns.
    pub fn of_columns(len: usize) -> Self {
        Self::new(len, FIRST_COLUMNS, LAST_COLUMNS)
    }

    fn new(len: usize, first: usize, last: usize) -> Self {
        match len {
            0..=ALL => ShownRange {
                len,
                first: len,
                last: 0,
            },
            _ => ShownRange { len, first, last },
        }
    }

    /// Returns how many are shown before the gap.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Returns how many are shown after the gap.
    pub fn last(&self) -> usize {
        self.last
    }

    /// Returns the indices that are shown.
    pub fn places(&self) -> impl Iterator<Item = usize> + Clone {
        (0..self.first).chain(self.len - self.last..self.len)
    }

    /// Returns the gap; `None` if everything is shown.
    pub fn gap(&self) -> Option<Gap> {
        let left_out = self.len - self.first - self.last;
        (left_out > 0).then_some(Gap {
            before: self.first,
            left_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dozen_are_shown_whole_and_more_are_not() {
        assert_eq!(ShownRange::of_rows(ALL).places().count(), ALL);
        assert_eq!(ShownRange::of_rows(ALL).gap(), None);
        let places: Vec<usize> = ShownRange::of_rows(1_000).places().collect();
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7, 996, 997, 998, 999]);
        let gap = ShownRange::of_rows(1_000).gap().unwrap();
        assert_eq!((gap.before, gap.left_out), (8, 988));
    }

    #[test]
    fn nothing_is_shown_whole() {
        assert_eq!(ShownRange::of_columns(0).places().count(), 0);
        assert_eq!(ShownRange::of_columns(0).gap(), None);
    }
}
