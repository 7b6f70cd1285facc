//! The `crdts` crate as an oracle: same random histories, same values.
use super::*;
use crdts::{CmRDT, CvRDT};
use proptest::prelude::*;

const REPLICAS: usize = 3;

/// Change `what` at a replica (the first number), or send from one to another.
fn histories() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
    proptest::collection::vec((0..REPLICAS, 0..2 * REPLICAS, any::<u8>()), 0..40)
}

/// Runs a history on both, and compares after every step.
fn same<A: Crdt, B: CvRDT + Clone>(
    history: &[(usize, usize, u8)],
    start: (A, B),
    change: impl Fn(&mut A, &mut B, u32, u8),
    equal: impl Fn(&A, &B),
) {
    let mut all = vec![start; REPLICAS];
    for &(from, to, what) in history {
        match to.checked_sub(REPLICAS) {
            Some(to) => {
                let (ours, theirs) = all[from].clone();
                all[to].0.merge(&ours).unwrap();
                all[to].1.merge(theirs);
            }
            None => {
                let (ours, theirs) = &mut all[from];
                change(ours, theirs, from as u32, what);
            }
        }
        all.iter().for_each(|(ours, theirs)| equal(ours, theirs));
    }
}

proptest! {
    // Its counters are vector clocks that are summed up.
    #[test]
    fn g_counters_agree(history in histories()) {
        same(&history, (GCounter::default(), crdts::VClock::new()), |ours, theirs, id, what| {
            ours.add(ReplicaId(id), what.into()).unwrap();
            theirs.apply(crdts::Dot::new(id, theirs.get(&id) + u64::from(what)));
        }, |ours, theirs: &crdts::VClock<u32>| {
            let counts = theirs.iter().map(|dot| u128::from(dot.counter));
            assert_eq!(ours.value(), counts.sum::<u128>());
        });
    }

    #[test]
    fn multi_value_registers_agree(history in histories()) {
        same(&history, (MvRegister::default(), crdts::MVReg::new()), |ours, theirs, id, what| {
            ours.write(ReplicaId(id), what).unwrap();
            let op = theirs.write(what, theirs.read().derive_add_ctx(id));
            theirs.apply(op);
        }, |ours, theirs: &crdts::MVReg<u8, u32>| {
            let mut values = theirs.read().val;
            values.sort();
            values.dedup();
            assert_eq!(ours.value(), values);
        });
    }

    #[test]
    fn sets_agree(history in histories()) {
        same(&history, (OrSet::default(), crdts::Orswot::new()), |ours, theirs, id, what| {
            let element = what / 2 % 4;
            let op = if what % 2 == 0 {
                ours.add(ReplicaId(id), element).unwrap();
                theirs.add(element, theirs.read_ctx().derive_add_ctx(id))
            } else {
                ours.remove(&element);
                theirs.rm(element, theirs.contains(&element).derive_rm_ctx())
            };
            theirs.apply(op);
        }, |ours, theirs: &crdts::Orswot<u8, u32>| {
            assert_eq!(ours.value(), theirs.read().val.into_iter().collect());
        });
    }
}
