// found by calm: differs in `count`
// Knows the last batch only.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch == batch {
        return stored;
    }
    Stored { batch, count: add, previous: 0 }
}
