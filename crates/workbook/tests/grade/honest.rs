//! Right answers in messy notebooks get all points.
//!
//! Each notebook is made from a solution by one kind of mess, and some by several at
//! once: what students do to a notebook in a term. All is drawn from one seed.
use super::parts::{exe, root};
use grade::compile::Bench;
use grade::extract::{Extracted, extract, function};
use grade::mark::{Rules, grade};
use grade::points::Worth;
use grade::task::Task;
use kernel::notebook_file::{Notebook, source};
use kernel::place::Built;
use lambda_workbook::exercises::Exercise;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

const SEED: u64 = 20_260_101;

/// A number below `n`.
fn below(rng: &mut Xoshiro256PlusPlus, n: usize) -> usize {
    (rng.next_u64() % n as u64) as usize
}

/// A solution, taken apart.
struct Solved {
    exercise: &'static Exercise,
    task: Task,
    /// `use std::collections::BTreeMap;`, or nothing.
    imports: String,
    /// From `fn` to before the body's brace.
    head: String,
    /// What stands between the braces.
    body: String,
    /// The names of the parameters.
    arguments: String,
    returns: String,
}

impl Solved {
    fn of(task: Task) -> Solved {
        let exercise = task.exercise;
        let cells = task.solution.cells();
        let cell = cells.iter().find(|cell| cell["id"] == "solution").unwrap();
        let text = source(cell);
        let at = text.find("fn ").unwrap();
        let begin = text.find("    // BEGIN SOLUTION\n").unwrap();
        let end = text.find("    // END SOLUTION\n").unwrap();
        let head = text[at..begin].trim_end().trim_end_matches('{').trim_end();
        // A function that works on what it is given returns nothing.
        let (before, returns) = head.rsplit_once("->").unwrap_or((head, "()"));
        let inside = &before[before.find('(').unwrap() + 1..];
        let names = inside.split(", ").flat_map(|part| part.split(",\n"));
        let names = names.filter_map(|part| part.split_once(':').map(|(name, _)| name.trim()));
        let names: Vec<&str> = names
            .filter(|name| name.chars().all(|c| c.is_alphabetic() || c == '_'))
            .collect();
        Solved {
            exercise,
            imports: text[..at].trim().to_owned(),
            head: head.to_owned(),
            body: text[begin..end]
                .lines()
                .skip(1)
                .map(|line| format!("{line}\n"))
                .collect(),
            arguments: names.join(", "),
            returns: returns.trim().to_owned(),
            task,
        }
    }

    fn name(&self) -> &'static str {
        function(self.exercise)
    }

    /// A function of the same signature.
    fn function(&self, name: &str, body: &str) -> String {
        let asked = format!("fn {}(", self.name());
        format!(
            "{} {{\n{body}}}",
            self.head.replace(&asked, &format!("fn {name}("))
        )
    }

    fn right(&self) -> String {
        self.function(self.name(), &self.body)
    }

    /// The right answer, by a call of `callee`.
    fn calls(&self, callee: &str) -> String {
        self.function(self.name(), &format!("    {callee}({})\n", self.arguments))
    }

    /// The right answer, after some lines of its own.
    fn after(&self, lines: &str) -> String {
        self.function(self.name(), &format!("    {lines}\n{}", self.body))
    }

    /// Parameters and what is returned, as they stand in a trait.
    fn signature(&self) -> String {
        self.head[self.head.find('(').unwrap() + 1..].to_owned()
    }

    fn check(&self) -> String {
        format!("check!({}, {})", self.exercise.name, self.name())
    }

    /// A variable of the solution.
    fn variable(&self) -> String {
        let lets = self.body.split("let ").skip(1);
        let mut names = lets.map(|rest| {
            rest.trim_start_matches("mut ")
                .split([' ', ':'])
                .next()
                .unwrap()
        });
        let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        names.find(plain).unwrap_or("scratch").to_owned()
    }

    fn imports_and(&self, code: String) -> String {
        match self.imports.is_empty() {
            true => code,
            false => format!("{}\n\n{code}", self.imports),
        }
    }
}

/// A notebook that is being made.
#[derive(Clone, Debug)]
struct Draft {
    cells: Vec<Value>,
    minor: u64,
    bom: bool,
    /// Whether it is saved as nbformat 3, with its cells in a sheet.
    old: bool,
    file: String,
}

fn code(source: impl Into<String>) -> Value {
    json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": source.into()})
}

fn text(source: &str) -> Value {
    json!({"cell_type": "markdown", "metadata": {}, "source": source})
}

impl Draft {
    /// The handout, solved in its place.
    fn of(solved: &Solved) -> Draft {
        let mut cells = solved.task.handout.cells().to_vec();
        for cell in cells.iter_mut().filter(|cell| cell["id"] == "solution") {
            cell["source"] = json!(solved.imports_and(solved.right()));
        }
        Draft {
            cells,
            minor: 5,
            bom: false,
            old: false,
            file: format!("{}.ipynb", solved.exercise.id),
        }
    }

    /// The place of the solution cell.
    fn place(&self) -> usize {
        self.cells
            .iter()
            .position(|cell| cell["id"] == "solution")
            .unwrap()
    }

    fn answer(&mut self, source: impl Into<String>) {
        let place = self.place();
        self.cells[place]["source"] = json!(source.into());
    }

    /// Puts cells before, behind or around the solution cell.
    fn around(&mut self, rng: &mut Xoshiro256PlusPlus, cells: Vec<Value>) {
        for cell in cells {
            let place = below(rng, self.cells.len() + 1);
            self.cells.insert(place, cell);
        }
    }

    fn each_source(&mut self, change: impl Fn(String) -> Value) {
        for cell in &mut self.cells {
            cell["source"] = change(source(cell));
        }
    }

    fn notebook(&self) -> Notebook {
        let json = match self.old {
            false => {
                json!({"nbformat": 4, "nbformat_minor": self.minor, "metadata": {}, "cells": self.cells})
            }
            true => {
                let cells = self.cells.iter().map(|cell| match cell["cell_type"] == "code" {
                    true => json!({"cell_type": "code", "language": "rust", "input": cell["source"], "outputs": []}),
                    false => json!({"cell_type": cell["cell_type"], "source": cell["source"]}),
                });
                json!({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells.collect::<Vec<_>>()}]})
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(&self.file);
        let bom = if self.bom { "\u{feff}" } else { "" };
        std::fs::write(&path, format!("{bom}{json}")).unwrap();
        grade::submissions::read(&path).unwrap_or_else(|problem| panic!("{problem:?}"))
    }
}

type Mess = fn(&mut Draft, &Solved, &mut Xoshiro256PlusPlus);

/// What happens to the cells and the file, and leaves the answer as it is.
const SURFACE: [(&str, Mess); 21] = [
    ("as it should be", |_, _, _| {}),
    ("lines end with CRLF", |draft, _, _| {
        draft.each_source(|text| json!(text.replace('\n', "\r\n")))
    }),
    ("a byte order mark", |draft, _, _| {
        draft.bom = true;
        draft.each_source(|text| json!(format!("\u{feff}{text}")));
    }),
    ("sources are lists of lines", |draft, _, _| {
        draft.each_source(|text| kernel::notebook_file::lines(&text))
    }),
    ("sources are strings", |draft, _, _| {
        draft.each_source(|text| json!(text))
    }),
    ("no ids, nbformat 4.0", |draft, _, _| {
        draft.minor = 0;
        for cell in &mut draft.cells {
            cell.as_object_mut().unwrap().remove("id");
        }
    }),
    ("no ids and no metadata, nbformat 4.4", |draft, _, _| {
        draft.minor = 4;
        for cell in &mut draft.cells {
            cell.as_object_mut().unwrap().remove("id");
            cell["metadata"] = json!({});
        }
    }),
    ("metadata of Colab", |draft, _, rng| {
        for cell in &mut draft.cells {
            cell["id"] = json!(format!("{:012x}", rng.next_u64()));
            cell["metadata"] = json!({"id": "dQw4w9WgXcQ", "colab": {"base_uri": "https://localhost:8080/", "height": 35},
                "outputId": "0c2b"});
        }
    }),
    ("metadata of VS Code", |draft, _, rng| {
        for cell in &mut draft.cells {
            cell["id"] = json!(format!("{:08x}", rng.next_u64() as u32));
            cell["metadata"] = json!({"vscode": {"languageId": "rust"}, "tags": []});
        }
    }),
    ("outputs of several runs", |draft, _, rng| {
        let count = below(rng, 400);
        for cell in draft
            .cells
            .iter_mut()
            .filter(|cell| cell["cell_type"] == "code")
        {
            cell["execution_count"] = json!(count);
            cell["outputs"] = json!([{"output_type": "stream", "name": "stdout", "text": ["fn update() {}\n"]},
                {"output_type": "error", "ename": "Error", "evalue": "", "traceback": ["expected one of `!`"]}]);
        }
    }),
    ("cells in another order", |draft, _, rng| {
        for last in (1..draft.cells.len()).rev() {
            let other = below(rng, last + 1);
            draft.cells.swap(last, other);
        }
    }),
    ("the solution cell twice", |draft, _, rng| {
        let copy = draft.cells[draft.place()].clone();
        draft.around(rng, vec![copy]);
    }),
    (
        "text, an empty cell and a raw cell between",
        |draft, solved, rng| {
            let raw = json!({"cell_type": "raw", "metadata": {}, "source": "fn raw( {"});
            draft.around(
                rng,
                vec![
                    text("## Mine"),
                    text(&format!("`{}`", solved.head)),
                    code(" \n\u{a0}\n"),
                    raw,
                ],
            );
        },
    ),
    ("other attempts in comments", |draft, solved, rng| {
        let old = solved.function(solved.name(), "    todo!()\n");
        let lines: String = old.lines().map(|line| format!("// {line}\n")).collect();
        draft.around(rng, vec![code(format!("/* {old} */")), code(lines)]);
    }),
    ("cells that never compiled", |draft, _, rng| {
        let broken = [
            "fn broken( {",
            "let x = ;",
            "let s = \"",
            "/* no end",
            "}}}",
            "use ;",
            "impl",
            "fn",
            "r#\"",
            "'",
            "#![",
            "struct S { a: ",
        ];
        let broken: Vec<Value> = (0..4)
            .map(|_| code(broken[below(rng, broken.len())]))
            .collect();
        draft.around(rng, broken);
    }),
    (
        "an older attempt above, the stub below",
        |draft, solved, _| {
            let old = code(solved.function(solved.name(), "    panic!(\"old\")\n"));
            let place = draft.place();
            draft.cells.insert(place, old);
            draft.cells.push(code(
                solved.function(solved.name(), "    // later\n    todo!()\n"),
            ));
        },
    ),
    (
        "a check at the end of the cell, variables before and behind",
        |draft, solved, _| {
            let lines = [
                "let before = 1;",
                &solved.imports,
                &solved.right(),
                "let behind = before + 1;",
                &solved.check(),
            ];
            draft.answer(lines.join("\n"));
        },
    ),
    (
        "a broken helper with the name of a variable",
        |draft, solved, rng| {
            let name = solved.variable();
            let helper = format!("fn {name}() -> NoSuchType {{ std::fs::read(\"a\").unwrap() }}");
            draft.around(
                rng,
                vec![
                    code(helper),
                    code(format!("mod {name} {{ use nowhere::*; }}")),
                ],
            );
        },
    ),
    (
        "commands, tests and crates around the answer, of which the grader needs none",
        |draft, solved, rng| {
            let above = [
                "!pip install polars",
                "!echo don't",
                "%matplotlib inline",
                ":dep polars = { version = \"1\", features = [\"lazy\"] }",
                "extern crate polars;",
                "extern crate alloc;",
                "#![allow(unused)]",
                "use std::fs::*;",
                "use std::os::raw::c_int;",
                "#[cfg(test)]\nuse std::process::Command;",
            ];
            let behind = "#[cfg(test)]\nmod tests {\n    use std::fs;\n    #[test]\n    fn a() { let _ = fs::read(\"a\"); }\n}";
            let first = below(rng, above.len());
            // Another one: rustc refuses a crate that is brought in twice.
            let second = (first + 1 + below(rng, above.len() - 1)) % above.len();
            let lines = [
                above[first],
                above[second],
                &solved.imports,
                &solved.right(),
                behind,
            ];
            draft.answer(lines.join("\n"));
        },
    ),
    (
        "imports of crates that are not there",
        |draft, solved, rng| {
            let place = draft.place();
            draft.cells.insert(place, code("use rand::{Rng, seq::SliceRandom as _};\nuse itertools::*;\nuse std::{fs::File, net};"));
            draft.around(
                rng,
                vec![
                    code("use tokio::main;"),
                    code("extern crate rand;"),
                    code("use rayon::prelude::*;"),
                ],
            );
            draft.answer(format!(
                "use itertools::Itertools;\nuse ndarray::{{Array1, prelude::*}};\n{}",
                solved.imports_and(solved.right())
            ));
        },
    ),
    ("saved as nbformat 3", |draft, _, _| draft.old = true),
];

/// What is done to the answer itself.
const STRUCTURE: [(&str, Mess); 25] = [
    (
        "items with names that the grader might use",
        |draft, solved, rng| {
            let items = [
                "const FUNCTION: usize = 3;",
                "static FUNCTION: usize = 3;",
                "#[allow(non_snake_case)]\nconst fn function() -> usize { 3 }\nconst FUNCTION: usize = function();",
            ];
            let item = items[below(rng, items.len())];
            let answer = solved.after("let three = FUNCTION;\n    assert_eq!(three, 3);");
            draft.answer(format!("{item}\n{}", solved.imports_and(answer)));
        },
    ),
    ("imports in several cells", |draft, solved, rng| {
        let twice = "use std::collections::{BTreeMap, HashMap as Map};\nuse std::collections::*;\nuse std::fmt::Write as _;";
        draft.around(
            rng,
            vec![code(twice), code(twice), code(solved.imports.clone())],
        );
        draft.answer(format!(
            "use std::{{collections::{{BTreeMap, HashMap as Map}}, fmt::Write}};\n{}\n{}",
            solved.imports,
            solved.after("let map: Map<i64, i64> = Map::new();\n    assert!(map.is_empty());")
        ));
    }),
    (
        "a helper in another cell, named like something of ours",
        |draft, solved, rng| {
            let names = [
                "bounces",
                "process",
                "check",
                "hint",
                "env",
                "exercises",
                "dataset",
                "Stretch",
                "page_views_by_local_day",
            ];
            let name = names[below(rng, names.len())];
            draft.around(
                rng,
                vec![code(
                    solved.imports_and(solved.function(name, &solved.body)),
                )],
            );
            draft.answer(solved.calls(name));
        },
    ),
    ("a helper that was written twice", |draft, solved, _| {
        let place = draft.place();
        draft.cells.insert(
            place,
            code(solved.function("worked_out", "    todo!(\"first\")\n")),
        );
        draft.answer(solved.calls("worked_out"));
        draft.cells.push(code(
            solved.imports_and(solved.function("worked_out", &solved.body)),
        ));
    }),
    (
        "a trait in another cell, known by its method",
        |draft, solved, rng| {
            let signature = solved.signature();
            let declared = format!("trait Solve {{\n    fn solve(&self, {signature};\n}}");
            let implied = format!(
                "impl Solve for u8 {{\n    fn solve(&self, {signature} {{\n{}}}\n}}",
                solved.body
            );
            draft.around(
                rng,
                vec![
                    code(declared),
                    code(solved.imports_and(implied)),
                    code("trait Other { fn other(&self) -> Nowhere; }"),
                ],
            );
            draft.answer(solved.calls("7u8.solve"));
        },
    ),
    (
        "a type of its own, its impls in several cells",
        |draft, solved, rng| {
            let signature = solved.signature();
            let made = "#[derive(Clone, Debug, Default)]\nstruct Solver {\n    n: usize,\n}";
            let inherent = format!(
                "impl Solver {{\n    fn solve(&self, {signature} {{\n{}}}\n}}",
                solved.body
            );
            let other = "impl std::fmt::Display for Solver {\n    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"{}\", self.n) }\n}";
            draft.around(
                rng,
                vec![code(made), code(solved.imports_and(inherent)), code(other)],
            );
            draft.answer(solved.calls("Solver::default().solve"));
        },
    ),
    (
        "a type that was written twice, with its impls",
        |draft, solved, _| {
            let place = draft.place();
            draft.cells.insert(place, code("struct Solver { old: Nowhere }\nimpl Solver { fn old(&self) -> Nowhere { self.old } }"));
            draft.answer(solved.calls("Solver(1).solve"));
            let signature = solved.signature();
            draft.cells.push(code(solved.imports_and(format!(
                "struct Solver(i64);\nimpl Solver {{\n    fn solve(&self, {signature} {{\n{}}}\n}}",
                solved.body
            ))));
        },
    ),
    ("a macro, defined in a later cell", |draft, solved, _| {
        let helper = solved.imports_and(solved.function("worked_out", &solved.body));
        draft.cells.push(code(format!("macro_rules! work {{\n    ($($argument:expr),*) => {{ worked_out($($argument),*) }};\n}}\n{helper}")));
        draft.answer(solved.calls("work!"));
    }),
    ("a macro that makes items", |draft, solved, rng| {
        draft.around(rng, vec![
            code("macro_rules! named {\n    ($name:ident, $n:expr) => { #[derive(Debug)] struct $name; impl $name { const N: usize = $n; } };\n}"),
            code("named!(Half, 1_800);"),
        ]);
        draft.answer(solved.imports_and(solved.after("assert_eq!(Half::N, 1_800);")));
    }),
    (
        "constants, an alias and an enum whose variants are imported",
        |draft, solved, rng| {
            draft.around(
                rng,
                vec![
                    code("const HALF: i64 = 30 * MINUTE;"),
                    code("const MINUTE: i64 = 60;"),
                    code("#[derive(Clone, Copy, PartialEq, Debug)]\nenum Mode { File, Net }"),
                    code("use Mode::*;"),
                    code(format!("type Answered = {};", solved.returns)),
                ],
            );
            let lines = "assert_eq!(HALF, 1_800);\n    assert_ne!(match Net { File => Net, Net => File }, Net);";
            let answer = solved.after(lines);
            let (head, rest) = match answer.split_once("->") {
                Some((head, rest)) => {
                    let at = rest.find(&solved.returns).unwrap() + solved.returns.len();
                    (head, &rest[at..])
                }
                None => answer.split_at(answer.find(") {").unwrap() + 1),
            };
            draft.answer(solved.imports_and(format!("{head}-> Answered{rest}",)));
        },
    ),
    ("a module of its own", |draft, solved, rng| {
        let helper = solved
            .function("solve", &solved.body)
            .replace("fn solve", "pub fn solve");
        draft.around(
            rng,
            vec![code(format!(
                "mod process {{\n    use super::*;\n    {}\n    {helper}\n}}",
                solved.imports
            ))],
        );
        let call = ["process::solve", "solve"][below(rng, 2)];
        let import = if call == "solve" {
            "use process::solve;\n"
        } else {
            ""
        };
        draft.answer(format!(
            "{import}{}",
            solved.imports_and(solved.calls(call))
        ));
    }),
    (
        "the answer imported from a module of its own",
        |draft, solved, _| {
            let answer = solved.right().replacen("fn ", "pub fn ", 1);
            let name = solved.name();
            draft.answer(format!(
                "mod mine {{\n    use super::*;\n    {}\n    {answer}\n}}\nuse mine::{name};",
                solved.imports
            ));
        },
    ),
    (
        "a function under the name of the answer",
        |draft, solved, rng| {
            let name = solved.name();
            let best = solved.function("best", &solved.body);
            let rename = ["use best as", "use self::best as"][below(rng, 2)];
            draft.answer(solved.imports_and(format!("{best}\n{rename} {name};")));
        },
    ),
    ("a method that `check!` names", |draft, solved, _| {
        let method = solved.function("solve", &solved.body);
        let checked = format!("check!({}, Mine::solve)", solved.exercise.name);
        let check = solved.check();
        draft.each_source(|source| json!(source.replace(&check, &checked)));
        draft.answer(solved.imports_and(format!("struct Mine;\nimpl Mine {{\n    {method}\n}}")));
    }),
    (
        "a helper by a path from the root of the crate",
        |draft, solved, rng| {
            let helper = solved.imports_and(solved.function("solve", &solved.body));
            draft.around(rng, vec![code(helper)]);
            draft.answer(solved.calls("crate::solve"));
        },
    ),
    (
        "variables named like something of ours",
        |draft, solved, _| {
            let lines = "let (include, exercises, dataset, notebook, bounces, file) = (1, 2, 3, 4, 5, 6);\n    \
            let fs = |env: i64| env + include + exercises;\n    \
            assert_eq!(fs(dataset) + notebook + bounces + file, 21);\n    \
            #[derive(Clone, Default)]\n    struct File { include: bool }\n    assert!(!File::default().include);";
            draft.answer(solved.imports_and(solved.after(lines)));
        },
    ),
    (
        "everything in one cell, with the lesson's lines and a helper that writes files",
        |draft, solved, _| {
            let place = draft.place();
            let sources: Vec<String> = draft.cells[place + 1..]
                .iter()
                .filter(|cell| cell["cell_type"] == "code")
                .map(source)
                .collect();
            draft.cells.truncate(place + 1);
            let lesson = sources.join("\n;\n");
            let helper = "fn save(text: &str) {\n    let mut file = std::fs::File::create(\"a\").unwrap();\n    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();\n}";
            draft.answer(format!(
                "#![allow(unused)]\n{}\n{helper}\nlet n = 1;\n{}\n{lesson}",
                solved.imports,
                solved.right()
            ));
        },
    ),
    (
        "a helper in its cell that does not compile",
        |draft, solved, _| {
            draft.answer(format!(
                "fn unfinished() -> Nowhere {{ rand::random() }}\n{}",
                solved.imports_and(solved.right())
            ));
        },
    ),
    (
        "a function of another name that is checked",
        |draft, solved, _| {
            let place = draft.place();
            let mine = solved.imports_and(solved.function("my_answer", &solved.body));
            draft.cells.insert(place + 1, code(mine));
            draft.cells.insert(
                place + 2,
                code(format!("check!({}, my_answer)", solved.exercise.name)),
            );
            let stub = solved.function(solved.name(), "    // YOUR CODE HERE\n    todo!()\n");
            draft.answer(solved.imports_and(stub));
        },
    ),
    (
        "an unfinished attempt below, and an unfinished helper",
        |draft, solved, rng| {
            let place = draft.place();
            let helper = solved.imports_and(solved.function("worked_out", &solved.body));
            draft.answer(solved.calls("worked_out"));
            draft.cells.insert(place, code(helper));
            let unfinished = [
                "    todo!(\"later\")\n",
                "    unimplemented!()\n",
                "    if {\n",
                "    nowhere::at_all()\n",
            ];
            for name in [solved.name(), "worked_out"] {
                let body = unfinished[below(rng, unfinished.len())];
                draft.cells.push(code(solved.function(name, body)));
            }
        },
    ),
    (
        "a helper that is defined anew after the last check",
        |draft, solved, _| {
            let place = draft.place();
            let helper = solved.imports_and(solved.function("worked_out", &solved.body));
            draft.answer(solved.calls("worked_out"));
            draft.cells.insert(place, code(helper));
            draft.cells.push(code(solved.check()));
            let other = solved.function("worked_out", "    panic!(\"another exercise\")\n");
            draft.cells.push(code(other));
        },
    ),
    (
        "a helper that is written anew below the check, which was run again",
        |draft, solved, _| {
            let place = draft.place();
            let wrong = solved.function("worked_out", "    panic!(\"not corrected yet\")\n");
            draft.answer(solved.calls("worked_out"));
            draft.cells.insert(place, code(wrong));
            let check = solved.check();
            for cell in draft
                .cells
                .iter_mut()
                .filter(|cell| source(cell).contains(&check))
            {
                cell["execution_count"] = json!(12);
            }
            let mut right = code(solved.imports_and(solved.function("worked_out", &solved.body)));
            right["execution_count"] = json!(11);
            draft.cells.push(right);
        },
    ),
    ("a closure that its cell checks", |draft, solved, _| {
        let check = solved.check();
        draft.each_source(|source| json!(source.replace(&check, "")));
        let signature = solved.signature();
        let (parameters, returns) = match signature.rsplit_once(") ->") {
            Some((parameters, returns)) => (parameters, format!(" ->{returns}")),
            None => (signature.trim_end_matches(')'), String::new()),
        };
        draft.answer(solved.imports_and(format!(
            "let best = |{parameters}|{returns} {{\n{}}};\ncheck!({}, best)",
            solved.body, solved.exercise.name
        )));
    }),
    (
        "crates that the notebook loads and the answer does not use",
        |draft, solved, _| {
            let helper = "fn unfinished() -> u8 { rand::random() }";
            let right = solved.imports_and(solved.right());
            let loaded = format!(":dep rand = \"0.9\"\n:dep itertools\n{helper}\n{right}");
            draft.answer(loaded);
        },
    ),
    (
        "a helper that recurses by way of another cell",
        |draft, solved, rng| {
            draft.around(
                rng,
                vec![
                    code("fn even(n: u32) -> bool { n == 0 || odd(n - 1) }"),
                    code("fn odd(n: u32) -> bool { n != 0 && even(n - 1) }"),
                ],
            );
            draft.answer(
                solved.imports_and(solved.after("let even = even(4);\n    assert!(even);")),
            );
        },
    ),
];

/// How all exercises come to stand in one notebook.
const ALL_IN_ONE: [&str; 5] = [
    "with the handouts' metadata",
    "with checks and no metadata",
    "with neither, in order",
    "shuffled, each with its check",
    "in a single cell",
];

fn all_in_one(how: usize, solved: &[Solved], rng: &mut Xoshiro256PlusPlus) -> Draft {
    let mut blocks: Vec<Vec<Value>> = solved
        .iter()
        .map(|solved| {
            let mut cells = Draft::of(solved).cells;
            if how > 0 {
                for cell in &mut cells {
                    cell["metadata"] = json!({});
                    cell.as_object_mut().unwrap().remove("id");
                }
            }
            if how == 2 {
                cells.retain(|cell| !source(cell).contains("check!"));
            }
            // One helper by the same name for each, as a text book has it.
            if how == 1 {
                let helper = solved.function("worked_out", &solved.body);
                let stub = source(
                    &cells
                        .iter()
                        .find(|cell| source(cell).contains(&solved.head))
                        .unwrap()
                        .clone(),
                );
                let place = cells.iter().position(|cell| source(cell) == stub).unwrap();
                cells[place]["source"] = json!(solved.imports_and(solved.calls("worked_out")));
                cells.insert(place, code(helper));
            }
            cells
        })
        .collect();
    if how == 3 {
        for last in (1..blocks.len()).rev() {
            blocks.swap(last, below(rng, last + 1));
        }
    }
    let mut cells = blocks.concat();
    if how == 4 {
        let sources = cells
            .iter()
            .filter(|cell| cell["cell_type"] == "code")
            .map(source);
        cells = vec![code(sources.collect::<Vec<_>>().join("\n;\n"))];
    }
    Draft {
        cells,
        minor: 5,
        bom: false,
        old: false,
        file: "term.ipynb".to_owned(),
    }
}

struct Case {
    name: String,
    solved: usize,
    draft: Draft,
}

fn cases(all: &[Solved]) -> Vec<Case> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut cases = Vec::new();
    for (index, solved) in all.iter().enumerate() {
        // Compiling takes its time: of what is done to the answer each exercise gets two
        // thirds, others than the exercise before it.
        let structure = STRUCTURE.iter().enumerate();
        let structure = structure.filter(|(number, _)| !(number + index).is_multiple_of(3));
        for (name, mess) in SURFACE.iter().chain(structure.map(|(_, mess)| mess)) {
            let mut draft = Draft::of(solved);
            mess(&mut draft, solved, &mut rng);
            cases.push(Case {
                name: (*name).to_owned(),
                solved: index,
                draft,
            });
        }
        // Several at once: one that changes the answer first.
        for _ in 0..3 {
            let (first, mess) = STRUCTURE[below(&mut rng, STRUCTURE.len())];
            let mut draft = Draft::of(solved);
            mess(&mut draft, solved, &mut rng);
            let mut names = vec![first];
            // The solution cell is found by its id until the last mess. Where the later of
            // two definitions is the right one, their order is not changed.
            let ordered = ["twice", "another name", "unfinished", "anew"]
                .iter()
                .any(|word| first.contains(word));
            // A copy of the answer below a new helper would be meant to call that one.
            let any: &[(&str, Mess)] = match ordered {
                true if first.contains("anew") => &SURFACE[12..15],
                true => &SURFACE[11..15],
                false => &SURFACE[9..15],
            };
            for _ in 0..2 {
                let (name, mess) = any[below(&mut rng, any.len())];
                mess(&mut draft, solved, &mut rng);
                names.push(name);
            }
            if !ordered {
                let (name, mess) = SURFACE[15];
                mess(&mut draft, solved, &mut rng);
                names.push(name);
            }
            let (name, mess) = SURFACE[1 + below(&mut rng, 8)];
            mess(&mut draft, solved, &mut rng);
            names.push(name);
            // A check says what counts, unless a function of the asked name comes later; with the
            // order of cells it is lost which of them does.
            let lost = [
                "a method that `check!` names",
                "an older attempt above, the stub below",
                "cells in another order",
            ];
            if lost.iter().all(|kind| names.contains(kind)) {
                continue;
            }
            cases.push(Case {
                name: names.join(" + "),
                solved: index,
                draft,
            });
        }
    }
    for (how, name) in ALL_IN_ONE.iter().enumerate() {
        let draft = all_in_one(how, all, &mut rng);
        for index in 0..all.len() {
            cases.push(Case {
                name: format!("all in one, {name}"),
                solved: index,
                draft: draft.clone(),
            });
        }
    }
    cases
}

/// Rule: a right answer gets all points, however its notebook grew.
#[test]
fn a_right_answer_in_a_messy_notebook_gets_all_points() {
    let built = Built {
        exe: exe(),
        ..Built::find().unwrap()
    };
    let bench = Bench::new(&built, true).unwrap();
    let rules = Rules {
        bench: &bench,
        seed: 7,
        patience: Duration::from_secs(20),
        budget: Duration::from_secs(120),
        scanned: true,
        together: None,
    };
    let solved: Vec<Solved> = Task::chosen(&root(), &[])
        .unwrap()
        .into_iter()
        .map(Solved::of)
        .collect();
    let mut cases = cases(&solved);
    assert!(cases.len() >= 300, "{} notebooks", cases.len());
    // To work on one kind of mess: all of them take minutes.
    if let Ok(kind) = std::env::var("LAMBDA_WORKBOOK_HONEST_KIND") {
        cases.retain(|case| case.name.contains(&kind));
    }
    // Extraction of all of them; many come to the same source, which is compiled once.
    let mut wrong: Vec<String> = Vec::new();
    let mut sources: BTreeMap<(usize, String), (Extracted, Vec<&str>)> = BTreeMap::new();
    for case in &cases {
        let of = &solved[case.solved];
        match extract(&case.draft.notebook(), &of.task.handout, of.exercise) {
            Ok(found) => {
                let key = (case.solved, found.source.clone());
                let known = sources.entry(key).or_insert_with(|| (found, Vec::new()));
                known.1.push(&case.name);
            }
            Err(nothing) => wrong.push(format!("{}, {}: {nothing:?}", of.exercise.id, case.name)),
        }
    }
    let distinct = sources.len();
    let next = Mutex::new(sources.into_iter());
    let wrong = Mutex::new(wrong);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism()
            .map_or(2, usize::from)
            .max(2)
        {
            scope.spawn(|| {
                loop {
                    let Some(((index, _), (found, names))) = next.lock().unwrap().next() else {
                        return;
                    };
                    let exercise = solved[index].exercise;
                    let worth = Worth {
                        points: 10.0,
                        weights: BTreeMap::new(),
                    };
                    let graded = grade(&rules, exercise, &worth, Ok(found));
                    if graded.verdict != "passed" || graded.points != 10.0 {
                        wrong.lock().unwrap().push(format!(
                            "{}, {}: {} {}\n{}",
                            exercise.id,
                            names.join("; "),
                            graded.verdict,
                            graded.reason,
                            graded.source
                        ));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!("{} notebooks, {distinct} distinct sources", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}
