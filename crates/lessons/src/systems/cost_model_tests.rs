use super::*;
use proptest::prelude::*;

#[test]
fn twice_the_machines_make_six_hours_of_thirty() {
    let job = CostModel::of_change(30.0, 6.0, 0.5).unwrap();
    assert!((job.processing() - 8.0 / 9.0).abs() < 1e-12);
    assert!((job.overhead() - 10.0 / 3.0).abs() < 1e-12);
    assert!((job.steady_state().unwrap() - 30.0).abs() < 1e-9);
    assert!((job.on_machines(2.0).steady_state().unwrap() - 6.0).abs() < 1e-9);
}

#[test]
fn a_tenth_more_failures_make_seventy_two_hours_of_eight() {
    let job = CostModel::of_change(8.0, 72.0, 1.0 / 0.9).unwrap();
    assert!((job.processing() - 8.0 / 9.0).abs() < 1e-12);
    assert!((job.overhead() - 8.0 / 9.0).abs() < 1e-12);
    assert!((job.with_failures(0.1).steady_state().unwrap() - 72.0).abs() < 1e-9);
}

#[test]
fn with_p_of_one_or_more_there_is_no_steady_state_and_runs_grow() {
    for p in [1.0, 1.2] {
        let job = CostModel::new(0.5, p).unwrap();
        let error = job.steady_state().unwrap_err().to_string();
        assert!(error.contains("falls behind"), "{error}");
        let runs = job.runs(1.0, 50);
        assert!(runs.is_sorted_by(|one, next| one < next) && runs[49] > 20.0);
    }
}

#[test]
fn numbers_that_make_no_job_are_refused() {
    for (o, p) in [
        (-1.0, 0.5),
        (1.0, f64::NAN),
        (f64::INFINITY, 0.5),
        (1.0, -0.1),
    ] {
        assert!(CostModel::new(o, p).is_err());
    }
    // Quicker with more work, slower with less, no change of P.
    for (before, after, factor) in [(30.0, 6.0, 2.0), (8.0, 72.0, 0.5), (8.0, 9.0, 1.0)] {
        let error = CostModel::of_change(before, after, factor).unwrap_err();
        assert!(
            matches!(error, CostError::NoModel { .. }),
            "{before} {after} {factor}: {error}"
        );
    }
    assert!(matches!(
        CostModel::of_change(0.0, 6.0, 0.5),
        Err(CostError::Value { what: "before", .. })
    ));
    assert!(
        CostModel::new(1.0, 0.5)
            .unwrap()
            .with_failures(1.0)
            .steady_state()
            .is_err()
    );
}

proptest! {
    #[test]
    fn runs_come_to_the_steady_state_from_anywhere(o in 0.0f64..10.0, p in 0.0f64..0.95, start in 0.0f64..100.0) {
        let job = CostModel::new(o, p).unwrap();
        let steady = job.steady_state().unwrap();
        let runs = job.runs(start, 600);
        prop_assert!((runs[599] - steady).abs() < 1e-6 * steady.max(1.0));
        // Each run is nearer than the one before, or there.
        let off: Vec<f64> = runs.iter().map(|run| (run - steady).abs()).collect();
        prop_assert!(off.windows(2).all(|two| two[1] <= two[0] + 1e-9));
    }

    #[test]
    fn two_steady_states_give_the_job_back(o in 0.01f64..10.0, p in 0.01f64..0.8, factor in 0.1f64..1.2) {
        prop_assume!((factor - 1.0).abs() > 0.05);
        let job = CostModel::new(o, p).unwrap();
        let (before, after) = (job.steady_state().unwrap(), job.slowed(factor).steady_state().unwrap());
        let found = CostModel::of_change(before, after, factor).unwrap();
        prop_assert!((found.overhead() - o).abs() < 1e-6 && (found.processing() - p).abs() < 1e-6);
    }
}
