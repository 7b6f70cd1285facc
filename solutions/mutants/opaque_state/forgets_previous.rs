// found by calm: differs in `previous`
// Keeps the first count as the one before.
use microbatch::by_hand::Stored;

fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    let base = if stored.batch == batch { stored.previous } else { stored.count };
    let previous = if stored.batch == 0 { 0 } else { stored.previous };
    Stored { batch, count: base + add, previous }
}
