//! How an identifier gets its name: by the table of persons of one cut, then by the equivs up to the
//! next.
use super::canvas::{ABOVE, BELOW, Canvas, ON, draw};
use super::style::{INK, kind, marked};
use super::{Figure, WIDTH};
use lambda::batch::PersonIndex;
use lambda::batch::persons::index::display_name;
use lambda::datum::{Equiv, PersonId};
use plotters::style::Color;

/// The left and the right edge of each column: the identifier, the table, the overlay, the name.
const COLUMNS: [(i32, i32); 4] = [(8, 92), (132, 330), (372, 560), (602, 712)];
/// The places of the two cuts, between the columns.
const CUTS: [i32; 2] = [351, 581];
/// The top and the bottom of the log.
const LOG: (i32, i32) = (62, 106);
/// The top and the bottom of the boxes of the lookup.
const LOOKUP: (i32, i32) = (150, 216);
/// Height of a line of text in pixels.
const LINE: i32 = 18;

/// Draws how a page view of user 9 gets the name of its person. An equiv before the cut of batch 3
/// says that user 9 is device-7, one between the cuts of batches 3 and 4 that device-2 is user 9, and
/// the page view comes after both. Above is the log with the two cuts, below it the lookup.
///
/// ```
/// use lambda_workbook::plot;
/// let figure = plot::names_at_cut("The name of user 9");
/// assert!(figure.svg().contains("device-7 → device-2"));
/// ```
pub fn names_at_cut(title: &str) -> Figure {
    let names = Names::of_example();
    let [id, first, second, name] = &names.shown;
    let log = [
        vec!["the log".to_owned()],
        vec![format!("{id} = {first}")],
        vec![format!("{} = {id}", names.other)],
        vec![format!("{id} views"), "a page".to_owned()],
    ];
    let lookup = [
        ("identifier", vec![id.clone()]),
        (
            "table of persons",
            vec!["of batch 3".to_owned(), format!("{id} → {first}")],
        ),
        (
            "overlay",
            vec![
                "equivs between the cuts".to_owned(),
                format!("{first} → {second}"),
            ],
        ),
        ("name", vec![name.clone()]),
    ];
    let svg = draw((WIDTH, LOOKUP.1 as u32 + 12), |canvas| {
        canvas.title(title, (8, 16));
        // The log: what has come before the first cut, between the cuts, and after the second.
        for (n, ((left, right), lines)) in COLUMNS.into_iter().zip(&log).enumerate() {
            let middle = (left + right) / 2;
            if n > 0 {
                canvas.fill((left, LOG.0), (right, LOG.1), INK.mix(0.1));
            }
            text(canvas, middle, LOG, lines);
            // What the equivs of this time are in.
            if n == 1 || n == 2 {
                canvas.arrow((middle, LOG.1 + 6), (middle, LOOKUP.0 - 4), INK.mix(1.0), 1);
            }
        }
        for (cut, batch) in CUTS.into_iter().zip([3, 4]) {
            canvas.path(
                vec![(cut, LOG.0 - 4), (cut, LOG.1 + 4)],
                marked().mix(1.0),
                3,
            );
            canvas.strong(&format!("cut of batch {batch}"), (cut, LOG.0 - 6), ABOVE);
        }
        // The lookup, from left to right.
        for (n, ((left, right), (head, lines))) in COLUMNS.into_iter().zip(&lookup).enumerate() {
            let ink = kind(n);
            canvas.fill((left, LOOKUP.0), (right, LOOKUP.1), ink.mix(0.12));
            canvas.outline((left, LOOKUP.0), (right, LOOKUP.1), ink.mix(1.0));
            let middle = (left + right) / 2;
            canvas.strong(head, (middle, LOOKUP.0 + 7), BELOW);
            text(canvas, middle, (LOOKUP.0 + 22, LOOKUP.1), lines);
            if let Some((next, _)) = COLUMNS.get(n + 1) {
                let y = (LOOKUP.0 + LOOKUP.1) / 2;
                canvas.arrow((right + 4, y), (next - 3, y), INK.mix(1.0), 2);
            }
        }
    });
    let text = format!(
        "before the cut of batch 3: {id} = {first}\n\
         between the cuts of batches 3 and 4: {} = {id}\n\
         after both: {id} views a page\n\
         table of persons of batch 3: {id} → {first}\n\
         overlay: {first} → {second}\n\
         name: {name}\n",
        names.other
    );
    Figure::new(svg, title, &text)
}

/// Draws lines of text in the middle of a range of y.
fn text(canvas: &Canvas, x: i32, (top, bottom): (i32, i32), lines: &[String]) {
    let first = (top + bottom) / 2 - LINE * (lines.len() as i32 - 1) / 2;
    for (n, line) in lines.iter().enumerate() {
        canvas.label(line, (x, first + LINE * n as i32), ON);
    }
}

/// The names of the example, as the realtime views find them.
struct Names {
    /// The identifier, its name in the table, what the overlay makes of that, and the name.
    shown: [String; 4],
    /// The identifier that the equiv between the cuts joins with it.
    other: String,
}

impl Names {
    fn of_example() -> Self {
        let device = |n: u32| PersonId::Cookie(format!("device-{n}"));
        let (id, old, new) = (PersonId::UserId(9), device(7), device(2));
        let equiv = |one: &PersonId, other: &PersonId| Equiv {
            id1: one.clone(),
            id2: other.clone(),
        };
        let table = PersonIndex::of(&[equiv(&id, &old)]);
        // The overlay joins the names that both identifiers of an equiv have in the table.
        let overlay = PersonIndex::of(&[equiv(table.person(&new), table.person(&id))]);
        let by_table = table.person(&id);
        let name = overlay.person(by_table);
        // The batch at the second cut reads both equivs, and must give the same name.
        let all = PersonIndex::of(&[equiv(&id, &old), equiv(&new, &id)]);
        debug_assert_eq!(all.person(&id), name);
        Names {
            shown: [&id, by_table, name, name].map(display_name),
            other: display_name(&new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn a_name_is_found_by_the_table_and_then_by_the_overlay() {
        let names = Names::of_example();
        assert_eq!(names.shown, ["user 9", "device-7", "device-2", "device-2"]);
        let figure = names_at_cut("The name of user 9");
        assert_sound(&figure);
        for words in ["cut of batch 3", "user 9 → device-7", "device-2 = user 9"] {
            assert!(figure.svg().contains(words), "{words}");
        }
    }
}
