//! Connected components by union-find: each equiv joins two trees.

use crate::datum::{Equiv, PersonId};
use petgraph::unionfind::UnionFind;
use std::collections::HashMap;

/// Returns the identifiers of each person who has an equiv. The identifiers of a person are
/// sorted, and the persons are in the order of their smallest identifier.
///
/// An equiv of an identifier with itself is allowed: it makes that identifier a component of
/// its own, unless another equiv joins it with others.
///
/// Time: union-find is nearly linear in the equivs (the factor is the inverse Ackermann
/// function), and sorting the identifiers takes O(n log n). Space: one entry for each
/// identifier.
///
/// ```
/// use lambda_workbook::batch::persons::components;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let found = components(&[edge(5, 3), edge(9, 8), edge(3, 1)]);
/// assert_eq!(found, [vec![UserId(1), UserId(3), UserId(5)], vec![UserId(8), UserId(9)]]);
/// ```
pub fn components(equivs: &[Equiv]) -> Vec<Vec<PersonId>> {
    let mut joined = Joined::default();
    for equiv in equivs {
        joined.join(&equiv.id1, &equiv.id2);
    }
    joined.into_components()
}

/// The components of the equivs that were added so far, one at a time.
#[derive(Debug, Default)]
pub struct Joined {
    /// The node of each identifier in `trees`.
    numbers: HashMap<PersonId, usize>,
    trees: UnionFind<usize>,
}

impl Joined {
    /// Adds an equiv.
    pub fn join(&mut self, one: &PersonId, other: &PersonId) {
        let (one, other) = (self.number(one), self.number(other));
        self.trees.union(one, other);
    }

    /// Returns the node of an identifier, and creates it the first time.
    fn number(&mut self, id: &PersonId) -> usize {
        if let Some(&number) = self.numbers.get(id) {
            return number;
        }
        let number = self.trees.new_set();
        self.numbers.insert(id.clone(), number);
        number
    }

    /// Returns whether no equiv was added yet.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Returns the components in the form of [`components()`].
    pub fn into_components(self) -> Vec<Vec<PersonId>> {
        // Sort by component, then by identifier.
        let labels = self.trees.into_labeling();
        let mut ids: Vec<(usize, PersonId)> = self
            .numbers
            .into_iter()
            .map(|(id, number)| (labels[number], id))
            .collect();
        ids.sort_unstable();

        // Cut where the component changes.
        let mut persons: Vec<Vec<PersonId>> = Vec::new();
        let mut last = None;
        for (label, id) in ids {
            match persons.last_mut() {
                Some(person) if last == Some(label) => person.push(id),
                _ => persons.push(vec![id]),
            }
            last = Some(label);
        }
        persons.sort_unstable();
        persons
    }
}
