//! The way so far: hints that were opened, exercises that were solved.
use super::exercise::Exercise;
use super::progress::{ExerciseProgress, ProgressError, ProgressStore};
use notebook::escape::code;
use notebook::table::{Grid, Head, TableCell};
use notebook::{Render, Rich};
use std::collections::BTreeMap;

/// The hints of an exercise that are open.
#[derive(Clone, Debug)]
#[must_use = "hints are shown when they end a cell"]
pub struct Hints {
    exercise: &'static Exercise,
    open: usize,
}

/// Opens the next hint of an exercise. Where progress cannot be stored, all are
/// open.
pub fn hint(exercise: &'static Exercise) -> Hints {
    let all = exercise.hints.len();
    let opened =
        ProgressStore::of_project().and_then(|progress| progress.open_hint(exercise.id, all));
    Hints {
        exercise,
        open: opened.unwrap_or(all),
    }
}

impl Hints {
    /// The first `open` hints of an exercise.
    pub fn opened(exercise: &'static Exercise, open: usize) -> Self {
        let open = open.min(exercise.hints.len());
        Hints { exercise, open }
    }
}

impl Render for Hints {
    fn render(&self) -> Rich {
        let all = self.exercise.hints.len();
        let left = match all - self.open {
            0 => "That was the last hint.".to_owned(),
            left => format!("{left} more: ask again."),
        };
        let numbered = || (1..).zip(&self.exercise.hints[..self.open]);
        let text: String = numbered()
            .map(|(n, hint)| format!("Hint {n} of {all}: {hint}\n"))
            .collect();
        let items: String = numbered()
            .map(|(n, hint)| format!("<p><b>Hint {n} of {all}.</b> {}</p>", code(hint)))
            .collect();
        Rich::text(text + &left).html(format!("{items}<p>{left}</p>"))
    }
}

/// All exercises and how far the reader is.
#[derive(Clone, Debug)]
pub struct ProgressTable {
    rows: Vec<(&'static Exercise, ExerciseProgress)>,
    note: Option<String>,
}

/// The map of all exercises, as stored in the project.
pub fn progress() -> ProgressTable {
    let records = ProgressStore::of_project().and_then(|progress| progress.records());
    ProgressTable::of(records)
}

impl ProgressTable {
    /// The map of what is stored, or why nothing can be read.
    pub fn of(records: Result<BTreeMap<String, ExerciseProgress>, ProgressError>) -> ProgressTable {
        let (records, note) = match records {
            Ok(records) => (records, None),
            Err(error) => (
                BTreeMap::new(),
                Some(format!("No progress is stored: {error}")),
            ),
        };
        let record = |exercise: &&'static Exercise| {
            let record = records.get(exercise.id).cloned().unwrap_or_default();
            (*exercise, record)
        };
        ProgressTable {
            rows: super::ALL.iter().map(record).collect(),
            note,
        }
    }

    /// How many are solved, of how many.
    pub fn solved(&self) -> (usize, usize) {
        let solved = self.rows.iter().filter(|(_, record)| record.solved).count();
        (solved, self.rows.len())
    }

    fn grid(&self) -> Grid {
        let (solved, all) = self.solved();
        let row = |(exercise, record): &(&Exercise, ExerciseProgress)| {
            let state = match record {
                ExerciseProgress { solved: true, .. } => "✓ solved",
                ExerciseProgress { gave_up: true, .. } => "… shown",
                ExerciseProgress { attempts: 0, .. } => "○ open",
                _ => "… begun",
            };
            let cases = match record.cases {
                0 => "–".to_owned(),
                cases => format!("{} of {cases}", record.best),
            };
            let cells = [
                exercise.id.into(),
                exercise.title.into(),
                state.into(),
                cases,
                record.attempts.to_string(),
            ];
            cells.map(TableCell::Value).to_vec()
        };
        Grid {
            caption: format!(
                "Progress in all checks so far: {solved} of {all} exercises have passed"
            ),
            heads: vec![
                Head::text("exercise"),
                Head::text("title"),
                Head::text("state"),
                Head::number("cases"),
                Head::number("checks"),
            ],
            rows: self.rows.iter().map(row).collect(),
            ..Grid::default()
        }
    }
}

impl Render for ProgressTable {
    fn render(&self) -> Rich {
        let rich = self.grid().render();
        match &self.note {
            Some(note) => Rich::stack(&[rich, Rich::text(note)]),
            None => rich,
        }
    }
}
