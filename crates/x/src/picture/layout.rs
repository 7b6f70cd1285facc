//! Where each crate stands in the picture: above everything that it depends on.
//!
//! The method is the usual one for layered graphs (Sugiyama, Tagawa, Toda 1981): choose a
//! layer for each crate, put a waypoint in each layer that an arrow passes, order each
//! layer so that few arrows cross, then move crates towards what they are connected with.
use crate::manifest::Package;
use std::collections::{BTreeMap, BTreeSet};

/// Width of a crate's box, and of the room that a passing arrow takes, in pixels.
pub const BOX: f64 = 236.0;
const WAYPOINT: f64 = 24.0;
/// Room between neighbours of a layer.
const GAP: f64 = 26.0;
/// Rounds in which crates move towards what they are connected with.
const ROUNDS: usize = 40;

/// What stands in a layer.
#[derive(Debug)]
pub struct Node {
    /// The crate's place in the list of packages; `None` is a waypoint of an arrow.
    pub package: Option<usize>,
    /// Counted from the bottom.
    pub layer: usize,
    /// The middle, from the left edge of the picture.
    pub x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

pub struct Layout {
    pub nodes: Vec<Node>,
    /// The nodes of each arrow, from the crate that depends down to what it depends on.
    pub arrows: Vec<Vec<usize>>,
    pub layers: usize,
    pub width: f64,
}

impl Node {
    pub fn width(&self) -> f64 {
        if self.package.is_some() {
            BOX
        } else {
            WAYPOINT
        }
    }
}

/// Lays out the crates of a workspace, which Cargo keeps free of cycles.
pub fn lay_out(packages: &[Package]) -> Layout {
    let direct = reduced(packages);
    let layers = layers(&direct);
    let mut layout = nodes(&direct, &layers);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); layout.layers];
    for (place, node) in layout.nodes.iter().enumerate() {
        rows[node.layer].push(place);
    }
    order(&mut layout.nodes, &mut rows);
    place(&mut layout, &rows);
    layout
}

/// The dependencies of each crate that no other path of dependencies implies.
fn reduced(packages: &[Package]) -> Vec<Vec<usize>> {
    let places: BTreeMap<&str, usize> = packages
        .iter()
        .enumerate()
        .map(|(place, package)| (package.name.as_str(), place))
        .collect();
    let direct: Vec<Vec<usize>> = packages
        .iter()
        .map(|package| {
            let names = package.dependencies.iter();
            names.map(|name| places[name.as_str()]).collect()
        })
        .collect();
    let implied = |from: usize, to: usize| {
        let others = direct[from].iter().filter(|&&other| other != to);
        let mut open: Vec<usize> = others.copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(place) = open.pop() {
            if place == to {
                return true;
            }
            if seen.insert(place) {
                open.extend(&direct[place]);
            }
        }
        false
    };
    (0..packages.len())
        .map(|from| {
            let kept = direct[from].iter().filter(|&&to| !implied(from, to));
            kept.copied().collect()
        })
        .collect()
}

/// The layer of each crate: as high as those that depend on it allow, so that a crate
/// stands close below what uses it.
fn layers(direct: &[Vec<usize>]) -> Vec<usize> {
    fn depth(place: usize, users: &[Vec<usize>]) -> usize {
        let deepest = users[place].iter().map(|&user| depth(user, users) + 1);
        deepest.max().unwrap_or(0)
    }
    let mut users = vec![Vec::new(); direct.len()];
    for (from, all) in direct.iter().enumerate() {
        for &to in all {
            users[to].push(from);
        }
    }
    let depths: Vec<usize> = (0..direct.len())
        .map(|place| depth(place, &users))
        .collect();
    let deepest = depths.iter().copied().max().unwrap_or(0);
    depths.into_iter().map(|depth| deepest - depth).collect()
}

/// Crates and waypoints as nodes, and the arrows through them.
fn nodes(direct: &[Vec<usize>], layers: &[usize]) -> Layout {
    let node = |package: Option<usize>, layer: usize| Node {
        package,
        layer,
        x: 0.0,
        above: Vec::new(),
        below: Vec::new(),
    };
    let mut nodes: Vec<Node> = layers
        .iter()
        .enumerate()
        .map(|(package, &layer)| node(Some(package), layer))
        .collect();
    let mut arrows = Vec::new();
    for (from, all) in direct.iter().enumerate() {
        for &to in all {
            let mut arrow = vec![from];
            for layer in (layers[to] + 1..layers[from]).rev() {
                arrow.push(nodes.len());
                nodes.push(node(None, layer));
            }
            arrow.push(to);
            for step in arrow.windows(2) {
                nodes[step[0]].below.push(step[1]);
                nodes[step[1]].above.push(step[0]);
            }
            arrows.push(arrow);
        }
    }
    Layout {
        nodes,
        arrows,
        layers: layers.iter().max().map_or(0, |top| top + 1),
        width: 0.0,
    }
}

/// Orders each row by the mean place of what its nodes are connected with, several times
/// up and down. Crates without any connection go to the end of their row.
fn order(nodes: &mut [Node], rows: &mut [Vec<usize>]) {
    for _ in 0..8 {
        for up in [true, false] {
            let mut places = vec![0.0; nodes.len()];
            let note = |row: &[usize], places: &mut [f64]| {
                for (place, &node) in row.iter().enumerate() {
                    places[node] = place as f64 - row.len() as f64 / 2.0;
                }
            };
            rows.iter().for_each(|row| note(row, &mut places));
            let count = rows.len();
            for step in 0..count {
                let row = &mut rows[if up { step } else { count - 1 - step }];
                let key = |&place: &usize| {
                    let node = &nodes[place];
                    let near = if up { &node.below } else { &node.above };
                    let alone = node.below.is_empty() && node.above.is_empty();
                    match near.is_empty() {
                        _ if alone => f64::MAX,
                        true => places[place],
                        false => mean(near.iter().map(|&other| places[other])),
                    }
                };
                let mut keyed: Vec<(f64, usize)> =
                    row.iter().map(|node| (key(node), *node)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                *row = keyed.into_iter().map(|(_, node)| node).collect();
                note(row, &mut places);
            }
        }
    }
}

/// Gives each node its place from left to right. The longest chain of dependencies stands
/// in one straight column; the others come as near as their row allows to the mean of what
/// they are connected with.
fn place(layout: &mut Layout, rows: &[Vec<usize>]) {
    let nodes = &mut layout.nodes;
    let column = longest_chain(nodes);
    // Crates without any connection stand at the end of their row.
    let is_alone = |node: &Node| node.above.is_empty() && node.below.is_empty();
    let mut connected: Vec<Vec<usize>> = rows.to_vec();
    for row in &mut connected {
        row.retain(|&place| !is_alone(&nodes[place]));
        spread(nodes, row, &column, |_| 0.0);
    }
    for round in 0..ROUNDS {
        for step in 0..connected.len() {
            let back = connected.len() - 1 - step;
            let row = &connected[if round % 2 == 0 { step } else { back }];
            let middles: Vec<f64> = nodes.iter().map(|node| node.x).collect();
            let near = |node: &Node| {
                let near = node.above.iter().chain(&node.below);
                mean(near.map(|&other| middles[other]))
            };
            spread(nodes, row, &column, near);
        }
    }
    for row in rows {
        let mut right: Option<f64> = None;
        for &place in row {
            let node = &mut nodes[place];
            if let (true, Some(right)) = (is_alone(node), right) {
                node.x = right + GAP + node.width() / 2.0;
            }
            right = Some(node.x + node.width() / 2.0);
        }
    }
    // The left edge of the picture is that of the leftmost box.
    let left = |node: &Node| node.x - node.width() / 2.0;
    let first = nodes.iter().map(left).fold(f64::MAX, f64::min);
    for node in nodes.iter_mut() {
        node.x -= first;
    }
    let right = |node: &Node| node.x + node.width() / 2.0;
    layout.width = nodes.iter().map(right).fold(0.0, f64::max);
}

/// The crates of a chain of dependencies that passes every layer. One exists: a crate
/// stands directly below one that depends on it, or in the highest layer.
fn longest_chain(nodes: &[Node]) -> BTreeSet<usize> {
    let lowest = |&place: &usize| nodes[place].layer == 0;
    let mut chain = BTreeSet::new();
    let mut next = (0..nodes.len()).find(lowest);
    while let Some(place) = next {
        chain.insert(place);
        let mut above = nodes[place].above.iter().copied();
        next = above.find(|&place| nodes[place].package.is_some());
    }
    chain
}

/// Moves the nodes of a row to the wanted places, in their order and without overlap.
/// Nodes that would overlap are put side by side, as a group, around their common mean. A
/// node of the column stays at 0: it weighs so much that the others of its group give way.
fn spread(
    nodes: &mut [Node],
    row: &[usize],
    column: &BTreeSet<usize>,
    wanted: impl Fn(&Node) -> f64,
) {
    struct Group {
        members: Vec<usize>,
        left: f64,
        width: f64,
        weight: f64,
    }
    let mut groups: Vec<Group> = Vec::new();
    for &place in row {
        let width = nodes[place].width() + GAP;
        let (middle, weight) = match column.contains(&place) {
            true => (0.0, 1e9),
            false => (wanted(&nodes[place]), 1.0),
        };
        let mut group = Group {
            members: vec![place],
            left: middle - width / 2.0,
            width,
            weight,
        };
        while let Some(before) = groups.pop() {
            if before.left + before.width <= group.left {
                groups.push(before);
                break;
            }
            let weight = before.weight + group.weight;
            let lefts = before.left * before.weight + (group.left - before.width) * group.weight;
            group = Group {
                members: [before.members, group.members].concat(),
                left: lefts / weight,
                width: before.width + group.width,
                weight,
            };
        }
        groups.push(group);
    }
    for group in groups {
        let mut left = group.left;
        for place in group.members {
            let width = nodes[place].width() + GAP;
            nodes[place].x = left + width / 2.0;
            left += width;
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            description: String::new(),
            is_program: false,
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn assert_arrows_point_down_and_nothing_overlaps(packages: &[Package]) {
        let layout = lay_out(packages);
        for arrow in &layout.arrows {
            for step in arrow.windows(2) {
                let [from, to] = [step[0], step[1]].map(|place| layout.nodes[place].layer);
                assert_eq!(from, to + 1);
            }
        }
        for (place, a) in layout.nodes.iter().enumerate() {
            assert!(a.x - a.width() / 2.0 >= -1e-6 && a.x + a.width() / 2.0 <= layout.width + 1e-6);
            for b in &layout.nodes[..place] {
                let apart = (a.x - b.x).abs() >= (a.width() + b.width()) / 2.0;
                assert!(a.layer != b.layer || apart, "{a:?} overlaps {b:?}");
            }
        }
    }

    #[test]
    fn arrows_point_down_and_boxes_stand_apart() {
        let packages = crate::manifest::packages(&crate::project()).unwrap();
        assert_arrows_point_down_and_nothing_overlaps(&packages);
        assert_arrows_point_down_and_nothing_overlaps(&[
            package("a", &["b", "c", "d", "e"]),
            package("b", &["e"]),
            package("c", &["f"]),
            package("d", &["b", "f"]),
            package("e", &["f"]),
            package("f", &[]),
            package("g", &[]),
            package("h", &["f"]),
        ]);
    }

    #[test]
    fn an_arrow_that_others_imply_is_not_drawn() {
        let packages = [
            package("a", &["b", "c"]),
            package("b", &["c"]),
            package("c", &[]),
        ];
        assert_eq!(reduced(&packages), [vec![1], vec![2], vec![]]);
    }
}
