use super::super::{drawn, false_positives, stopwatch};
use super::*;
use proptest::prelude::*;

const WAYS: [Way; 4] = [
    Way::Plain,
    Way::Semi,
    Way::Bloom { bits_per_key: 0.5 },
    Way::Bloom { bits_per_key: 12.0 },
];

/// The join as it is defined, row by row.
fn exact(master: &[AgeSample], batch: &[AgeSample]) -> Vec<AgeSample> {
    let of_batch = |row: &&AgeSample| batch.iter().any(|new| new.person() == row.person());
    let mut rows: Vec<AgeSample> = master.iter().filter(of_batch).cloned().collect();
    rows.sort();
    rows
}

fn cost(cluster: &Cluster, batch: &[AgeSample], way: Way) -> Cost {
    cluster.join(batch, way, &mut stopwatch()).unwrap().1
}

proptest! {
    #[test]
    fn all_ways_give_the_rows_of_the_exact_join(
        people in 1u64..40,
        each in 1u64..5,
        new in 0usize..20,
        machines in 1usize..6,
        seed in any::<u64>(),
    ) {
        let samples = drawn(people, each, seed);
        let (master, batch) = samples.split_at(samples.len().saturating_sub(new));
        let cluster = Cluster::of(master, machines).unwrap();
        prop_assert_eq!(cluster.rows(), master.len());
        for way in WAYS {
            let (rows, cost) = cluster.join(batch, way, &mut stopwatch()).unwrap();
            prop_assert_eq!(&rows, &exact(master, batch), "{}", way);
            prop_assert_eq!(cost.joined, rows.len());
        }
    }
}

#[test]
fn a_semi_join_sends_what_joins_and_a_bloom_join_a_little_more() {
    let samples = drawn(20_000, 5, 1);
    let (master, batch) = samples.split_at(99_800);
    let cluster = Cluster::of(master, 4).unwrap();
    let [plain, semi, _, bloom] = WAYS.map(|way| cost(&cluster, batch, way));
    assert_eq!(plain.passed, 99_800);
    assert_eq!(semi.passed, semi.joined);
    let others = (plain.passed - plain.joined) as f64;
    let rate = (bloom.passed - bloom.joined) as f64 / others;
    assert!(rate < 2.0 * false_positives(12.0), "{rate}");
    assert!(bloom.rows_moved >= semi.rows_moved && semi.rows_moved < plain.rows_moved);
    assert!(semi.memory < plain.memory && bloom.memory < plain.memory);
    // A filter takes far less than the table of its keys, and neither is all that a machine holds.
    assert_eq!(plain.told_memory, 0);
    assert!(10 * bloom.told_memory < semi.told_memory);
    assert!(semi.told_memory < semi.memory && bloom.told_memory < bloom.memory);
}

#[test]
fn on_one_machine_no_row_of_the_master_data_moves() {
    let samples = drawn(100, 3, 1);
    let cluster = Cluster::of(&samples[..290], 1).unwrap();
    let plain = cost(&cluster, &samples[290..], Way::Plain);
    assert_eq!((plain.rows_moved, plain.bytes_moved), (10, 250));
}

#[test]
fn what_moves_is_counted_in_the_bytes_of_its_messages() {
    // 25 bytes a row of a user, 9 a key; a filter of 64 bits and its k is 12.
    let samples = drawn(1, 8, 1);
    let cluster = Cluster::of(&samples[..6], 3).unwrap();
    let semi = cost(&cluster, &samples[6..], Way::Semi);
    assert_eq!(semi.told_bytes, 9);
    assert_eq!((semi.passed, semi.rows_moved), (6, 2 + 4));
    assert_eq!(semi.bytes_moved, 3 * 9 + 6 * 25);
    let bloom = cost(&cluster, &samples[6..], Way::Bloom { bits_per_key: 8.0 });
    assert_eq!(bloom.bytes_moved, 3 * 12 + 6 * 25);
}

#[test]
fn the_clock_that_is_passed_in_is_the_one_that_is_read() {
    let samples = drawn(10, 2, 1);
    let cluster = Cluster::of(&samples, 2).unwrap();
    let mut told = Duration::ZERO;
    let mut now = || {
        told += Duration::from_secs(7);
        told
    };
    let (_, cost) = cluster.join(&samples[..1], Way::Semi, &mut now).unwrap();
    assert_eq!(cost.took, Duration::from_secs(7));
}

#[test]
fn a_cluster_of_no_machines_or_of_too_many_is_refused() {
    assert_eq!(
        Cluster::of(&[], 0).unwrap_err(),
        RecomputeError::Machines(0)
    );
    assert!(Cluster::of(&[], 65).is_err());
}
