//! What joins cost by the filter's size and by the share of keys; the best size.
//!
//! A filter with more bits costs more to tell every machine, one with fewer lets
//! more rows pass that do not join. With W machines, n keys, R rows of r bytes
//! that do not join, and b bits a key, what depends on b is
//!
//! bytes(b) = W n b / 8 + 0.6185^b R r (W - 1) / W
//!
//! for a row has its home elsewhere W - 1 times in W. Its least is where the
//! derivative is zero: b = ln(8 (ln 2)^2 R r (W - 1) / (W^2 n)) / (ln 2)^2.
use super::birthday::AgeSample;
use super::bloom_join::{Cluster, Cost, Way};
use super::key_filter::{bits_per_key, false_positives};
use super::recompute_error::RecomputeError;
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::HashSet;
use std::f64::consts::LN_2;
use std::time::Duration;

/// Bytes of a row of a user on the wire.
const ROW_BYTES: f64 = 25.0;

/// A batch with a sample of each of a share of the people: of those who come first.
///
/// # Errors
/// A share that is none.
pub fn batch_of(samples: &[AgeSample], share: f64) -> Result<Vec<AgeSample>, RecomputeError> {
    if !(0.0..=1.0).contains(&share) {
        return Err(RecomputeError::Share(share));
    }
    let mut seen = HashSet::new();
    let first: Vec<&AgeSample> = samples
        .iter()
        .filter(|sample| seen.insert(sample.person()))
        .collect();
    let count = (first.len() as f64 * share).round() as usize;
    Ok(first[..count]
        .iter()
        .map(|sample| (*sample).clone())
        .collect())
}

/// The bits a key that move the fewest bytes: by the formula above, at least 1.
///
/// ```
/// use lambda_workbook::systems::bloom_sweep::best_bits_per_key;
/// // 1,000,000 rows of 25 bytes on 8 machines, 10,000 keys.
/// assert!((best_bits_per_key(8, 10_000, 1_000_000) - 14.5).abs() < 0.1);
/// ```
pub fn best_bits_per_key(machines: usize, keys: usize, rows_not_joined: usize) -> f64 {
    let (w, n, rows) = (machines as f64, keys as f64, rows_not_joined as f64);
    let moved = rows * ROW_BYTES * (w - 1.0) / w;
    ((8.0 * LN_2 * LN_2 * moved / (w * n)).ln() / (LN_2 * LN_2)).max(1.0)
}

/// Joins with filters of each size in bits a key: `bits_per_key`, `told_bytes`,
/// `false_positives` as a rate, `formula_rate`, `bytes_moved`, `extra_bytes` (those
/// beyond the rows that join and the batch, which move in every way), `formula_bytes`
/// (what these should be), `memory`, `ms`.
///
/// # Errors
/// A size that cannot be.
pub fn by_size(
    cluster: &Cluster,
    batch: &[AgeSample],
    sizes: &[f64],
    now: &mut dyn FnMut() -> Duration,
) -> PolarsResult<DataFrame> {
    let semi = cluster.join(batch, Way::Semi, now)?.1;
    let keys = batch
        .iter()
        .map(AgeSample::person)
        .collect::<HashSet<_>>()
        .len() as f64;
    let (w, others) = (
        cluster.machines() as f64,
        (cluster.rows() - semi.joined) as f64,
    );
    // What every way moves: the rows that join, and the batch.
    let common = (semi.bytes_moved - semi.told_bytes * cluster.machines()) as f64;
    let mut costs = Vec::new();
    for &bits_per_key in sizes {
        costs.push(cluster.join(batch, Way::Bloom { bits_per_key }, now)?.1);
    }
    let formula = |bits: &f64| {
        let passing = false_positives(*bits) * others * ROW_BYTES * (w - 1.0) / w;
        w * keys * bits / 8.0 + passing
    };
    let extra = |cost: &Cost| cost.bytes_moved as f64 - common;
    let rate = |cost: &Cost| (cost.passed - cost.joined) as f64 / others.max(1.0);
    df!(
        "bits_per_key" => sizes,
        "told_bytes" => ints(&costs, |cost| cost.told_bytes),
        "false_positives" => costs.iter().map(rate).collect::<Vec<_>>(),
        "formula_rate" => sizes.iter().map(|bits| false_positives(*bits)).collect::<Vec<_>>(),
        "bytes_moved" => ints(&costs, |cost| cost.bytes_moved),
        "extra_bytes" => costs.iter().map(extra).collect::<Vec<_>>(),
        "formula_bytes" => sizes.iter().map(formula).collect::<Vec<_>>(),
        "memory" => ints(&costs, |cost| cost.memory),
        "ms" => millis(&costs),
    )
}

/// Joins of batches with each share of the people, plain, semi and Bloom with each
/// rate of false positives: `keys_pct` (the share), `keys`, `way`, `fp_pct` (the rate
/// asked of the filter), both in %, `rows_moved`, `bytes_moved`, `of_semi` (bytes as a multiple of those
/// of the semi join, rounded to two decimals), `memory`, `told_memory`, `ms`.
///
/// # Errors
/// A share or a rate that cannot be.
pub fn sweep(
    samples: &[AgeSample],
    machines: usize,
    shares: &[f64],
    rates: &[f64],
    now: &mut dyn FnMut() -> Duration,
) -> PolarsResult<DataFrame> {
    if let Some(rate) = rates.iter().find(|rate| !(**rate > 0.0 && **rate < 1.0)) {
        return Err(RecomputeError::FalsePositives(*rate).into());
    }
    let cluster = Cluster::of(samples, machines)?;
    let mut costs: Vec<Cost> = Vec::new();
    let (mut of_share, mut keys, mut asked, mut of_semi) = (vec![], vec![], vec![], vec![]);
    for &share in shares {
        let batch = batch_of(samples, share)?;
        let semi = cluster.join(&batch, Way::Semi, now)?.1;
        let bloom = |rate: &f64| {
            let bits_per_key = bits_per_key(*rate).min(64.0);
            (Way::Bloom { bits_per_key }, Some(*rate))
        };
        let exact = [(Way::Plain, None), (Way::Semi, None)];
        for (way, rate) in exact.into_iter().chain(rates.iter().map(bloom)) {
            let cost = match way {
                Way::Semi => semi,
                _ => cluster.join(&batch, way, now)?.1,
            };
            of_share.push(percent(share));
            keys.push(batch.len() as i64);
            asked.push(rate.map(percent));
            let times = cost.bytes_moved as f64 / semi.bytes_moved.max(1) as f64;
            of_semi.push((100.0 * times).round() / 100.0);
            costs.push(cost);
        }
    }
    let way = |cost: &Cost| match cost.way {
        Way::Bloom { .. } => "Bloom".to_owned(),
        way => way.to_string(),
    };
    df!(
        "keys_pct" => of_share,
        "keys" => keys,
        "way" => costs.iter().map(way).collect::<Vec<_>>(),
        "fp_pct" => asked,
        "rows_moved" => ints(&costs, |cost| cost.rows_moved),
        "bytes_moved" => ints(&costs, |cost| cost.bytes_moved),
        "of_semi" => of_semi,
        "memory" => ints(&costs, |cost| cost.memory),
        "told_memory" => ints(&costs, |cost| cost.told_memory),
        "ms" => millis(&costs),
    )
}

/// Costs as a table: `way`, `told_bytes`, `passed`, `joined`, `rows_moved`,
/// `bytes_moved`, `memory`, `ms`.
pub fn frame(costs: &[Cost]) -> PolarsResult<DataFrame> {
    df!(
        "way" => costs.iter().map(|cost| cost.way.to_string()).collect::<Vec<_>>(),
        "told_bytes" => ints(costs, |cost| cost.told_bytes),
        "passed" => ints(costs, |cost| cost.passed),
        "joined" => ints(costs, |cost| cost.joined),
        "rows_moved" => ints(costs, |cost| cost.rows_moved),
        "bytes_moved" => ints(costs, |cost| cost.bytes_moved),
        "memory" => ints(costs, |cost| cost.memory),
        "ms" => millis(costs),
    )
}

/// In %, without the noise of a product of two floats.
fn percent(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}

fn ints(costs: &[Cost], of: fn(&Cost) -> usize) -> Vec<i64> {
    costs.iter().map(|cost| of(cost) as i64).collect()
}

fn millis(costs: &[Cost]) -> Vec<f64> {
    let millis = |cost: &Cost| cost.took.as_secs_f64() * 1_000.0;
    costs.iter().map(millis).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{drawn, stopwatch};
    use super::*;

    fn floats(table: &DataFrame, column: &str) -> Vec<f64> {
        let column = table.column(column).unwrap();
        let floats = column.cast(&polars::prelude::DataType::Float64).unwrap();
        floats.f64().unwrap().into_no_null_iter().collect()
    }

    #[test]
    fn the_measured_minimum_lies_where_the_formula_says() {
        let samples = drawn(20_000, 5, 3);
        let cluster = Cluster::of(&samples, 8).unwrap();
        let batch = batch_of(&samples, 0.02).unwrap();
        let sizes: Vec<f64> = (2..=26).map(f64::from).collect();
        let table = by_size(&cluster, &batch, &sizes, &mut stopwatch()).unwrap();
        let moved = floats(&table, "extra_bytes");
        let least = (0..sizes.len())
            .min_by(|a, b| moved[*a].total_cmp(&moved[*b]))
            .unwrap();
        let best = best_bits_per_key(8, 400, 100_000 - 2_000);
        assert!(
            (sizes[least] - best).abs() <= 2.5,
            "{} and {best}",
            sizes[least]
        );
        // A minimum inside: both ends move more.
        assert!(
            moved[0] > 2.0 * moved[least] && moved[24] > 1.2 * moved[least],
            "{moved:?}"
        );
        for (measured, formula) in moved.iter().zip(floats(&table, "formula_bytes")) {
            assert!(
                (measured / formula - 1.0).abs() < 0.2,
                "{measured}, {formula}"
            );
        }
    }

    #[test]
    fn a_bloom_join_moves_less_than_a_semi_join_or_more_as_the_share_and_the_rate_say() {
        let samples = drawn(20_000, 5, 3);
        let table = sweep(&samples, 8, &[0.001, 0.2], &[0.2, 0.01], &mut stopwatch()).unwrap();
        let of_semi = floats(&table, "of_semi");
        // plain, semi, 20 %, 1 %: of few keys, then of many.
        assert_eq!((of_semi.len(), of_semi[1], of_semi[5]), (8, 1.0, 1.0));
        assert!(
            of_semi[2] > 10.0,
            "false positives outweigh twenty keys: {of_semi:?}"
        );
        assert!(
            of_semi[7] < 0.95,
            "a filter is smaller than its keys: {of_semi:?}"
        );
        assert!(of_semi[0] > of_semi[2] && of_semi[4] > of_semi[7]);
    }

    #[test]
    fn a_share_or_rate_that_is_none_is_refused() {
        let samples = drawn(10, 1, 1);
        assert!(batch_of(&samples, 1.5).is_err() && batch_of(&samples, f64::NAN).is_err());
        assert!(sweep(&samples, 2, &[0.5], &[1.0], &mut stopwatch()).is_err());
        assert_eq!(batch_of(&samples, 0.5).unwrap().len(), 5);
    }
}
