// found by through: differs in `value`
// Takes from a message only the sender's own numbers.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::CounterStep]) -> Vec<i64> {
    use crdt::by_hand::CounterStep;
    let mut states = vec![vec![[0i64; 2]; replicas]; replicas];
    for step in steps {
        match *step {
            CounterStep::Add(at, by) => states[at][at][usize::from(by < 0)] += by.abs(),
            CounterStep::Send(from, to) => {
                for part in 0..2 {
                    states[to][from][part] = states[to][from][part].max(states[from][from][part]);
                }
            }
        }
    }
    states.iter().map(|state| state.iter().map(|pair| pair[0] - pair[1]).sum()).collect()
}
