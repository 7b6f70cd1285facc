//! What a student gets back: one page of HTML, which needs nothing else.
use super::batch::StudentGrades;
use super::mark::{Graded, MISSING, Origin};
use lambda_workbook::chrono::DateTime;
use lambda_workbook::notebook::escape::escape;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;margin:.5em 0}td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:left}\
td:last-child,th:last-child{text-align:right}pre{background:#f6f6f6;padding:.8em;overflow:auto}\
.right{color:#2e7d32}.lw-mark{background:#ffe0b2}section{margin:2.5em 0}.origin,footer{color:#666;font-size:.85em}";

/// The page for one student. A `seed` is shown only if it is given: with it, all cases can be
/// drawn again, also by those who have not handed in yet.
pub fn page(student: &StudentGrades, seed: Option<u64>) -> String {
    let (points, of) = student.total();
    let name = escape(&student.name);
    let exercises: String = student.graded.iter().map(section).collect();
    let overview = overview(&student.graded);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\
         <title>{name}</title><style>{STYLE}</style></head><body>\
         <h1>{name}: {points} of {of} points</h1>{overview}{exercises}{}</body></html>\n",
        again(student, seed)
    )
}

/// How the grades on a page can be made again.
fn again(student: &StudentGrades, seed: Option<u64>) -> String {
    if student.graded.iter().all(|graded| graded.origin.is_none()) {
        return String::new();
    }
    let version = env!("CARGO_PKG_VERSION");
    let seed = match seed {
        Some(seed) => format!("with <code>--seed {seed}</code>"),
        None => "with the seed in your teacher\u{2019}s <code>grades.json</code>".to_owned(),
    };
    format!(
        "<footer>Graded by Lambda Workbook {version}. <code>cargo workbook grade</code> draws the same \
         cases again {seed}.</footer>"
    )
}

/// When a grade was made, and of which file.
fn origin(origin: &Origin) -> String {
    let secs = i64::try_from(origin.graded_at_secs).unwrap_or_default();
    let date = DateTime::from_timestamp(secs, 0).unwrap_or_default();
    format!(
        "<p class=\"origin\">Graded on {} from {}, SHA-256 {:.16}.</p>",
        date.format("%Y-%m-%d at %H:%M UTC"),
        escape(&visible(&origin.file)),
        origin.sha256
    )
}

/// The table of all exercises, with links to what is said of each.
fn overview(all: &[Graded]) -> String {
    let row = |graded: &Graded| {
        let exercise = escape(&graded.exercise);
        format!(
            "<tr><td><a href=\"#{exercise}\">{exercise}</a></td><td>{}</td><td>{} of {}</td></tr>",
            escape(&graded.verdict),
            graded.points,
            graded.of
        )
    };
    let rows: String = all.iter().map(row).collect();
    format!("<table><tr><th>exercise</th><th>verdict</th><th>points</th></tr>{rows}</table>")
}

/// What is said of one exercise: a line if nothing was handed in for it.
fn section(graded: &Graded) -> String {
    let exercise = escape(&graded.exercise);
    let reason = visible(&graded.reason);
    let (verdict, reason) = (escape(&graded.verdict), escape(&reason));
    if graded.verdict == MISSING {
        let said = match graded.reason.starts_with("there is no notebook") {
            true => "not handed in",
            false => "nothing was found to grade",
        };
        return format!("<p id=\"{exercise}\"><b>{exercise}</b> {said}: {reason}</p>");
    }
    let mut html = format!(
        "<section id=\"{exercise}\"><h2>{exercise}: {} of {} points</h2>",
        graded.points, graded.of
    );
    if graded.shown.is_empty() {
        html += &format!("<p><b>{}</b></p><pre>{reason}</pre>", said(&verdict));
    }
    html += &visible(&graded.shown);
    let notes: String = graded
        .notes
        .iter()
        .map(|note| format!("<li>{}</li>", escape(&visible(note))))
        .collect();
    if !notes.is_empty() {
        html += &format!("<p>About your notebook:</p><ul>{notes}</ul>");
    }
    if !graded.cases.is_empty() {
        html +=
            "<table><tr><th>case</th><th>what it tests</th><th>verdict</th><th>points</th></tr>";
        for case in &graded.cases {
            let class = if case.verdict == "passed" {
                " class=\"right\""
            } else {
                ""
            };
            html += &format!(
                "<tr><td>{}</td><td>{}</td><td{class}>{}</td><td>{:.2} of {:.2}</td></tr>",
                escape(&case.case),
                escape(&case.about),
                escape(&case.verdict),
                case.points,
                case.of
            );
        }
        html += "</table>";
    }
    if !graded.source.is_empty() {
        html += &format!(
            "<details><summary>What was graded</summary><pre>{}</pre></details>",
            numbered(&graded.source)
        );
    }
    html.extend(graded.origin.as_ref().map(origin));
    html + "</section>"
}

fn said(verdict: &str) -> String {
    match verdict {
        "compile" => "It does not compile.".to_owned(),
        "unreadable" => "The notebook could not be read.".to_owned(),
        "forbidden" => "It holds what no answer needs, and was not run.".to_owned(),
        "grader" => "The grader failed; your teacher has been told.".to_owned(),
        verdict => format!("Verdict: {verdict}."),
    }
}

fn numbered(source: &str) -> String {
    let lines = (1..)
        .zip(source.lines())
        .map(|(n, line)| format!("{n:>4}  {}\n", escape(&visible(line))));
    lines.collect()
}

/// A text with every character in the place where it stands: those that turn the
/// direction of writing or take no room are escaped, but for tabs and ends of lines.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\t' && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match hidden(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_shown_in_the_order_in_which_it_stands() {
        assert_eq!(
            numbered("a\u{202e} <b>\n\tc"),
            "   1  a\\u{202e} &lt;b&gt;\n   2  \tc\n"
        );
    }

    /// Rule: no text on a student's page hides a character or turns its direction.
    #[test]
    fn nothing_is_hidden_in_what_is_said() {
        let hidden = || "a\u{202e}b\u{1b}[1m\nc".to_owned();
        let graded = Graded {
            exercise: "07_1_counter_merge".to_owned(),
            verdict: "wrong".to_owned(),
            notes: vec![hidden()],
            shown: format!("<pre>{}</pre>", hidden()),
            ..Graded::default()
        };
        let unshown = Graded {
            verdict: "compile".to_owned(),
            reason: hidden(),
            shown: String::new(),
            notes: Vec::new(),
            ..graded.clone()
        };
        for (graded, tag) in [(&graded, "li"), (&graded, "pre"), (&unshown, "pre")] {
            let html = section(graded);
            let seen = format!("<{tag}>a\\u{{202e}}b\\u{{1b}}[1m\nc</{tag}>");
            assert!(html.contains(&seen), "{html}");
            assert!(!html.contains(['\u{202e}', '\u{1b}']), "{html}");
        }
    }

    /// Rule: a page says when and of what a grade was made, and the seed only if it is given.
    #[test]
    fn a_grade_can_be_made_again() {
        let graded = Graded {
            exercise: "05_update".to_owned(),
            verdict: "passed".to_owned(),
            origin: Some(Origin {
                file: "a<b.ipynb".to_owned(),
                sha256: "0123456789abcdef0123".to_owned(),
                graded_at_secs: 1_388_534_399,
            }),
            ..Graded::default()
        };
        let student = StudentGrades {
            name: "ada".to_owned(),
            graded: vec![graded],
            fresh: true,
        };
        let of = "Graded on 2013-12-31 at 23:59 UTC from a&lt;b.ipynb, SHA-256 0123456789abcdef.<";
        let without = page(&student, None);
        assert!(
            without.contains(of) && without.contains("grades.json"),
            "{without}"
        );
        assert!(!without.contains("--seed"), "{without}");
        assert!(page(&student, Some(77)).contains("--seed 77"));
    }

    /// Rule: a page begins with a table of all exercises, and an exercise that was not
    /// handed in takes one line.
    #[test]
    fn what_was_not_handed_in_is_one_line() {
        let graded = |exercise: &str, verdict: &str, reason: &str| Graded {
            exercise: exercise.to_owned(),
            verdict: verdict.to_owned(),
            reason: reason.to_owned(),
            of: 10.0,
            ..Graded::default()
        };
        let student = StudentGrades {
            name: "ada".to_owned(),
            graded: vec![
                graded(
                    "02_3_visits",
                    "missing",
                    "there is no notebook 02_3_visits.ipynb",
                ),
                graded("03_2_bounce_rate", "missing", "no code cell defines `fn a`"),
                graded("05_update", "compile", "expected `;`"),
            ],
            fresh: true,
        };
        let page = page(&student, None);
        for line in [
            "<h1>ada: 0 of 30 points</h1><table>",
            "<tr><td><a href=\"#02_3_visits\">02_3_visits</a></td><td>missing</td><td>0 of 10</td></tr>",
            "<p id=\"02_3_visits\"><b>02_3_visits</b> not handed in: there is no notebook 02_3_visits.ipynb</p>",
            "<p id=\"03_2_bounce_rate\"><b>03_2_bounce_rate</b> nothing was found to grade: no code cell defines `fn a`</p>",
            "<section id=\"05_update\"><h2>05_update: 0 of 10 points</h2>",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
