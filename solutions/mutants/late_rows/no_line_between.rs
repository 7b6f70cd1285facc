// found by at_the_end: row
// Puts a row that is too late into both parts.
use microbatch::by_hand::{ArrivedRow, SortedRows};

fn sort_out(batches: &[Vec<ArrivedRow>], disorder: i64, lateness: i64) -> SortedRows {
    let (mut sorted, mut latest) = (SortedRows::default(), None::<i64>);
    for batch in batches {
        let watermark = latest.map(|latest| latest - disorder);
        for row in batch {
            let Some(w) = watermark.filter(|w| row.secs < *w) else {
                sorted.on_time.push(row.id);
                continue;
            };
            sorted.late.push(row.id);
            if row.secs + lateness < w {
                sorted.side_output.push(row.id);
            }
        }
        latest = latest.max(batch.iter().map(|row| row.secs).max());
    }
    sorted
}
