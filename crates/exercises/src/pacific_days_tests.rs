//! What every exercise proves, and how a verdict looks.
use super::*;

crate::mutants::tests! {
    pacific_days::daily_page_views, stub: |_, _| todo!(), mutants:
    count_is_u32, counts_seconds, days_of_86400, fixed_offset, midnight_always, polars_truncate,
    sum_of_hours, truncates, unsorted, utc_day,
}

#[test]
fn the_smallest_failing_input_is_one_view() {
    let found = MUTANTS
        .iter()
        .find(|mutant| mutant.name == "sum_of_hours")
        .unwrap();
    let failed = verdict(found.function).failed.unwrap();
    assert_eq!(failed.inputs.frame("views").unwrap().height(), 1);
}

#[test]
fn a_verdict_shows_both_answers_with_clocks() {
    let found = MUTANTS
        .iter()
        .find(|mutant| mutant.name == "utc_day")
        .unwrap();
    let rich = verdict(found.function).render();
    let text = rich.get("text/plain").unwrap();
    assert!(
        text.contains("expected") && text.contains("your answer"),
        "{text}"
    );
    assert!(text.contains("00:00 PDT"), "{text}");
    assert!(rich.get("text/html").unwrap().contains("lw-mark"));
    let json: serde_json::Value =
        serde_json::from_str(rich.get(crate::VERDICT_MIME).unwrap()).unwrap();
    assert_eq!(json["status"], "wrong");
    assert_eq!(json["case"], "evening");
}
