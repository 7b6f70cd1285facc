// found by falls: differs in `value`
// Adds pairs where it should take the maximum.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::CounterStep]) -> Vec<i64> {
    use crdt::by_hand::CounterStep;
    let mut states = vec![vec![[0i64; 2]; replicas]; replicas];
    for step in steps {
        match *step {
            CounterStep::Add(at, by) => states[at][at][usize::from(by < 0)] += by.abs(),
            CounterStep::Send(from, to) => {
                for id in 0..replicas {
                    for part in 0..2 {
                        states[to][id][part] = states[to][id][part].saturating_add(states[from][id][part]);
                    }
                }
            }
        }
    }
    states.iter().map(|state| state.iter().map(|pair| pair[0].saturating_sub(pair[1])).fold(0, i64::saturating_add)).collect()
}
