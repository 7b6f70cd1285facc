//! Measurements as data frames, for a cell to show.
use super::index_design::DesignCost;
use super::requirements::Shown;
use super::scatter::Percentiles;
use polars::prelude::*;

impl Percentiles {
    /// One row for each: `servers`, `p50`, `p90`, `p99`, `p999` and `mean` in
    /// milliseconds, `slow`, `slow_formula`, `one_shard_per_s`, `all_shards_per_s`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let floats = |of: fn(&Self) -> f64| rows.iter().map(of).collect::<Vec<_>>();
        df!(
            "servers" => rows.iter().map(|row| i64::from(row.servers)).collect::<Vec<_>>(),
            "p50" => floats(|row| row.p50),
            "p90" => floats(|row| row.p90),
            "p99" => floats(|row| row.p99),
            "p999" => floats(|row| row.p999),
            "mean" => floats(|row| row.mean),
            "slow" => floats(|row| row.slow),
            "slow_formula" => floats(|row| row.slow_formula),
            "one_shard_per_s" => floats(|row| row.one_shard_per_s),
            "all_shards_per_s" => floats(|row| row.all_shards_per_s),
        )
        .expect("columns of one length")
    }
}

impl DesignCost {
    /// One row for each: `design`, `query`, `how`, `rows`, `seeks`, `reads`,
    /// `pages`, `bytes`, `ms`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let words = |of: fn(&Self) -> &'static str| rows.iter().map(of).collect::<Vec<_>>();
        let numbers =
            |of: fn(&Self) -> u64| rows.iter().map(|row| of(row) as i64).collect::<Vec<_>>();
        df!(
            "design" => words(|row| row.design),
            "query" => words(|row| row.query),
            "how" => words(|row| row.how.as_str()),
            "rows" => numbers(|row| row.cost.rows),
            "seeks" => numbers(|row| row.cost.seeks),
            "reads" => numbers(|row| row.cost.reads),
            "pages" => numbers(|row| row.cost.pages),
            "bytes" => numbers(|row| row.cost.bytes),
            "ms" => rows.iter().map(|row| row.cost.time.as_secs_f64() * 1000.0).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

impl Shown {
    /// One row for each: `requirement`, `variant`, `holds`, `evidence`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        df!(
            "requirement" => rows.iter().map(|row| row.requirement).collect::<Vec<_>>(),
            "variant" => rows.iter().map(|row| row.variant).collect::<Vec<_>>(),
            "holds" => rows.iter().map(|row| row.holds).collect::<Vec<_>>(),
            "evidence" => rows.iter().map(|row| row.evidence.as_str()).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving_layer::{ServiceTime, requirements, simulate};

    #[test]
    fn measurements_come_as_frames() {
        let rows = simulate(3, 10, &ServiceTime::LESSON, 1);
        assert_eq!(Percentiles::frame(&rows).shape(), (3, 10));
        let folder = tempfile::tempdir().unwrap();
        let shown = [requirements::sharded_by_time(folder.path()).unwrap()];
        assert_eq!(Shown::frame(&shown).shape(), (1, 4));
        assert_eq!(DesignCost::frame(&[]).shape(), (0, 9));
    }
}
