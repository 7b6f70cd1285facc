// found by thrice: differs in `count`
// Expects a batch to come again once, and no more.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch == batch && stored.previous == 0 {
        return Stored { previous: 1, ..stored };
    }
    Stored { batch, count: stored.count + add, previous: 0 }
}
