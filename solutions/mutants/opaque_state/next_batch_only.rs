// found by pause: differs in `count`
// Any batch but the next is a try of this one.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    let next = stored.batch == 0 || batch == stored.batch + 1;
    let base = if next { stored.count } else { stored.previous };
    Stored { batch, count: base + add, previous: base }
}
