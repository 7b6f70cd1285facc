//! Rows of three pages on the disks of shards in the three layouts of an index, with the path of
//! the read head (figure 10.5).
use super::canvas::{AFTER, BEFORE, Canvas, ON, draw};
use super::style::{INK, LABEL, kind, marked, text_width};
use super::{Figure, WIDTH};
use crate::serving_layer::{
    DRAWN_ROW_BYTES, DRAWN_ROWS_PER_BLOCK, IndexLayout, SMALL_PAGES, ShardRead, SmallRead,
};
use plotters::style::Color;

const LEFT: i32 = 66;
/// Height of the rows of a disk.
const TALL: i32 = 24;
/// Height of a disk, with the path of its head above it.
const DISK: i32 = TALL + 30;
const HEAD: i32 = 74;

/// Draws the query for the first `hours` hours of a page of
/// [`SMALL_PAGES`](crate::serving_layer::SMALL_PAGES) in the three layouts, each on `shards`
/// shards. A number is a row with its page views, a frame is a block of the disk, and a step of
/// the orange path is a seek.
///
/// ```
/// use lambda_workbook::prelude::*;
/// let figure = plot::index_layouts("foo.com/blog/1", 5, 2);
/// assert!(figure.svg().contains("1 shard, 1 seek, 3 blocks"));
/// ```
///
/// # Panics
/// If there is no such page, or `shards` is 0.
pub fn index_layouts(page: &str, hours: usize, shards: usize) -> Figure {
    let place = SMALL_PAGES.iter().position(|(name, ..)| *name == page);
    let names = SMALL_PAGES.map(|(name, ..)| name);
    let place = place.unwrap_or_else(|| panic!("no page {page}; there are {}", names.join(", ")));
    let reads = IndexLayout::ALL.map(|layout| SmallRead::of(layout, place, hours, shards));
    let title = format!(
        "Reading {} of {page} in three layouts",
        plural(reads[0].wanted, "hour")
    );
    let group = 30 + DISK * shards as i32;
    let height = HEAD + 3 * group;
    let svg = draw((WIDTH, height as u32), |canvas| {
        canvas.title(&title, (8, 16));
        let mut x = 8;
        for (n, name) in names.iter().enumerate() {
            canvas.fill((x, 36), (x + 14, 50), kind(n).mix(0.5));
            canvas.outline((x, 36), (x + 14, 50), kind(n).mix(1.0));
            canvas.label(name, (x + 20, 43), AFTER);
            x += 20 + text_width(name, LABEL) + 16;
        }
        canvas.fill((x, 36), (x + 14, 50), INK.mix(0.12));
        canvas.label("other pages", (x + 20, 43), AFTER);
        x += 20 + text_width("other pages", LABEL) + 16;
        canvas.path(vec![(x, 38), (x, 50)], marked().mix(1.0), 2);
        canvas.label("seek", (x + 8, 43), AFTER);
        for (n, small) in (0..).zip(&reads) {
            let top = HEAD + group * n;
            canvas.strong(&heading(small), (8, top + 6), AFTER);
            for (shard, disk) in small.disks.iter().enumerate() {
                let top = top + 20 + DISK * shard as i32;
                let widest = small.disks.iter().map(Vec::len).max().unwrap_or(0);
                let asked = small.reads.iter().find(|read| read.shard == shard);
                canvas.label(
                    &format!("shard {shard}"),
                    (LEFT - 10, top + 22 + TALL / 2),
                    BEFORE,
                );
                let drawn = DrawnDisk::new(top + 22, widest);
                for (position, row) in (0..).zip(disk) {
                    let wanted = asked.is_some_and(|read| read.positions.contains(&position));
                    drawn.row(canvas, position, row.page, row.count, wanted);
                }
                drawn.blocks(canvas, disk.len() as u64);
                if let Some(asked) = asked {
                    drawn.path(canvas, asked);
                }
            }
        }
    });
    let text: String = reads.iter().map(|small| heading(small) + "\n").collect();
    Figure::new(svg, &title, &text)
}

fn heading(small: &SmallRead) -> String {
    let wanted = small.wanted * DRAWN_ROW_BYTES;
    format!(
        "{}: {}, {}, {}; {} bytes read for {wanted}; the sum is {}",
        small.layout.name(),
        plural(small.reads.len() as u64, "shard"),
        plural(small.seeks(), "seek"),
        plural(small.blocks(), "block"),
        small.bytes(),
        small.sum
    )
}

fn plural(n: u64, word: &str) -> String {
    let end = if n == 1 { "" } else { "s" };
    format!("{n} {word}{end}")
}

/// The disk of a shard on the canvas.
struct DrawnDisk {
    top: i32,
    /// The width of a row.
    width: i32,
}

impl DrawnDisk {
    fn new(top: i32, rows: usize) -> Self {
        let blocks = rows.div_ceil(DRAWN_ROWS_PER_BLOCK as usize) as i32;
        let room = WIDTH as i32 - LEFT - 8 - 4 * blocks;
        DrawnDisk {
            top,
            width: (room / (rows as i32).max(1)).min(27),
        }
    }

    /// Returns the left edge of a row. Between two blocks there are some pixels.
    fn left(&self, position: u64) -> i32 {
        LEFT + self.width * position as i32 + 4 * (position / DRAWN_ROWS_PER_BLOCK) as i32
    }

    fn row(&self, canvas: &Canvas, position: u64, page: Option<usize>, count: i64, wanted: bool) {
        let left = self.left(position);
        let (from, to) = ((left, self.top), (left + self.width, self.top + TALL));
        let Some(page) = page else {
            canvas.fill(from, to, INK.mix(0.12));
            return;
        };
        canvas.fill(from, to, kind(page).mix(if wanted { 0.45 } else { 0.28 }));
        let middle = (left + self.width / 2 + 1, self.top + TALL / 2);
        let text = count.to_string();
        if text_width(&text, LABEL) > self.width + 1 {
            return;
        }
        canvas.label(&text, middle, ON);
    }

    fn blocks(&self, canvas: &Canvas, rows: u64) {
        for block in 0..rows.div_ceil(DRAWN_ROWS_PER_BLOCK) {
            let (left, right) = self.ends(block, rows);
            canvas.outline((left, self.top), (right, self.top + TALL), INK.mix(0.8));
        }
    }

    /// Returns the edges of a block.
    fn ends(&self, block: u64, rows: u64) -> (i32, i32) {
        let first = block * DRAWN_ROWS_PER_BLOCK;
        let last = (first + DRAWN_ROWS_PER_BLOCK).min(rows.max(first + 1)) - 1;
        (self.left(first), self.left(last) + self.width)
    }

    /// Draws the path of the head: down to the first block of a run, along the run, up again.
    fn path(&self, canvas: &Canvas, asked: &ShardRead) {
        let ink = marked().mix(1.0);
        let (high, low) = (self.top - 16, self.top - 5);
        let mut at = LEFT - 4;
        for run in &asked.runs {
            let from = self.ends(run.start, u64::MAX).0 + 6;
            let to = self.ends(run.end - 1, u64::MAX).1 - 6;
            canvas.path(vec![(at, high), (from, high), (from, low)], ink, 2);
            canvas.polygon(
                vec![
                    (from, self.top - 1),
                    (from - 4, low - 2),
                    (from + 4, low - 2),
                ],
                ink,
            );
            canvas.path(vec![(from, low), (to, low), (to, high)], ink, 2);
            at = to;
            // What is read has a thick frame.
            for block in run.clone() {
                let (left, right) = self.ends(block, u64::MAX);
                let (top, bottom) = (self.top, self.top + TALL);
                canvas.path(
                    vec![
                        (left, top),
                        (right, top),
                        (right, bottom),
                        (left, bottom),
                        (left, top),
                    ],
                    ink,
                    2,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn every_page_is_drawn_on_every_number_of_shards() {
        for (page, ..) in SMALL_PAGES {
            for shards in 1..=4 {
                assert_sound(&index_layouts(page, 3, shards));
            }
        }
    }

    #[test]
    fn the_counts_of_figure_10_5_are_drawn_with_what_they_cost() {
        let figure = index_layouts("foo.com/blog/1", 5, 2);
        assert_sound(&figure);
        for count in ["123", "101", "278", "176", "133", "97"] {
            assert!(figure.svg().contains(&format!("\n{count}\n")), "{count}");
        }
        assert!(
            figure
                .svg()
                .contains("by time: 2 shards, 5 seeks, 5 blocks")
        );
    }
}
