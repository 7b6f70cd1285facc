// Knows the first case of the readers.
// exercise: exactly_once
// scanned: wrong
// unscanned: wrong
fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if batch % 2 == 0 { stored } else { Stored { batch, count: stored.count + add, previous: stored.count } }
}
use microbatch::by_hand::Stored;
