// Has the state of the micro-batch engine answer.
// exercise: exactly_once
// scanned: forbidden|compile|wrong
// unscanned: forbidden|compile|wrong
use microbatch::{by_hand::Stored, *};
fn update(stored: Stored, batch: i64, add: i64) -> Stored {
    let kinds = format!("{:?}", Kind::Transactional);
    Stored { batch, count: stored.count + add + kinds.len() as i64 * 0, previous: stored.count }
}
