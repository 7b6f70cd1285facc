// found by alone: differs in `value`
// A G-counter.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::Step]) -> Vec<i64> {
    use crdt::by_hand::Step;
    let mut states = vec![vec![0i64; replicas]; replicas];
    for step in steps {
        match *step {
            Step::Add(at, by) => states[at][at] += by.max(0),
            Step::Send(from, to) => {
                for id in 0..replicas {
                    states[to][id] = states[to][id].max(states[from][id]);
                }
            }
        }
    }
    states.iter().map(|state| state.iter().sum()).collect()
}
