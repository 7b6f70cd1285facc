//! What an answer's program refers to, of this project: the compiler's own list.
//!
//! A source can hide what it calls, behind a macro, an alias, a pointer or a star. The
//! object file that rustc makes of it cannot: whatever it calls or takes the address of
//! is a symbol there, with the path of its definition. Answers are compiled without
//! optimisation and the crates of this project have no `#[inline(always)]`, so no
//! reference is folded away. What stands in no exercise's vocabulary is refused.
use anyhow::{Context, Result};
use lambda_workbook::exercises::Exercise;
use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;
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
    let mut left = LONGEST_NAMES;
    for symbol in file.symbols() {
        let name = symbol.name().context("a symbol without a name")?;
        let Ok(symbol) = rustc_demangle::try_demangle(name) else {
            continue;
        };
        let mut text = Bounded {
            text: String::new(),
            most: left.min(LONGEST_NAME),
        };
        // The demangler has limits of its own, which it says in the text.
        let whole = write!(text, "{symbol:#}").is_ok() && !text.text.contains("limit reached}");
        anyhow::ensure!(whole, TooLong);
        left -= text.text.len();
        of_ours(&text.text, &mut found);
    }
    Ok(found)
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

fn allows(exercise: &Exercise, path: &str) -> bool {
    // The frame around the answer; see `compile::main_source`.
    let frame = [
        "exercises::worker::serve".to_owned(),
        format!("exercises::{}::answer", exercise.name),
        "exercises::value::Inputs".to_owned(),
        "exercises::value::Value".to_owned(),
    ];
    let below = |allowed: &str| {
        let rest = path.strip_prefix(allowed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    // `lessons::x::Type::{new, get}`: the type as an argument, and these of its functions.
    let within = |allowed: &str| match allowed.split_once("::{") {
        None => below(allowed),
        Some((of, some)) => {
            let mut some = some.trim_end_matches('}').split(", ");
            path == of || some.any(|one| below(&format!("{of}::{one}")))
        }
    };
    EVERYWHERE.into_iter().any(within)
        || exercise.vocabulary.iter().copied().any(within)
        || frame.iter().any(|path| within(path))
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
