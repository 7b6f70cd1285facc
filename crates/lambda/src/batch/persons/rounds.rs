//! Connected components in rounds: every identifier sends the smallest label that it knows.
//!
//! In each round, every identifier takes the smallest among its neighbours and itself, and
//! makes an edge from that one to each of the others. These edges replace the old ones. Since
//! an identifier needs to know its neighbours only, a round is one group-by of the edges by
//! identifier, which a cluster can execute. Union-find cannot be distributed in this way,
//! because it needs all of the components in one memory.
//!
//! The rounds end when no edge changes. Then each component is a star: its smallest identifier
//! has an edge to every other, and there are no other edges.
//!
//! # Quirks
//!
//! The number of edges can grow in between. In a chain whose labels rise from one end to the
//! other, it doubles with each round, up to thousands of times the original number, before it
//! shrinks. The cause is only the order of the labels. So [`settled`], which is meant for real
//! data, gives the identifiers random labels: then even a chain of a million edges stays below
//! twice its number, and takes about 1.8 times log2(n) rounds.
//!
//! Source: Marz and Warren, "Big Data", section 9.2.3 and figure 9.3.

use crate::datum::{Equiv, PersonId};
use petgraph::graph::{NodeIndex, UnGraph};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use xxhash_rust::xxh64::xxh64;

/// The edges before the first round or after a round. Each edge occurs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The edges, sorted, each with its smaller end first.
    pub edges: Vec<(PersonId, PersonId)>,
}

impl Round {
    /// Returns the edges as a graph that can be drawn.
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
        // Nodes are added in the order of their labels, whatever the order of the edges.
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

/// An identifier as a picture labels it: the plain number or cookie.
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

/// Returns the edges before the first round and after each round, up to and including the
/// round that changes nothing.
///
/// Time: each round sorts its edges. The section Quirks above says how many there can be.
///
/// ```
/// use lambda_workbook::batch::persons::rounds;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let figure = [edge(1, 4), edge(3, 4), edge(4, 5), edge(5, 11), edge(5, 2)];
/// let counts: Vec<usize> = rounds(&figure).iter().map(|round| round.edges.len()).collect();
/// assert_eq!(counts, [5, 8, 8, 5, 5]); // the last round changes nothing
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

/// Returns the components in the form of [`components`](super::components()), and the number of
/// rounds that it took to find them, including the last one, which changes nothing.
///
/// The labels are in a pseudo-random order, the same in every run.
pub fn settled(equivs: &[Equiv]) -> (Vec<Vec<PersonId>>, usize) {
    let settled = settled_with(equivs, Labels::Shuffled);
    (settled.components, settled.rounds)
}

/// The order of the labels that identifiers send to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// The order of the identifiers themselves, as in figure 9.3.
    InOrder,
    /// A pseudo-random order, the same in every run.
    Shuffled,
}

/// The components, and what it cost to find them in rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The identifiers of each person, in the form of [`components`](super::components()).
    pub components: Vec<Vec<PersonId>>,
    /// The number of rounds, including the last one, which changes nothing.
    pub rounds: usize,
    /// The number of messages of all rounds. In each round, every edge is sent to both of its
    /// ends, so a round sends twice as many messages as there are edges before it.
    pub messages: usize,
    /// The largest number of edges before or after a round.
    pub most_edges: usize,
}

/// Finds the components in rounds, and counts the rounds and their messages.
///
/// Time and space: each round sorts its edges, and with [`Labels::InOrder`] the number of edges
/// can grow as the section Quirks of the [module](self) says.
///
/// ```
/// use lambda_workbook::batch::persons::{components, rounds::{Labels, settled_with}};
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let figure = [edge(1, 4), edge(3, 4), edge(4, 5), edge(5, 11), edge(5, 2)];
/// let settled = settled_with(&figure, Labels::InOrder);
/// assert_eq!(settled.components, components(&figure));
/// assert_eq!((settled.rounds, settled.messages), (4, 2 * (5 + 8 + 8 + 5)));
/// assert_eq!(settled.most_edges, 8);
/// ```
pub fn settled_with(equivs: &[Equiv], labels: Labels) -> Settled {
    // Give every identifier a label.
    let (ids, edges) = numbered(equivs);
    let mut labelled: Vec<u32> = (0..ids.len() as u32).collect();
    if labels == Labels::Shuffled {
        labelled.sort_by_cached_key(|place| xxh64(&place.to_le_bytes(), 0));
    }
    let mut label = vec![0; ids.len()];
    for (number, place) in (0..).zip(&labelled) {
        label[*place as usize] = number;
    }
    let relabelled = |(one, other): (u32, u32)| edge(label[one as usize], label[other as usize]);
    let mut edges = sorted_distinct(edges.into_iter().map(relabelled).collect());

    // Rounds, until nothing changes.
    let (mut rounds, mut messages, mut most_edges) = (0, 0, edges.len());
    loop {
        let next = round(&edges);
        rounds += 1;
        messages += 2 * edges.len();
        most_edges = most_edges.max(next.len());
        if next == edges {
            break;
        }
        edges = next;
    }

    // Every component is now a star. The other end of each edge belongs to its middle; an
    // identifier without an edge is a component of its own.
    let mut middle: Vec<u32> = (0..ids.len() as u32).collect();
    for (one, other) in edges {
        middle[other as usize] = one;
    }

    // Group the identifiers by the middle of their star.
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
    Settled {
        components,
        rounds,
        messages,
        most_edges,
    }
}

/// Returns the sorted identifiers, and the edges as pairs of positions among them.
fn numbered(equivs: &[Equiv]) -> (Vec<PersonId>, Vec<(u32, u32)>) {
    let mut ids: Vec<&PersonId> = equivs.iter().flat_map(|e| [&e.id1, &e.id2]).collect();
    ids.sort_unstable();
    ids.dedup();
    let places: HashMap<&PersonId, u32> = ids.iter().copied().zip(0..).collect();
    let edges = equivs
        .iter()
        .map(|equiv| edge(places[&equiv.id1], places[&equiv.id2]));
    let edges = sorted_distinct(edges.collect());
    (ids.into_iter().cloned().collect(), edges)
}

/// Returns an edge with its smaller end first.
fn edge(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

/// Sorts the edges, and removes duplicates and edges from a node to itself.
fn sorted_distinct(mut edges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    edges.retain(|(one, other)| one != other);
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Executes one round: a group-by of the edges by identifier.
fn round(edges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    // Each edge in both directions, sorted: the neighbours of an identifier are a group.
    let mut neighbours: Vec<(u32, u32)> = edges
        .iter()
        .flat_map(|&(one, other)| [(one, other), (other, one)])
        .collect();
    neighbours.sort_unstable();

    // For each group, edges from the smallest to all others.
    let mut sent = Vec::with_capacity(neighbours.len());
    for group in neighbours.chunk_by(|one, other| one.0 == other.0) {
        let this = group[0].0;
        let smallest = this.min(group[0].1);
        let all = group.iter().map(|pair| pair.1).chain([this]);
        sent.extend(all.map(|id| edge(smallest, id)));
    }
    sorted_distinct(sent)
}
