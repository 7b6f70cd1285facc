//! Measurements as data frames, for a cell to show.
use super::index_design::DesignCost;
use super::publication::QuerySeen;
use super::requirements::Shown;
use super::samples::{sample_design_ms, sample_slow};
use super::scatter::Percentiles;
use polars::prelude::*;

impl Percentiles {
    /// Returns one row for each number of servers: `servers`; the percentiles `p50 ms`, `p90 ms`
    /// and `p99 ms`; the share of slow queries, `slow`, and the same by the formula; and the
    /// throughput in queries a second, if each asks one server or all.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let floats = |of: fn(&Self) -> f64| rows.iter().map(of).collect::<Vec<_>>();
        df!(
            "servers" => servers(rows),
            "p50 ms" => floats(|row| row.p50),
            "p90 ms" => floats(|row| row.p90),
            "p99 ms" => floats(|row| row.p99),
            "slow" => floats(|row| row.slow),
            "by formula" => floats(|row| row.slow_formula),
            "queries/s, one server each" => floats(|row| row.one_shard_per_s.round()),
            "queries/s, all servers each" => floats(|row| row.all_shards_per_s.round()),
        )
        .expect("columns of one length")
    }

    /// Returns the share of slow queries in three ways, one row for each number of servers: `by
    /// formula`, `sample` (measured on the machine of [`SAMPLE_MACHINE`](super::SAMPLE_MACHINE))
    /// and `measured` (these rows).
    pub fn beside_sample(rows: &[Self]) -> DataFrame {
        let floats = |of: fn(&Self) -> f64| rows.iter().map(of).collect::<Vec<_>>();
        df!(
            "servers" => servers(rows),
            "by formula" => floats(|row| row.slow_formula),
            "sample" => rows.iter().map(|row| sample_slow(row.servers)).collect::<Vec<_>>(),
            "measured" => floats(|row| row.slow),
        )
        .expect("columns of one length")
    }

    /// Returns the measured sample for these rows, as rows.
    pub fn sampled(rows: &[Self]) -> Vec<Self> {
        let of = |row: &Self| {
            Some(Percentiles {
                slow: sample_slow(row.servers)?,
                ..*row
            })
        };
        rows.iter().filter_map(of).collect()
    }
}

fn servers(rows: &[Percentiles]) -> Vec<i64> {
    rows.iter().map(|row| i64::from(row.servers)).collect()
}

impl DesignCost {
    /// Returns one row for each layout and query: `layout`, `hours asked`, `views` (the answer),
    /// `shards asked`, `seeks`, `blocks`, `bytes`, `how` the disk was read, `sample ms` (measured
    /// on the machine of [`SAMPLE_MACHINE`](super::SAMPLE_MACHINE)) and `ms`.
    pub fn frame(rows: &[Self]) -> DataFrame {
        let numbers =
            |of: fn(&Self) -> u64| rows.iter().map(|row| of(row) as i64).collect::<Vec<_>>();
        let sample = |row: &Self| sample_design_ms(row.hours > 1)[row.layout as usize];
        let ms = |row: &Self| row.cost.time.as_secs_f64() * 1000.0;
        df!(
            "layout" => rows.iter().map(|row| row.layout.name()).collect::<Vec<_>>(),
            "hours asked" => numbers(|row| row.hours),
            "page views" => rows.iter().map(|row| row.sum).collect::<Vec<_>>(),
            "shards asked" => numbers(|row| row.shards as u64),
            "seeks" => numbers(|row| row.cost.seeks),
            "blocks" => numbers(|row| row.cost.blocks),
            "bytes" => numbers(|row| row.cost.bytes),
            "how" => rows.iter().map(|row| row.how.as_str()).collect::<Vec<_>>(),
            "sample ms" => rows.iter().map(sample).collect::<Vec<_>>(),
            "ms" => rows.iter().map(ms).collect::<Vec<_>>(),
        )
        .expect("columns of one length")
    }
}

impl Shown {
    /// Returns one row for each demonstration: `requirement`, `variant`, `holds`, `evidence`.
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

impl QuerySeen {
    /// Returns one row for each query: `reader`, `steps` (the first and the last) and `versions`
    /// of the rows that it read.
    pub fn frame(queries: &[Self]) -> DataFrame {
        let steps = |q: &Self| format!("{} to {}", q.first, q.first + q.seen.len() - 1);
        let versions = |q: &Self| {
            let words: Vec<String> = q.versions().iter().map(i64::to_string).collect();
            words.join(" and ")
        };
        df!(
            "reader" => queries.iter().map(|q| q.reader).collect::<Vec<_>>(),
            "steps" => queries.iter().map(steps).collect::<Vec<_>>(),
            "versions" => queries.iter().map(versions).collect::<Vec<_>>(),
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
        let rows = simulate([1, 2, 3], 10, &ServiceTime::LESSON, 1);
        assert_eq!(Percentiles::frame(&rows).shape(), (3, 8));
        let folder = tempfile::tempdir().unwrap();
        let shown = [requirements::sharded_by_time(folder.path()).unwrap()];
        assert_eq!(Shown::frame(&shown).shape(), (1, 4));
        assert_eq!(DesignCost::frame(&[]).shape(), (0, 10));
    }

    #[test]
    fn a_sample_stands_only_beside_what_was_measured() {
        let rows = simulate([3, 4], 10, &ServiceTime::LESSON, 1);
        let sampled = Percentiles::sampled(&rows);
        assert_eq!(
            sampled.iter().map(|row| row.servers).collect::<Vec<_>>(),
            [3]
        );
        assert_eq!(
            Percentiles::beside_sample(&rows)
                .column("sample")
                .unwrap()
                .null_count(),
            1
        );
    }
}
