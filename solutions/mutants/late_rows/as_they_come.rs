// found by one_batch: differs in `goes to`
// Moves the watermark on with every row.
use microbatch::by_hand::{ArrivedRow, SortedRows};

fn sort_out(batches: &[Vec<ArrivedRow>], disorder: i64, lateness: i64) -> SortedRows {
    let (mut sorted, mut latest) = (SortedRows::default(), None::<i64>);
    for batch in batches {
        for row in batch {
            let watermark = latest.map(|latest| latest - disorder);
            match watermark {
                Some(w) if row.secs + lateness < w => sorted.side_output.push(row.id),
                Some(w) if row.secs < w => sorted.late.push(row.id),
                _ => sorted.on_time.push(row.id),
            }
            latest = latest.max(Some(row.secs));
        }
    }
    sorted
}
