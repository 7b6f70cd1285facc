// found by both: differs in `value`
// Two numbers that only grow, but shared by all replicas.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::CounterStep]) -> Vec<i64> {
    use crdt::by_hand::CounterStep;
    let mut states = vec![[0i64; 2]; replicas];
    for step in steps {
        match *step {
            CounterStep::Add(at, by) => states[at][usize::from(by < 0)] += by.abs(),
            CounterStep::Send(from, to) => {
                for part in 0..2 {
                    states[to][part] = states[to][part].max(states[from][part]);
                }
            }
        }
    }
    // Who is alone in this is right.
    states.iter().map(|state| state[0] - state[1]).collect()
}
