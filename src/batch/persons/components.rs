//! Components by union-find: each equiv joins two trees.

use crate::schema::{Equiv, PersonId};
use petgraph::unionfind::UnionFind;
use std::collections::HashMap;

/// The identifiers of each person who has an equiv, sorted, persons in the order
/// of their smallest identifier.
///
/// An equiv of an identifier with itself says nothing new, and is fine.
///
/// Time: nearly linear in the equivs (union-find's inverse Ackermann function);
/// space: one entry an identifier. A million identifiers take about a second.
///
/// ```
/// use lambda_workbook::batch::persons::components;
/// use lambda_workbook::schema::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let found = components(&[edge(5, 3), edge(9, 8), edge(3, 1)]);
/// assert_eq!(found, [vec![UserId(1), UserId(3), UserId(5)], vec![UserId(8), UserId(9)]]);
/// ```
pub fn components(equivs: &[Equiv]) -> Vec<Vec<PersonId>> {
    let mut numbers: HashMap<&PersonId, u32> = HashMap::with_capacity(equivs.len());
    let mut edges = Vec::with_capacity(equivs.len());
    for equiv in equivs {
        let mut number = |id| {
            let next = numbers.len() as u32;
            *numbers.entry(id).or_insert(next)
        };
        edges.push((number(&equiv.id1), number(&equiv.id2)));
    }
    let mut trees = UnionFind::new(numbers.len());
    for (one, other) in edges {
        trees.union(one, other);
    }
    let labels = trees.into_labeling();
    let mut ids: Vec<(u32, &PersonId)> = numbers
        .into_iter()
        .map(|(id, number)| (labels[number as usize], id))
        .collect();
    ids.sort_unstable();
    let mut persons: Vec<Vec<PersonId>> = ids
        .chunk_by(|one, other| one.0 == other.0)
        .map(|same| same.iter().map(|(_, id)| (*id).clone()).collect())
        .collect();
    persons.sort_unstable();
    persons
}
