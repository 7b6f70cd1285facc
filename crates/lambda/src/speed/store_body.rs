//! The body of a question or an answer about a realtime store.
//!
//! ```text
//! part          length (u32), bytes
//! count         u32
//! cell          timestamp (i64), value (part)
//! column        qualifier (part), cell
//! maybe cell    0, or 1 and a cell
//! mutation      row (part), number of changes (count), changes
//! change        0, family (count), qualifier (part), cell      a put
//!               1, family (count), qualifier (part)            a deletion of a cell
//!               2, family (count)                              a deletion of a family
//! conditional   family (count), qualifier (part), 0 or 1 and the value (part), mutation
//! ```
//!
//! A family is its place among those with which the table was opened. Numbers are little-endian.
use super::store::{Cell, Change, Column, Conditional, Family, Mutation};

/// A body that is being written.
#[derive(Clone, Debug, Default)]
pub struct Body(Vec<u8>);

impl Body {
    /// Creates an empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a body of parts.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut body = Self::new();
        parts.iter().for_each(|part| body.part(part));
        body
    }

    /// Returns what was written.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds some bytes.
    pub fn part(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Adds a number of things.
    pub fn count(&mut self, count: usize) {
        // Longer ones do not fit into a frame.
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.0.extend(count.to_le_bytes());
    }

    /// Adds a cell.
    pub fn cell(&mut self, cell: &Cell) {
        self.0.extend(cell.timestamp.to_le_bytes());
        self.part(&cell.value);
    }

    /// Adds a qualifier and its cell.
    pub fn column(&mut self, (qualifier, cell): &Column) {
        self.part(qualifier);
        self.cell(cell);
    }

    /// Adds a cell, or that there is none.
    pub fn maybe_cell(&mut self, cell: Option<&Cell>) {
        self.0.push(cell.is_some().into());
        if let Some(cell) = cell {
            self.cell(cell);
        }
    }

    /// Adds the mutation of a row.
    pub fn mutation(&mut self, mutation: &Mutation, families: &[Family]) {
        self.part(&mutation.row);
        self.count(mutation.changes.len());
        for change in &mutation.changes {
            match change {
                Change::Put {
                    family,
                    qualifier,
                    cell,
                } => {
                    self.0.push(0);
                    self.family(family, families);
                    self.part(qualifier);
                    self.cell(cell);
                }
                Change::Delete { family, qualifier } => {
                    self.0.push(1);
                    self.family(family, families);
                    self.part(qualifier);
                }
                Change::DeleteFamily { family } => {
                    self.0.push(2);
                    self.family(family, families);
                }
            }
        }
    }

    /// Adds a conditional mutation.
    pub fn conditional(&mut self, conditional: &Conditional, families: &[Family]) {
        self.family(conditional.family, families);
        self.part(&conditional.qualifier);
        self.0.push(conditional.expected.is_some().into());
        if let Some(expected) = &conditional.expected {
            self.part(expected);
        }
        self.mutation(&conditional.mutation, families);
    }

    /// Adds a family. One that is not there gets a place that is not there.
    fn family(&mut self, name: &str, families: &[Family]) {
        let place = families.iter().position(|family| family.name == name);
        self.count(place.unwrap_or(families.len()));
    }
}

/// A body that is being read. Each method returns `None` if the rest is too short for what it
/// reads.
pub struct BodyParts<'a>(&'a [u8]);

impl<'a> BodyParts<'a> {
    /// Begins to read a body.
    pub fn of(body: &'a [u8]) -> Self {
        Self(body)
    }

    /// Returns whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads things until the body ends.
    pub fn all<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(self)?);
        }
        Some(all)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    /// Reads some bytes.
    pub fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    /// Reads a number of things.
    pub fn count(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    }

    /// Reads a cell.
    pub fn cell(&mut self) -> Option<Cell> {
        let timestamp = i64::from_le_bytes(self.take(8)?.try_into().ok()?);
        let value = self.part()?.to_vec();
        Some(Cell { timestamp, value })
    }

    /// Reads a qualifier and its cell.
    pub fn column(&mut self) -> Option<Column> {
        Some((self.part()?.to_vec(), self.cell()?))
    }

    /// Reads a cell, or that there is none.
    pub fn maybe_cell(&mut self) -> Option<Option<Cell>> {
        match self.byte()? {
            0 => Some(None),
            _ => self.cell().map(Some),
        }
    }

    /// Reads the name of a family.
    pub fn family(&mut self, families: &[Family]) -> Option<&'static str> {
        Some(families.get(self.count()?)?.name)
    }

    /// Reads the mutation of a row.
    pub fn mutation(&mut self, families: &[Family]) -> Option<Mutation> {
        let mut mutation = Mutation::of(self.part()?);
        for _ in 0..self.count()? {
            let (kind, family) = (self.byte()?, self.family(families)?);
            mutation.changes.push(match kind {
                0 => Change::Put {
                    family,
                    qualifier: self.part()?.to_vec(),
                    cell: self.cell()?,
                },
                1 => Change::Delete {
                    family,
                    qualifier: self.part()?.to_vec(),
                },
                _ => Change::DeleteFamily { family },
            });
        }
        Some(mutation)
    }

    /// Reads a conditional mutation.
    pub fn conditional(&mut self, families: &[Family]) -> Option<Conditional> {
        Some(Conditional {
            family: self.family(families)?,
            qualifier: self.part()?.to_vec(),
            expected: match self.byte()? {
                0 => None,
                _ => Some(self.part()?.to_vec()),
            },
            mutation: self.mutation(families)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [Family; 2] = [Family::new("a"), Family::new("b")];

    #[test]
    fn what_is_written_is_read_and_what_is_cut_off_is_nothing() {
        let mut mutation = Mutation::of("row")
            .put("b", "q", -1, "value")
            .delete("a", "");
        mutation.changes.push(Change::DeleteFamily { family: "b" });
        let mut body = Body::new();
        for expected in [None, Some(b"x".to_vec())] {
            let conditional = Conditional {
                family: "a",
                qualifier: b"applied".to_vec(),
                expected,
                mutation: mutation.clone(),
            };
            body.conditional(&conditional, &FAMILIES);
        }
        let read = |bytes: &[u8]| BodyParts::of(bytes).all(|parts| parts.conditional(&FAMILIES));
        let found = read(body.bytes()).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].expected, Some(b"x".to_vec()));
        assert_eq!(found[0].mutation, mutation);
        // Half of it is one conditional, with nothing of the other.
        let half = body.bytes().len() / 2 - 3;
        assert!((1..half).all(|length| read(&body.bytes()[..length]).is_none()));
    }
}
