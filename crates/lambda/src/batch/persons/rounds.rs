//! Components by rounds: everyone sends the smallest label.
//!
//! In a round each identifier looks at its neighbours and at itself, takes the
//! smallest of these, and joins it to all the others; its own old edges are gone.
//! An identifier knows nobody but its neighbours, so a round is one group-by of
//! the edges by identifier: what a cluster does well, and what a union-find,
//! which needs all of memory at hand, cannot be there.
//!
//! When no edge changes, each component is a star: its smallest identifier in
//! the middle, joined to every other.
//!
//! # Quirks
//!
//! Edges can grow on the way: in a chain whose identifiers rise from one end to
//! the other they double in each round, to thousands of times as many before they
//! collapse. Nothing but the order of the labels is to blame, so a run over real
//! data gives them a random one ([`settled`]): then even a chain of a million
//! stays below twice its edges, and takes about 1.8 times log2(n) rounds.
//!
//! Source: Marz and Warren, "Big Data", section 9.2.3 and figure 9.3.

use crate::datum::{Equiv, PersonId};
use petgraph::graph::{NodeIndex, UnGraph};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use xxhash_rust::xxh64::xxh64;

/// The edges between two rounds: each once, the smaller end first, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub edges: Vec<(PersonId, PersonId)>,
}

impl Round {
    /// The edges as a graph, to be drawn.
    ///
    /// ```
    /// use lambda_workbook::batch::persons::rounds;
    /// use lambda_workbook::datum::{Equiv, PersonId::UserId};
    ///
    /// let edge = Equiv { id1: UserId(1), id2: UserId(4) };
    /// let graph = rounds(&[edge])[0].graph();
    /// assert_eq!((graph.node_count(), graph.edge_count()), (2, 1));
    /// ```
    pub fn graph(&self) -> UnGraph<Name, ()> {
        let mut graph = UnGraph::default();
        let mut nodes = BTreeMap::new();
        // In the order of their labels, whatever the order of the edges.
        for id in self.edges.iter().flat_map(|(one, other)| [one, other]) {
            nodes.insert(id, NodeIndex::default());
        }
        for (id, node) in &mut nodes {
            *node = graph.add_node(Name((*id).clone()));
        }
        for (one, other) in &self.edges {
            graph.add_edge(nodes[one], nodes[other], ());
        }
        graph
    }
}

/// An identifier as a picture names it: the bare number or cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(pub PersonId);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PersonId::UserId(id) => write!(f, "{id}"),
            PersonId::Cookie(cookie) => f.write_str(cookie),
        }
    }
}

/// The edges before the first round and after each, up to the round that changes
/// nothing.
///
/// Time: each round sorts its edges; see Quirks above for how many there can be.
///
/// ```
/// use lambda_workbook::batch::persons::rounds;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let figure = [edge(1, 4), edge(3, 4), edge(4, 5), edge(5, 11), edge(5, 2)];
/// let counts: Vec<usize> = rounds(&figure).iter().map(|round| round.edges.len()).collect();
/// assert_eq!(counts, [5, 8, 8, 5, 5]); // the last round confirms
/// ```
pub fn rounds(equivs: &[Equiv]) -> Vec<Round> {
    let (ids, edges) = numbered(equivs);
    let named = |edges: &[(u32, u32)]| Round {
        edges: edges
            .iter()
            .map(|&(one, other)| {
                let name = |number: u32| ids[number as usize].clone();
                (name(one), name(other))
            })
            .collect(),
    };
    let mut rounds = vec![named(&edges)];
    let mut edges = edges;
    loop {
        let next = round(&edges);
        rounds.push(named(&next));
        if next == edges {
            return rounds;
        }
        edges = next;
    }
}

/// The components that the last round shows, as
/// [`components`](super::components()) gives them, without the rounds between;
/// and how many rounds it took, the one that confirms among them.
///
/// Labels are in a random order, always the same one.
pub fn settled(equivs: &[Equiv]) -> (Vec<Vec<PersonId>>, usize) {
    let (ids, edges) = numbered(equivs);
    let mut labelled: Vec<u32> = (0..ids.len() as u32).collect();
    labelled.sort_by_cached_key(|place| xxh64(&place.to_le_bytes(), 0));
    let mut label = vec![0; ids.len()];
    for (number, place) in (0..).zip(&labelled) {
        label[*place as usize] = number;
    }
    let relabelled = |(one, other): (u32, u32)| edge(label[one as usize], label[other as usize]);
    let mut edges = tidy(edges.into_iter().map(relabelled).collect());
    let mut rounds = 0;
    loop {
        let next = round(&edges);
        rounds += 1;
        if next == edges {
            break;
        }
        edges = next;
    }
    // Who only has an edge to itself is a star without rays.
    let mut middle: Vec<u32> = (0..ids.len() as u32).collect();
    for (one, other) in edges {
        middle[other as usize] = one;
    }
    let mut members: Vec<(u32, &PersonId)> = middle
        .into_iter()
        .zip(labelled.iter().map(|place| &ids[*place as usize]))
        .collect();
    members.sort_unstable();
    let mut components: Vec<Vec<PersonId>> = members
        .chunk_by(|one, other| one.0 == other.0)
        .map(|same| same.iter().map(|(_, id)| (*id).clone()).collect())
        .collect();
    components.sort_unstable();
    (components, rounds)
}

/// Identifiers in order, and the edges between their places in it.
fn numbered(equivs: &[Equiv]) -> (Vec<PersonId>, Vec<(u32, u32)>) {
    let mut ids: Vec<&PersonId> = equivs.iter().flat_map(|e| [&e.id1, &e.id2]).collect();
    ids.sort_unstable();
    ids.dedup();
    let places: HashMap<&PersonId, u32> = ids.iter().copied().zip(0..).collect();
    let edges = equivs
        .iter()
        .map(|equiv| edge(places[&equiv.id1], places[&equiv.id2]));
    let edges = tidy(edges.collect());
    (ids.into_iter().cloned().collect(), edges)
}

fn edge(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

fn tidy(mut edges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    // An edge to itself joins nothing.
    edges.retain(|(one, other)| one != other);
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// One round: the group-by.
fn round(edges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut neighbours: Vec<(u32, u32)> = edges
        .iter()
        .flat_map(|&(one, other)| [(one, other), (other, one)])
        .collect();
    neighbours.sort_unstable();
    let mut sent = Vec::with_capacity(neighbours.len());
    for group in neighbours.chunk_by(|one, other| one.0 == other.0) {
        let this = group[0].0;
        let smallest = this.min(group[0].1);
        let all = group.iter().map(|pair| pair.1).chain([this]);
        sent.extend(all.map(|id| edge(smallest, id)));
    }
    tidy(sent)
}
