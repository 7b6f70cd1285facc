//! The invariants of the view of uniques.
use super::*;
use proptest::prelude::*;

const PACIFIC: Tz = Tz::America__Los_Angeles;

type Row = (usize, i64, Result<i64, usize>);

fn views(rows: &[Row]) -> DataFrame {
    let cookies = ["ABCDE", "PQRST"];
    df!(
        "url" => rows.iter().map(|row| ["a.com/", "a.com/blog"][row.0]).collect::<Vec<_>>(),
        "true_as_of_secs" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "cookie" => rows.iter().map(|row| row.2.err().map(|i| cookies[i])).collect::<Vec<_>>(),
        "user_id" => rows.iter().map(|row| row.2.ok()).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn some_rows() -> impl Strategy<Value = Vec<Row>> {
    // Two weeks around a change of clocks, and days before 1970.
    let secs = prop_oneof![1_446_000_000..1_447_500_000i64, -200_000..200_000i64];
    let person = prop_oneof![(0..9i64).prop_map(Ok), (0..2usize).prop_map(Err)];
    prop::collection::vec((0..2usize, secs, person), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::extent::rounds(48, 1_000), ..ProptestConfig::default() })]

    #[test]
    fn rolling_up_is_computing_directly(rows in some_rows()) {
        let views = views(&rows);
        let hours = uniques(&views, Granularity::Hour).unwrap();
        for granularity in Granularity::ALL {
            let direct = uniques(&views, granularity).unwrap();
            prop_assert!(rolled_up(&hours, granularity).unwrap().equals(&direct));
        }
        let days = uniques_by_local_day_of(&views, PACIFIC).unwrap();
        prop_assert!(uniques_by_local_day(&hours, PACIFIC).unwrap().equals(&days));
    }

    #[test]
    fn a_few_persons_are_counted_exactly(rows in some_rows()) {
        let views = views(&rows);
        for granularity in Granularity::ALL {
            let sketched = uniques(&views, granularity).unwrap().drop("sketch").unwrap();
            prop_assert!(sketched.equals(&exact_uniques(&views, granularity).unwrap()));
        }
    }
}

#[test]
fn summing_uniques_counts_a_person_twice() {
    let rows: Vec<Row> = (0..24).map(|hour| (0, hour * 3_600, Ok(7))).collect();
    let hours = uniques(&views(&rows), Granularity::Hour).unwrap();
    assert_eq!(
        hours.column("uniques").unwrap().i64().unwrap().sum(),
        Some(24)
    );
    let day = rolled_up(&hours, Granularity::Day).unwrap();
    assert_eq!(
        day.column("uniques").unwrap().i64().unwrap().to_vec(),
        [Some(1)]
    );
}

#[test]
fn a_day_that_begins_inside_an_hour_comes_from_the_page_views() {
    // 18:15 and 18:45 UTC: the 3rd and the 4th of August in Kolkata.
    let views = views(&[(0, 1_438_625_700, Ok(1)), (0, 1_438_627_500, Ok(1))]);
    let zone = Tz::Asia__Kolkata;
    let hours = uniques(&views, Granularity::Hour).unwrap();
    let error = uniques_by_local_day(&hours, zone).unwrap_err().to_string();
    assert!(
        error.contains("Asia/Kolkata begins inside an hour"),
        "{error}"
    );
    assert_eq!(uniques_by_local_day_of(&views, zone).unwrap().height(), 2);
}

#[test]
fn precision_buys_accuracy_with_bytes() {
    let rows: Vec<Row> = (0..10_005).map(|user| (0, 0, Ok(user))).collect();
    let table = precision_table(&views(&rows)).unwrap();
    assert_eq!(table.height(), 15);
    let column = |name: &str| {
        table
            .column(name)
            .unwrap()
            .cast(&DataType::Float64)
            .unwrap()
    };
    let errors: Vec<f64> = column("error_percent")
        .f64()
        .unwrap()
        .into_no_null_iter()
        .collect();
    let expected = column("standard_error_percent");
    for (error, expected) in errors
        .iter()
        .zip(expected.f64().unwrap().into_no_null_iter())
    {
        assert!(error.abs() < 4.0 * expected, "{error} of {expected}");
    }
    let bytes = column("bytes");
    assert!(
        bytes.f64().unwrap().first() < Some(20.0) && bytes.f64().unwrap().get(10) == Some(13_111.0)
    );
}

#[test]
fn rows_that_hold_no_sketch_are_named() {
    let mut view = uniques(&views(&[(0, 0, Ok(1))]), Granularity::Hour).unwrap();
    let broken: BinaryChunked = [Some(&b"\x09\x0e\x00"[..])].into_iter().collect();
    view.with_column(broken.with_name("sketch".into()).into_column())
        .unwrap();
    let error = rows(&view).unwrap_err().to_string();
    assert!(
        error.contains("row 0: unsupported sketch format 9"),
        "{error}"
    );
}
