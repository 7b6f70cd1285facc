//! Grades as tables for machines: CSV and JSON.
use super::batch::StudentGrades;
use super::feedback::visible;
use super::ledger::Seeds;
use super::mark::Graded;
use super::similar::Pair;
use serde_json::{Value, json};

/// One row a student: the total, and of each exercise the points, the verdict, and
/// the points of each case.
pub fn csv(all: &[StudentGrades]) -> String {
    let mut columns: Vec<(String, Vec<String>)> = Vec::new();
    for graded in all.iter().flat_map(|student| &student.graded) {
        let cases = || graded.cases.iter().map(|case| case.case.clone()).collect();
        match columns
            .iter_mut()
            .find(|(exercise, _)| *exercise == graded.exercise)
        {
            None => columns.push((graded.exercise.clone(), cases())),
            Some((_, known)) if known.is_empty() => *known = cases(),
            Some(_) => {}
        }
    }
    let mut head = vec!["student".to_owned(), "points".to_owned(), "of".to_owned()];
    for (exercise, cases) in &columns {
        head.extend([exercise.clone(), format!("{exercise}.verdict")]);
        head.extend(cases.iter().map(|case| format!("{exercise}.{case}")));
    }
    let mut rows = vec![row(&head)];
    for student in all {
        let (points, of) = student.total();
        let mut fields = vec![student.name.clone(), number(points), number(of)];
        for (exercise, cases) in &columns {
            let graded = student
                .graded
                .iter()
                .find(|graded| graded.exercise == *exercise);
            fields.push(graded.map_or(String::new(), |graded| number(graded.points)));
            fields.push(graded.map_or(String::new(), |graded| graded.verdict.clone()));
            for case in cases {
                let case =
                    graded.and_then(|graded| graded.cases.iter().find(|known| known.case == *case));
                fields.push(number(case.map_or(0.0, |case| case.points)));
            }
        }
        rows.push(row(&fields));
    }
    rows.concat()
}

fn number(points: f64) -> String {
    ((points * 1_000.0).round() / 1_000.0).to_string()
}

fn row(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\n"
}

/// A field that no spreadsheet takes for a formula, nor for two fields where a semicolon
/// or a tab stands between them.
fn quoted(field: &str) -> String {
    let digits = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let is_number = field.chars().all(digits) && field.parse::<f64>().is_ok();
    let first = field.trim_start().chars().next().unwrap_or_default();
    // Programs take the wide forms of East Asian scripts for the same signs.
    let formula = "=+-@|%\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first)
        || field.starts_with(['\t', '\r', '\n']);
    let field = if formula && !is_number && !field.is_empty() {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains(['"', ',', ';', '\t', '\n', '\r', '\'']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field
}

/// A grade whose texts show every character, also in a terminal.
fn shown(graded: &Graded) -> Graded {
    Graded {
        reason: visible(&graded.reason),
        notes: graded.notes.iter().map(|note| visible(note)).collect(),
        ..graded.clone()
    }
}

/// Everything, with reasons and notes.
pub fn json(all: &[StudentGrades], seeds: &Seeds, pairs: &[Pair]) -> Value {
    let students = all.iter().map(|student| {
        let (points, of) = student.total();
        let exercises: Vec<Graded> = student.graded.iter().map(shown).collect();
        let mut json =
            json!({"student": student.name, "points": points, "of": of, "exercises": exercises});
        if seeds.per_student {
            json["seed"] = seeds.of(&student.name).into();
        }
        json
    });
    let pairs = pairs.iter().map(
        |pair| json!({"exercise": pair.exercise, "students": pair.students, "share": pair.share}),
    );
    json!({
        "seed": seeds.seed,
        "students": students.collect::<Vec<_>>(),
        "similar": pairs.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: reasons and notes in the JSON report hide no character.
    #[test]
    fn a_reason_hides_nothing() {
        let graded = Graded {
            reason: "a\u{202e}b\u{7}".to_owned(),
            notes: vec!["c\u{200b}".to_owned()],
            ..Graded::default()
        };
        let shown = shown(&graded);
        assert_eq!(shown.reason, r"a\u{202e}b\u{7}");
        assert_eq!(shown.notes, [r"c\u{200b}"]);
    }

    #[test]
    fn a_name_is_no_formula_and_no_second_field() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("Lovelace, \"Ada\""), "\"Lovelace, \"\"Ada\"\"\"");
        assert_eq!(quoted("-1.5"), "-1.5");
        assert_eq!(quoted("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(quoted(" =1"), "\"' =1\"");
        assert_eq!(quoted("+1;=2"), "\"'+1;=2\"");
        assert_eq!(quoted("a;=2"), "\"a;=2\"");
        assert_eq!(quoted("\u{ff1d}1"), "\"'\u{ff1d}1\"");
        assert_eq!(quoted("-inf"), "\"'-inf\"");
        assert_eq!(quoted("\t=1"), "\"'\t=1\"");
        assert_eq!(quoted(""), "");
    }
}
