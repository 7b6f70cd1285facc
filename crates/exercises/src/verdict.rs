//! What a check says, to eyes and to machines.
use super::attempt::{AttemptError, Stop};
use super::compare::{Difference, findings};
use super::exercise::{Case, Exercise};
use super::value::{Inputs, Value};
use notebook::escape::{code, escape};
use notebook::table::{Grid, TableCell};
use notebook::{Render, Rich};
use serde_json::json;

/// What one call got wrong.
#[derive(Clone, Debug)]
pub enum CallFailure {
    /// It gave no answer.
    NoAnswer(AttemptError),
    /// It gave a wrong one.
    Wrong {
        /// What it gave.
        actual: Value,
        /// How that differs.
        difference: Difference,
    },
}

impl CallFailure {
    pub(super) fn status(&self) -> Status {
        match self {
            CallFailure::NoAnswer(AttemptError::Unsolved) => Status::Unsolved,
            CallFailure::NoAnswer(AttemptError::Panicked(_)) => Status::Panicked,
            CallFailure::NoAnswer(AttemptError::Error(_)) => Status::Error,
            CallFailure::NoAnswer(AttemptError::Stopped(stop, _)) => Status::Stopped(*stop),
            CallFailure::Wrong { .. } => Status::Wrong,
        }
    }
}

/// The MIME type under which a verdict is read by `workbook check`.
pub const VERDICT_MIME: &str = "application/vnd.lambda-workbook.verdict+json";

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every case is right.
    Passed,
    /// A case has a wrong answer.
    Wrong,
    /// A case got an `Err`.
    Error,
    /// A case panicked.
    Panicked,
    /// The stub still stands.
    Unsolved,
    /// The process of the function ended, or was ended.
    Stopped(Stop),
}

impl Status {
    /// The word in machine-readable verdicts.
    pub fn code(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Wrong => "wrong",
            Status::Error => "error",
            Status::Panicked => "panicked",
            Status::Unsolved => "unsolved",
            Status::Stopped(Stop::Time) => "time",
            Status::Stopped(Stop::Memory) => "memory",
            Status::Stopped(Stop::Crash) => "crash",
            Status::Stopped(Stop::Forbidden) => "forbidden",
            Status::Stopped(Stop::Grader) => "grader",
        }
    }
}

/// The first case that failed, on its smallest failing input.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The case.
    pub case: Case,
    /// Its place among the cases, from 1.
    pub number: usize,
    /// Its inputs, with all rows taken away that do not matter.
    pub inputs: Inputs,
    /// The right answer to these inputs.
    pub expected: Option<Value>,
    /// What went wrong.
    pub fault: CallFailure,
}

/// What a check says.
#[derive(Clone, Debug)]
#[must_use = "a verdict is shown when it ends a cell"]
pub struct Verdict {
    /// The exercise.
    pub exercise: &'static Exercise,
    /// How it ended.
    pub status: Status,
    /// The cases that were right, by name: up to the first that was not, or, where
    /// every case is marked, all of them.
    pub passed: Vec<&'static str>,
    /// How many cases there are.
    pub cases: usize,
    /// The first case that failed.
    pub failed: Option<Failed>,
    /// Why progress could not be stored, if it could not.
    pub note: Option<String>,
}

impl Verdict {
    pub(super) fn passed(exercise: &'static Exercise, passed: Vec<&'static str>) -> Self {
        let cases = passed.len();
        Verdict {
            exercise,
            status: Status::Passed,
            passed,
            cases,
            failed: None,
            note: None,
        }
    }

    pub(super) fn failed(
        exercise: &'static Exercise,
        passed: Vec<&'static str>,
        cases: usize,
        failed: Failed,
    ) -> Self {
        let status = failed.fault.status();
        Verdict {
            exercise,
            status,
            passed,
            cases,
            failed: Some(failed),
            note: None,
        }
    }

    /// The verdict in one line.
    pub fn headline(&self) -> String {
        let title = self.exercise.title;
        let Some(failed) = &self.failed else {
            return format!("✓ {title}: all {} cases are right", self.cases);
        };
        if self.status == Status::Unsolved {
            return format!("○ {title}: not solved yet");
        }
        let (number, about) = (failed.number, failed.case.about);
        format!("✗ {title}: case {number} of {} fails: {about}", self.cases)
    }

    /// What went wrong, in one line; empty if nothing did.
    pub fn reason(&self) -> String {
        match self.failed.as_ref().map(|failed| &failed.fault) {
            None => String::new(),
            Some(CallFailure::Wrong { difference, .. }) => difference.what.clone(),
            Some(CallFailure::NoAnswer(AttemptError::Panicked(message))) => {
                format!("panicked: {message}")
            }
            Some(CallFailure::NoAnswer(AttemptError::Error(message))) => {
                format!("returned an error: {message}")
            }
            Some(CallFailure::NoAnswer(AttemptError::Stopped(_, message))) => message.clone(),
            Some(CallFailure::NoAnswer(AttemptError::Unsolved)) => {
                format!(
                    "write `{}`, then run this cell again",
                    self.exercise.signature
                )
            }
        }
    }

    /// What `workbook check` reads.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "exercise": self.exercise.id,
            "title": self.exercise.title,
            "status": self.status.code(),
            "passed": self.passed.len(),
            "cases": self.cases,
            "case": self.failed.as_ref().map(|failed| failed.case.name),
            "headline": self.headline(),
            "reason": self.reason(),
        })
    }

    /// The failure, if there is an answer or an error to look at.
    fn shown(&self) -> Option<&Failed> {
        self.failed
            .as_ref()
            .filter(|_| self.status != Status::Unsolved)
    }

    /// What stands above the tables: the reason, and inputs that are no tables.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::from_iter(Some(self.reason()).filter(|reason| !reason.is_empty()));
        let Some(failed) = self.shown() else {
            return lines;
        };
        let inputs = failed
            .inputs
            .iter()
            .filter_map(|(name, value)| Some((name, value.line()?)));
        lines.extend(inputs.map(|(name, line)| format!("input `{name}`: {line}")));
        // The reason has both already, but of two findings of a trial only what was found.
        match (&failed.fault, failed.expected.as_ref()) {
            (
                CallFailure::Wrong {
                    actual: Value::Text(actual),
                    ..
                },
                Some(Value::Text(expected)),
            ) => {
                let wanted = findings(expected, actual).map(|(wanted, _)| wanted);
                lines.extend(wanted.map(|wanted| format!("expected: {wanted}")));
            }
            (CallFailure::Wrong { .. }, _) => {}
            (CallFailure::NoAnswer(_), expected) => {
                let expected = expected.and_then(Value::line);
                lines.extend(expected.map(|line| format!("expected: {line}")));
            }
        }
        lines
    }

    /// The tables of a failure: the inputs; expected beside actual.
    fn grids(&self) -> (Vec<Grid>, Vec<Grid>) {
        let Some(failed) = self.shown() else {
            return Default::default();
        };
        let zone = failed.inputs.zone_to_read_in();
        let inputs = failed.inputs.iter();
        let inputs = inputs.filter_map(|(name, value)| value.grid(&format!("input {name}"), zone));
        let mut answers = Vec::new();
        answers.extend(
            failed
                .expected
                .as_ref()
                .and_then(|value| value.grid("expected", zone)),
        );
        if let CallFailure::Wrong { actual, difference } = &failed.fault
            && let Some(mut grid) = actual.grid("your answer", zone)
        {
            mark(&mut grid, answers.first(), difference.row);
            answers.push(grid);
        }
        (inputs.collect(), answers)
    }

    fn footer(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.failed {
            None => {
                lines.push(format!("Cases: {}.", self.passed.join(", ")));
                lines.push(format!(
                    "To compare with ours: solution!({}).",
                    self.exercise.name
                ));
            }
            Some(failed) => {
                if self.status != Status::Unsolved {
                    lines.push(format!("Why it matters: {}", failed.case.why));
                }
                lines.push(format!(
                    "Stuck? Run hint!({}) for the next hint.",
                    self.exercise.name
                ));
            }
        }
        lines.extend(self.note.clone());
        lines
    }
}

/// Marks the cells of a row that differ from the same row of the other grid.
fn mark(grid: &mut Grid, expected: Option<&Grid>, row: Option<usize>) {
    // Beyond the first rows, grids may leave rows out, and places no longer agree.
    let Some(row) = row.filter(|row| *row < 8) else {
        return;
    };
    let wanted = expected.and_then(|grid| grid.rows.get(row)).cloned();
    let Some(cells) = grid.rows.get_mut(row) else {
        return;
    };
    for (place, cell) in cells.iter_mut().enumerate() {
        let same = wanted
            .as_ref()
            .is_some_and(|wanted| wanted.get(place) == Some(cell));
        if let (false, TableCell::Value(text)) = (same, &*cell) {
            *cell = TableCell::Marked(text.clone());
        }
    }
}

impl Render for Verdict {
    fn render(&self) -> Rich {
        let (inputs, answers) = self.grids();
        let mut text = vec![self.headline()];
        text.extend(self.lines());
        for grid in inputs.iter().chain(&answers) {
            text.push(String::new());
            text.push(grid.to_text());
        }
        if !answers.is_empty() {
            text.push(String::new());
        }
        text.extend(self.footer());
        let json = self.to_json().to_string();
        Rich::text(text.join("\n"))
            .html(self.to_html(&inputs, &answers))
            .with(VERDICT_MIME, json)
    }
}

impl Verdict {
    fn to_html(&self, inputs: &[Grid], answers: &[Grid]) -> String {
        let colour = match self.status {
            Status::Passed => "var(--jp-success-color1,#388e3c)",
            Status::Unsolved => "var(--jp-border-color1,#9e9e9e)",
            _ => "var(--jp-error-color1,#d32f2f)",
        };
        let mut html = format!(
            "<div style=\"border-left:4px solid {colour};padding:.2em 1em\"><p><b>{}</b></p>",
            escape(&self.headline())
        );
        for line in self.lines() {
            html.push_str(&format!("<p>{}</p>", code(&line)));
        }
        for side_by_side in [inputs, answers] {
            html.push_str("<div style=\"display:flex;flex-wrap:wrap;gap:0 2em\">");
            side_by_side
                .iter()
                .for_each(|grid| html.push_str(&grid.to_html()));
            html.push_str("</div>");
        }
        for line in self.footer() {
            html.push_str(&format!("<p>{}</p>", code(&line)));
        }
        html + "</div>"
    }
}
