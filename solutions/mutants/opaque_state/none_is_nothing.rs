// found by none: differs in `count`
// Without the word there is nothing to do.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    if add == 0 {
        return stored;
    }
    let base = if stored.batch == batch { stored.previous } else { stored.count };
    Stored { batch, count: base + add, previous: base }
}
