// found by alone: differs in `value`
// A G-counter.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::CounterStep]) -> Vec<i64> {
    use crdt::by_hand::CounterStep;
    let mut states = vec![vec![0i64; replicas]; replicas];
    for step in steps {
        match *step {
            CounterStep::Add(at, by) => states[at][at] += by.max(0),
            CounterStep::Send(from, to) => {
                for id in 0..replicas {
                    states[to][id] = states[to][id].max(states[from][id]);
                }
            }
        }
    }
    states.iter().map(|state| state.iter().sum()).collect()
}
