//! `workbook query` as a process: answers, their explanation, and bad questions.

use lambda_workbook::dataset::{self, Format, Spec};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The views of the lesson, made once by `workbook batch`.
static VIEWS: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("lesson");
    let made = dataset::generate(&Spec::lesson(), &set, Format::Parquet, &|_, _| ()).unwrap();
    let views = folder.path().join("views");
    let status = workbook(&["batch", "--out"], &views)
        .arg("--input")
        .arg(made.parquet())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    (folder, views)
});

fn workbook(words: &[&str], path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    command.args(words).arg(path);
    command
}

fn query(words: &[&str]) -> Output {
    workbook(&["query", "--views"], &VIEWS.1)
        .args(words)
        .output()
        .unwrap()
}

fn answer(words: &[&str]) -> String {
    let output = query(words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(code: i32, words: &[&str]) -> String {
    let output = query(words);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_pacific_day_is_answered_where_the_utc_day_is_empty() {
    let day = |zone| {
        answer(&[
            "page-views",
            "mysite.com/blog",
            "--day",
            "2015-08-06",
            "--zone",
            zone,
        ])
    };
    assert_eq!(
        day("America/Los_Angeles"),
        "899,778 page views of mysite.com/blog from Thu 2015-08-06 00:00 PDT to before Fri 2015-08-07 00:00 PDT\n"
    );
    assert!(day("UTC").starts_with("0 page views"));
}

#[test]
fn three_days_take_9_reads_of_counts_and_26_of_sketches() {
    let range = [
        "mysite.com/blog",
        "--from",
        "2015-08-03T03",
        "--until",
        "2015-08-06 03:00",
        "--explain",
    ];
    let counts = answer(&[&["page-views"], &range[..]].concat());
    assert!(counts.starts_with("101,732 page views"), "{counts}");
    assert_eq!(counts.lines().nth(1), Some("9 reads: 3 d, 3 h, -3 h"));
    assert!(counts.contains("  + d 1438560000  Mon 2015-08-03 00:00 UTC to before Tue 2015-08-04 00:00 UTC  101,732 page views\n"));
    assert!(counts.contains("1 look into the index, 3 contiguous scans"));
    let uniques = answer(&[&["uniques"], &range[..]].concat());
    assert!(uniques.starts_with("9,969 uniques"), "{uniques}");
    assert_eq!(uniques.lines().nth(1), Some("26 reads: 2 d, 24 h"));
}

#[test]
fn without_a_range_all_that_is_held_is_the_answer_however_the_url_is_spelled() {
    let all = answer(&[
        "page-views",
        "http://MYSITE.com:80/blog?page=2",
        "--json",
        "--explain",
    ]);
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["page_views"], 1_001_510);
    assert_eq!(all["url"], "mysite.com/blog");
    assert_eq!(all["reads"][0]["granularity"], "m");
}

#[test]
fn days_of_a_place_come_line_by_line() {
    let days = answer(&[
        "page-views",
        "mysite.com/",
        "--from",
        "2015-08-03",
        "--until",
        "2015-08-08",
        "--by-day",
        "--zone",
        "America/Los_Angeles",
    ]);
    let counts: Vec<&str> = days
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(counts, ["101,212", "0", "0", "300,054", "0"]);
}

#[test]
fn the_bounce_rate_is_of_a_domain() {
    let rate = answer(&["bounce-rate", "http://mysite.com/blog", "--json"]);
    let rate: serde_json::Value = serde_json::from_str(&rate).unwrap();
    let (visits, bounces) = (
        rate["visits"].as_f64().unwrap(),
        rate["bounces"].as_f64().unwrap(),
    );
    assert_eq!(rate["domain"], "mysite.com");
    let rate = rate["bounce_rate"].as_f64().unwrap();
    assert!((rate - bounces / visits).abs() < 1e-12);
    assert!(visits > 20_000.0 && bounces > 0.0);
}

#[test]
fn a_bad_question_is_wrong_use_and_says_the_mend() {
    let page = ["page-views", "mysite.com/"];
    for (words, mend) in [
        (
            &["--from", "2015-08-06", "--until", "2015-08-03"][..],
            "exchange the two",
        ),
        (
            &["--from", "2015-08-03T03:30", "--until", "2015-08-04"],
            "use 1438570800 or 1438574400",
        ),
        (&["--from", "2015-08-03"], "--until"),
        (&["--from", "soon", "--until", "later"], "2015-08-03T03"),
        (
            &["--from", "1438912800000", "--until", "1438912900000"],
            "milliseconds",
        ),
        (&["--day", "2015-02-30"], "2015-02-30"),
        (
            &["--day", "2011-12-30", "--zone", "Pacific/Apia"],
            "has no 2011-12-30",
        ),
        (
            &["--day", "2015-08-06", "--zone", "Asia/Kolkata"],
            "inside a bucket",
        ),
        (&["--zone", "America/Los Angeles"], "America/Los_Angeles"),
    ] {
        let error = refused(2, &[&page, words].concat());
        assert!(error.contains(mend), "{words:?}: {error}");
    }
    assert!(refused(2, &["page-views", "ftp://mysite.com/"]).contains("ftp"));
}

#[test]
fn what_the_view_does_not_hold_comes_with_what_is_near() {
    let error = refused(3, &["page-views", "mysite.com/blg"]);
    assert!(
        error.contains("it holds 2 URLs, the nearest: mysite.com/blog"),
        "{error}"
    );
    let error = refused(3, &["bounce-rate", "mysite.org"]);
    assert!(
        error.contains("no domain \"mysite.org\"; it holds 1 domain"),
        "{error}"
    );
    let none = workbook(
        &["query", "page-views", "a.com/", "--views"],
        Path::new("no-such-folder"),
    );
    let none = { none }.output().unwrap();
    assert_eq!(none.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&none.stderr).contains("workbook batch --out"));
}
