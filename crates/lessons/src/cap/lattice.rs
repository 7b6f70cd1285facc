//! The lattice of two counts: every state, what is above it, and the join of two.
use notebook::plot::{Figure, WIDTH};
use plotters::style::Color;
use show::picture::canvas::{AFTER, ON, draw};
use show::picture::style::{INK, kind, marked};

/// Each count is drawn from 0 to this.
const MOST: u64 = 3;
/// Pixels between two states of a row, half as many from row to row.
const STEP: i32 = 84;
/// The y position of the largest state in pixels.
const TOP: i32 = 60;

/// Draws the states of a G-counter of two replicas, the smaller ones below. A line leads from a
/// state to one that a page view makes of it. Two states and their join are coloured, with the
/// ways from the two up to the join. Counts are cut at 3.
///
/// ```
/// use lambda_workbook::cap;
/// let figure = cap::lattice((3, 1), (1, 2));
/// assert!(figure.svg().contains("join (3, 2)"));
/// ```
pub fn lattice(one: (u64, u64), other: (u64, u64)) -> Figure {
    let [one, other] = [one, other].map(|(a, b)| (a.min(MOST), b.min(MOST)));
    let join = (one.0.max(other.0), one.1.max(other.1));
    let title = format!(
        "{} and {}: join {}, which counts {}",
        name(one),
        name(other),
        name(join),
        join.0 + join.1
    );
    let bottom = TOP + STEP / 2 * 2 * MOST as i32;
    let states = || (0..=MOST).flat_map(|a| (0..=MOST).map(move |b| (a, b)));
    let svg = draw((WIDTH, (bottom + 40) as u32), |canvas| {
        canvas.title(&title, (8, 16));
        for state in states() {
            for next in above(state) {
                canvas.path(vec![at(state), at(next)], INK.mix(0.45), 1);
            }
        }
        for (n, from) in [one, other].into_iter().enumerate() {
            // First the one count, then the other.
            let way = vec![at(from), at((join.0, from.1)), at(join)];
            canvas.path(way, kind(n).mix(1.0), 4);
        }
        for state in states() {
            let (x, y) = at(state);
            let ink = match state {
                state if state == join => marked().mix(0.6),
                state if state == one => kind(0).mix(0.6),
                state if state == other => kind(1).mix(0.6),
                _ => INK.mix(0.06),
            };
            canvas.fill(
                (x - 24, y - 11),
                (x + 24, y + 11),
                plotters::style::WHITE.mix(1.0),
            );
            canvas.fill((x - 24, y - 11), (x + 24, y + 11), ink);
            canvas.outline((x - 24, y - 11), (x + 24, y + 11), INK.mix(0.6));
            match [one, other, join].contains(&state) {
                true => canvas.strong(&name(state), (x, y), ON),
                false => canvas.label(&name(state), (x, y), ON),
            }
        }
        let legend = [
            (kind(0), "one replica's state"),
            (kind(1), "the other's"),
            (marked(), "their join"),
        ];
        for (n, (ink, words)) in legend.into_iter().enumerate() {
            let y = bottom - 20 + 20 * n as i32;
            canvas.fill((14, y - 5), (24, y + 5), ink.mix(0.6));
            canvas.label(words, (30, y), AFTER);
        }
    });
    let words = format!(
        "{} and {} are {}; the smallest state above both is {}",
        name(one),
        name(other),
        order(one, other),
        name(join)
    );
    Figure::new(svg, &title, &words)
}

/// How two states are ordered, in words.
fn order(one: (u64, u64), other: (u64, u64)) -> &'static str {
    let below = |a: (u64, u64), b: (u64, u64)| a.0 <= b.0 && a.1 <= b.1;
    match (below(one, other), below(other, one)) {
        (true, true) => "equal",
        (false, false) => "concurrent",
        _ => "in order",
    }
}

fn name((a, b): (u64, u64)) -> String {
    format!("({a}, {b})")
}

/// The states that one page view makes of a state.
fn above((a, b): (u64, u64)) -> impl Iterator<Item = (u64, u64)> {
    [(a + 1, b), (a, b + 1)]
        .into_iter()
        .filter(|next| next.0 <= MOST && next.1 <= MOST)
}

/// The place of a state: the first count leads up to the left, the second up to the right.
fn at((a, b): (u64, u64)) -> (i32, i32) {
    let x = WIDTH as i32 / 2 + STEP * (b as i32 - a as i32);
    (x, TOP + STEP / 2 * (2 * MOST as i32 - a as i32 - b as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Crdt, GCounter, ReplicaId};
    use show::picture::assert_sound;

    #[test]
    fn the_join_on_the_picture_is_the_merge_of_the_counters() {
        for (a, b, c, d) in [(0, 0, 3, 3), (3, 1, 1, 2), (2, 2, 2, 2), (0, 3, 3, 0)] {
            let counter =
                |a, b| GCounter::from_counts([(ReplicaId(0), a), (ReplicaId(1), b)]).unwrap();
            let merged = counter(a, b).merged(&counter(c, d)).unwrap();
            let counts = merged.counts(&[ReplicaId(0), ReplicaId(1)]);
            let figure = lattice((a, b), (c, d));
            assert_sound(&figure);
            let join = format!(
                "join ({}, {}), which counts {}",
                counts[0],
                counts[1],
                merged.value()
            );
            assert!(figure.svg().contains(&join), "{join}");
        }
    }
}
