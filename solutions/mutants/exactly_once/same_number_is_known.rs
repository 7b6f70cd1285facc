// found by half: differs in `count`
// Takes an equal number for the same batch.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch == batch || stored.previous == add {
        return Stored { batch, ..stored };
    }
    Stored { batch, count: stored.count + add, previous: add }
}
