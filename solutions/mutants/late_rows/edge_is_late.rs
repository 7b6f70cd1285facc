// found by at_the_watermark: differs in `goes to`
// A row at the watermark is late.
use microbatch::by_hand::{ArrivedRow, SortedRows};

fn sort_out(batches: &[Vec<ArrivedRow>], disorder: i64, lateness: i64) -> SortedRows {
    let (mut sorted, mut latest) = (SortedRows::default(), None::<i64>);
    for batch in batches {
        let watermark = latest.map(|latest| latest - disorder);
        for row in batch {
            match watermark {
                Some(w) if row.secs + lateness < w => sorted.side_output.push(row.id),
                Some(w) if row.secs <= w => sorted.late.push(row.id),
                _ => sorted.on_time.push(row.id),
            }
        }
        latest = latest.max(batch.iter().map(|row| row.secs).max());
    }
    sorted
}
