// found by pause: differs in `count`
// Takes a batch only if it is the next one of this word.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if stored.batch != 0 && batch > stored.batch + 2 {
        return Stored { batch, ..stored };
    }
    if stored.batch == batch {
        return stored;
    }
    Stored { batch, count: stored.count + add, previous: 0 }
}
