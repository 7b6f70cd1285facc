//! What an answer's program refers to, of this project: the compiler's own list.
//!
//! A source can hide what it calls, behind a macro, an alias, a pointer or a star. The
//! object file that rustc makes of it cannot: whatever it calls or takes the address of
//! is a symbol there, with the path of its definition. Answers are compiled without
//! optimisation and the crates of this project have no `#[inline(always)]`, so no
//! reference is folded away. What stands in no exercise's vocabulary is refused.
use anyhow::{Context, Result};
use lambda_workbook::exercises::Exercise;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolIndex};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write;

/// The crates of this project that an answer can name.
const OURS: [&str; 8] = [
    "calendar",
    "dataset",
    "exercises",
    "lambda",
    "lambda_workbook",
    "lessons",
    "notebook",
    "show",
];

/// What every answer may use: times and buckets, how a value looks, and the sketches
/// and rows that the tables of the lesson are made of.
const EVERYWHERE: [&str; 13] = [
    "calendar::granularity",
    "calendar::plan::Plan",
    "calendar::plan::Read",
    // All but `local`: it finds where a local day begins, which is the work of exercise 1.1.
    "calendar::plan::span::Span::{new, of_hours_in, from, until, secs, hours, contains, fmt}",
    "calendar::plan::span::SpanError",
    "calendar::zone",
    "lambda::batch::sketch",
    "lambda::batch::uniques::Uniques",
    "lambda::batch::uniques::frame",
    "lambda::batch::uniques::rows",
    "lambda::datum",
    "notebook",
    "show",
];

/// Paths of this project that an object file refers to and `exercise` does not allow,
/// sorted, each once. Linear in the symbols and their names.
///
/// # Errors
/// If it is no object file.
pub fn refused(object: &[u8], exercise: &Exercise) -> Result<Vec<String>> {
    let paths = paths(object)?.into_iter();
    Ok(paths.filter(|path| !allows(exercise, path)).collect())
}

/// Paths of this project that an object file or a program names, sorted, each once.
/// Linear in the symbols and their names.
///
/// # Errors
/// If it is neither, or its names are longer than any that people write: what a name hides
/// behind a limit would not be seen.
pub fn paths(object: &[u8]) -> Result<BTreeSet<String>> {
    let file = object::File::parse(object).context("rustc made no object file")?;
    let mut found = BTreeSet::new();
    let mut names = Names::default();
    for symbol in file.symbols() {
        if let Some(text) = names.of(symbol.name().context("a symbol without a name")?)? {
            of_ours(&text, &mut found);
        }
    }
    Ok(found)
}

/// What the functions of an object file refer to, directly or by others in it.
#[derive(Debug, Default)]
pub struct Reached {
    /// Functions of the modules around answers, by name, with the sections that hold them.
    functions: HashMap<String, SectionIndex>,
    /// The sections that a section refers to. Each function and each table of functions has one.
    sections: HashMap<SectionIndex, HashSet<SectionIndex>>,
    /// The names that a section defines or refers to.
    names: HashMap<SectionIndex, HashSet<SymbolIndex>>,
    /// Paths of this project in a name.
    paths: HashMap<SymbolIndex, BTreeSet<String>>,
}

impl Reached {
    /// Reads an object file that rustc made of several answers. Linear in its names and
    /// relocations.
    ///
    /// # Errors
    /// As [`paths`], and if something in it would run before `main`.
    pub fn in_object(object: &[u8]) -> Result<Reached> {
        let file = object::File::parse(object).context("rustc made no object file")?;
        let mut reached = Reached::default();
        let mut names = Names::default();
        for symbol in file.symbols() {
            let name = symbol.name().context("a symbol without a name")?;
            let Some(text) = names.of(name)? else {
                continue;
            };
            let mut found = BTreeSet::new();
            of_ours(&text, &mut found);
            reached.paths.insert(symbol.index(), found);
            if let Some(section) = symbol.section_index() {
                let names = reached.names.entry(section).or_default();
                names.insert(symbol.index());
                if text.starts_with("worker::frame_of_") {
                    reached.functions.insert(text, section);
                }
            }
        }
        for section in file.sections() {
            let name = section.name().context("a section without a name")?;
            let by_itself = [".init", ".preinit", ".ctors", ".fini", ".dtors"];
            anyhow::ensure!(
                !by_itself.iter().any(|start| name.starts_with(start)),
                "{name} would run by itself"
            );
            let sections = reached.sections.entry(section.index()).or_default();
            let names = reached.names.entry(section.index()).or_default();
            for (_, relocation) in section.relocations() {
                match relocation.target() {
                    RelocationTarget::Section(target) => {
                        sections.insert(target);
                    }
                    RelocationTarget::Symbol(symbol) => {
                        names.insert(symbol);
                        sections.extend(file.symbol_by_index(symbol)?.section_index());
                    }
                    _ => anyhow::bail!("a reference of a kind that is not known"),
                }
            }
        }
        Ok(reached)
    }

    /// Paths of this project that can be reached from a function and that `exercise` does not
    /// allow, sorted, each once.
    ///
    /// # Errors
    /// If there is no such function.
    pub fn refused(&self, function: &str, exercise: &Exercise) -> Result<BTreeSet<&str>> {
        let first = self.functions.get(function);
        let mut next = vec![*first.with_context(|| format!("there is no {function}"))?];
        let mut seen: HashSet<SectionIndex> = next.iter().copied().collect();
        let mut found = BTreeSet::new();
        while let Some(section) = next.pop() {
            for name in self.names.get(&section).into_iter().flatten() {
                found.extend(self.paths.get(name).into_iter().flatten());
            }
            for &target in self.sections.get(&section).into_iter().flatten() {
                if seen.insert(target) {
                    next.push(target);
                }
            }
        }
        let refused = found.into_iter().filter(|path| !allows(exercise, path));
        Ok(refused.map(String::as_str).collect())
    }
}

/// Reads names as people write them, so many bytes of them and no more.
struct Names {
    left: usize,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            left: LONGEST_NAMES,
        }
    }
}

impl Names {
    /// The name of a symbol of Rust.
    fn of(&mut self, symbol: &str) -> Result<Option<String>> {
        let Ok(symbol) = rustc_demangle::try_demangle(symbol) else {
            return Ok(None);
        };
        let mut text = Bounded {
            text: String::new(),
            most: self.left.min(LONGEST_NAME),
        };
        // The demangler has limits of its own, which it says in the text.
        let whole = write!(text, "{symbol:#}").is_ok() && !text.text.contains("limit reached}");
        anyhow::ensure!(whole, TooLong);
        self.left -= text.text.len();
        Ok(Some(text.text))
    }
}

/// Bytes of the longest name, with the types in it: long chains of iterators have 20 kB.
const LONGEST_NAME: usize = 256 << 10;

/// Bytes of all names of a program together: the libraries' functions have some megabytes.
const LONGEST_NAMES: usize = 64 << 20;

/// Names too long to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its types have names that are too long to be looked at")]
pub struct TooLong;

/// A text that takes no more than so many bytes.
struct Bounded {
    text: String,
    most: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        if self.text.len() + piece.len() > self.most {
            return Err(std::fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

/// Adds the paths that begin with a crate of ours to `found`: `lambda::batch::x` of
/// `<lambda::batch::x as core::clone::Clone>::clone`, and `lambda::batch::x::get` of
/// `<lambda::batch::x>::get`, as some manglings write `lambda::batch::x::get`. Linear in
/// the text.
fn of_ours(symbol: &str, found: &mut BTreeSet<String>) {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut rest = symbol;
    while let Some(start) = rest.find(is_path) {
        let end = rest[start..]
            .find(|c| !is_path(c))
            .map_or(rest.len(), |len| start + len);
        let path = rest[start..end].trim_end_matches(':');
        let after = &rest[end..];
        if OURS.contains(&path.split("::").next().unwrap_or_default()) {
            let method = after.strip_prefix(">::").unwrap_or_default();
            let is_own = rest[..start].ends_with('<') && !method.is_empty();
            let method = method.split(|c| !is_path(c)).next().unwrap_or_default();
            let method = method.split("::").next().unwrap_or_default();
            found.insert(match is_own && !method.is_empty() {
                true => format!("{path}::{method}"),
                false => path.to_owned(),
            });
        }
        rest = after;
    }
}

/// What exercises hand to an answer beside what every answer may use: types to work with. None of
/// them answers another exercise, so answers that use them may share a program.
const GIVEN: [&str; 8] = [
    "lambda::faults::Crash",
    "lessons::cap::node::state",
    "lessons::cap::quorum_model::Event",
    "lessons::crdt::by_hand",
    "lessons::microbatch::by_hand::Stored",
    "lessons::serving_layer::simulated_folder::SimulatedFolder",
    "lessons::speed_layer::simulated_disk::SimulatedDisk",
    "lessons::systems::by_hand",
];

/// Whether an answer to an exercise may share a program with others: nothing that it may use is
/// worth anything to them.
pub fn shares(exercise: &Exercise) -> bool {
    let given = |path: &&str| GIVEN.into_iter().any(|given| is_within(path, given));
    exercise.vocabulary.iter().all(given)
}

/// Paths of this project that a program of several answers names, wherever it does, and that none of
/// their exercises allows, sorted, each once. An answer may find what is in its process by other ways
/// than a reference, so all of it counts.
///
/// # Errors
/// As [`paths`].
pub fn allowed_to_none(object: &[u8], exercises: &[&Exercise]) -> Result<Vec<String>> {
    let is_shared = |path: &String| {
        let everywhere = EVERYWHERE.into_iter().chain(GIVEN);
        everywhere.clone().any(|allowed| is_within(path, allowed)) || { exercises.iter() }
            .flat_map(|exercise| frame(exercise))
            .any(|of_frame| is_within(path, &of_frame))
    };
    let paths = paths(object)?.into_iter();
    Ok(paths.filter(|path| !is_shared(path)).collect())
}

fn allows(exercise: &Exercise, path: &str) -> bool {
    let vocabulary = exercise.vocabulary.iter().copied();
    let mut allowed = EVERYWHERE.into_iter().chain(vocabulary);
    allowed.any(|allowed| is_within(path, allowed))
        || frame(exercise)
            .iter()
            .any(|of_frame| is_within(path, of_frame))
}

/// The frame around an answer; see `compile::main_source`.
fn frame(exercise: &Exercise) -> [String; 4] {
    [
        "exercises::worker::serve".to_owned(),
        format!("exercises::{}::answer", exercise.name),
        "exercises::value::Inputs".to_owned(),
        "exercises::value::Value".to_owned(),
    ]
}

/// Whether a path is one that is allowed, or below it. `lessons::x::Type::{new, get}` are the type as
/// an argument, and these of its functions.
fn is_within(path: &str, allowed: &str) -> bool {
    let below = |allowed: &str| {
        let rest = path.strip_prefix(allowed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    match allowed.split_once("::{") {
        None => below(allowed),
        Some((of, some)) => {
            let mut some = some.trim_end_matches('}').split(", ");
            path == of || some.any(|one| below(&format!("{of}::{one}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_where_it_begins_with_a_crate_of_ours() {
        let mut found = BTreeSet::new();
        for symbol in [
            "<lambda::batch::bounces::Stretch as core::clone::Clone>::clone",
            "core::ptr::drop_in_place<alloc::vec::Vec<lessons::crdt::GCounter>>",
            "worker::answer::lambda::f",
            "<dyn show::Render>::render",
            "lambda::batch::rolled_up",
            "<lessons::crdt::by_hand::Disk>::write::{closure#0}",
            "std::lambdas",
        ] {
            of_ours(symbol, &mut found);
        }
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "lambda::batch::bounces::Stretch",
                "lambda::batch::rolled_up",
                "lessons::crdt::GCounter",
                "lessons::crdt::by_hand::Disk::write",
                "show::Render"
            ]
        );
    }

    #[test]
    fn a_name_that_begins_like_an_allowed_one_is_another() {
        use lambda_workbook::exercises::pacific_days::EXERCISE;
        assert!(allows(
            &EXERCISE,
            "calendar::granularity::Granularity::bucket"
        ));
        assert!(!allows(&EXERCISE, "calendar::local_day::local_day_start"));
        assert!(allows(&EXERCISE, "calendar::plan::span::Span::new"));
        assert!(!allows(&EXERCISE, "calendar::plan::span::Span::local"));
        assert!(allows(&EXERCISE, "exercises::pacific_days::answer"));
        assert!(!allows(&EXERCISE, "exercises::pacific_days::EXERCISE"));
        assert!(!allows(&EXERCISE, "lambda::batch::uniques::frames"));
        assert!(!allows(&EXERCISE, "lambda::batch::uniques_by_local_day"));
    }
}
