//! Page views on an axis of time, cut into visits, by identifier and by person.
use super::canvas::{AFTER, BEFORE, BELOW, Canvas, draw};
use super::style::{INK, LABEL, kind, marked, text_width};
use super::{Figure, WIDTH};
use crate::people::PersonVisits;
use notebook::table::counted;
use plotters::style::{Color, WHITE};

const LEFT: i32 = 110;
const RIGHT: i32 = WIDTH as i32 - 24;
/// Height of a lane.
const LANE: i32 = 26;
/// Height of a heading, with the air above it.
const HEADING: i32 = 30;

/// Draws the same page views twice, by identifier and by person. A dot is a page view, and a bar is a
/// visit: orange if it is a bounce, a visit of one view.
///
/// ```
/// use lambda_workbook::{batch::persons::PersonIndex, people, plot};
/// let (seen, linked) = people::eight_views()?;
/// let people = people::visits(&PersonIndex::of(&linked).apply(&seen)?, 1_800)?;
/// let figure = plot::visits(&people::visits(&seen, 1_800)?, &people);
/// assert!(figure.svg().contains("By identifier: 6 visits, 4 bounces"));
/// # Ok::<(), lambda_workbook::polars::prelude::PolarsError>(())
/// ```
pub fn visits(by_identifier: &[PersonVisits], by_person: &[PersonVisits]) -> Figure {
    let parts = [
        ("By identifier", "user", by_identifier),
        ("By person", "person", by_person),
    ];
    let lanes = (by_identifier.len() + by_person.len()) as i32;
    let bottom = 30 + 2 * HEADING + lanes * LANE;
    let seconds = || {
        by_identifier
            .iter()
            .flat_map(|one| one.visits.iter().flatten())
    };
    let (first, last) = (
        seconds().min().copied().unwrap_or(0),
        seconds().max().copied().unwrap_or(1),
    );
    let at = |secs: i64| {
        let part = (secs - first) as f64 / (last - first).max(1) as f64;
        LEFT + (f64::from(RIGHT - LEFT) * part).round() as i32
    };
    let title = "The same page views, cut into visits";
    let mut words = String::new();
    let svg = draw((WIDTH, bottom as u32 + 50), |canvas| {
        canvas.title(title, (8, 16));
        let mut top = 30;
        for (name, kind_of, all) in parts {
            let heading = heading(name, all);
            canvas.strong(&heading, (8, top + 14), AFTER);
            words.push_str(&heading);
            words.push('\n');
            top += HEADING;
            for one in all {
                let who = one.who.replace("user", kind_of);
                lane(canvas, &who, one, top + LANE / 2, &at);
                let of = |visit: &Vec<i64>| format!("{visit:?}");
                let listed: Vec<String> = one.visits.iter().map(of).collect();
                words.push_str(&format!("{who}: {}\n", listed.join(" ")));
                top += LANE;
            }
        }
        canvas.path(vec![(LEFT, bottom), (RIGHT, bottom)], INK.mix(0.6), 1);
        for minutes in (0..=(last - first) / 60).step_by(30) {
            let x = at(first + minutes * 60);
            canvas.path(vec![(x, bottom), (x, bottom + 5)], INK.mix(0.6), 1);
            canvas.label(&format!("{minutes} min"), (x, bottom + 8), BELOW);
        }
        canvas.fill((8, bottom + 36), (22, bottom + 46), marked().mix(0.45));
        canvas.label("a bounce", (28, bottom + 41), AFTER);
        canvas.fill((108, bottom + 36), (122, bottom + 46), kind(0).mix(0.45));
        canvas.label("a visit of two views or more", (128, bottom + 41), AFTER);
    });
    Figure::new(svg, title, &words)
}

fn heading(name: &str, all: &[PersonVisits]) -> String {
    let visits: usize = all.iter().map(|one| one.visits.len()).sum();
    let bounces: usize = all.iter().map(PersonVisits::bounces).sum();
    format!(
        "{name}: {}, {}",
        counted(visits, "visit", "visits"),
        counted(bounces, "bounce", "bounces")
    )
}

fn lane(canvas: &Canvas, who: &str, one: &PersonVisits, middle: i32, at: &dyn Fn(i64) -> i32) {
    canvas.label(who, (LEFT - 14, middle), BEFORE);
    canvas.path(vec![(LEFT, middle), (RIGHT, middle)], INK.mix(0.3), 1);
    for visit in &one.visits {
        let (Some(first), Some(last)) = (visit.first(), visit.last()) else {
            continue;
        };
        let ink = if visit.len() == 1 { marked() } else { kind(0) };
        let (from, to) = (at(*first) - 8, at(*last) + 8);
        canvas.fill((from, middle - 8), (to, middle + 8), ink.mix(0.45));
        for secs in visit {
            canvas.disc((at(*secs), middle), 4, ink.mix(1.0));
        }
        // Dots of the same moment cover each other, so the number is written beside them.
        if visit.len() > 1 {
            let count = format!("{} views", visit.len());
            let width = text_width(&count, LABEL);
            let x = if to > RIGHT - 60 {
                from - 4 - width
            } else {
                to + 4
            };
            // The line of the lane must not run through the words.
            canvas.fill(
                (x - 2, middle - 8),
                (x + width + 2, middle + 8),
                WHITE.mix(1.0),
            );
            canvas.label(&count, (x, middle), AFTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people;
    use lambda::batch::persons::PersonIndex;
    use show::picture::assert_sound;

    #[test]
    fn the_eight_views_are_drawn_at_any_length_of_silence_and_none_are_too() {
        let (seen, linked) = people::eight_views().unwrap();
        let by_person = PersonIndex::of(&linked).apply(&seen).unwrap();
        for silence in [0, 300, 1_800, 86_400] {
            let figure = visits(
                &people::visits(&seen, silence).unwrap(),
                &people::visits(&by_person, silence).unwrap(),
            );
            assert_sound(&figure);
        }
        assert_sound(&visits(&[], &[]));
    }
}
