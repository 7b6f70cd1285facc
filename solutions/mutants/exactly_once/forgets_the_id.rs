// found by calm: differs in `batch`
// The id that was stored first is never moved on.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch == batch {
        return stored;
    }
    let first = if stored.batch == 0 { batch } else { stored.batch };
    Stored { batch: first, count: stored.count + add, previous: 0 }
}
