// found by through: differs in `value`
// Takes from a message only the sender's own numbers.
fn pn_counter(replicas: usize, steps: &[crdt::by_hand::Step]) -> Vec<i64> {
    use crdt::by_hand::Step;
    let mut states = vec![vec![[0i64; 2]; replicas]; replicas];
    for step in steps {
        match *step {
            Step::Add(at, by) => states[at][at][usize::from(by < 0)] += by.abs(),
            Step::Send(from, to) => {
                for part in 0..2 {
                    states[to][from][part] = states[to][from][part].max(states[from][from][part]);
                }
            }
        }
    }
    states.iter().map(|state| state.iter().map(|pair| pair[0] - pair[1]).sum()).collect()
}
