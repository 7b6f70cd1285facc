//! A small graph as circles and lines: each component on a ring of its own.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, Canvas, Point, draw};
use super::style::{INK, LABEL, series as colour, text_width};
use super::{Figure, WIDTH};
use plotters::style::Color;
use std::f64::consts::TAU;

/// More nodes or edges than these are a tangle.
const MOST_NODES: usize = 40;
const MOST_WIRES: usize = 120;

const DISC: i32 = 7;
/// Room around a ring for the labels above and below it.
const MARGIN: i32 = 26;
const TOP: i32 = 40;

/// An edge, as the places of its two nodes.
pub(crate) type Wire = (usize, usize);

/// A graph without its weights.
pub(crate) struct Net {
    directed: bool,
    nodes: usize,
    wires: Vec<Wire>,
    /// The nodes of each component, the largest first.
    components: Vec<Vec<usize>>,
    labels: Vec<String>,
}

impl Net {
    pub(crate) fn new(directed: bool, nodes: usize, wires: Vec<Wire>) -> Self {
        let components = components(nodes, &wires);
        Net {
            directed,
            nodes,
            wires,
            components,
            labels: vec![String::new(); nodes.min(MOST_NODES)],
        }
    }

    pub(crate) fn is_directed(&self) -> bool {
        self.directed
    }

    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }

    pub(crate) fn wires(&self) -> &[Wire] {
        &self.wires
    }

    pub(crate) fn components(&self) -> &[Vec<usize>] {
        &self.components
    }

    /// Whether a drawing of it can be read.
    pub(crate) fn is_small(&self) -> bool {
        (1..=MOST_NODES).contains(&self.nodes) && self.wires.len() <= MOST_WIRES
    }

    /// Names each node.
    pub(crate) fn label(&mut self, labels: Vec<String>) {
        self.labels = labels;
    }

    pub(crate) fn figure(&self, title: &str) -> Figure {
        let rings: Vec<Ring> = self
            .components
            .iter()
            .map(|nodes| self.ring(nodes))
            .collect();
        let (centres, height) = packed(&rings);
        let mut spots = vec![((0, 0), 0.0); self.nodes];
        for (ring, centre) in rings.iter().zip(&centres) {
            for (turn, node) in ring.nodes.iter().enumerate() {
                spots[*node] = ring.spot(turn, *centre);
            }
        }
        let svg = draw((WIDTH, height as u32), |canvas| {
            canvas.title(title, (8, 16));
            for (from, to) in &self.wires {
                self.wire(canvas, spots[*from], spots[*to]);
            }
            for (component, nodes) in self.components.iter().enumerate() {
                for node in nodes {
                    canvas.disc(spots[*node].0, DISC, colour(component).mix(1.0));
                    self.name(canvas, *node, spots[*node], nodes.len());
                }
            }
        });
        Figure::new(svg, title, "")
    }

    fn ring<'a>(&self, nodes: &'a [usize]) -> Ring<'a> {
        let widths = nodes
            .iter()
            .map(|node| text_width(&self.labels[*node], LABEL));
        let label = widths.max().unwrap_or(0);
        let radius = match nodes.len() {
            1 => 0,
            // Two nodes stand above each other.
            2 => 28,
            many => (many as f64 * 34.0 / TAU).max(36.0) as i32,
        };
        // Labels of a ring stand beside it, those of one or two nodes above or below.
        let half = match nodes.len() {
            1 | 2 => (label / 2).max(DISC) + 8,
            _ => radius + label + DISC + 12,
        };
        Ring {
            nodes,
            radius,
            half,
        }
    }

    fn name(&self, canvas: &Canvas, node: usize, ((x, y), turn): Spot, ring: usize) {
        let label = &self.labels[node];
        let away = DISC + 4;
        let (right, down) = (turn.cos(), turn.sin());
        if ring > 2 && right > 0.35 {
            canvas.label(label, (x + away, y), AFTER);
        } else if ring > 2 && right < -0.35 {
            canvas.label(label, (x - away, y), BEFORE);
        } else if down < -0.5 {
            canvas.label(label, (x, y - away), ABOVE);
        } else {
            canvas.label(label, (x, y + away), BELOW);
        }
    }

    fn wire(&self, canvas: &Canvas, (from, _): Spot, (to, turn): Spot) {
        if from == to {
            // A ring on the outer side of its node.
            let out = |n: i32| {
                (
                    to.0 + (turn.cos() * n as f64) as i32,
                    to.1 + (turn.sin() * n as f64) as i32,
                )
            };
            canvas.circle(out(DISC + 5), DISC, INK.mix(1.0));
            return;
        }
        canvas.path(vec![from, to], INK.mix(1.0), 1);
        if self.directed {
            let (across, along) = ((to.0 - from.0) as f64, (to.1 - from.1) as f64);
            let length = across.hypot(along).max(1.0);
            let (across, along) = (across / length, along / length);
            let at = |back: f64, aside: f64| {
                (
                    to.0 - (across * back + along * aside).round() as i32,
                    to.1 - (along * back - across * aside).round() as i32,
                )
            };
            let tip = f64::from(DISC) + 2.0;
            let head = vec![at(tip, 0.0), at(tip + 9.0, 4.0), at(tip + 9.0, -4.0)];
            canvas.polygon(head, INK.mix(1.0));
        }
    }
}

/// Where a node stands, and at which angle of its ring.
type Spot = (Point, f64);

/// The nodes of one component, on a circle.
struct Ring<'a> {
    nodes: &'a [usize],
    radius: i32,
    /// Half the width that it takes with its labels.
    half: i32,
}

impl Ring<'_> {
    fn height(&self) -> i32 {
        2 * (self.radius + MARGIN)
    }

    fn spot(&self, turn: usize, (x, y): Point) -> Spot {
        if self.nodes.len() == 1 {
            return ((x, y), TAU / 4.0);
        }
        // From the top, with the clock.
        let angle = TAU * (turn as f64 / self.nodes.len() as f64 - 0.25);
        let radius = f64::from(self.radius);
        let across = (angle.cos() * radius).round() as i32;
        let down = (angle.sin() * radius).round() as i32;
        ((x + across, y + down), angle)
    }
}

/// The rings in rows from left to right: their centres, and the height of all.
fn packed(rings: &[Ring]) -> (Vec<Point>, i32) {
    let (mut centres, mut left, mut top, mut tall) = (Vec::new(), 8, TOP, 0);
    for ring in rings {
        if left > 8 && left + 2 * ring.half > WIDTH as i32 - 8 {
            (left, top, tall) = (8, top + tall, 0);
        }
        centres.push((left + ring.half, top + ring.height() / 2));
        left += 2 * ring.half + 8;
        tall = tall.max(ring.height());
    }
    (centres, top + tall)
}

/// The connected components, whatever the edges' direction, the largest first.
fn components(nodes: usize, wires: &[Wire]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..nodes).collect();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    for (from, to) in wires {
        let (a, b) = (root(&mut parent, *from), root(&mut parent, *to));
        parent[a.max(b)] = a.min(b);
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for node in 0..nodes {
        members[root(&mut parent, node)].push(node);
    }
    members.retain(|component| !component.is_empty());
    members.sort_by_key(|component| std::cmp::Reverse(component.len()));
    members
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_sound;
    use super::*;

    #[test]
    fn components_ignore_direction_and_come_by_size() {
        let wires = [(4, 1), (1, 4), (2, 1), (3, 3)];
        assert_eq!(components(5, &wires), [vec![1, 2, 4], vec![0], vec![3]]);
        assert_eq!(components(0, &[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn rings_of_many_sizes_stay_on_the_picture() {
        let wires: Vec<Wire> = (0..19).map(|n| (n, n + 1)).chain([(22, 23)]).collect();
        let mut net = Net::new(true, 30, wires);
        net.label((0..30).map(|n| format!("a long name {n}")).collect());
        let rings: Vec<Ring> = net.components.iter().map(|nodes| net.ring(nodes)).collect();
        let (centres, height) = packed(&rings);
        for (ring, (x, y)) in rings.iter().zip(centres) {
            assert!(x - ring.half >= 0 && x + ring.half <= WIDTH as i32);
            assert!(y - ring.radius >= TOP && y + ring.radius < height);
        }
        assert_sound(&net.figure("rings"));
    }
}
