//! Rounds of sending the smallest label: the same identifiers, other edges.
use super::canvas::{AFTER, Canvas, ON, Point, draw};
use super::style::{INK, LABEL, kind, marked, text_width};
use super::{Figure, WIDTH};
use lambda::batch::persons::{Round, index::display_name};
use lambda::datum::PersonId;
use notebook::table::counted;
use plotters::style::Color;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;

/// Draws the edges after `round` rounds; 0 is before the first. Identifiers have
/// their place in all rounds, so that a slider shows what moves. Thick edges are
/// new in this round, and dashed ones were dropped in it.
///
/// ```
/// use lambda_workbook::batch::persons;
/// use lambda_workbook::plot;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |(a, b)| Equiv { id1: UserId(a), id2: UserId(b) };
/// let rounds = persons::rounds(&[(1, 4), (3, 4), (4, 5), (5, 11), (5, 2)].map(edge));
/// let star = plot::round(&rounds, 3);
/// assert!(star.svg().contains("round 3: 5 edges"));
/// ```
pub fn round(rounds: &[Round], round: usize) -> Figure {
    let round = round.min(rounds.len().saturating_sub(1));
    let title = title(rounds, round);
    let places = places(rounds, Area::WHOLE);
    let svg = draw((WIDTH, HEIGHT as u32), |canvas| {
        canvas.title(&title, (8, 16));
        edges_and_nodes(canvas, rounds, round, &places, &short_name);
        legend(canvas, HEIGHT - 12);
    });
    Figure::new(svg, &title, &listed(rounds, round))
}

/// Draws the edges before the first round and after each round, side by side.
///
/// ```
/// use lambda_workbook::batch::persons;
/// use lambda_workbook::plot;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
///
/// let edge = |(a, b)| Equiv { id1: UserId(a), id2: UserId(b) };
/// let figure = plot::rounds(&persons::rounds(&[(1, 4), (3, 4), (4, 5)].map(edge)));
/// assert!(figure.svg().contains("the equivs: 3 edges"));
/// ```
pub fn rounds(rounds: &[Round]) -> Figure {
    let title = "The rounds side by side";
    let rows = rounds.len().div_ceil(PANELS) as i32;
    let (width, height) = (WIDTH as i32 / PANELS as i32, 210);
    let bottom = 30 + rows * height + 26;
    let svg = draw((WIDTH, bottom as u32), |canvas| {
        canvas.title(title, (8, 16));
        for number in 0..rounds.len() {
            let (column, row) = (number % PANELS, (number / PANELS) as i32);
            let (left, top) = (width * column as i32, 30 + row * height);
            canvas.strong(&self::title(rounds, number), (left + 8, top + 14), AFTER);
            let area = Area {
                left: left + 4,
                top: top + 22,
                width: width - 8,
                height: height - 26,
            };
            edges_and_nodes(canvas, rounds, number, &places(rounds, area), &short_name);
        }
        legend(canvas, bottom - 10);
    });
    let line = |number| {
        format!(
            "{}\n{}",
            self::title(rounds, number),
            listed(rounds, number)
        )
    };
    Figure::new(svg, title, &(0..rounds.len()).map(line).collect::<String>())
}

const HEIGHT: i32 = 340;
/// Panels in a row of [`rounds`].
const PANELS: usize = 3;
/// Lengths of a dash and of the gap after it in pixels.
const DASHES: (u32, u32) = (4, 4);
/// Of a node's box.
const HALF_HEIGHT: i32 = 11;
/// More than these cannot be followed by eye.
const MOST_EDGES: usize = 400;
const MOST_NODES: usize = 60;

/// The name of an identifier in a box: a number alone, so that six boxes fit on a small circle.
fn short_name(id: &PersonId) -> String {
    display_name(id).replace("user ", "")
}

/// Where a graph is drawn.
#[derive(Clone, Copy)]
struct Area {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
}

impl Area {
    /// All of a figure, below its title and above its legend.
    const WHOLE: Area = Area {
        left: 0,
        top: 28,
        width: WIDTH as i32,
        height: HEIGHT - 56,
    };
}

fn title(rounds: &[Round], round: usize) -> String {
    let edges = |round: usize| rounds.get(round).map_or(&[][..], |round| &round.edges[..]);
    let edges_now = counted(edges(round).len(), "edge", "edges");
    if round == 0 {
        return format!("the equivs: {edges_now}");
    }
    let confirms = round + 1 == rounds.len() && edges(round) == edges(round - 1);
    let confirms = if confirms { ", no change" } else { "" };
    format!("round {round}: {edges_now}{confirms}")
}

/// The edges after a round as text.
fn listed(rounds: &[Round], round: usize) -> String {
    let edges = rounds.get(round).map_or(&[][..], |round| &round.edges[..]);
    let line = |(one, other): &(PersonId, PersonId)| {
        format!("{} - {}\n", display_name(one), display_name(other))
    };
    edges.iter().take(MOST_EDGES).map(line).collect()
}

/// Draws the edges after a round, and all identifiers.
fn edges_and_nodes(
    canvas: &Canvas,
    rounds: &[Round],
    round: usize,
    places: &BTreeMap<&PersonId, Point>,
    name: &dyn Fn(&PersonId) -> String,
) {
    let Some(now) = rounds.get(round) else { return };
    let before = &rounds[round.saturating_sub(1)].edges;
    let place = |id: &PersonId| places.get(id).map(|place| (*place, half_width(&name(id))));
    let ends = |edge: &(PersonId, PersonId)| {
        let (from, to) = (place(&edge.0)?, place(&edge.1)?);
        Some((at_box(from, to.0), at_box(to, from.0)))
    };
    // Those that the round has dropped, below the others.
    let dropped = before.iter().filter(|edge| !now.edges.contains(edge));
    for (from, to) in dropped.take(MOST_EDGES).filter_map(ends) {
        dropped_edge(canvas, from, to);
    }
    for edge in now.edges.iter().take(MOST_EDGES) {
        if let Some((from, to)) = ends(edge) {
            let width = if before.contains(edge) { 1 } else { 3 };
            canvas.path(vec![from, to], INK.mix(0.9), width);
        }
    }
    for (id, place) in places {
        // Whether all of its neighbours are larger.
        let smallest = now.edges.iter().all(|edge| edge.1 != **id);
        node(canvas, &name(id), *place, smallest);
    }
}

/// Draws a dropped edge.
fn dropped_edge(canvas: &Canvas, from: Point, to: Point) {
    canvas.dashed(&[from, to], INK.mix(0.6), 1, DASHES);
}

/// Says what the colours and the lines are.
fn legend(canvas: &Canvas, y: i32) {
    let mut x = 8;
    for (ink, name, wide) in [
        (marked(), "smaller than all its neighbours", 226),
        (kind(0), "has a smaller neighbour", 180),
    ] {
        canvas.outline((x, y - 6), (x + 14, y + 6), ink.mix(1.0));
        canvas.outline((x + 1, y - 5), (x + 13, y + 5), ink.mix(1.0));
        canvas.label(name, (x + 20, y), AFTER);
        x += wide;
    }
    canvas.path(vec![(x, y), (x + 24, y)], INK.mix(0.9), 3);
    canvas.label("new edge", (x + 30, y), AFTER);
    dropped_edge(canvas, (x + 110, y), (x + 134, y));
    canvas.label("dropped edge", (x + 140, y), AFTER);
}

/// Places components side by side, and the identifiers of each on a circle, the smallest on top.
/// Around the circle they follow the first edges, depth first: the edges of a tree do not cross then.
fn places(rounds: &[Round], area: Area) -> BTreeMap<&PersonId, Point> {
    let Some(first) = rounds.first() else {
        return BTreeMap::new();
    };
    // The neighbours of each identifier before the first round.
    let mut neighbours: BTreeMap<&PersonId, Vec<&PersonId>> = BTreeMap::new();
    for (one, other) in first.edges.iter().take(MOST_NODES) {
        neighbours.entry(one).or_default().push(other);
        neighbours.entry(other).or_default().push(one);
    }
    let mut circles: Vec<Vec<&PersonId>> = Vec::new();
    let mut placed: BTreeSet<&PersonId> = BTreeSet::new();
    for start in neighbours.keys() {
        let (mut circle, mut open) = (Vec::new(), vec![*start]);
        while let Some(id) = open.pop() {
            if placed.insert(id) {
                circle.push(id);
                open.extend(neighbours[id].iter().rev());
            }
        }
        if !circle.is_empty() {
            circles.push(circle);
        }
    }

    let all: usize = circles.iter().map(|ids| ids.len() + 1).sum();
    let mut places = BTreeMap::new();
    let mut left = f64::from(area.left);
    for ids in circles {
        let width = f64::from(area.width) * (ids.len() + 1) as f64 / all as f64;
        let middle = (
            left + width / 2.0,
            f64::from(area.top) + f64::from(area.height) / 2.0,
        );
        let room = (width / 2.0 - 20.0).min(f64::from(area.height) / 2.0 - 16.0);
        let radius = room.max(20.0);
        for (number, id) in ids.iter().enumerate() {
            let turn = TAU * number as f64 / ids.len() as f64;
            let (x, y) = (
                middle.0 + radius * turn.sin(),
                middle.1 - radius * turn.cos(),
            );
            places.insert(*id, (x.round() as i32, y.round() as i32));
        }
        left += width;
    }
    places
}

fn half_width(name: &str) -> i32 {
    text_width(name, LABEL) / 2 + 8
}

/// Where the line from a node's middle to another point leaves the node's box.
fn at_box(((x, y), half): (Point, i32), to: Point) -> Point {
    let (dx, dy) = (f64::from(to.0 - x), f64::from(to.1 - y));
    let (wide, tall) = (f64::from(half), f64::from(HALF_HEIGHT));
    let part = (wide / dx.abs()).min(tall / dy.abs()).min(1.0);
    (
        x + (dx * part).round() as i32,
        y + (dy * part).round() as i32,
    )
}

/// Draws an identifier in its box. The box is not tinted, which would take contrast from the text.
fn node(canvas: &Canvas, name: &str, (x, y): Point, smallest: bool) {
    let half = half_width(name);
    let ink = if smallest { marked() } else { kind(0) }.mix(1.0);
    for inset in 0..2 {
        let from = (x - half + inset, y - HALF_HEIGHT + inset);
        let to = (x + half - inset, y + HALF_HEIGHT - inset);
        canvas.outline(from, to, ink);
    }
    canvas.strong(name, (x, y), ON);
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda::batch::persons::rounds;
    use lambda::datum::{Equiv, PersonId::UserId};
    use show::picture::assert_sound;

    #[test]
    fn every_round_of_figure_9_3_is_drawn() {
        let pairs = [(1, 4), (3, 4), (4, 5), (5, 11), (5, 2), (7, 6), (7, 9)];
        let equivs = pairs.map(|(one, other)| Equiv {
            id1: UserId(one),
            id2: UserId(other),
        });
        let rounds = rounds(&equivs);
        let titles = [
            "the equivs: 7 edges",
            "round 1: 11 edges",
            "round 2: 10 edges",
            "round 3: 7 edges",
            "round 4: 7 edges, no change",
        ];
        assert_eq!(rounds.len(), titles.len());
        for (number, title) in titles.into_iter().enumerate() {
            let figure = round(&rounds, number);
            assert_sound(&figure);
            assert!(figure.svg().contains(title), "{title}");
        }
    }

    #[test]
    fn all_rounds_of_figure_9_3_stand_side_by_side() {
        let pairs = [(1, 4), (3, 4), (4, 5), (5, 11), (5, 2), (7, 6), (7, 9)];
        let equivs = pairs.map(|(one, other)| Equiv {
            id1: UserId(one),
            id2: UserId(other),
        });
        let figure = super::rounds(&rounds(&equivs));
        assert_sound(&figure);
        for title in [
            "the equivs: 7 edges",
            "round 1: 11 edges",
            "round 4: 7 edges, no change",
        ] {
            assert!(figure.svg().contains(title), "{title}");
        }
        assert_sound(&super::rounds(&[]));
    }

    #[test]
    fn rounds_of_nobody_and_beyond_the_last_are_drawn() {
        assert_sound(&round(&[], 3));
        assert_sound(&round(&rounds(&[]), 9));
    }
}
