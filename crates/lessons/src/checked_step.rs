//! A small step of a chapter, tried at once: the reader changes a closure or a list of words in a
//! cell, and the cell says whether it is right.
use show::escape::escape;
use show::{Render, Rich};

/// The result of a small step: right, or the first case that is wrong and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedStep {
    /// Whether the step is solved.
    pub passed: bool,
    /// What was found. The first line begins with `PASSED` or `NOT YET`.
    pub text: String,
}

impl CheckedStep {
    /// Creates the result of a step that is not solved yet.
    pub(crate) fn wrong(text: String) -> Self {
        CheckedStep {
            passed: false,
            text: format!("NOT YET: {text}"),
        }
    }

    /// Creates the result of a solved step.
    pub(crate) fn right(text: String) -> Self {
        CheckedStep {
            passed: true,
            text: format!("PASSED: {text}"),
        }
    }
}

/// A case on which a step is tried.
pub(crate) struct StepCase {
    /// The input, in words.
    pub(crate) about: String,
    /// Why the expected answer is right.
    pub(crate) why: &'static str,
    /// The right answer, as it is shown.
    pub(crate) expected: String,
    /// The reader's answer, as it is shown, or its error.
    pub(crate) actual: String,
}

impl CheckedStep {
    /// Returns the result of `step`: the first of its cases that is wrong, if there is one.
    pub(crate) fn of(step: &str, cases: impl IntoIterator<Item = StepCase>) -> Self {
        let mut right = 0;
        for case in cases {
            if case.expected != case.actual {
                return CheckedStep::wrong(format!(
                    "{step}\nCase: {}\nExpected {}, got {}\nWhy: {}",
                    case.about, case.expected, case.actual, case.why
                ));
            }
            right += 1;
        }
        CheckedStep::right(format!("{step}, all {right} cases"))
    }
}

impl Render for CheckedStep {
    fn render(&self) -> Rich {
        let colour = match self.passed {
            true => "var(--jp-success-color1,#388e3c)",
            false => "var(--jp-error-color1,#d32f2f)",
        };
        let mut lines = self.text.lines().map(escape);
        let first = lines.next().unwrap_or_default();
        let rest: String = lines.map(|line| format!("<p>{line}</p>")).collect();
        Rich::text(&self.text).html(format!(
            "<div style=\"border-left:4px solid {colour};padding:.2em 1em\"><p><b>{first}</b></p>{rest}</div>"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_bold_and_nothing_is_read_as_html() {
        let step = CheckedStep::wrong("step 1\nExpected <5>, got 7".to_owned());
        let shown = step.render();
        let html = shown.get("text/html").unwrap();
        assert!(html.contains("<b>NOT YET: step 1</b>"), "{html}");
        assert!(html.contains("&lt;5&gt;"), "{html}");
        assert_eq!(shown.get("text/plain"), Some(&*step.text));
        assert!(CheckedStep::right("step 1".to_owned()).passed);
    }
}
