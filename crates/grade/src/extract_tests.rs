//! Messy notebooks are understood, or named.
use super::*;
use lambda_workbook::exercises::pacific_days::EXERCISE;
use serde_json::{Value, json};
use std::path::Path;

const STUB: &str = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {\n    // YOUR CODE HERE\n    todo!()\n}";
const ANSWER: &str = "fn daily_page_views(views: &DataFrame, zone: Tz) -> PolarsResult<DataFrame> {\n    days(views)\n}";
const HELPER: &str = "fn days(views: &DataFrame) -> PolarsResult<DataFrame> { Ok(views.clone()) }";
const CHECK: &str = "check!(pacific_days, daily_page_views)";

fn notebook(cells: &[Value]) -> Notebook {
    let json = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    Notebook::parse(&json.to_string(), Path::new("a.ipynb")).unwrap()
}

fn code(source: &str) -> Value {
    json!({"cell_type": "code", "source": source, "metadata": {}})
}

fn marked(source: &str) -> Value {
    json!({"cell_type": "code", "source": source, "metadata": {"nbgrader": {"solution": true}}})
}

fn extracted(cells: &[Value]) -> Result<Extracted, Nothing> {
    let handout = notebook(&[marked(STUB), code(CHECK)]);
    extract(&notebook(cells), &handout, &EXERCISE)
}

fn source_and_notes(cells: &[Value]) -> (String, String) {
    let found = extracted(cells).unwrap();
    (found.source, found.notes.join("; "))
}

#[test]
fn the_solution_cell_is_taken_and_nothing_else() {
    let (source, notes) = source_and_notes(&[
        code("panic!(\"mine\")"),
        marked(ANSWER),
        code(CHECK),
        code("fn other() {}"),
    ]);
    assert_eq!((source.as_str(), notes.as_str()), (ANSWER, ""));
}

#[test]
fn a_handout_is_its_stub() {
    assert_eq!(
        source_and_notes(&[marked(STUB), code(CHECK)]),
        (STUB.to_owned(), String::new())
    );
}

#[test]
fn of_duplicates_the_last_counts_but_never_the_stub() {
    let (source, notes) = source_and_notes(&[
        marked(&ANSWER.replace("days", "old")),
        marked(ANSWER),
        marked(STUB),
    ]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "code cells 1, 2 define `daily_page_views`: the last one counts"
    );
}

#[test]
fn a_retyped_cell_is_found() {
    let (source, notes) = source_and_notes(&[code(ANSWER), marked(STUB)]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "`daily_page_views` was found in code cell 1, not in the solution cell"
    );
}

#[test]
fn a_split_answer_brings_what_it_needs() {
    let unused = "fn unused( {";
    let import = "use std::collections::BTreeMap;\nlet map = 1;";
    let helper = format!("const DAY: i64 = 1;\n{HELPER}");
    let (source, notes) =
        source_and_notes(&[code(&helper), code(unused), code(import), marked(ANSWER)]);
    assert_eq!(source, format!("{HELPER}\n\n{ANSWER}"));
    assert_eq!(notes, "`fn days` was taken from code cell 1");
}

#[test]
fn statements_beside_the_function_do_not_count() {
    let (source, notes) = source_and_notes(&[marked(&format!(
        "{ANSWER}\ndaily_page_views(&df, Tz::UTC)?;"
    ))]);
    assert_eq!(source, ANSWER);
    assert_eq!(
        notes,
        "line 4 of code cell 1 is outside the function and does not count"
    );
}

#[test]
fn what_is_missing_is_named() {
    let told = |cells: &[Value]| match extracted(cells) {
        Err(Nothing::Missing(told)) => told,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        told(&[code(CHECK)]),
        "no code cell defines `fn daily_page_views`"
    );
    let text = json!({"cell_type": "markdown", "source": ANSWER, "metadata": {}});
    assert!(told(&[text]).contains("stands in a text cell"));
    assert!(told(&[marked(&format!("mod a {{ {ANSWER} }}"))]).contains("not as an item"));
}

#[test]
fn commands_to_the_notebook_are_forbidden() {
    for command in [":load a.rs", ":dep ../own"] {
        let found = extracted(&[marked(&format!("{command}\n{ANSWER}"))]);
        assert!(
            matches!(found, Err(Nothing::Forbidden(_))),
            "{command}: {found:?}"
        );
    }
}

/// Rule: a command to a shell is blanked, also one that is no Rust at all, and said.
#[test]
fn a_command_to_a_shell_is_left_out() {
    for command in ["!rm -rf /", "!echo don't", "%matplotlib inline", "!echo {"] {
        for cell in [
            format!("{command}\n{ANSWER}"),
            format!("{ANSWER}\n{command}"),
        ] {
            let (source, notes) = source_and_notes(&[marked(&cell)]);
            assert_eq!(source.trim(), ANSWER, "{command}");
            assert!(
                notes.contains(&format!("`{command}` of code cell 1 was left out")),
                "{notes}"
            );
        }
    }
    // A negation is no command.
    let negates = ANSWER.replace("days(views)", "days(\n!views\n)");
    assert_eq!(source_and_notes(&[marked(&negates)]).0, negates);
}

/// Rule: what is for tests alone, and a crate that is there, are left out, and said.
#[test]
fn what_the_grader_never_compiles_is_left_out() {
    for item in [
        "#[cfg(test)]\nmod tests { use std::fs; }",
        "#[test]\nfn a() { std::fs::read(\"a\"); }",
        "#[cfg(test)]\nuse std::process::Command;",
        "extern crate polars;",
        "#![allow(unused)]",
        ":dep polars = { version = \"1\" }",
        "use std::fs;",
    ] {
        let (source, notes) = source_and_notes(&[marked(&format!("{item}\n{ANSWER}"))]);
        assert_eq!(source.trim(), ANSWER, "{item}");
        assert!(
            notes.contains("of code cell 1 was left out"),
            "{item}: {notes}"
        );
    }
}

/// Rule: a `:dep` is no reason to refuse an answer that does not use the crate.
#[test]
fn a_dependency_that_nothing_uses_is_left_out() {
    let helper = "fn unfinished() { rand::random() }";
    let (source, notes) =
        source_and_notes(&[marked(&format!(":dep rand = \"0.9\"\n{helper}\n{ANSWER}"))]);
    assert_eq!(source, ANSWER);
    let said = "`:dep rand = \"0.9\"` of code cell 1 was left out: nothing that was graded uses it";
    assert!(notes.contains(said), "{notes}");

    let uses = ANSWER.replace("days(views)", "rand::random()");
    let found = extracted(&[marked(&format!(":dep rand\n{uses}"))]);
    let Err(Nothing::Forbidden(why)) = found else {
        panic!("{found:?}");
    };
    assert!(why.contains("the answer uses the crate `rand`"), "{why}");

    let commented = format!("/*\n:dep rand\n*/\n{ANSWER}");
    let (source, notes) = source_and_notes(&[marked(&commented)]);
    assert!(source.ends_with(ANSWER), "{source}");
    assert_eq!(notes, "");
}

/// Rule: a later definition that is not finished does not take the place of an earlier
/// one, and if the later one does not compile the earlier one counts.
#[test]
fn an_unfinished_definition_replaces_nothing() {
    for unfinished in [
        "todo!()",
        "unimplemented!(\"later\");",
        "if days(views) {",
        "\"",
    ] {
        let later = ANSWER.replace("days(views)", unfinished);
        let (source, _) = source_and_notes(&[marked(ANSWER), code(CHECK), code(&later)]);
        assert_eq!(source, ANSWER, "{unfinished}");
        let later = HELPER.replace("Ok(views.clone())", unfinished);
        let both = format!("{HELPER}\n\n{ANSWER}");
        let (source, _) = source_and_notes(&[code(HELPER), code(&later), marked(ANSWER)]);
        assert_eq!(source, both, "{unfinished}");
    }
    let later = ANSWER.replace("days(views)", "nowhere(views)");
    let found = extracted(&[marked(ANSWER), code(CHECK), code(&later)]).unwrap();
    assert_eq!(
        (found.source, found.others),
        (later, vec![ANSWER.to_owned()])
    );
}

/// Rule: a helper that is defined anew after the answer's last check does not count for
/// it, unless nothing else compiles.
#[test]
fn a_helper_after_the_last_check_does_not_count() {
    let later = HELPER.replace("views.clone()", "other(views)");
    let check = code(CHECK);
    let cells = [code(HELPER), marked(ANSWER), check.clone(), code(&later)];
    let found = extracted(&cells).unwrap();
    assert_eq!(found.source, format!("{HELPER}\n\n{ANSWER}"));
    assert_eq!(found.others, [format!("{ANSWER}\n\n{later}")]);
    // Checked again, with the new helper.
    let cells = [&cells[..], &[check]].concat();
    let (source, _) = source_and_notes(&cells);
    assert_eq!(source, format!("{ANSWER}\n\n{later}"));
}

/// Rule: a helper below the last check counts if the kernel ran it before that check, as the
/// notebook's own counts say; and the page says whether it counts.
#[test]
fn a_helper_counts_by_the_order_of_the_run() {
    let later = HELPER.replace("views.clone()", "other(views)");
    let ran = |source: &str, count: Option<u64>| {
        let mut cell = if source == ANSWER {
            marked(source)
        } else {
            code(source)
        };
        cell["execution_count"] = json!(count);
        cell
    };
    let of = |helper: Option<u64>, check: Option<u64>| {
        let cells = [
            ran(HELPER, Some(1)),
            ran(ANSWER, Some(2)),
            ran(CHECK, check),
            ran(&later, helper),
        ];
        source_and_notes(&cells)
    };
    let (source, notes) = of(Some(8), Some(9));
    assert_eq!(source, format!("{ANSWER}\n\n{later}"));
    assert!(
        notes.contains("`fn days` of code cell 4 counts: it was run before the check"),
        "{notes}"
    );
    for (helper, check) in [
        (Some(9), Some(8)),
        (Some(8), None),
        (None, Some(9)),
        (Some(8), Some(8)),
    ] {
        let (source, notes) = of(helper, check);
        assert_eq!(source, format!("{HELPER}\n\n{ANSWER}"));
        assert!(
            notes.contains("`fn days` of code cell 4 does not count"),
            "{notes}"
        );
    }
}

/// Rule: what has the asked name without `fn`, or what alone is checked, counts before an older
/// function; a function that is checked by its name, or is written later, counts before it.
#[test]
fn an_answer_without_a_function_of_the_name() {
    let old = ANSWER.replace("days", "old");
    let mine = format!(
        "mod mine {{ use super::*; pub {} }}",
        ANSWER.replace("days", "mine")
    );
    let import = "use mine::daily_page_views;";
    let method = "struct A; impl A { fn solve(v: &DataFrame, z: Tz) -> PolarsResult<DataFrame> { days(v) } }";
    let by_method = "check!(pacific_days, A::solve)";
    let by_closure = "let best = |v: &DataFrame, _| days(v);\ncheck!(pacific_days, best)";
    let named = "let daily_page_views = |v: &DataFrame, _| days(v);";
    for (cells, called) in [
        (
            vec![&*old, &*mine, import, CHECK],
            Some("(mine::daily_page_views)(views, zone)"),
        ),
        (vec![&*mine, import, &*old, CHECK], None),
        (
            vec![&*old, method, by_method],
            Some("(A::solve)(views, zone)"),
        ),
        (vec![&*old, CHECK, method, by_method], None),
        (vec![method, by_method, &*old], None),
        (
            vec![STUB, method, by_method],
            Some("(A::solve)(views, zone)"),
        ),
        (
            vec![STUB, by_closure],
            Some("(|v: &DataFrame, _| days(v))(views, zone)"),
        ),
        (
            vec![STUB, named, CHECK],
            Some("(|v: &DataFrame, _| days(v))(views, zone)"),
        ),
        // It would call itself.
        (
            vec![&*old, "check!(pacific_days, |v, z| daily_page_views(v, z))"],
            None,
        ),
        // A check in the body of a function.
        (
            vec![&*old, "fn f() { check!(pacific_days, |_, _| days()); }"],
            None,
        ),
        // Nothing of the notebook.
        (vec![&*old, "use lambda_workbook::daily_page_views;"], None),
    ] {
        let json: Vec<Value> = cells.iter().map(|source| code(source)).collect();
        let (source, _) = source_and_notes(&json);
        match called {
            Some(called) => assert!(source.contains(called), "{cells:?}\n{source}"),
            None => assert!(source.contains("old(views)"), "{cells:?}\n{source}"),
        }
    }
}

/// Rule: the note about several definitions in one cell is English.
#[test]
fn definitions_in_one_cell_are_counted() {
    let old = ANSWER.replace("days", "old");
    let (_, notes) = source_and_notes(&[marked(&format!("{old}\n{ANSWER}"))]);
    assert_eq!(
        notes,
        "code cell 1 defines `daily_page_views` 2 times: the last one counts"
    );
}

#[test]
fn forged_marks_and_metadata_change_nothing() {
    let forged = json!({"cell_type": "code", "source": CHECK, "id": "solution", "metadata": {
        "nbgrader": {"solution": true, "grade": true, "points": 1000, "grade_id": "check_pacific_days"}},
        "outputs": [{"output_type": "execute_result", "data": {"text/plain": "1000"}}]});
    let answer = format!("// BEGIN SOLUTION\n// END SOLUTION\n{ANSWER}");
    let (source, _) = source_and_notes(&[forged, marked(&answer)]);
    assert!(source.ends_with(ANSWER));
}

#[test]
fn a_cell_that_ends_in_a_no_break_space_is_read() {
    for space in [
        '\u{a0}', '\u{2003}', '\u{3000}', '\u{85}', '\u{2028}', '\u{feff}', '\u{200b}',
    ] {
        let (source, _) = source_and_notes(&[marked(&format!("{ANSWER}{space}\n"))]);
        assert_eq!(source, ANSWER);
        let (source, _) = source_and_notes(&[marked(&format!("{ANSWER}\n{space}"))]);
        assert_eq!(source, ANSWER);
    }
}

#[test]
fn lines_may_end_as_in_windows() {
    let answer = format!("\u{feff}use std::fmt::Write;\n{ANSWER}").replace('\n', "\r\n");
    assert_eq!(
        source_and_notes(&[marked(&answer)]).0,
        format!("use std::fmt::Write;\n\n{ANSWER}")
    );
}

#[test]
fn imports_are_taken_name_by_name() {
    let answer = ANSWER.replace("days(views)", "Map::new().days(views); days(views)");
    let (source, notes) = source_and_notes(&[
        code("use std::{collections::{BTreeMap as Map, HashSet}, fs::File};\nuse rand::Rng;"),
        code("use std::collections::BTreeMap as Map;\nuse lost::days as weeks;"),
        marked(&format!(
            "use lost::Lost;\nuse std::fmt::Write as _;\n{answer}"
        )),
        code("use std::collections::BTreeMap as Map;"),
    ]);
    assert_eq!(
        source,
        format!("use std::fmt::Write as _;\n\n{answer}\n\nuse std::collections::BTreeMap as Map;")
    );
    assert!(
        notes.contains("`use lost::Lost;` of code cell 3 was left out"),
        "{notes}"
    );
}

#[test]
fn a_trait_is_taken_by_its_method_and_only_with_its_own_impls() {
    let answer = ANSWER.replace("days(views)", "views.days()");
    let implied = "impl Days for DataFrame { fn days(&self) -> i64 { 1 } }";
    let (source, _) = source_and_notes(&[
        code("trait Days { fn days(&self) -> i64; }"),
        code(implied),
        code("struct Lost;\nimpl Days for Lost { fn days(&self) -> i64 { lost() } }"),
        code("trait Weeks { fn weeks(&self) -> Lost; }"),
        marked(&answer),
    ]);
    let expected = format!("trait Days {{ fn days(&self) -> i64; }}\n\n{implied}\n\n{answer}");
    assert_eq!(source, expected);
}

#[test]
fn a_smaller_and_a_larger_choice_are_offered() {
    let found = extracted(&[
        code("use std::collections::BTreeMap;"),
        marked(&format!("fn lost() -> Lost {{}}\n{ANSWER}")),
    ]);
    let found = found.unwrap();
    assert_eq!(found.source, format!("fn lost() -> Lost {{}}\n\n{ANSWER}"));
    let larger = format!("use std::collections::BTreeMap;\n\n{}", found.source);
    assert_eq!(found.others, [ANSWER.to_owned(), larger]);
}

#[test]
fn a_helper_that_no_answer_may_hold_is_left_out_if_it_is_not_used() {
    let save = "fn save() { std::fs::write(\"a\", \"b\").unwrap() }";
    let (source, notes) = source_and_notes(&[marked(&format!("{save}\n{ANSWER}"))]);
    assert_eq!(source, ANSWER);
    assert!(
        notes.contains("`fn save` of code cell 1 was left out"),
        "{notes}"
    );
    let calls = ANSWER.replace("days(views)", "save(); days(views)");
    let (source, _) = source_and_notes(&[marked(&format!("{save}\n{calls}"))]);
    assert!(source.contains("std::fs"));
}

#[test]
fn what_the_linker_acts_on_is_never_left_out() {
    let before = "#[unsafe(link_section = \".init_array\")]\nstatic BEFORE: fn() = before;";
    let cell = format!("extern crate libc;\n{before}\n{ANSWER}\nfn update() {{}}");
    let found = extracted(&[marked(&cell), code("use std::fmt::Write;")]).unwrap();
    let kept = |source: &String| source.contains("link_section") && source.contains("extern crate");
    assert!(kept(&found.source) && !found.others.is_empty());
    assert!(found.others.iter().all(kept));
}

/// Functions of one name, each for its exercise.
mod namesakes {
    use super::*;
    use lambda_workbook::exercises::{exactly_once, idempotent_update, opaque_state};

    const TABLES: &str =
        "fn update(view: &DataFrame, events: &DataFrame) -> PolarsResult<DataFrame> { a() }";

    fn stored(body: &str) -> String {
        format!("fn update(s: Stored, n: i64, add: i64) -> Stored {{ {body} }}")
    }

    fn of(exercise: &Exercise, cells: &[Value]) -> Result<String, Nothing> {
        let handout = notebook(&[marked("fn update() { todo!() }")]);
        extract(&notebook(cells), &handout, exercise).map(|found| found.source)
    }

    /// What counts for the exercises 5.1, 8.1 and 8.3.
    fn three(cells: &[Value]) -> [Result<String, Nothing>; 3] {
        let exercises = [
            &idempotent_update::EXERCISE,
            &exactly_once::EXERCISE,
            &opaque_state::EXERCISE,
        ];
        exercises.map(|exercise| of(exercise, cells))
    }

    fn all() -> [Result<String, Nothing>; 3] {
        [TABLES.to_owned(), stored("once()"), stored("opaque()")].map(Ok)
    }

    #[test]
    fn by_checks() {
        let (once, opaque) = (stored("once()"), stored("opaque()"));
        let check = |name: &str| code(&format!("check!({name}, update)"));
        let cells = [
            code(&opaque),
            check("opaque_state"),
            code(TABLES),
            code(&once),
            check("exactly_once"),
        ];
        assert_eq!(three(&cells), all());
    }

    #[test]
    fn by_ids() {
        let with_id = |id: &str, source: &str| {
            json!({"cell_type": "code", "source": source,
            "metadata": {"nbgrader": {"solution": true, "grade_id": id}}})
        };
        let cells = [
            with_id("opaque_state", &stored("opaque()")),
            with_id("exactly_once", &stored("once()")),
            code("check!(exactly_once, update)\n;check!(opaque_state, update)"),
            code(TABLES),
        ];
        assert_eq!(three(&cells), all());
    }

    #[test]
    fn by_order() {
        let cells = [
            code(&stored("once()")),
            code(TABLES),
            code(&stored("opaque()")),
        ];
        assert_eq!(three(&cells), all());
    }

    #[test]
    fn of_one_exercise_the_last_one_counts() {
        let mut notebook = notebook(&[code(&stored("old()")), code(&stored("new()"))]);
        notebook.path = "08_3_opaque_state.ipynb".into();
        let handout = super::notebook(&[marked("fn update() { todo!() }")]);
        let found = extract(&notebook, &handout, &opaque_state::EXERCISE).unwrap();
        assert_eq!(found.source, stored("new()"));
        let told = extract(&notebook, &handout, &idempotent_update::EXERCISE);
        assert_eq!(
            told,
            Err(Nothing::Missing(
                "`fn update` in code cell 1 is that of 08_1_exactly_once".to_owned()
            ))
        );
    }

    #[test]
    fn an_alias_in_a_signature_is_no_other_exercise() {
        let aliased = "fn update(view: &Table, events: &Table) -> Answered { a() }";
        assert_eq!(
            three(&[code(&stored("once()")), code(aliased)])[0],
            Ok(aliased.to_owned())
        );
    }

    #[test]
    fn each_has_the_helpers_of_its_time() {
        let calls = TABLES.replace("a()", "help()");
        let cells = [
            code("fn help() { 1 }"),
            code(&calls),
            code("check!(idempotent_update, update)"),
            code("fn help() { 2 }"),
            code(&stored("help()")),
            code("check!(exactly_once, update)"),
        ];
        let [tables, once, _] = three(&cells);
        assert_eq!(tables.unwrap(), format!("fn help() {{ 1 }}\n\n{calls}"));
        assert_eq!(
            once.unwrap(),
            format!("fn help() {{ 2 }}\n\n{}", stored("help()"))
        );
    }
}

/// Rules: whatever is in a notebook, extraction ends with a source or a reason, and takes
/// time in proportion to it.
mod hostile {
    use super::*;
    use crate::scan::scan;
    use crate::similar::pairs;
    use crate::tokens::{pieces, tokens};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    const FRAGMENTS: [&str; 72] = [
        "fn ",
        "daily_page_views",
        "(views: &DataFrame, zone: Tz)",
        " -> PolarsResult<DataFrame> ",
        "{ ",
        " }",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        ";",
        ":",
        "::",
        ",",
        ".",
        "..",
        "=",
        "=>",
        "->",
        "!",
        "#",
        "#[a]",
        "#![b]",
        "use ",
        "impl ",
        "trait ",
        "struct ",
        "enum ",
        "mod ",
        "macro_rules! ",
        "const ",
        "static ",
        "type ",
        "extern ",
        "union ",
        "pub(crate) ",
        "unsafe ",
        "for ",
        "let ",
        "match ",
        "if let ",
        "|a| ",
        "as _",
        "self",
        "*",
        "a",
        "A",
        "r#fn",
        "0.1.2",
        "1e0",
        "'a",
        "'a'",
        "\"",
        "\"{a}\"",
        "r#\"",
        "/*",
        "*/",
        "// c\n",
        "//! d\n",
        "\n",
        "\r\n",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{301}",
        "\u{212a}",
        "check!(pacific_days, a)",
        "---",
    ];

    fn sources() -> impl Strategy<Value = String> {
        let fragments = proptest::collection::vec(proptest::sample::select(&FRAGMENTS[..]), 0..60);
        prop_oneof![
            fragments.prop_map(|fragments| fragments.concat()),
            any::<String>(),
            "\\PC*".prop_map(|text| format!("{ANSWER}{text}\n")),
            (any::<String>(), any::<String>())
                .prop_map(|(one, other)| format!("{one}{ANSWER}{other}")),
        ]
    }

    proptest! {
        #[test]
        fn no_notebook_makes_it_panic(cells in proptest::collection::vec((any::<bool>(), sources()), 0..6)) {
            let cells: Vec<Value> = cells
                .iter()
                .map(|(is_marked, source)| if *is_marked { marked(source) } else { code(source) })
                .collect();
            match extracted(&cells) {
                Ok(found) => {
                    scan(&found.source);
                    let sources = [("a".to_owned(), found.source.clone()), ("b".to_owned(), found.source)];
                    pairs("a", STUB, &sources, 0.5);
                }
                Err(Nothing::Missing(why)) => prop_assert!(!why.contains("cannot be taken out"), "{}", why),
                Err(Nothing::Forbidden(_)) => {}
            }
        }

        #[test]
        fn pieces_hold_each_token_once(source in sources()) {
            let tokens = tokens(&source);
            let mut at = 0;
            for piece in pieces(&tokens) {
                prop_assert!(tokens[at..piece.tokens.start].iter().all(|token| token.text == ";"));
                prop_assert!(piece.range.start <= tokens[piece.tokens.start].at);
                prop_assert_eq!(piece.range.end, tokens[piece.tokens.end - 1].end());
                prop_assert!(source.get(piece.range.clone()).is_some());
                prop_assert!(piece.tokens.contains(&piece.head));
                at = piece.tokens.end;
            }
            prop_assert!(tokens[at..].iter().all(|token| token.text == ";"));
        }
    }

    /// Sources that were slow once, or that look as if they could be, of about `n` bytes.
    fn shapes(n: usize) -> Vec<(&'static str, String)> {
        let each = |bytes: usize, line: &dyn Fn(usize) -> String| {
            (0..n / bytes).map(line).collect::<String>()
        };
        let chain = each(16, &|i| format!("fn f{i}() {{ f{}() }}\n", i + 1));
        vec![
            (
                "functions that call the next one",
                chain.clone() + &ANSWER.replace("days(views)", "f0(); days(views)"),
            ),
            ("functions", each(12, &|i| format!("fn f{i}() {{}}\n"))),
            ("imports", each(12, &|i| format!("use a::b{i};\n"))),
            (
                "one import",
                format!("use a::{{{}}};", each(6, &|i| format!("b{i}, "))),
            ),
            (
                "imports of everything",
                each(24, &|i| format!("use A::b{i}::*;\n")) + "mod A { fn a() {} }",
            ),
            (
                "a deep import",
                "use a::{".to_owned() + &"a::{".repeat(n / 4),
            ),
            ("a long path", "use a".to_owned() + &"::a".repeat(n / 3)),
            (
                "impls",
                "struct S;".to_owned() + &each(20, &|i| format!("impl S {{ fn f{i}() {{}} }}\n")),
            ),
            (
                "traits",
                each(28, &|i| {
                    format!("trait T{i} {{ fn a(); }}\nimpl T{i} for u8 {{}}\n")
                }),
            ),
            (
                "definitions",
                ANSWER.replace("fn ", "\nfn ").repeat(n / ANSWER.len()),
            ),
            (
                "checks",
                "check!(pacific_days, daily_page_views);\n".repeat(n / 40),
            ),
            ("attributes", "#[a] ".repeat(n / 5)),
            ("attributes that do not end", "#[".repeat(n / 2)),
            ("blocks that do not end", "{".repeat(n)),
            ("functions that do not end", "fn a() {".repeat(n / 8)),
            (
                "enums that do not end",
                "enum a {".repeat(n / 8) + &"}".repeat(n / 8),
            ),
            ("parentheses", format!("fn a() {{ {}", "(".repeat(n))),
            ("negations", format!("fn a() {{ {}", "-!".repeat(n / 2))),
            ("sums", format!("fn a() {{ 1 {} }}", "+ a ".repeat(n / 4))),
            (
                "macros",
                each(40, &|i| {
                    format!("macro_rules! m{i} {{ () => {{ struct A; }} }}\nm{i}!(A);\n")
                }),
            ),
            (
                "format strings",
                format!("fn a() {{ b!({}) }}", "\"{a}{b}\", ".repeat(n / 10)),
            ),
            ("words", each(6, &|i| format!("a{i} "))),
            ("dashes", "-".repeat(n)),
            ("hashes", "#".repeat(n)),
            ("quotes", "'".repeat(n)),
            ("comments", "/*".repeat(n / 2)),
            (
                "lines of comments",
                format!("{}fn a() {{}}", "// a\n".repeat(n / 5)),
            ),
            ("blank lines", format!("{}fn a() {{}}", "\n".repeat(n))),
            ("commands", ":dep a\n".repeat(n / 7)),
            ("paths", "a::".repeat(n / 3)),
        ]
    }

    /// The least time of a few runs.
    fn took(run: &dyn Fn()) -> Duration {
        let run = |_| {
            let start = Instant::now();
            run();
            start.elapsed()
        };
        (0..3).map(run).min().unwrap()
    }

    fn extract_and_scan(cells: &[Value]) {
        if let Ok(found) = extracted(cells) {
            scan(&found.source);
        }
    }

    /// Four times as much code takes four times as long; quadratic time would be sixteen
    /// times as long. What takes next to no time is not compared.
    #[test]
    fn time_is_in_proportion_to_the_code() {
        const SHORT: Duration = Duration::from_millis(60);
        let small = shapes(LONGEST / 4 - 2_000);
        let large = shapes(LONGEST - 8_000);
        for ((name, small), (_, large)) in small.into_iter().zip(large) {
            let in_one_cell = |source: &str| vec![code(source), marked(ANSWER)];
            let in_its_cell = |source: &str| vec![marked(&format!("{ANSWER}\n{source}"))];
            let scanned = |source: &str| vec![code(source)];
            for (place, cells) in [
                ("another cell", &in_one_cell as &dyn Fn(&str) -> Vec<Value>),
                ("the answer's cell", &in_its_cell),
                ("no answer", &scanned),
            ] {
                let (small, large) = (cells(&small), cells(&large));
                let fits = |_| {
                    let long = took(&|| extract_and_scan(&large));
                    let short = took(&|| extract_and_scan(&small));
                    (long < SHORT || long < short * 10)
                        .then_some(())
                        .ok_or((short, long))
                };
                // Another program may have had the processor.
                let tries: Vec<_> = (0..4).map(fits).take_while(Result::is_err).collect();
                assert!(tries.len() < 4, "{name} in {place}: {tries:?}");
            }
            let both = |source: &str| {
                scan(source);
                pairs(
                    "a",
                    "",
                    &[
                        ("a".into(), source.to_owned()),
                        ("b".into(), source.to_owned()),
                    ],
                    0.5,
                );
            };
            let fits = |_| {
                let (long, short) = (took(&|| both(&large)), took(&|| both(&small)));
                (long < SHORT || long < short * 10)
                    .then_some(())
                    .ok_or((short, long))
            };
            let tries: Vec<_> = (0..4).map(fits).take_while(Result::is_err).collect();
            assert!(tries.len() < 4, "{name}, scanned: {tries:?}");
        }
    }

    /// The same over many cells, of which each is read once.
    #[test]
    fn many_cells_are_read_once() {
        let cells = |n: usize| -> Vec<Value> {
            let cell = |i: usize| {
                code(&format!(
                    "use a::b{i};\nfn f{i}() {{ f{}() }}\nimpl S {{}}\ncheck!(visits, visits)",
                    i + 1
                ))
            };
            let calls = ANSWER.replace("days(views)", "f0(); days(views)");
            (0..n)
                .map(cell)
                .chain([code("struct S;"), marked(&calls)])
                .collect()
        };
        let (small, large) = (cells(450), cells(1_800));
        let fits = |_| {
            let (long, short) = (
                took(&|| extract_and_scan(&large)),
                took(&|| extract_and_scan(&small)),
            );
            (long < short * 10).then_some(()).ok_or((short, long))
        };
        let tries: Vec<_> = (0..4).map(fits).take_while(Result::is_err).collect();
        assert!(tries.len() < 4, "{tries:?}");
    }

    #[test]
    fn more_code_than_a_student_writes_is_not_read() {
        let many: Vec<Value> = (0..3_000).map(|_| code("1")).collect();
        let told = |cells: &[Value]| match extracted(cells) {
            Err(Nothing::Forbidden(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(told(&many).contains("more than 2000 code cells"));
        let long = "a ".repeat(LONGEST / 2) + ANSWER;
        assert!(told(&[code(&long)]).contains("code cell 1 has"));
        assert!(told(&vec![code(&"a ".repeat(LONGEST / 2)); 20]).contains("1048576 bytes of code"));
    }
}
