// found by none: differs in `count`
// Of two tries, the one with more.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    let base = if stored.batch == batch { stored.previous } else { stored.count };
    let count = if stored.batch == batch { stored.count.max(base + add) } else { base + add };
    Stored { batch, count, previous: base }
}
