//! What readers see while versions are published: a lane for each reader, a box for each query.
use super::canvas::{ABOVE, AFTER, BELOW, ON, draw};
use super::style::{INK, LABEL, kind, text_width, wrong};
use super::{Figure, WIDTH};
use crate::serving_layer::publication::{PAGES, PUBLISHED, QuerySeen, STEPS, mixed};
use plotters::style::Color;

const TOP: i32 = 82;
const LANE: i32 = 66;
const LEFT: i32 = 16;

/// Draws the queries of
/// [`publish_while_reading`](crate::serving_layer::publication::publish_while_reading): the colour of
/// a step is the version of the rows that were read, and a red frame is a query that read rows of
/// two versions.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::publication::publish_while_reading;
/// let folder = tempfile::tempdir()?;
/// let figure = plot::publication(&publish_while_reading(folder.path())?);
/// assert!(figure.svg().contains("version 2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn publication(queries: &[QuerySeen]) -> Figure {
    publication_at(queries, PUBLISHED)
}

/// The same for a run in which the versions were published before other steps.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::publication::publish_while_reading_at;
/// let folder = tempfile::tempdir()?;
/// let published = [(2, 2), (4, 3)];
/// let queries = publish_while_reading_at(folder.path(), published)?;
/// assert!(plot::publication_at(&queries, published).svg().contains("0 of 13 queries"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn publication_at(queries: &[QuerySeen], published: [(usize, i64); 2]) -> Figure {
    let title = format!(
        "{} of {} queries read more than one version",
        mixed(queries),
        queries.len()
    );
    drawn(queries, published, &title, true)
}

/// Draws when each of the queries reads and when the versions are published, without what they
/// read: the picture to look at before a prediction.
///
/// ```
/// use lambda_workbook::prelude::*;
/// use lambda_workbook::serving::publication::publish_while_reading;
/// let folder = tempfile::tempdir()?;
/// let figure = plot::publication_schedule(&publish_while_reading(folder.path())?);
/// assert!(figure.svg().contains("pages 1 to 4"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn publication_schedule(queries: &[QuerySeen]) -> Figure {
    let title = "Which pages each query reads, and when versions are published";
    drawn(queries, PUBLISHED, title, false)
}

/// Draws the queries: the versions that they read if `answers` is true, and otherwise the pages.
fn drawn(
    queries: &[QuerySeen],
    published: [(usize, i64); 2],
    title: &str,
    answers: bool,
) -> Figure {
    let lanes: Vec<&[QuerySeen]> = queries.chunk_by(|a, b| a.reader == b.reader).collect();
    let step = (WIDTH as i32 - 2 * LEFT) / STEPS as i32;
    let bottom = TOP + LANE * lanes.len() as i32;
    let svg = draw((WIDTH, (bottom + 44) as u32), |canvas| {
        canvas.title(title, (8, 16));
        for (row, (at, version)) in (0..).zip(published) {
            // One label above the other, because both may be before the same step.
            let (x, y) = (LEFT + step * at as i32, TOP - 20 - 16 * row);
            let words = format!("version {version} is published");
            let half = text_width(&words, LABEL) / 2;
            canvas.label(&words, (x.clamp(half, WIDTH as i32 - half), y - 2), ABOVE);
            canvas.path(vec![(x, y), (x, bottom)], INK.mix(1.0), 2);
        }
        for (lane, queries) in (0..).zip(&lanes) {
            let top = TOP + LANE * lane;
            canvas.strong(queries[0].reader, (LEFT, top + 2), AFTER);
            for query in *queries {
                let (low, high) = (top + 16, top + LANE - 14);
                for (n, versions) in query.seen.iter().enumerate() {
                    let left = LEFT + step * (query.first + n) as i32;
                    let version = versions.first().copied().unwrap_or(1);
                    let words = if answers {
                        let ink = kind(version as usize - 1);
                        canvas.fill((left + 3, low), (left + step - 3, high), ink.mix(0.25));
                        format!("version {version}")
                    } else {
                        pages_of(n, query.seen.len())
                    };
                    canvas.label(&words, (left + step / 2, (low + high) / 2), ON);
                }
                let left = LEFT + step * query.first as i32 + 3;
                let right = LEFT + step * (query.first + query.seen.len()) as i32 - 3;
                let (ink, width) = match query.versions().len() {
                    2.. if answers => (wrong(), 3),
                    _ => (INK, 1),
                };
                let frame = vec![
                    (left, low),
                    (right, low),
                    (right, high),
                    (left, high),
                    (left, low),
                ];
                canvas.path(frame, ink.mix(1.0), width);
            }
        }
        for n in 0..STEPS as i32 {
            canvas.label(
                &n.to_string(),
                (LEFT + step * n + step / 2, bottom + 2),
                BELOW,
            );
        }
        canvas.strong("step of the run", (WIDTH as i32 / 2, bottom + 22), BELOW);
    });
    let line = |query: &QuerySeen| {
        let (first, last) = (query.first, query.first + query.seen.len() - 1);
        let read = match answers {
            true => format!(": versions {:?}", query.versions()),
            false => String::new(),
        };
        format!("{}, steps {first} to {last}{read}\n", query.reader)
    };
    let published = published.map(|(at, version)| match answers {
        true => String::new(),
        false => format!("version {version} is published before step {at}\n"),
    });
    let text: String = queries.iter().map(line).chain(published).collect();
    Figure::new(svg, title, &text)
}

/// Returns the pages, counted from 1, that a query of `steps` steps reads in its step `n`.
fn pages_of(n: usize, steps: usize) -> String {
    let part = PAGES / steps.max(1);
    match part {
        1 => format!("page {}", n + 1),
        _ => format!("pages {} to {}", part * n + 1, part * (n + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving_layer::publication::publish_while_reading;
    use show::picture::assert_sound;

    #[test]
    fn queries_that_saw_two_versions_have_a_red_frame() {
        let folder = tempfile::tempdir().unwrap();
        let figure = publication(&publish_while_reading(folder.path()).unwrap());
        assert_sound(&figure);
        assert_eq!(figure.svg().matches("stroke-width=\"3\"").count(), 4);
        let schedule =
            publication_schedule(&publish_while_reading(&folder.path().join("again")).unwrap());
        assert_sound(&schedule);
        assert_eq!(schedule.svg().matches("stroke-width=\"3\"").count(), 0);
    }
}
