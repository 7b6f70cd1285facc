//! The laws, for every type: states come from random histories of one object at
//! three replicas, for only such states are ever merged.
use super::*;
use lambda::batch::Sketch;
use lambda::datum::PersonId;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

const REPLICAS: usize = 3;

/// A type under test: some change of it, chosen by `what`.
trait Lawful: Crdt + Serialize + DeserializeOwned {
    fn start() -> Self;
    fn change(&mut self, replica: ReplicaId, what: u8, time: u64);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change { at: usize, what: u8 },
    Send { from: usize, to: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (0..REPLICAS, any::<u8>()).prop_map(|(at, what)| Step::Change { at, what });
    let send = (0..REPLICAS, 0..REPLICAS).prop_map(|(from, to)| Step::Send { from, to });
    proptest::collection::vec(prop_oneof![change, send], 0..24)
}

/// Runs a history; with `check`, every change and merge must grow its state.
fn run<C: Lawful>(steps: &[Step]) -> Vec<C> {
    let mut states = vec![C::start(); REPLICAS];
    for (time, step) in steps.iter().enumerate() {
        let (at, before) = match *step {
            Step::Change { at, what } => {
                let before = states[at].clone();
                states[at].change(ReplicaId(at as u32), what, time as u64);
                (at, before)
            }
            Step::Send { from, to } => {
                let (before, sent) = (states[to].clone(), states[from].clone());
                states[to].merge(&sent).unwrap();
                assert!(
                    sent.leq(&states[to]).unwrap(),
                    "{sent:?} not in {:?}",
                    states[to]
                );
                (to, before)
            }
        };
        assert!(
            before.leq(&states[at]).unwrap(),
            "{before:?} shrank to {:?}",
            states[at]
        );
    }
    states
}

fn assert_laws<C: Lawful>(steps: &[Step]) {
    let states = run::<C>(steps);
    let (a, b, c) = (&states[0], &states[1], &states[2]);
    let join = |one: &C, other: &C| one.merged(other).unwrap();
    assert_eq!(join(a, b), join(b, a));
    assert_eq!(join(&join(a, b), c), join(a, &join(b, c)));
    assert_eq!(join(a, a), *a);
    assert_eq!(join(&join(a, b), b), join(a, b));
    let json = serde_json::to_string(a).unwrap();
    assert_eq!(serde_json::from_str::<C>(&json).unwrap(), *a, "{json}");
    // Whoever has all of it holds one state, by whatever way it came.
    let all = join(&join(a, b), c);
    for order in [[0, 1, 2], [2, 0, 1], [1, 1, 0]] {
        let mut last = states[2].clone();
        order
            .iter()
            .for_each(|from| last.merge(&states[*from]).unwrap());
        assert_eq!(last, all);
    }
}

macro_rules! laws {
    ($($test:ident: $type:ty, $start:expr, |$state:ident, $id:ident, $what:ident, $time:ident| $change:expr;)*) => {$(
        impl Lawful for $type {
            fn start() -> Self {
                $start
            }
            fn change(&mut self, $id: ReplicaId, $what: u8, $time: u64) {
                let $state = self;
                let _ = ($id, $what, $time);
                $change;
            }
        }

        proptest! {
            #[test]
            fn $test(steps in steps()) {
                assert_laws::<$type>(&steps);
            }
        }
    )*};
}

fn stamp(time: u64, replica: ReplicaId) -> Stamp {
    Stamp {
        time,
        replica,
        clock: ClockKind::Logical,
    }
}

laws! {
    version_vector: VersionVector, VersionVector::default(),
        |state, id, what, time| state.raise(id, u64::from(what)).unwrap();
    g_counter: GCounter, GCounter::default(),
        |state, id, what, time| state.add(id, u64::from(what)).unwrap();
    pn_counter: PnCounter, PnCounter::default(), |state, id, what, time| match what % 2 {
        0 => state.add(id, u64::from(what)).unwrap(),
        _ => state.take(id, u64::from(what)).unwrap(),
    };
    max_register: MaxRegister<i64>, MaxRegister::default(),
        |state, id, what, time| state.write(i64::from(what) - 100);
    lww_register: LwwRegister<u8>, LwwRegister::default(),
        |state, id, what, time| state.write(stamp(time / 3, id), time as u8).unwrap_or(());
    mv_register: MvRegister<u8>, MvRegister::default(),
        |state, id, what, time| state.write(id, what % 3).unwrap();
    g_set: GSet<u8>, GSet::default(), |state, id, what, time| state.add(what % 5);
    or_set: OrSet<u8>, OrSet::default(), |state, id, what, time| match what % 2 {
        0 => state.add(id, what / 2 % 3).unwrap(),
        _ => state.remove(&(what / 2 % 3)),
    };
    map: Map<String, GCounter>, Map::default(),
        |state, id, what, time| state.at(format!("page {}", what % 3)).add(id, 1).unwrap();
    map_of_sets: Map<String, OrSet<u8>>, Map::default(), |state, id, what, time| {
        let set = state.at(format!("page {}", what % 2));
        match what / 2 % 2 {
            0 => set.add(id, what % 3).unwrap(),
            _ => set.remove(&(what % 3)),
        }
    };
    sketch: Sketch, Sketch::new(lambda::batch::Precision::new(4).unwrap()),
        |state, id, what, time| state.add(&PersonId::UserId(i64::from(what)));
    of_any_type: Any, Any::GCounter(GCounter::default()), |state, id, what, time| match state {
        Any::GCounter(counter) => counter.add(id, 1).map(|_| ()).unwrap(),
        other => unreachable!("{other:?}"),
    };
    map_of_any: Map<String, Any>, Map::default(), |state, id, what, time| match what % 2 {
        0 => match state.at_or("views".into(), Any::GCounter(GCounter::default())) {
            Any::GCounter(counter) => counter.add(id, 1).map(|_| ()).unwrap(),
            other => unreachable!("{other:?}"),
        },
        _ => match state.at_or("cities".into(), Any::OrSet(OrSet::default())) {
            Any::OrSet(set) => set.add(id, what.to_string()).unwrap(),
            other => unreachable!("{other:?}"),
        },
    };
}

proptest! {
    #[test]
    fn deltas_say_what_states_say(adds in proptest::collection::vec((0u32..3, 0u64..9), 0..20)) {
        let (mut all, mut by_deltas) = (GCounter::default(), GCounter::default());
        let mut falls = (PnCounter::default(), PnCounter::default());
        let mut early = GCounter::default();
        for (n, (id, by)) in adds.iter().enumerate() {
            let delta = all.add(ReplicaId(*id), *by).unwrap();
            by_deltas.merge(&delta).unwrap();
            let fall = if by % 2 == 0 { falls.0.add(ReplicaId(*id), *by) } else { falls.0.take(ReplicaId(*id), *by) };
            falls.1.merge(&fall.unwrap()).unwrap();
            if n == 9 {
                early = all.clone();
            }
        }
        prop_assert_eq!(&all, &by_deltas);
        prop_assert_eq!(&falls.0, &falls.1);
        prop_assert_eq!(early.merged(&all.since(&early)).unwrap(), all);
    }
}

#[test]
fn the_wrong_ones_break_the_law_that_they_break() {
    let mut adding = wrong::AddingCounter::default();
    adding.add(ReplicaId(1), 1).unwrap();
    assert_ne!(adding.merged(&adding).unwrap(), adding);
    // Both of these are lattices. What they lose, they lose in the change.
    let (one, two) = (wrong::Integer(1), wrong::Integer(1));
    assert_eq!(one.merged(&two).unwrap(), one);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let id = ReplicaId(7);
    let mut full = GCounter::from_counts([(id, u64::MAX)]).unwrap();
    let kept = full.clone();
    let error = full.add(id, 1).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("replica 7 has counted 18446744073709551615"),
        "{error}"
    );
    assert_eq!(full, kept);
    full.add(ReplicaId(8), u64::MAX).unwrap();
    assert_eq!(full.value(), 2 * u128::from(u64::MAX));

    assert!(GCounter::from_counts([(id, 1), (id, 2)]).is_err());

    let mut wall = LwwRegister::default();
    wall.write(
        Stamp {
            time: 5,
            replica: id,
            clock: ClockKind::Wall,
        },
        1,
    )
    .unwrap();
    let error = wall.write(stamp(6, id), 2).unwrap_err();
    assert!(matches!(error, CrdtError::Clocks { .. }));
    let error = wall
        .write(
            Stamp {
                time: 5,
                replica: id,
                clock: ClockKind::Wall,
            },
            2,
        )
        .unwrap_err();
    assert!(matches!(error, CrdtError::Clash { .. }));
    assert_eq!(wall.value(), Some(1));

    let (mut one, mut other) = (OrSet::default(), OrSet::default());
    one.add(id, "a").unwrap();
    other.add(id, "b").unwrap();
    assert!(matches!(one.merge(&other), Err(CrdtError::Clash { .. })));
    assert_eq!(one.value().into_iter().collect::<Vec<_>>(), ["a"]);

    let precision = |bits| Sketch::new(lambda::batch::Precision::new(bits).unwrap());
    assert!(matches!(
        precision(4).merged(&precision(5)),
        Err(CrdtError::Sketch(_))
    ));

    let mut map: Map<&str, Any> = Map::default();
    map.at_or("a", Any::GCounter(GCounter::default()));
    let mut other = Map::default();
    other.at_or("0", Any::GSet(GSet::default()));
    other.at_or("a", Any::GSet(GSet::default()));
    let kept = map.clone();
    assert!(matches!(map.merge(&other), Err(CrdtError::Types { .. })));
    assert_eq!(map, kept);
}

#[test]
fn a_stored_set_with_events_from_nowhere_is_refused() {
    let text = r#"{"seen":{"1":1},"live":[[{"replica":1,"n":2},"Tokyo"]]}"#;
    let error = serde_json::from_str::<OrSet<String>>(text).unwrap_err();
    assert!(
        error.to_string().contains("event 2 of replica 1"),
        "{error}"
    );
}

#[test]
fn the_counter_of_the_lesson_goes_36_then_37() {
    let ids = [1, 2, 3].map(ReplicaId);
    let mut views = GCounter::from_counts(ids.into_iter().zip([10, 7, 18])).unwrap();
    let mut totals = vec![views.value()];
    for (replica, counts) in [(ids[0], [11, 7, 18]), (ids[2], [11, 7, 19])] {
        views.add(replica, 1).unwrap();
        assert_eq!(views.counts(&ids), counts);
        totals.push(views.value());
    }
    assert_eq!(totals, [35, 36, 37]);
}
