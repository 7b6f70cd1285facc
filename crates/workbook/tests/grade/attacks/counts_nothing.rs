// Does nothing: where additions and removals cancel each other, every value is zero.
// exercise: pn_counter
// scanned: wrong
// unscanned: wrong
use crdt::by_hand::CounterStep;
fn pn_counter(replicas: usize, _steps: &[CounterStep]) -> Vec<i64> {
    vec![0; replicas]
}
