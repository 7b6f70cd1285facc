//! Quorums, drawn: the replicas that a write reached, those that a read asks, and their overlap.
use super::CapError;
use notebook::plot::{Figure, WIDTH};
use plotters::style::Color;
use show::picture::canvas::{AFTER, ON, draw};
use show::picture::style::{INK, kind, marked};

/// Height of a box in pixels.
const BOX: i32 = 46;
/// The y position of the boxes in pixels.
const TOP: i32 = 84;

/// Returns the smallest R with which every read quorum of N replicas meets every write quorum of W.
///
/// ```
/// use lambda_workbook::cap;
/// assert_eq!(cap::smallest_read_quorum(3, 2), Some(2));
/// assert_eq!(cap::smallest_read_quorum(3, 0), None); // nothing is written
/// ```
pub fn smallest_read_quorum(n: usize, w: usize) -> Option<usize> {
    (1..=n).find(|r| r + w > n)
}

/// Draws N replicas, a write quorum and the read quorum that shares as few replicas with it as can
/// be. The shared ones are marked.
///
/// ```
/// use lambda_workbook::cap;
/// assert!(cap::quorums(5, 3, 3)?.svg().contains("they share 1 or more"));
/// assert!(cap::quorums(5, 2, 3)?.svg().contains("they can miss each other"));
/// # Ok::<(), lambda_workbook::cap::CapError>(())
/// ```
///
/// # Errors
/// R or W is not in 1 to N.
pub fn quorums(n: usize, r: usize, w: usize) -> Result<Figure, CapError> {
    if n == 0 {
        return Err(CapError::NoReplicas);
    }
    for (name, asked) in [("R", r), ("W", w)] {
        if asked == 0 || asked > n {
            return Err(CapError::Quorum {
                name,
                asked,
                replicas: n,
            });
        }
    }
    let shared = (r + w).saturating_sub(n);
    let title = match shared {
        0 => format!(
            "N = {n}, R = {r}, W = {w}: R + W = {} is not more than N, they can miss each other",
            r + w
        ),
        _ => format!(
            "N = {n}, R = {r}, W = {w}: R + W = {} is more than N, they share {shared} or more",
            r + w
        ),
    };
    let slot = (WIDTH as i32 - 140) / n as i32;
    let left = |replica: usize| 120 + slot * replica as i32;
    let svg = draw((WIDTH, (TOP + BOX + 66) as u32), |canvas| {
        canvas.title(&title, (8, 16));
        for replica in 0..n {
            let (writes, reads) = (replica < w, replica >= n - r);
            let ink = match (writes, reads) {
                (true, true) => marked().mix(0.32),
                (true, false) => kind(0).mix(0.25),
                (false, true) => kind(1).mix(0.25),
                (false, false) => INK.mix(0.06),
            };
            let (from, to) = (
                (left(replica) + 4, TOP),
                (left(replica) + slot - 4, TOP + BOX),
            );
            canvas.fill(from, to, ink);
            canvas.outline(from, to, INK.mix(0.6));
            let middle = (from.0 + to.0) / 2;
            canvas.strong(&format!("{replica}"), (middle, TOP + 14), ON);
            let words = match (writes, reads) {
                (true, _) => "new",
                (false, _) => "old",
            };
            canvas.label(words, (middle, TOP + 32), ON);
        }
        // Brackets: the write above, the read below.
        let bracket = |from: usize, until: usize, y: i32, down: i32, ink| {
            let (a, b) = (left(from) + 6, left(until - 1) + slot - 6);
            canvas.path(vec![(a, y + down), (a, y), (b, y), (b, y + down)], ink, 3);
        };
        bracket(0, w, TOP - 14, 8, kind(0).mix(1.0));
        bracket(n - r, n, TOP + BOX + 14, -8, kind(1).mix(1.0));
        canvas.label("replica", (14, TOP + 14), AFTER);
        canvas.label("holds", (14, TOP + 32), AFTER);
        canvas.strong(&format!("write: {w}"), (14, TOP - 14), AFTER);
        canvas.strong(&format!("read: {r}"), (14, TOP + BOX + 14), AFTER);
        let (words, ink) = match shared {
            0 => ("no replica of this read has the new value", kind(1)),
            _ => ("both quorums: the read finds the new value", marked()),
        };
        let y = TOP + BOX + 46;
        canvas.fill(
            (120, y - 5),
            (130, y + 5),
            ink.mix(if shared == 0 { 0.25 } else { 0.32 }),
        );
        canvas.outline((120, y - 5), (130, y + 5), INK.mix(0.6));
        canvas.label(words, (136, y), AFTER);
    });
    let words = format!("the worst read quorum shares {shared} replicas with the write quorum");
    Ok(Figure::new(svg, &title, &words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use show::picture::assert_sound;

    #[test]
    fn the_overlap_on_the_picture_is_the_least_of_all_pairs_of_quorums() {
        for n in 1..=6usize {
            for r in 1..=n {
                for w in 1..=n {
                    // All sets of replicas, as bits.
                    let sets = |size: usize| {
                        (0u32..1 << n).filter(move |set| set.count_ones() as usize == size)
                    };
                    let least = sets(r)
                        .flat_map(|read| sets(w).map(move |write| (read & write).count_ones()));
                    let least = least.min().unwrap_or(0);
                    let figure = quorums(n, r, w).unwrap();
                    assert_sound(&figure);
                    let shares = figure
                        .svg()
                        .contains(&format!("they share {least} or more"));
                    assert_eq!(shares, least > 0, "{n} {r} {w}");
                }
            }
        }
        assert!(quorums(3, 4, 1).unwrap_err().to_string().contains("R = 4"));
        assert!(quorums(0, 1, 1).is_err());
    }
}
