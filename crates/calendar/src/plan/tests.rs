//! Known plans, and the plans of all small ranges compared with every possible plan.
use super::*;
use Granularity::{Day, Hour, Month, Week};
use proptest::prelude::*;
use std::collections::HashMap;

const H: i64 = 3_600;
const D: i64 = 86_400;

fn span(from: i64, until: i64) -> Span {
    Span::new(from, until).unwrap()
}

fn count(plan: &Plan) -> String {
    plan.to_string().lines().next().unwrap().to_owned()
}

#[test]
fn the_72_hours_of_the_lesson_become_26_reads() {
    let from = 1_438_560_000 + 3 * H; // 2015-08-03 03:00 UTC
    let range = span(from, from + 72 * H);
    let plan = Plan::additive(range, &Granularity::ALL).unwrap();
    assert_eq!(count(&plan), "26 reads: 2 d, 24 h");
    let hours: Vec<usize> = plan
        .reads()
        .split(|read| read.granularity == Day)
        .map(<[Read]>::len)
        .filter(|len| *len > 0)
        .collect();
    assert_eq!(hours, [21, 3]);
    // From 03:00 to 03:00 Pacific time only the ends move: 14 + 10 hours, and whole days.
    let three = |day| {
        chrono::NaiveDate::from_ymd_opt(2015, 8, day)
            .unwrap()
            .and_hms_opt(3, 0, 0)
            .unwrap()
    };
    let pacific = Span::local(three(3), three(6), chrono_tz::America::Los_Angeles).unwrap();
    let plan = Plan::additive(pacific, &Granularity::ALL).unwrap();
    assert_eq!(count(&plan), "26 reads: 2 d, 24 h");
    assert_eq!(plan.reads()[0].ts, 1_438_596_000);
    // Both spans contain only the first of the lesson's two hours.
    for range in [range, pacific] {
        assert!(range.contains(1_438_624_800) && !range.contains(1_438_912_800));
    }
}

#[test]
fn the_64_days_of_figure_8_3_become_8_reads() {
    // Three months from a first day. Days, weeks and months are counted from 1.
    let start = 1_437_004_800;
    let day = |n: i64| start + (n - 1) * D;
    let range = span(day(16), day(80));
    assert_eq!(range.secs(), 64 * D);
    for granularities in [&[Day, Week, Month][..], &Granularity::ALL] {
        let plan = Plan::with_subtraction(range, granularities).unwrap();
        let named = |read: &Read| {
            let number = (read.ts - start) / read.granularity.secs() + 1;
            format!(
                "{}{}{number}",
                if read.minus { "-" } else { "" },
                read.granularity
            )
        };
        let mut names: Vec<String> = plan.reads().iter().map(named).collect();
        names.sort();
        assert_eq!(
            names,
            ["-d15", "-w12", "d78", "d79", "m2", "m3", "w3", "w4"]
        );
    }
    let additive = Plan::additive(range, &Granularity::ALL).unwrap();
    assert_eq!(count(&additive), "13 reads: 1 m, 4 w, 8 d");
}

#[test]
fn nothing_is_taken_away_where_that_saves_no_read() {
    // Half a day is twelve hours, or the day minus twelve hours, which saves no read.
    let half = Plan::with_subtraction(span(0, 12 * H), &Granularity::ALL).unwrap();
    assert!(half.is_additive());
    let more = Plan::with_subtraction(span(0, 14 * H), &Granularity::ALL).unwrap();
    assert_eq!(count(&more), "11 reads: 1 d, -10 h");
}

#[test]
fn an_empty_range_needs_no_read() {
    let plan = Plan::with_subtraction(span(H, H), &Granularity::ALL).unwrap();
    assert_eq!(plan.to_string(), "0 reads");
    assert_eq!(plan.sum(|_, _| 1), 0);
}

#[test]
fn a_range_that_cannot_be_read_says_why() {
    let error = |from, until, levels: &[Granularity]| match Span::new(from, until) {
        Err(error) => error.to_string(),
        Ok(span) => Plan::additive(span, levels).unwrap_err().to_string(),
    };
    assert_eq!(
        error(86_400, 0, &Granularity::ALL),
        "the range ends before it starts: from 1970-01-02 00:00 to 1970-01-01 00:00 UTC; \
         exchange the two"
    );
    assert_eq!(
        error(0, 5_400, &Granularity::ALL),
        "5400 (1970-01-01 01:30 UTC) lies inside a bucket of one hour, and a view cannot be read \
         in parts; use 3600 or 7200, or count the page views themselves"
    );
    assert!(error(0, H, &[Day]).contains("inside a bucket of one day"));
    assert!(error(0, H, &[]).starts_with("no granularity"));
    assert!(error(0, 1_438_913_491_000, &[Hour]).contains("milliseconds"));
}

#[test]
fn clocks_that_jump_shift_the_ends_and_no_bucket() {
    let zone = chrono_tz::America::Los_Angeles;
    let at = |month, day, hour| {
        let date = chrono::NaiveDate::from_ymd_opt(2015, month, day).unwrap();
        date.and_hms_opt(hour, 0, 0).unwrap()
    };
    let hours = |from, until| Span::local(from, until, zone).unwrap().hours();
    assert_eq!(hours(at(3, 8, 0), at(3, 9, 0)), 23);
    assert_eq!(hours(at(11, 1, 0), at(11, 2, 0)), 25);
    // 02:00 does not occur on March 8, so the instant of the change is taken, 03:00.
    assert_eq!(hours(at(3, 8, 2), at(3, 8, 3)), 0);
    // 01:00 occurs twice on November 1, and the first is taken.
    assert_eq!(hours(at(11, 1, 0), at(11, 1, 1)), 1);
    assert_eq!(hours(at(11, 1, 1), at(11, 1, 2)), 2);
}

/// Returns how often the plan covers each step of `from..until`.
fn covered(plan: &Plan, from: i64, until: i64, step: i64) -> Vec<i64> {
    let mut times = vec![0; ((until - from) / step) as usize];
    for read in plan.reads() {
        for ts in (read.ts..read.end()).step_by(step as usize) {
            times[((ts - from) / step) as usize] += read.sign();
        }
    }
    times
}

fn range() -> impl Strategy<Value = Span> {
    // Also around 1970, because buckets before it are aligned in the same way.
    (-2_000..2_000i64, 0..3_000i64).prop_map(|(from, hours)| span(from * H, (from + hours) * H))
}

proptest! {
    #[test]
    fn a_plan_covers_its_range_exactly_once(range in range(), minus in any::<bool>(), finer in 0..4usize) {
        let levels = [&[Hour][..], &[Hour, Day], &[Week, Hour], &Granularity::ALL][finer];
        let plan = Plan::of(range, levels, minus).unwrap();
        let (from, until) = (Month.bucket(range.from()), Month.bucket(range.until()) + Month.secs());
        let times = covered(&plan, from, until, H);
        for (hour, times) in times.into_iter().enumerate() {
            let ts = from + hour as i64 * H;
            prop_assert_eq!(times, i64::from(range.contains(ts)), "{}", ts);
        }
    }

    #[test]
    fn the_sum_by_a_plan_is_the_sum_of_the_hours(range in range(), seed in any::<i64>(), minus in any::<bool>()) {
        // Counts by hour, and the coarser ones as their sums.
        let hour = |ts: i64| ((ts ^ seed).wrapping_mul(0x9e37_79b9) >> 16) & 0xff;
        let mut view: HashMap<(Granularity, i64), i64> = HashMap::new();
        let all = Month.bucket(range.from())..Month.bucket(range.until()) + Month.secs();
        for ts in all.step_by(H as usize) {
            for g in Granularity::ALL {
                *view.entry((g, g.bucket(ts))).or_default() += hour(ts);
            }
        }
        let plan = Plan::of(range, &Granularity::ALL, minus).unwrap();
        let plain: i64 = (range.from()..range.until()).step_by(H as usize).map(hour).sum();
        prop_assert_eq!(plan.sum(|g, ts| view[&(g, ts)]), plain);
        prop_assert!(minus || plan.is_additive());
    }

    #[test]
    fn subtraction_never_costs_a_read(range in range()) {
        let additive = Plan::additive(range, &Granularity::ALL).unwrap();
        let subtracting = Plan::with_subtraction(range, &Granularity::ALL).unwrap();
        prop_assert!(subtracting.reads().len() <= additive.reads().len());
        prop_assert!(subtracting.reads().len() < 60);
    }
}

/// Returns the fewest buckets for every range within `0..widths[0] * coarse`, by trying every set
/// of buckets, each of them added, subtracted or left out.
fn exhaustive(widths: &[i64], coarse: i64, minus: bool) -> HashMap<Vec<i8>, u32> {
    let end = widths[0] * coarse;
    let mut buckets = Vec::new();
    for width in widths {
        buckets.extend((0..end / width).map(|n| n * width..(n + 1) * width));
    }
    // After each bucket: every coverage that is possible, with its fewest reads.
    let mut best = HashMap::from([(vec![0i8; end as usize], 0u32)]);
    for bucket in buckets {
        for (times, reads) in best.clone() {
            for sign in if minus { &[1i8, -1][..] } else { &[1] } {
                let mut times = times.clone();
                bucket.clone().for_each(|at| times[at as usize] += sign);
                let fewest = best.entry(times).or_insert(u32::MAX);
                *fewest = (*fewest).min(reads + 1);
            }
        }
    }
    best
}

#[test]
fn no_set_of_buckets_is_smaller() {
    for (widths, coarse) in [
        (&[4, 2, 1][..], 2),
        (&[6, 1], 1),
        (&[3, 1], 2),
        (&[6, 3, 1], 1),
        (&[8, 4, 1], 1),
    ] {
        for minus in [false, true] {
            let best = exhaustive(widths, coarse, minus);
            let end = widths[0] * coarse;
            for from in 0..end {
                for until in from..=end {
                    let wanted: Vec<i8> = (0..end)
                        .map(|at| i8::from(at >= from && at < until))
                        .collect();
                    let found = search::fewest(widths, from, until, minus);
                    assert_eq!(
                        found.len() as u32,
                        best[&wanted],
                        "{widths:?}, {from}..{until}, minus {minus}: {found:?}"
                    );
                }
            }
        }
    }
}
