//! What a student gets back: one page of HTML, which needs nothing else.
use super::batch::StudentGrades;
use super::mark::Graded;
use super::report::total;
use lambda_workbook::notebook::escape::escape;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;margin:.5em 0}td,th{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:left}\
td:last-child,th:last-child{text-align:right}pre{background:#f6f6f6;padding:.8em;overflow:auto}\
.right{color:#2e7d32}.lw-mark{background:#ffe0b2}section{margin:2.5em 0}";

/// The page for one student.
pub fn page(student: &StudentGrades) -> String {
    let (points, of) = total(student);
    let name = escape(&student.name);
    let exercises: String = student.graded.iter().map(section).collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\
         <title>{name}</title><style>{STYLE}</style></head><body>\
         <h1>{name}: {points} of {of} points</h1>{exercises}</body></html>\n"
    )
}

fn section(graded: &Graded) -> String {
    let mut html = format!(
        "<section><h2>{}: {} of {} points</h2>",
        escape(&graded.exercise),
        graded.points,
        graded.of
    );
    if graded.shown.is_empty() {
        let (verdict, reason) = (escape(&graded.verdict), escape(&graded.reason));
        html += &format!("<p><b>{}</b></p><pre>{reason}</pre>", said(&verdict));
    }
    html += &graded.shown;
    let notes: String = graded
        .notes
        .iter()
        .map(|note| format!("<li>{}</li>", escape(note)))
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
    html + "</section>"
}

fn said(verdict: &str) -> String {
    match verdict {
        "compile" => "It does not compile.".to_owned(),
        "missing" => "Nothing was found to grade.".to_owned(),
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

/// A line with every character in the place where it stands: those that turn the
/// direction of writing or take no room are escaped.
fn visible(line: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
    };
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match hidden(c) {
            true => text.extend(c.escape_unicode()),
            false => text.push(c),
        }
    }
    text
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
}
