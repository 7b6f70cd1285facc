// found by other: differs in `count`
// The transactional rule: what has the id is left alone.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch == batch {
        return stored;
    }
    Stored { batch, count: stored.count + add, previous: stored.count }
}
