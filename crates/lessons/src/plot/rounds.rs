//! Rounds of sending the smallest label: the same identifiers, other edges.
use super::canvas::{Canvas, ON, Point, draw};
use super::style::{INK, LABEL, series as colour, text_width};
use super::{Figure, WIDTH};
use lambda::batch::persons::{Round, index::display_name};
use lambda::datum::PersonId;
use notebook::table::counted;
use plotters::style::Color;
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// Draws the edges after `round` rounds; 0 is before the first. Identifiers have
/// their place in all rounds, so that a slider shows what moves. Thick edges are
/// new in this round.
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
    let none = Vec::new();
    let edges = rounds.get(round).map_or(&none, |round| &round.edges);
    let before = round
        .checked_sub(1)
        .map_or(edges, |round| &rounds[round].edges);
    let title = title(round, edges, before, rounds.len());
    let places = places(rounds);
    let svg = draw((WIDTH, HEIGHT as u32), |canvas| {
        canvas.title(&title, (8, 16));
        for edge in edges.iter().take(MOST_EDGES) {
            let place = |id| {
                places
                    .get(id)
                    .map(|place| (*place, half_width(&display_name(id))))
            };
            if let (Some(from), Some(to)) = (place(&edge.0), place(&edge.1)) {
                let width = if before.contains(edge) { 1 } else { 3 };
                let ends = vec![at_box(from, to.0), at_box(to, from.0)];
                canvas.path(ends, INK.mix(0.9), width);
            }
        }
        for (id, place) in &places {
            // Whoever is the smallest of all that they know.
            let smallest = edges.iter().all(|edge| edge.1 != **id);
            node(canvas, &display_name(id), *place, smallest);
        }
    });
    let lines: String = edges
        .iter()
        .take(MOST_EDGES)
        .map(|(one, other)| format!("{} - {}\n", display_name(one), display_name(other)))
        .collect();
    Figure::new(svg, &title, &lines)
}

const HEIGHT: i32 = 320;
/// Of a node's box.
const HALF_HEIGHT: i32 = 12;
/// More than these cannot be followed by eye.
const MOST_EDGES: usize = 400;
const MOST_NODES: usize = 60;

type Edges = [(PersonId, PersonId)];

fn title(round: usize, edges: &Edges, before: &Edges, rounds: usize) -> String {
    let edges_now = counted(edges.len(), "edge", "edges");
    if round == 0 {
        return format!("the equivs: {edges_now}");
    }
    let confirms = round + 1 == rounds && edges == before;
    let confirms = if confirms { ", nothing changes" } else { "" };
    format!("round {round}: {edges_now}{confirms}")
}

/// Components side by side, the identifiers of each on a circle, the smallest on
/// top: no edge but a spoke goes through the middle.
fn places(rounds: &[Round]) -> BTreeMap<&PersonId, Point> {
    let Some(last) = rounds.last() else {
        return BTreeMap::new();
    };
    // After the last round each component is a star on its smallest.
    let mut stars: BTreeMap<&PersonId, Vec<&PersonId>> = BTreeMap::new();
    for (middle, other) in last.edges.iter().take(MOST_NODES) {
        stars
            .entry(middle)
            .or_insert_with(|| vec![middle])
            .push(other);
    }
    let all: usize = stars.values().map(|ids| ids.len() + 1).sum();
    let mut places = BTreeMap::new();
    let mut left = 0.0;
    for ids in stars.into_values() {
        let width = f64::from(WIDTH) * (ids.len() + 1) as f64 / all as f64;
        let middle = (left + width / 2.0, f64::from(HEIGHT) / 2.0 + 14.0);
        let radius = (width / 2.0 - 48.0).clamp(24.0, f64::from(HEIGHT) / 2.0 - 46.0);
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

fn node(canvas: &Canvas, name: &str, (x, y): Point, smallest: bool) {
    let half = half_width(name);
    let ink = colour(usize::from(smallest));
    let (from, to) = ((x - half, y - HALF_HEIGHT), (x + half, y + HALF_HEIGHT));
    canvas.polygon(
        vec![from, (to.0, from.1), to, (from.0, to.1)],
        ink.mix(0.25),
    );
    canvas.outline(from, to, ink.mix(1.0));
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
            "round 4: 7 edges, nothing changes",
        ];
        assert_eq!(rounds.len(), titles.len());
        for (number, title) in titles.into_iter().enumerate() {
            let figure = round(&rounds, number);
            assert_sound(&figure);
            assert!(figure.svg().contains(title), "{title}");
        }
    }

    #[test]
    fn rounds_of_nobody_and_beyond_the_last_are_drawn() {
        assert_sound(&round(&[], 3));
        assert_sound(&round(&rounds(&[]), 9));
    }
}
