// found by again: differs in `count`
// Does not look at the id.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    Stored { batch, count: stored.count + add, previous: stored.count }
}
