//! Which definition of a function answers an exercise.
//!
//! A notebook may hold several: older ones, the stub, and in a notebook with all the
//! exercises the functions of others, for three exercises ask for an `update` and two
//! for `visits_and_bounces`. Told apart by signature, then by the ids of the cells, then
//! by the `check!` that uses them, then by order. Time is in proportion to the tokens.
use super::cells::{Cell, Lexed};
use super::tokens::{Piece, PieceKind, Token, tokens};
use lambda_workbook::exercises::{self, Exercise};
use ra_ap_parser::{SyntaxKind, T};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of the function that an exercise asks for.
///
/// ```
/// use grade::definition::function;
/// assert_eq!(function(&lambda_workbook::exercises::pacific_days::EXERCISE), "daily_page_views");
/// ```
pub fn function(exercise: &Exercise) -> &'static str {
    let after = exercise.signature.trim_start_matches("fn ");
    after.split(['(', '<']).next().unwrap_or(after)
}

/// The exercise that a notebook's name tells, in upper or lower case, with spaces or
/// hyphens where the exercise's own name has underscores.
///
/// ```
/// use grade::definition::exercise_of;
/// use std::path::Path;
/// let of = |file: &str| exercise_of(Path::new(file));
/// assert_eq!(of("Cleo 08-2-Top-Three (1).ipynb"), Some("08_2_top_three"));
/// assert_eq!(of("02_4_visits_range.ipynb"), Some("02_4_visits_range"));
/// ```
pub fn exercise_of(path: &Path) -> Option<&'static str> {
    let stem = path.file_stem()?.to_string_lossy();
    id_in(&stem).map(|(id, _)| id)
}

/// The longest id of an exercise in a file's name, and the byte where it stands last.
pub fn id_in(stem: &str) -> Option<(&'static str, usize)> {
    // Each replaced letter has one byte, so that places in both texts are the same.
    let plain = stem.to_ascii_lowercase().replace([' ', '-'], "_");
    let ids = exercises::ALL.iter().map(|exercise| exercise.id);
    ids.filter_map(|id| Some((id, plain.rfind(id)?)))
        .max_by_key(|(id, _)| id.len())
}

/// A place in a notebook: a code cell and a token of it.
pub type Place = (usize, usize);

/// Where an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What stands before it is meant.
    pub at: Place,
    /// When the kernel ran the check that stands there, if the notebook says so.
    pub checked: Option<u64>,
    /// Where the next exercise begins.
    pub next: Option<Place>,
}

impl End {
    /// Whether a definition at `place`, in a cell that the kernel ran at `ran`, is meant: it
    /// stands above the end, or the check below which it stands was run again after it.
    pub fn includes(&self, place: Place, ran: Option<u64>) -> bool {
        let before_check = ran
            .zip(self.checked)
            .is_some_and(|(ran, checked)| ran < checked);
        place < self.at || before_check && self.next.is_none_or(|next| place < next)
    }
}

/// A cell's call of `check!(exercise, function)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check<'a> {
    pub at: Place,
    pub exercise: &'a str,
    pub function: &'a str,
}

/// The checks of all cells, in order.
pub fn checks<'c>(lexed: &[Lexed<'c>]) -> Vec<Check<'c>> {
    let cells = lexed.iter().enumerate();
    cells
        .flat_map(|(cell, lexed)| checks_in(&lexed.tokens, cell))
        .collect()
}

/// Tokens of `check!(exercise, ` up to what is checked.
pub const CHECKED: usize = 5;

/// The calls of `check!` and `marks!` in the tokens of a cell, in order: the first token of each,
/// and the exercise that it names.
pub fn calls_of_check<'t, 'c>(
    tokens: &'t [Token<'c>],
) -> impl DoubleEndedIterator<Item = (usize, &'c str)> + use<'t, 'c> {
    tokens
        .windows(CHECKED)
        .enumerate()
        .filter_map(|(token, window)| {
            let is_call = ["check", "marks"].contains(&window[0].text)
                && window[1].kind == T![!]
                && window[2].kind == T!['(']
                && window[4].kind == T![,];
            let exercise = window[3].name().filter(|_| is_call)?;
            Some((token, exercise))
        })
}

/// The checks in the tokens of one cell, in order.
pub fn checks_in<'c>(tokens: &[Token<'c>], cell: usize) -> Vec<Check<'c>> {
    let check = calls_of_check(tokens).filter_map(|(token, exercise)| {
        // The last name of a path: `check!(visits, self::visits)`.
        let rest = tokens[token + CHECKED..].iter().take(16);
        let path = rest.take_while(|token| token.word().is_some() || token.kind == T![:]);
        let path: Vec<&str> = path.filter_map(Token::word).collect();
        // `Mine::visits` is no function of the notebook's own.
        let own = ["self", "super", "crate"];
        let (last, modules) = path.split_last()?;
        let is_plain = modules.iter().all(|module| own.contains(module));
        let function = if is_plain { last } else { "" };
        Some(Check {
            at: (cell, token),
            exercise,
            function,
        })
    });
    check.collect()
}

/// The types in a signature, in a form in which names of parameters, lifetimes and the
/// modules of types do not count. `head` begins with `fn`.
fn types(head: &[Token]) -> Vec<String> {
    let mut types = vec![String::new()];
    let Some(mut at) = generics_end(head, 2) else {
        return types;
    };
    if head.get(at).is_none_or(|token| token.kind != T!['(']) {
        return types;
    }
    types[0].push('(');
    let (mut depth, mut in_parameters, mut in_name) = (1usize, true, true);
    at += 1;
    while let Some(token) = head.get(at) {
        let arrow = head[at - 1].text == "-";
        let ended = depth;
        match token.kind {
            T!['{'] | T![where] if depth == 0 => break,
            T!['('] | T!['['] | T!['{'] | T![<] => depth += 1,
            T![')'] | T![']'] | T!['}'] => depth = depth.saturating_sub(1),
            T![>] if !arrow => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_colon = |ahead: usize| head.get(at + ahead).is_some_and(|next| next.kind == T![:]);
        if in_parameters && (depth == 0 || ended == 1 && token.kind == T![,]) {
            in_parameters = depth > 0;
            in_name = in_parameters;
            types.push(String::new());
        } else if in_name {
            in_name = ended > 1 || token.kind != T![:];
        } else if token.word().is_some() && is_colon(1) && is_colon(2) {
            // A module, and its `::`.
            at += 2;
        } else if token.kind != SyntaxKind::LIFETIME_IDENT
            && let Some(kind) = types.last_mut()
        {
            kind.push_str(token.text);
            kind.push(' ');
        }
        at += 1;
    }
    types.retain(|text| !text.is_empty());
    types
}

/// The index behind generic parameters that may begin at `at`.
fn generics_end(head: &[Token], at: usize) -> Option<usize> {
    if head.get(at)?.kind != T![<] {
        return Some(at);
    }
    let mut depth = 0usize;
    for (index, token) in head.iter().enumerate().skip(at) {
        match token.kind {
            T![<] => depth += 1,
            T![>] if head[index - 1].text != "-" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// Whether every delimiter of an item is closed in it. `head` begins with the word that
/// says what it is; one that has no body yet, such as `fn f`, is not whole.
pub fn is_whole(head: &[Token]) -> bool {
    let depth = head
        .iter()
        .try_fold(0usize, |depth, token| match token.kind {
            T!['('] | T!['['] | T!['{'] => Some(depth + 1),
            T![')'] | T![']'] | T!['}'] => depth.checked_sub(1),
            _ => Some(depth),
        });
    let is_fn = head.first().is_some_and(|token| token.kind == T![fn]);
    let ends_in_body = head.last().is_some_and(|token| token.kind == T!['}']);
    depth == Some(0) && (ends_in_body || !is_fn)
}

/// Whether a function is not written yet: its body is `todo!` or `unimplemented!` alone.
/// `head` begins with `fn`.
pub fn is_only_todo(head: &[Token]) -> bool {
    let Some(open) = head.iter().position(|token| token.kind == T!['{']) else {
        return false;
    };
    let body = &head[open + 1..];
    let [name, bang, ..] = body else {
        return false;
    };
    if !["todo", "unimplemented"].contains(&name.text) || bang.kind != T![!] {
        return false;
    }
    // Where the call's own delimiter is closed, the body ends, too.
    let mut depth = 0usize;
    for (at, token) in body.iter().enumerate().skip(2) {
        match token.kind {
            T!['('] | T!['['] | T!['{'] => depth += 1,
            T![')'] | T![']'] | T!['}'] => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let mut rest = body[at + 1..].iter();
            return rest.all(|token| matches!(token.kind, T![;] | T!['}']));
        }
    }
    false
}

/// A definition of a function, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Found<'n> {
    pub cell: usize,
    pub piece: &'n Piece,
}

/// What was chosen.
pub struct Chosen<'n> {
    pub found: Found<'n>,
    /// The two definitions before it, the later one first. One of them counts if this one
    /// does not compile, as in the kernel: a cell that does not compile defines nothing.
    pub previous: Vec<Found<'n>>,
    /// What is said about it on the student's page.
    pub notes: Vec<String>,
    /// The definitions that are meant for the exercise.
    pub mine: Vec<Found<'n>>,
}

/// A notebook, as this module looks at it.
pub struct Definitions<'n, 'c> {
    pub cells: &'n [Cell],
    pub lexed: &'n [Lexed<'c>],
    pub checks: &'n [Check<'c>],
    /// Of its file.
    pub path: &'n Path,
    /// The stub of the handout, token by token.
    pub stub: &'n [String],
}

/// Chooses the definition that answers `exercise`.
///
/// # Errors
/// Says why there is none, if there is more to say than that.
pub fn choose<'n>(
    notebook: &Definitions<'n, '_>,
    exercise: &Exercise,
) -> Result<Chosen<'n>, Option<String>> {
    let name = function(exercise);
    let all = notebook.defined(name);
    let mut notes = Vec::new();
    let mut earlier = Vec::new();
    let (mut chosen, mut mine) = match notebook.fitting(exercise, &all) {
        Ok(mine) => (notebook.last_answered(&mine), mine),
        Err(other) if notebook.under_another_name(exercise).is_none() => return Err(other),
        Err(_) => (None, Vec::new()),
    };
    // A function of another name that has been checked, where there is but the stub or an
    // older function that nothing checks any more.
    let answered = chosen.filter(|found| !notebook.is_stub(found));
    let is_left = answered.is_none_or(|found| notebook.is_left(&found, exercise));
    if is_left && let Some(found) = notebook.under_another_name(exercise) {
        notes.push(format!(
            "`{}` of code cell {} is what `check!({}, ..)` checks: it counts as `{name}`",
            found.piece.name, notebook.cells[found.cell].number, exercise.name
        ));
        (chosen, mine) = (Some(found), vec![found]);
        earlier = notebook.defined(&found.piece.name);
    }
    let Some(found) = chosen else {
        return Err(None);
    };
    mine.retain(|other| !notebook.is_stub(other));
    if mine.len() > 1 {
        let numbers = mine.iter().map(|found| notebook.cells[found.cell].number);
        notes.push(last_counts(name, numbers.collect()));
    }
    earlier.extend(&mine);
    let mut previous = earlier;
    previous.retain(|other| other.place() < found.place() && !notebook.is_stub(other));
    previous.sort_by_key(|other| std::cmp::Reverse(other.place()));
    previous.dedup_by_key(|other| other.place());
    previous.truncate(2);
    let others = all.len()
        - notebook
            .fitting(exercise, &all)
            .map_or(0, |mine| mine.len());
    if others > 0 && found.piece.name == name {
        notes.push(format!(
            "`{name}` is defined for other exercises, too: that of code cell {} counts here",
            notebook.cells[found.cell].number
        ));
    }
    Ok(Chosen {
        found,
        previous,
        notes,
        mine,
    })
}

/// Says that the cells of these numbers define a function, no more than a few of them.
fn last_counts(name: &str, mut numbers: Vec<usize>) -> String {
    const MOST: usize = 8;
    let definitions = numbers.len();
    numbers.dedup();
    if let [number] = numbers[..] {
        return format!(
            "code cell {number} defines `{name}` {definitions} times: the last one counts"
        );
    }
    let first: Vec<String> = numbers.iter().take(MOST).map(usize::to_string).collect();
    let more = match numbers.len() {
        0..=MOST => String::new(),
        all => format!(" and {} more", all - MOST),
    };
    let cells = first.join(", ");
    format!("code cells {cells}{more} define `{name}`: the last one counts")
}

impl<'n> Definitions<'n, '_> {
    /// The definitions of a name, in order; those that do not end in their cell only if
    /// there are no others.
    fn defined(&self, name: &str) -> Vec<Found<'n>> {
        let in_cell = |(cell, lexed): (usize, &'n Lexed)| {
            let pieces = lexed.pieces.iter();
            let named = pieces.filter(|piece| piece.kind == PieceKind::Fn && piece.name == name);
            named
                .map(move |piece| Found { cell, piece })
                .collect::<Vec<_>>()
        };
        let mut all: Vec<Found<'n>> = self.lexed.iter().enumerate().flat_map(in_cell).collect();
        let is_whole = |found: &Found| is_whole(self.lexed[found.cell].from_head(found.piece));
        if all.iter().any(is_whole) {
            all.retain(is_whole);
        }
        all
    }

    /// Whether a definition is the handout's stub, whatever was written in its comments,
    /// or one that only says that it is not written yet.
    pub fn is_stub(&self, found: &Found) -> bool {
        let tokens = self.lexed[found.cell].from_head(found.piece);
        let is_given = tokens.len() == self.stub.len()
            && tokens
                .iter()
                .zip(self.stub)
                .all(|(token, text)| token.text == text);
        is_given || is_only_todo(tokens)
    }

    /// The last definition that is no stub, or the last one.
    fn last_answered(&self, all: &[Found<'n>]) -> Option<Found<'n>> {
        let answered = all.iter().rev().find(|found| !self.is_stub(found));
        answered.or(all.last()).copied()
    }

    /// Whether the file is named after the exercise.
    fn is_named(&self, exercise: &Exercise) -> bool {
        exercise_of(self.path) == Some(exercise.id)
    }

    /// The definitions that are meant for an exercise.
    fn fitting(
        &self,
        exercise: &Exercise,
        all: &[Found<'n>],
    ) -> Result<Vec<Found<'n>>, Option<String>> {
        let name = function(exercise);
        let namesakes: Vec<&Exercise> = exercises::ALL
            .iter()
            .copied()
            .filter(|other| function(other) == name)
            .collect();
        if namesakes.len() == 1 || all.is_empty() {
            return Ok(all.to_vec());
        }
        // By signature.
        let asked = |exercise: &Exercise| types(&tokens(exercise.signature));
        let signature = asked(exercise);
        let others: Vec<(&Exercise, Vec<String>)> = namesakes
            .iter()
            .map(|other| (*other, asked(other)))
            .filter(|(_, types)| *types != signature)
            .collect();
        let of = |found: &Found| types(self.lexed[found.cell].from_head(found.piece));
        let signatures: Vec<Vec<String>> = all.iter().map(of).collect();
        // An alias may stand for a type, so that only another's signature counts against it.
        let claims = self.claims(&namesakes, all);
        let foreign =
            |claims: &BTreeSet<&str>| !claims.is_empty() && !claims.contains(exercise.name);
        let mine: Vec<Found<'n>> = all
            .iter()
            .zip(signatures.iter().zip(&claims))
            .filter(|(_, (types, claims))| {
                let other = others.iter().any(|(_, other)| other == *types);
                **types == signature || !(other || foreign(claims))
            })
            .map(|(found, _)| *found)
            .collect();
        if mine.is_empty() {
            let number = self.cells[all[0].cell].number;
            let whose = others.iter().find(|(_, types)| *types == signatures[0]);
            return Err(whose.map(|(other, _)| {
                format!("`fn {name}` in code cell {number} is that of {}", other.id)
            }));
        }
        let twins: Vec<&Exercise> = namesakes
            .into_iter()
            .filter(|other| asked(other) == signature)
            .collect();
        if twins.len() == 1 {
            return Ok(mine);
        }
        self.among_twins(exercise, &twins, mine)
    }

    /// The exercises that each definition is for: by the ids of its cell, or else by the
    /// checks that follow it.
    fn claims(&self, exercises: &[&Exercise], all: &[Found]) -> Vec<BTreeSet<&'static str>> {
        let name = exercises.first().map_or("", |exercise| function(exercise));
        let by_id = |found: &Found| {
            let ids = &self.cells[found.cell].ids;
            let claims =
                |other: &&&Exercise| ids.iter().any(|id| id == other.name || id == other.id);
            exercises
                .iter()
                .filter(claims)
                .map(|other| other.name)
                .collect()
        };
        let mut claims: Vec<BTreeSet<&'static str>> = all.iter().map(by_id).collect();
        let by_ids: Vec<bool> = claims.iter().map(|claims| !claims.is_empty()).collect();
        let places = all.iter().enumerate();
        let places: BTreeMap<Place, usize> = places
            .map(|(index, found)| (found.place(), index))
            .collect();
        for check in self.checks.iter().filter(|check| check.function == name) {
            let other = exercises.iter().find(|other| other.name == check.exercise);
            let before = places.range(..check.at).next_back();
            if let (Some(other), Some((_, &index))) = (other, before)
                && !by_ids[index]
            {
                claims[index].insert(other.name);
            }
        }
        claims
    }

    /// Of exercises that ask for the same signature.
    fn among_twins(
        &self,
        exercise: &Exercise,
        twins: &[&Exercise],
        all: Vec<Found<'n>>,
    ) -> Result<Vec<Found<'n>>, Option<String>> {
        let name = function(exercise);
        let mut claims = self.claims(twins, &all);
        // Checks that all follow the last one say nothing.
        let shared = claims.iter().any(|claims| claims.len() > 1);
        let free = claims.iter().any(BTreeSet::is_empty);
        if shared && free && !self.is_named(exercise) {
            let said = claims.iter_mut().filter(|claims| claims.len() > 1);
            said.for_each(|claims| claims.clear());
        }
        let with = |fits: &dyn Fn(&BTreeSet<&str>) -> bool| -> Vec<Found<'n>> {
            let both = all.iter().zip(&claims).filter(|(_, claims)| fits(claims));
            both.map(|(found, _)| *found).collect()
        };
        let others = claims.iter().flatten().any(|name| *name != exercise.name);
        let mine = with(&|claims| claims.contains(exercise.name));
        if !others || (self.is_named(exercise) && mine.is_empty()) {
            // A notebook of this exercise alone.
            let alone = claims.iter().flatten().next().is_some() || self.is_named(exercise);
            if alone || all.len() != twins.len() {
                return Ok(all);
            }
            let order = twins.iter().position(|twin| twin.id == exercise.id);
            return Ok(order.map(|order| all[order]).into_iter().collect());
        }
        if !mine.is_empty() {
            return Ok(mine);
        }
        let unclaimed = with(&|claims| claims.is_empty());
        if unclaimed.is_empty() {
            let found = all[0];
            return Err(Some(format!(
                "`fn {name}` in code cell {} is that of another exercise",
                self.cells[found.cell].number
            )));
        }
        Ok(unclaimed)
    }

    /// The place of the function of the asked name that is written and meant for an exercise.
    pub fn answered(&self, exercise: &Exercise) -> Option<Place> {
        let mine = self
            .fitting(exercise, &self.defined(function(exercise)))
            .ok()?;
        let found = self.last_answered(&mine)?;
        (!self.is_stub(&found)).then(|| found.place())
    }

    /// Whether nothing checks a function of the asked name, and what stands below it checks
    /// another one.
    fn is_left(&self, found: &Found, exercise: &Exercise) -> bool {
        let mut of_notebook = self.checks.iter().filter(|check| {
            let is_inside = self.lexed[check.at.0].is_in_item(check.at.1);
            check.exercise == exercise.name && !is_inside
        });
        let last = of_notebook.clone().next_back();
        let is_by_name = of_notebook.any(|check| check.function == function(exercise));
        !is_by_name && last.is_some_and(|check| found.place() < check.at)
    }

    /// Whether a name that an exercise asks for is meant for no other one: no other asks for it,
    /// or the file is named after this one.
    pub fn is_alone(&self, exercise: &Exercise) -> bool {
        let same = |other: &&&Exercise| function(other) == function(exercise);
        exercises::ALL.iter().filter(same).count() == 1 || self.is_named(exercise)
    }

    /// Whether the notebook defines an item of this name.
    pub fn defines(&self, name: &str) -> bool {
        let mut pieces = self.lexed.iter().flat_map(|lexed| &lexed.pieces);
        pieces.any(|piece| piece.name == name && piece.kind != PieceKind::Call)
    }

    /// The function of another name that was last checked for an exercise.
    pub fn under_another_name(&self, exercise: &Exercise) -> Option<Found<'n>> {
        let checks = self.checks.iter().rev();
        let check = checks
            .filter(|check| check.exercise == exercise.name && check.function != function(exercise))
            .take(8)
            .find(|check| !self.defined(check.function).is_empty())?;
        self.last_answered(&self.defined(check.function))
    }

    /// The answer's last check, or where the next exercise begins: what is defined anew
    /// from there on is not meant, unless the kernel ran it before that check.
    pub fn end(&self, exercise: &Exercise, mine: &[Found], found: &Found) -> Option<End> {
        let functions: BTreeSet<&str> =
            exercises::ALL.iter().map(|other| function(other)).collect();
        let own: BTreeSet<Place> = mine
            .iter()
            .map(Found::place)
            .chain([found.place()])
            .collect();
        let mut others = BTreeSet::new();
        for (cell, lexed) in self.lexed.iter().enumerate() {
            for piece in lexed
                .pieces
                .iter()
                .filter(|piece| piece.kind == PieceKind::Fn)
            {
                let place = (cell, piece.tokens.start);
                if functions.contains(piece.name.as_str())
                    && !own.contains(&place)
                    && !self.is_stub(&Found { cell, piece })
                {
                    others.insert(place);
                }
            }
        }
        let known = |check: &&Check| exercises::find(check.exercise).is_some();
        let others_checks = self.checks.iter().filter(known);
        others.extend(
            others_checks
                .filter(|check| check.exercise != exercise.name)
                .map(|check| check.at),
        );
        let next = others.range(found.place()..).next().copied();
        let own_checks = self
            .checks
            .iter()
            .filter(|check| check.exercise == exercise.name);
        let checked = own_checks
            .map(|check| check.at)
            .filter(|at| *at > found.place() && next.is_none_or(|next| *at < next))
            .max();
        let end = checked.or(next)?;
        Some(End {
            at: end,
            checked: checked.and_then(|at| self.cells[at.0].ran),
            next,
        })
    }
}

impl Found<'_> {
    pub fn place(&self) -> Place {
        (self.cell, self.piece.tokens.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule: a function is not written yet if it does nothing but say so.
    #[test]
    fn a_body_of_todo_alone_is_no_answer() {
        for source in [
            "fn f() { todo!() }",
            "fn f() -> [i64; 2] { unimplemented!(\"{}\", g(1)); }",
            "fn f() { todo![] }",
        ] {
            assert!(is_only_todo(&tokens(source)), "{source}");
        }
        for source in [
            "fn f() { todo!() + 1 }",
            "fn f() { if a { todo!() } }",
            "fn f() { todo() }",
            "fn f() {}",
            "fn f()",
        ] {
            assert!(!is_only_todo(&tokens(source)), "{source}");
        }
    }

    /// Rule: an item is whole if all that it opens is closed.
    #[test]
    fn what_does_not_end_is_not_whole() {
        for source in ["fn f() { g([1]) }", "struct S;", "const A: [i64; 1] = [1];"] {
            assert!(is_whole(&tokens(source)), "{source}");
        }
        for source in [
            "fn f() { if a { }",
            "fn f",
            "fn f() { \" }",
            "struct S { a:",
        ] {
            assert!(!is_whole(&tokens(source)), "{source}");
        }
    }

    #[test]
    fn signatures_differ_by_their_types_only() {
        let types = |source: &str| types(&tokens(source));
        let asked =
            types("fn f(log: &[String], disk: &mut speed::Disk) -> Result<(), speed::Crash>");
        assert_eq!(
            asked,
            [
                "(& [ String ] ",
                "& mut Disk ",
                "- > Result < ( ) , Crash > "
            ]
        );
        for same in [
            "fn f<'a>(mut l: &'a [String], d: &mut Disk) -> Result<(), Crash> { Ok(()) }",
            "fn f(l: &[String], (d): &mut a::b::Disk,) -> std::result::Result<(), Crash> where A: B {}",
        ] {
            assert_eq!(types(same), asked, "{same}");
        }
        for other in [
            "fn f(l: &[String])",
            "fn f(l: &[String], d: &Disk) -> Result<(), Crash>",
            "fn f<",
        ] {
            assert_ne!(types(other), asked, "{other}");
        }
    }
}
