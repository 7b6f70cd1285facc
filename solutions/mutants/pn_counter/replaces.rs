// found by falls: differs in `value`
// The state that arrives replaces the other.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::CounterStep]) -> Vec<i64> {
    use crdt::by_hand::CounterStep;
    let mut states = vec![vec![[0i64; 2]; replicas]; replicas];
    for step in steps {
        match *step {
            CounterStep::Add(at, by) => states[at][at][usize::from(by < 0)] += by.abs(),
            CounterStep::Send(from, to) => states[to] = states[from].clone(),
        }
    }
    states.iter().map(|state| state.iter().map(|pair| pair[0] - pair[1]).sum()).collect()
}
