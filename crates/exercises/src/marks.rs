//! Every case of an exercise with how it ended, and the points that makes.
use super::verdict::{Status, Verdict};
use notebook::{Render, Rich};
use std::collections::BTreeMap;

/// The name of the case whose inputs are drawn at large. The other cases are few and small, and have
/// a shape that is known; so this one weighs as much as all of them together.
pub const DRAWN: &str = "random";

/// How one case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The case's name.
    pub case: &'static str,
    /// What it tests.
    pub about: &'static str,
    /// How it ended.
    pub status: Status,
    /// Whether an answer is right here that does no work: an empty table, an argument given
    /// back unchanged, or another idle answer of the exercise. Such a case earns points only together with another one.
    pub without_work: bool,
}

/// How all cases ended, and the verdict on the first that failed.
///
/// At the end of a cell it is a number, the points, which nbgrader reads; front
/// ends show the verdict.
#[derive(Clone, Debug)]
#[must_use = "marks are shown when they end a cell"]
pub struct Marks {
    /// Every case, in order.
    pub cases: Vec<Marked>,
    /// The first failure, or that there is none.
    pub verdict: Verdict,
    points: f64,
    weights: BTreeMap<String, f64>,
}

impl Marks {
    pub(super) fn new(cases: Vec<Marked>, verdict: Verdict) -> Self {
        let points = cases.len() as f64;
        Marks {
            cases,
            verdict,
            points,
            weights: BTreeMap::new(),
        }
    }

    /// The points for all cases together: one a case unless said.
    pub fn of(mut self, points: f64) -> Self {
        self.points = points;
        self
    }

    /// What a case weighs beside the others, unless it weighs 1, or [`DRAWN`] as much as all others.
    pub fn weighing<'a>(mut self, weights: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let weights = weights.into_iter();
        self.weights
            .extend(weights.map(|(case, weight)| (case.to_owned(), weight)));
        self
    }

    /// Whether a case that asks for work passed.
    fn worked(&self) -> bool {
        let mut cases = self.cases.iter();
        cases.any(|case| case.status == Status::Passed && !case.without_work)
    }

    /// Returns the names of the cases that passed and yet earn nothing: an answer that
    /// does no work is right there, and no other case passed.
    pub fn unearned(&self) -> Vec<&'static str> {
        let worked = self.worked();
        let passed = { self.cases.iter() }.filter(|case| case.status == Status::Passed);
        passed
            .filter(|case| case.without_work && !worked)
            .map(|case| case.case)
            .collect()
    }

    /// The points that each case is worth, and of these the points that it got.
    pub fn points(&self) -> Vec<(&'static str, f64, f64)> {
        let others = self.cases.len().saturating_sub(1).max(1) as f64;
        let weight = |case: &Marked| match self.weights.get(case.case) {
            Some(weight) => *weight,
            None if case.case == DRAWN => others,
            None => 1.0,
        };
        let all: f64 = self.cases.iter().map(weight).sum();
        let worked = self.worked();
        let share = |case: &Marked| {
            let worth = if all > 0.0 {
                self.points * weight(case) / all
            } else {
                0.0
            };
            let earned = worked || !case.without_work;
            let got = if case.status == Status::Passed && earned {
                worth
            } else {
                0.0
            };
            (case.case, worth, got)
        };
        self.cases.iter().map(share).collect()
    }

    /// The points that all cases got: all of them, to the last digit, if every case
    /// passed.
    pub fn total(&self) -> f64 {
        if self.cases.iter().all(|case| case.status == Status::Passed) {
            return self.points;
        }
        rounded(self.points().iter().map(|(_, _, got)| got).sum())
    }
}

/// Points are read by people.
fn rounded(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}

impl Render for Marks {
    fn render(&self) -> Rich {
        let verdict = self.verdict.render();
        let marks = Rich::text(self.total().to_string());
        let html = verdict.get("text/html").unwrap_or_default().to_owned();
        marks.html(html)
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt::AttemptError;
    use super::super::judge::by;
    use super::super::value::{Inputs, Value};
    use super::super::{mark, pacific_days};
    use super::*;
    use polars::prelude::DataFrame;

    #[test]
    fn an_answer_that_does_no_work_gets_no_points() {
        for exercise in crate::ALL {
            let cases = (exercise.cases)(3);
            let names = cases[0].inputs.iter().map(|(name, _)| name.to_owned());
            let names: Vec<Option<String>> = names.map(Some).chain([None]).collect();
            for name in names {
                let mut idle = |inputs: &Inputs| -> Result<Value, AttemptError> {
                    let given = inputs
                        .iter()
                        .find(|(known, _)| Some(*known) == name.as_deref());
                    Ok(match (given, exercise.right_answer(inputs)) {
                        (Some((_, value)), _) => value.clone(),
                        // The empty table, with the right columns.
                        (None, Ok(Value::Frame(right))) => Value::Frame(right.clear()),
                        (None, _) => Value::Frame(DataFrame::empty()),
                    })
                };
                let marks = mark(exercise, 3, &mut idle);
                assert_eq!(marks.total(), 0.0, "{} {name:?}", exercise.name);
            }
            for (number, idle) in exercise.idle.iter().enumerate() {
                let marks = mark(exercise, 3, &mut by(*idle));
                assert_eq!(marks.total(), 0.0, "{}, idle {number}", exercise.name);
            }
        }
    }

    #[test]
    fn points_follow_the_weights() {
        let mut right = |inputs: &Inputs| -> Result<Value, AttemptError> {
            match inputs.frame("views").unwrap().height() {
                0 => Ok(Value::Frame(DataFrame::empty())),
                _ => Ok(pacific_days::EXERCISE.right_answer(inputs).unwrap()),
            }
        };
        let marks = mark(&pacific_days::EXERCISE, 3, &mut right);
        let cases = marks.cases.len();
        let failed: Vec<_> = marks
            .cases
            .iter()
            .filter(|case| case.status != Status::Passed)
            .collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].case, failed[0].status), ("empty", Status::Wrong));
        // One drawn case weighs as much as the others.
        assert_eq!(
            marks.cases.iter().filter(|case| case.case == DRAWN).count(),
            1
        );
        let all = 2.0 * (cases - 1) as f64;
        assert_eq!(marks.total(), rounded(cases as f64 * (all - 1.0) / all));
        assert_eq!(
            marks.clone().of(1.0).weighing([("empty", all)]).total(),
            rounded((all - 1.0) / (2.0 * all - 1.0))
        );
        assert_eq!(marks.of(10.0).weighing([("empty", 0.0)]).total(), 10.0);
    }
}
