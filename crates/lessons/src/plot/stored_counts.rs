//! Counts as they are stored, each with the batch that changed it last (figure 16.6).
use super::canvas::{AFTER, ON, draw};
use super::style::{INK, LABEL, kind, text_width};
use super::{Figure, WIDTH};
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult};

const TOP: i32 = 58;
/// Height of a row.
const ROW: i32 = 30;
const KEY: i32 = 130;
/// The pixels at which the value begins, and at which its parts end.
const VALUE: [i32; 3] = [220, 360, 500];

/// Draws a state with the columns `word`, `count` and `batch`: each key with its value, which is the
/// count and the number of the batch in one write.
///
/// # Errors
/// If a column is missing or of another type.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let state = df!("word" => ["Apple"], "count" => [15i64], "batch" => [3i64])?;
/// assert!(plot::stored_counts(&state, "A state")?.svg().contains("batch 3"));
/// # Ok::<(), PolarsError>(())
/// ```
pub fn stored_counts(state: &DataFrame, title: &str) -> PolarsResult<Figure> {
    let words = state.column("word")?.str()?;
    let (counts, batches) = (state.column("count")?.i64()?, state.column("batch")?.i64()?);
    let rows: Vec<(&str, i64, i64)> = (0..state.height())
        .filter_map(|row| Some((words.get(row)?, counts.get(row)?, batches.get(row)?)))
        .collect();
    let svg = draw(
        (WIDTH, (TOP + ROW * rows.len() as i32 + 12) as u32),
        |canvas| {
            canvas.title(title, (8, 16));
            canvas.strong("key", (16, TOP - 14), AFTER);
            canvas.strong("value: one write", (VALUE[0] + 6, TOP - 14), AFTER);
            for (n, (word, count, batch)) in rows.iter().enumerate() {
                let (top, bottom) = (TOP + ROW * n as i32, TOP + ROW * (n as i32 + 1) - 5);
                let middle = (top + bottom) / 2;
                let right = KEY.max(text_width(word, LABEL) + 30);
                canvas.outline((8, top), (right, bottom), INK.mix(1.0));
                canvas.label(word, (16, middle), AFTER);
                canvas.arrow((right + 4, middle), (VALUE[0] - 4, middle), INK.mix(1.0), 1);
                let parts = [
                    (VALUE[0], VALUE[1], format!("count {count}"), 0),
                    (VALUE[1], VALUE[2], format!("batch {batch}"), 1),
                ];
                for (from, to, words, n) in parts {
                    canvas.fill((from, top), (to, bottom), kind(n).mix(0.14));
                    canvas.outline((from, top), (to, bottom), kind(n).mix(1.0));
                    canvas.label(&words, ((from + to) / 2, middle), ON);
                }
            }
        },
    );
    let line =
        |(word, count, batch): &(&str, i64, i64)| format!("{word}: count {count}, batch {batch}\n");
    let text: String = rows.iter().map(line).collect();
    Ok(Figure::new(svg, title, &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;
    use show::picture::assert_sound;

    #[test]
    fn the_words_of_the_figure() {
        let state = df!(
            "word" => ["Apple", "Banana", "Pear"],
            "count" => [15i64, 15, 15],
            "batch" => [3i64, 3, 18],
        );
        let figure = stored_counts(&state.unwrap(), "A state").unwrap();
        assert_sound(&figure);
        assert!(figure.svg().contains("batch 18"));
    }
}
