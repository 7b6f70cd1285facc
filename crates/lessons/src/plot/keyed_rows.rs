//! The keys of a store, each with its buckets in order (figure 10.8): the URL alone chooses the
//! shard, URL and granularity choose the row, and the buckets of a row are sorted.
use super::canvas::{AFTER, ON, draw};
use super::style::{INK, LABEL, kind, text_width};
use super::{Figure, WIDTH};
use calendar::Granularity;
use chrono_tz::Tz;
use lambda::batch::uniques;
use lambda::serving::shard_of;
use notebook::table::grouped;
use notebook::time;
use plotters::style::Color;
use polars::prelude::{DataFrame, PolarsResult};

const ROW: i32 = 44;
const BUCKET: i32 = 96;
const LEFT: i32 = 190;
/// Buckets that are drawn of a key; of the others there is only the number.
const DRAWN: usize = 4;

/// Draws a view of uniques in `shards` shards: a frame for each shard, a row for each key of URL and
/// granularity, and a box for each bucket, with its start and the estimate of its sketch.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let views = dataset::weeks()?.views()?;
/// let figure = plot::keyed_rows(&batch::uniques::uniques_all(&views)?, 2)?;
/// assert!(figure.svg().contains("[mysite.com/blog, w]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A missing column, or a value that is not a sketch.
pub fn keyed_rows(view: &DataFrame, shards: u32) -> PolarsResult<Figure> {
    // Group the rows by shard, then by key. The view is sorted, so a key is a run of rows.
    let rows = uniques::rows(view)?;
    let keys: Vec<&[uniques::Uniques]> = rows
        .chunk_by(|a, b| (&a.url, &a.granularity) == (&b.url, &b.granularity))
        .collect();
    let of_shard = |shard: u32| -> Vec<&[uniques::Uniques]> {
        let here = keys
            .iter()
            .filter(|key| shard_of(&key[0].url, shards) == shard);
        let mut keys: Vec<_> = here.copied().collect();
        // Within a URL: hour, day, week, month.
        let rank = |key: &&[uniques::Uniques]| {
            let code = key[0].granularity.as_str();
            Granularity::ALL.iter().position(|g| g.code() == code)
        };
        keys.sort_by_key(|key| (key[0].url.clone(), rank(key)));
        keys
    };
    let disks: Vec<_> = (0..shards).map(of_shard).collect();
    let title = "[URL, granularity] -> buckets in order of time -> sketch";
    let tall = |disk: &Vec<&[uniques::Uniques]>| 34 + ROW * disk.len().max(1) as i32;
    let height = 40 + disks.iter().map(|disk| tall(disk) + 10).sum::<i32>();
    let mut text = String::new();
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(title, (8, 16));
        let mut top = 36;
        for (shard, disk) in disks.iter().enumerate() {
            let end = (WIDTH as i32 - 6, top + tall(disk));
            canvas.fill((6, top), end, INK.mix(0.06));
            canvas.outline((6, top), end, INK.mix(0.8));
            canvas.strong(&format!("shard {shard}"), (16, top + 15), AFTER);
            let chosen = format!("holds the URLs with hash modulo {shards} = {shard}");
            canvas.label(&chosen, (80, top + 15), AFTER);
            if disk.is_empty() {
                canvas.label("none of these URLs", (16, top + 44), AFTER);
            }
            for (n, key) in (0..).zip(disk) {
                let y = top + 30 + ROW * n;
                let name = format!("[{}, {}]", key[0].url, key[0].granularity);
                canvas.strong(&name, (16, y + ROW / 2 - 4), AFTER);
                for (place, row) in (0..).zip(key.iter().take(DRAWN)) {
                    let left = LEFT + (BUCKET + 4) * place;
                    let (from, to) = ((left, y), (left + BUCKET, y + ROW - 8));
                    canvas.fill(from, to, kind(0).mix(0.14));
                    canvas.outline(from, to, kind(0).mix(1.0));
                    let when = time::format(row.ts, Tz::UTC, "%b %-d %H:%M");
                    canvas.label(&when, (left + BUCKET / 2, y + 10), ON);
                    let people = format!("HLL ~ {}", grouped(row.sketch.uniques()));
                    canvas.label(&people, (left + BUCKET / 2, y + 26), ON);
                }
                if let Some(more) = key.len().checked_sub(DRAWN).filter(|more| *more > 0) {
                    let words = format!("... {more} more");
                    let x = LEFT + (BUCKET + 4) * DRAWN as i32 + 4;
                    debug_assert!(x + text_width(&words, LABEL) < WIDTH as i32);
                    canvas.label(&words, (x, y + ROW / 2 - 4), AFTER);
                }
            }
            top += tall(disk) + 10;
        }
    });
    for (shard, disk) in disks.iter().enumerate() {
        for key in disk {
            let (url, granularity) = (&key[0].url, &key[0].granularity);
            let end = if key.len() == 1 { "" } else { "s" };
            text.push_str(&format!(
                "shard {shard}: [{url}, {granularity}] -> {} bucket{end}\n",
                key.len()
            ));
        }
    }
    Ok(Figure::new(svg, title, &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn all_keys_of_a_url_are_drawn_in_its_shard() {
        let views = dataset::weeks().unwrap().views().unwrap();
        let figure = keyed_rows(&uniques::uniques_all(&views).unwrap(), 2).unwrap();
        assert_sound(&figure);
        let rendered = show::Render::render(&figure);
        let text = rendered.get("text/plain").unwrap();
        // Four weeks have 28 days, and are one month.
        for url in ["mysite.com/", "mysite.com/blog", "foo.com/", "bar.com/"] {
            for (granularity, buckets) in [("d", 28), ("w", 4), ("m", 1)] {
                let shard = shard_of(url, 2);
                let end = if buckets == 1 { "" } else { "s" };
                let line =
                    format!("shard {shard}: [{url}, {granularity}] -> {buckets} bucket{end}\n");
                assert!(
                    format!("{text}\n").contains(&line),
                    "{line} is not in {text}"
                );
            }
        }
    }
}
