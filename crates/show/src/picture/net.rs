//! Draws a small graph as circles and lines, each connected component on a circle of its own,
//! called its ring.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, Canvas, ON, Point, draw};
use super::components::components;
use super::style::{INK, LABEL, series as colour, text_width};
use super::{Figure, WIDTH};
use plotters::style::Color;
use std::f64::consts::TAU;

/// The largest number of nodes of a graph that can be read as a drawing.
const MAX_NODES: usize = 40;
/// The largest number of edges of a graph that can be read as a drawing.
const MAX_WIRES: usize = 120;

/// Radius of a node in pixels.
const DISC: i32 = 7;
/// Distance from the centre of a node to its label in pixels.
const LABEL_AWAY: i32 = DISC + 4;
/// Space between rings, and at the sides, in pixels.
const GAP: i32 = 12;
/// Space above and below a ring for labels, in pixels.
const MARGIN: i32 = 30;
/// Height of the title in pixels.
const TOP: i32 = 40;

/// An edge: the indices of its two nodes.
pub type Edge = (usize, usize);

/// A graph, with labels for its nodes and edges.
pub struct Net {
    directed: bool,
    nodes: usize,
    wires: Vec<Edge>,
    /// The nodes of each component, the largest first.
    components: Vec<Vec<usize>>,
    labels: Vec<String>,
    wire_labels: Vec<String>,
}

impl Net {
    /// Creates a graph of `nodes` nodes without labels.
    pub fn new(directed: bool, nodes: usize, wires: Vec<Edge>) -> Self {
        let components = components(nodes, &wires);
        Net {
            directed,
            nodes,
            wires,
            components,
            labels: vec![String::new(); nodes.min(MAX_NODES)],
            wire_labels: Vec::new(),
        }
    }

    /// Returns true if its edges have a direction.
    pub fn is_directed(&self) -> bool {
        self.directed
    }

    /// Returns the number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Returns the edges.
    pub fn wires(&self) -> &[Edge] {
        &self.wires
    }

    /// Returns the nodes of each connected component, the largest component first.
    pub fn components(&self) -> &[Vec<usize>] {
        &self.components
    }

    /// Returns true if the graph is small enough for a drawing that can be read.
    pub fn is_small(&self) -> bool {
        (1..=MAX_NODES).contains(&self.nodes) && self.wires.len() <= MAX_WIRES
    }

    /// Sets the labels of all nodes and of all edges.
    pub fn label(&mut self, nodes: Vec<String>, wires: Vec<String>) {
        (self.labels, self.wire_labels) = (nodes, wires);
    }

    /// Draws the graph. It must be small ([`is_small`](Self::is_small)).
    pub fn figure(&self, title: &str) -> Figure {
        // Place the rings, and the nodes on them.
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
        // Draw the edges first, so that the nodes cover their ends.
        let svg = draw((WIDTH, height as u32), |canvas| {
            canvas.title(title, (8, 16));
            for (place, (from, to)) in self.wires.iter().enumerate() {
                self.wire(canvas, spots[*from], spots[*to]);
                if let Some(label) = self.wire_labels.get(place) {
                    let at = match from == to {
                        true => inward(spots[*from], 26.0),
                        false => beside(spots[*from].0, spots[*to].0),
                    };
                    canvas.label(label, at, ON);
                }
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

    /// Computes the size of a component's ring with its labels.
    fn ring<'a>(&self, nodes: &'a [usize]) -> Ring<'a> {
        let radius = match nodes.len() {
            1 => 0,
            // Two nodes are placed one above the other.
            2 => 28,
            many => (many as f64 * 34.0 / TAU).max(36.0) as i32,
        };
        let mut ring = Ring {
            nodes,
            radius,
            left: 0,
            right: 0,
        };
        for (turn, node) in nodes.iter().enumerate() {
            let ((x, _), angle) = ring.spot(turn, (0, 0));
            let label = text_width(&self.labels[*node], LABEL);
            let (left, right) = match Side::of(angle, nodes.len()) {
                Side::Left => (label + LABEL_AWAY - x, x),
                Side::Right => (-x, x + LABEL_AWAY + label),
                Side::Above | Side::Below => (label / 2 - x, x + label / 2),
            };
            ring.left = ring.left.max(left);
            ring.right = ring.right.max(right);
        }
        ring
    }

    /// Draws the label of a node, on a ring of `ring` nodes.
    fn name(&self, canvas: &Canvas, node: usize, ((x, y), angle): Spot, ring: usize) {
        let label = &self.labels[node];
        let away = LABEL_AWAY;
        match Side::of(angle, ring) {
            Side::Right => canvas.label(label, (x + away, y), AFTER),
            Side::Left => canvas.label(label, (x - away, y), BEFORE),
            Side::Above => canvas.label(label, (x, y - away), ABOVE),
            Side::Below => canvas.label(label, (x, y + away), BELOW),
        }
    }

    /// Draws an edge.
    fn wire(&self, canvas: &Canvas, (from, _): Spot, (to, angle): Spot) {
        if from == to {
            // An edge from a node to itself is a circle on the side away from the node's label.
            canvas.circle(inward((to, angle), 12.0), DISC, INK.mix(1.0));
            return;
        }
        canvas.path(vec![from, to], INK.mix(1.0), 1);
        if self.directed {
            // Draw the head of the arrow at the border of the node: `back` and `aside` are
            // distances along the edge and across it.
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

/// Returns the point that is `by` pixels from a node towards the centre of its ring.
fn inward(((x, y), angle): Spot, by: f64) -> Point {
    (x - (angle.cos() * by) as i32, y - (angle.sin() * by) as i32)
}

/// Returns a point beside the middle of an edge. The label of the opposite edge is on the other
/// side.
fn beside(from: Point, to: Point) -> Point {
    let (across, along) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let length = across.hypot(along).max(1.0);
    let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
    let aside = |by: f64| (by / length * 11.0).round() as i32;
    (middle.0 + aside(along), middle.1 - aside(across))
}

/// The position of a node, and its angle on the ring.
type Spot = (Point, f64);

/// The nodes of one component, on a circle.
struct Ring<'a> {
    nodes: &'a [usize],
    radius: i32,
    /// Width to the left of its centre, labels included.
    left: i32,
    /// Width to the right of its centre, labels included.
    right: i32,
}

/// The side of a node that its label is on.
enum Side {
    Left,
    Right,
    Above,
    Below,
}

impl Side {
    /// Chooses the side outside of the ring. With one or two nodes it is above or below.
    fn of(angle: f64, ring: usize) -> Self {
        let (right, down) = (angle.cos(), angle.sin());
        match ring {
            3.. if right > 0.35 => Side::Right,
            3.. if right < -0.35 => Side::Left,
            _ if down < -0.5 => Side::Above,
            _ => Side::Below,
        }
    }
}

impl Ring<'_> {
    /// Returns the height with labels.
    fn height(&self) -> i32 {
        2 * (self.radius + MARGIN)
    }

    /// Returns the position of the node with index `turn`, on a ring with this centre.
    fn spot(&self, turn: usize, (x, y): Point) -> Spot {
        if self.nodes.len() == 1 {
            return ((x, y), TAU / 4.0);
        }
        // Clockwise, beginning at the top.
        let angle = TAU * (turn as f64 / self.nodes.len() as f64 - 0.25);
        let radius = f64::from(self.radius);
        let across = (angle.cos() * radius).round() as i32;
        let down = (angle.sin() * radius).round() as i32;
        ((x + across, y + down), angle)
    }
}

/// Arranges the rings in rows from left to right. Returns their centres and the total height.
fn packed(rings: &[Ring]) -> (Vec<Point>, i32) {
    let (mut centres, mut left, mut top, mut tall) = (Vec::new(), GAP, TOP, 0);
    for ring in rings {
        let width = ring.left + ring.right;
        if left > GAP && left + width > WIDTH as i32 - GAP {
            (left, top, tall) = (GAP, top + tall, 0);
        }
        centres.push((left + ring.left, top + ring.height() / 2));
        left += width + 2 * GAP;
        tall = tall.max(ring.height());
    }
    (centres, top + tall)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::assert_sound;

    #[test]
    fn rings_of_many_sizes_stay_on_the_picture() {
        let wires: Vec<Edge> = (0..19).map(|n| (n, n + 1)).chain([(22, 23)]).collect();
        let mut net = Net::new(true, 30, wires);
        let names = (0..30).map(|n| format!("a long name {n}")).collect();
        net.label(names, Vec::new());
        let rings: Vec<Ring> = net.components.iter().map(|nodes| net.ring(nodes)).collect();
        let (centres, height) = packed(&rings);
        for (ring, (x, y)) in rings.iter().zip(centres) {
            assert!(x - ring.left >= 0 && x + ring.right <= WIDTH as i32);
            assert!(y - ring.radius >= TOP && y + ring.radius < height);
        }
        assert_sound(&net.figure("rings"));
    }
}
