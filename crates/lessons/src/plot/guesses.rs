//! How many strangers a sketch takes for members, over the number of persons in it.
use super::canvas::{ABOVE, AFTER, BEFORE, BELOW, draw};
use super::scale::{Scale, log_ticks, tick_label};
use super::style::{INK, kind};
use super::{Figure, WIDTH};
use crate::designs::Guess;
use plotters::style::Color;
use show::table::grouped;

/// The pixels at which the axes begin and end.
const LEFT: i32 = 60;
const RIGHT: i32 = WIDTH as i32 - 30;
const TOP: i32 = 78;
const BOTTOM: i32 = TOP + 190;
/// Height of a line of the legend in pixels.
const LINE: i32 = 18;

/// Draws a line for each precision: of 1,000 strangers, how many look like members of a sketch, over
/// the number of persons in it, on a logarithmic axis. The sketches of `persons` persons are marked,
/// and the legend says their numbers, with the share of hits that are right if one in ten of those
/// who are tried is a member. The guesses of a precision are neighbours.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::batch::sketch::Precision;
/// let guesses = designs::guesses(&[16, 4_096], Precision::new(10)?, 1)?;
/// let figure = plot::guesses(&guesses, 16, "Sketches of 16 persons");
/// assert!(figure.svg().contains("precision 10: 0 strangers of 1,000"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn guesses(guesses: &[Guess], persons: i64, title: &str) -> Figure {
    let lines: Vec<&[Guess]> = guesses
        .chunk_by(|a, b| a.precision == b.precision)
        .collect();
    let sizes = || guesses.iter().map(|guess| guess.persons as f64);
    let low = sizes().fold(f64::INFINITY, f64::min).clamp(1.0, 1e12);
    let high = sizes().fold(low * 10.0, f64::max);
    let across = Scale {
        from: low.log10(),
        to: high.log10(),
        pixel_from: LEFT,
        pixel_to: RIGHT,
    };
    let up = Scale {
        from: 0.0,
        to: 1_000.0,
        pixel_from: BOTTOM,
        pixel_to: TOP,
    };
    let pixel = |guess: &Guess| {
        let x = across.exact((guess.persons as f64).log10());
        (x, up.exact(guess.strangers as f64))
    };
    let said: Vec<String> = lines.iter().map(|line| words(line, persons)).collect();
    let height = BOTTOM + 50 + LINE * lines.len() as i32;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        canvas.label("strangers of 1,000 who look like members", (8, 42), AFTER);
        for value in [0, 250, 500, 750, 1_000] {
            let y = up.at(f64::from(value));
            canvas.path(vec![(LEFT, y), (RIGHT, y)], INK.mix(0.3), 1);
            canvas.label(&grouped(i64::from(value)), (LEFT - 8, y), BEFORE);
        }
        for tick in log_ticks(low, high) {
            let x = across.at(tick.log10());
            if (LEFT..=RIGHT).contains(&x) {
                canvas.path(vec![(x, BOTTOM), (x, BOTTOM + 5)], INK.mix(1.0), 1);
                canvas.label(&tick_label(tick), (x, BOTTOM + 8), BELOW);
            }
        }
        let middle = ((LEFT + RIGHT) / 2, BOTTOM + 24);
        canvas.label("persons in the sketch (logarithmic)", middle, BELOW);
        // The sketches that are marked.
        let at = across.at((persons.max(1) as f64).log10());
        canvas.path(vec![(at, TOP - 6), (at, BOTTOM)], INK.mix(1.0), 1);
        let name = format!("{} persons", grouped(persons));
        let half = super::style::text_width(&name, super::style::LABEL) / 2;
        canvas.label(&name, (at.clamp(half + 4, RIGHT - half), TOP - 9), ABOVE);
        // The lines, and what each says at the mark.
        for (n, line) in lines.iter().enumerate() {
            let ink = kind(n).mix(1.0);
            canvas.curve(&line.iter().map(pixel).collect::<Vec<_>>(), ink, 2);
            for guess in line.iter().filter(|guess| guess.persons == persons) {
                let (x, y) = pixel(guess);
                canvas.disc((x.round() as i32, y.round() as i32), 5, ink);
            }
            let y = BOTTOM + 54 + LINE * n as i32;
            canvas.fill((8, y - 5), (18, y + 5), ink);
            canvas.label(&said[n], (24, y), AFTER);
        }
    });
    Figure::new(svg, title, &said.join("\n"))
}

/// Says what a sketch of some persons gives away.
fn words(line: &[Guess], persons: i64) -> String {
    let precision = line.first().map_or(0, |guess| guess.precision);
    match line.iter().find(|guess| guess.persons == persons) {
        Some(guess) => format!(
            "precision {precision}: {} strangers of 1,000; if one in ten is a member, {:.0} % of hits are right",
            grouped(guess.strangers),
            guess.right_hits(0.1) * 100.0
        ),
        None => format!("precision {precision}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn each_precision_has_a_line_and_the_marked_size_its_numbers() {
        let guess = |precision, persons, strangers| Guess {
            precision,
            persons,
            members: 1_000,
            strangers,
        };
        let all = [
            guess(10, 16, 0),
            guess(10, 65_536, 990),
            guess(14, 16, 0),
            guess(14, 65_536, 800),
        ];
        let figure = guesses(&all, 65_536, "large");
        assert_sound(&figure);
        let svg = figure.svg();
        assert!(
            svg.contains("precision 10: 990 strangers of 1,000"),
            "{svg}"
        );
        // 100 members and 720 strangers of 1,000 who are tried are hits: 12 % of them are right.
        assert!(svg.contains("800 strangers of 1,000; if one in ten is a member, 12 %"));
        assert_eq!(svg.matches("<circle").count(), 2);
        // A size that was not measured has no numbers, and no guesses are no panic.
        assert!(!guesses(&all, 17, "").svg().contains("<circle"));
        assert_sound(&guesses(&[], 16, "none"));
    }
}
