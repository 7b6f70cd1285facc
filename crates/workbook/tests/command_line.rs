//! The program as a shell calls it, and the lines that it is fed.
use std::process::{Command, Output};

/// Runs the program with these words.
fn workbook(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workbook"))
        .args(words)
        .output()
        .unwrap()
}

/// Returns what a call that must succeed prints.
pub fn done(words: &[&str]) -> String {
    let output = workbook(words);
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the error of a call that must fail, by its set-up or its input, and print nothing else.
pub fn refused(words: &[&str]) -> String {
    let output = workbook(words);
    assert_eq!(output.status.code(), Some(3), "{words:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Returns the line of a page view by a user.
pub fn view(url: &str, user: i64, secs: i64) -> String {
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{secs},"page":{{"url":"http://{url}"}},"person":{{"user_id":{user}}}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    ) + "\n"
}
