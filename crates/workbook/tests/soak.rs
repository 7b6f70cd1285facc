//! `workbook soak` as a process: weeks whose nodes are killed, the consumers with a split commit
//! caught, and bad arguments.
use crate::extent;
use std::process::{Command, Output};

fn soak(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    command.arg("soak").args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The number before some words.
fn number(text: &str, words: &str) -> u64 {
    let before = text.split(words).next().unwrap();
    let digits = before
        .rsplit(|c: char| !c.is_ascii_digit() && c != ',')
        .next();
    let digits = digits.unwrap().replace(',', "");
    digits.parse().unwrap_or_else(|_| panic!("{words}: {text}"))
}

#[test]
fn weeks_of_killed_processes_lose_nothing_and_double_nothing() {
    let weeks = extent::rounds(25, 100);
    let output = soak(&["--seeds", &weeks.to_string(), "--views", "400"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let clean = format!("{weeks} weeks, {weeks} of them clean");
    assert!(said.contains(&clean), "{said}");
    assert!(said.ends_with("lost 0, doubled 0\n"), "{said}");
    // The weeks were not idle: nodes died at work, and bugs were rolled back.
    assert!(number(&said, " processes killed") >= 3 * weeks, "{said}");
    assert!(2 * number(&said, " batches rolled back") >= weeks, "{said}");
    assert!(number(&said, " of them copies") >= 10 * weeks, "{said}");
    assert!(number(&said, " late") >= 3 * weeks, "{said}");
}

#[test]
fn a_week_prints_its_account() {
    let output = soak(&["--seed", "7", "--views", "400"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for row in [
        "Account of the week",
        "seed",
        "events sent",
        "closing answers are the truth",
    ] {
        assert!(said.contains(row), "{row}: {said}");
    }
}

#[test]
fn a_consumer_with_a_split_commit_is_exit_code_1() {
    for (consumer, word) in [("at-most-once", "lost"), ("at-least-once", "doubled")] {
        let args = [
            "--in-process",
            "--seeds",
            "6",
            "--views",
            "400",
            "--consumer",
            consumer,
        ];
        let output = soak(&args);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let sums = said.lines().last().unwrap();
        assert!(!sums.contains(&format!("{word} 0")), "{sums}");
    }
}

#[test]
fn wrong_use_is_exit_code_2_with_the_remedy() {
    for (args, words) in [
        (&["--seeds", "0"][..], "1..=1000000"),
        (&["--views", "0"], "1..=1000000"),
        (&["--views", "many"], "invalid"),
        (&["--seed", "-1"], "unexpected argument"),
        (&["--consumer", "hasty"], "at-least-once"),
        (
            &["--seed", "18446744073709551615", "--seeds", "2"],
            "smaller",
        ),
    ] {
        let output = soak(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(words), "{args:?}: {}", text(&output));
    }
}
