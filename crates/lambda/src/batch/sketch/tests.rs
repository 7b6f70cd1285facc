//! The invariants of sketches.
use super::*;
use proptest::prelude::*;
use xxhash_rust::xxh64::xxh64;

/// Sets of hashes: some small enough for codes, some so large that they need registers.
fn hashes() -> impl Strategy<Value = Vec<u64>> {
    let some = prop::collection::vec(any::<u64>(), 0..60);
    // Many persons; the sets overlap.
    let many = (0..4u64, 0..4_000u64).prop_map(|(from, len)| {
        (from * 500..from * 500 + len)
            .map(|i| xxh64(&i.to_le_bytes(), 7))
            .collect()
    });
    prop_oneof![some, many]
}

fn precision() -> impl Strategy<Value = Precision> {
    (4..=13u8).prop_map(|bits| Precision::new(bits).unwrap())
}

fn sketch(precision: Precision, hashes: &[u64]) -> Sketch {
    let mut sketch = Sketch::new(precision);
    hashes.iter().for_each(|hash| sketch.add_hash(*hash));
    sketch
}

fn merged(one: &Sketch, other: &Sketch) -> Sketch {
    let mut both = one.clone();
    both.merge(other).unwrap();
    both
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::extent::rounds(64, 1_000), ..ProptestConfig::default() })]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(p in precision(), a in hashes(), b in hashes(), c in hashes()) {
        let [a, b, c] = [a, b, c].map(|set| sketch(p, &set));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &a), a);
    }

    #[test]
    fn the_merge_is_the_sketch_of_the_union(p in precision(), a in hashes(), b in hashes()) {
        let union = [a.clone(), b.clone()].concat();
        prop_assert_eq!(merged(&sketch(p, &a), &sketch(p, &b)), sketch(p, &union));
    }

    /// Rule: the union of stored sketches is the sketch of all persons, and bytes that are no sketch are
    /// refused there as they are elsewhere.
    #[test]
    fn the_union_of_bytes_is_the_sketch_of_all(
        p in precision(), sets in prop::collection::vec(hashes(), 0..5),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let stored: Vec<Vec<u8>> = sets.iter().map(|set| sketch(p, set).to_bytes()).collect();
        let union = union_of_bytes(stored.iter().map(Vec::as_slice)).unwrap();
        let p = if sets.is_empty() { Precision::DEFAULT } else { p };
        prop_assert_eq!(union, sketch(p, &sets.concat()));

        if let Some(mut damaged) = stored.last().cloned() {
            let at = at.index(damaged.len());
            damaged[at] = byte;
            let all = stored[..stored.len() - 1].iter().map(Vec::as_slice);
            let united = union_of_bytes(all.chain([&damaged[..]])).is_ok();
            let merged = Sketch::from_bytes(&damaged).is_ok_and(|read| {
                stored.len() == 1 || read.precision() == p
            });
            prop_assert_eq!(united, merged);
        }
    }

    #[test]
    fn the_bytes_depend_on_the_persons_alone(p in precision(), a in hashes(), seed in any::<u64>()) {
        let mut shuffled: Vec<u64> = a.iter().chain(&a).copied().collect();
        shuffled.sort_by_key(|hash| xxh64(&hash.to_le_bytes(), seed));
        prop_assert_eq!(sketch(p, &shuffled).to_bytes(), sketch(p, &a).to_bytes());
    }

    #[test]
    fn bytes_read_back_and_go_on(p in precision(), a in hashes(), b in hashes()) {
        let whole = sketch(p, &a);
        let mut read = Sketch::from_bytes(&whole.to_bytes()).unwrap();
        prop_assert_eq!(read.estimate(), whole.estimate());
        b.iter().for_each(|hash| read.add_hash(*hash));
        prop_assert_eq!(read, sketch(p, &[a, b].concat()));
    }

    #[test]
    fn bytes_are_a_sketch_or_an_error(p in precision(), a in hashes(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = sketch(p, &a).to_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(read) = Sketch::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
            let _ = merged(&read, &read).estimate();
        }
    }
}

#[test]
fn estimates_keep_to_their_error() {
    for precision in Precision::all() {
        for persons in [100u64, 10_005, 200_000] {
            // The mean of many independent sketches, so that chance plays no part.
            let rounds = 12;
            let squares: f64 = (0..rounds)
                .map(|seed| {
                    let mut sketch = Sketch::new(precision);
                    (0..persons).for_each(|i| sketch.add_hash(xxh64(&i.to_le_bytes(), seed)));
                    let estimate = sketch.estimate();
                    ((estimate - persons as f64) / persons as f64).powi(2)
                })
                .sum();
            let error = (squares / rounds as f64).sqrt();
            assert!(
                error < 1.8 * precision.standard_error(),
                "precision {}, {persons} persons: {error}",
                precision.bits()
            );
        }
    }
}

#[test]
fn sketches_of_different_precision_do_not_merge() {
    let mut fine = Sketch::default();
    fine.add(&PersonId::UserId(1));
    let before = fine.to_bytes();
    let coarse = Sketch::new(Precision::new(12).unwrap());
    let error = fine.merge(&coarse).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a sketch of precision 14 cannot be merged with one of precision 12; \
         compute both views with the same precision"
    );
    assert_eq!(fine.to_bytes(), before);
}

#[test]
fn a_precision_outside_4_to_18_is_refused() {
    for bits in [0, 3, 19, 255] {
        let error = Precision::new(bits).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("invalid sketch precision {bits}; use 4")),
            "{error}"
        );
    }
}

#[test]
fn bytes_of_another_format_or_of_none_say_so() {
    let fails = |bytes: &[u8]| Sketch::from_bytes(bytes).unwrap_err().to_string();
    assert!(fails(&[]).starts_with("invalid sketch of 0 bytes"));
    assert!(
        fails(&[9, 14, 0]).starts_with("unsupported sketch format 9, this program reads format 1")
    );
    assert!(fails(&[1, 30, 0]).starts_with("invalid sketch precision 30"));
    assert!(fails(&[1, 14, 2]).contains("neither codes nor registers"));
    assert!(fails(&[1, 14, 1, 0]).contains("too few or too many"));
}

#[test]
fn the_bytes_on_disk_are_pinned() {
    let people = [PersonId::UserId(1), PersonId::Cookie("PQRST".into())];
    let bytes = Sketch::of(&people).to_bytes();
    assert_eq!(bytes[..3], [1, 14, 0]);
    assert_eq!(bytes.len(), 3 + PINNED.len());
    assert_eq!(bytes[3..], PINNED);
    assert_eq!(Sketch::of(&people).uniques(), 2);
}

const PINNED: [u8; 8] = [190, 168, 237, 19, 172, 204, 219, 11];
