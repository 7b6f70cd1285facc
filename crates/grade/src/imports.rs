//! Imports, name by name.
//!
//! `use a::{b, c::d as e};` is two imports that have nothing to do with each other: one may
//! stand in another cell, too, and the other one be of a crate that is not there.
//! Time is in proportion to the length of the import, up to [`DEEPEST`] times.
use super::tokens::Token;
use ra_ap_parser::T;

/// The longest path: a deeper tree is taken as it is.
const DEEPEST: usize = 16;

/// What one import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// As written, such as `["a", "r#b"]`; of `a::{self}` it is `["a", "self"]`.
    pub path: Vec<&'a str>,
    /// Whether it begins with `::`.
    pub rooted: bool,
    pub alias: Option<&'a str>,
}

fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

impl<'a> Leaf<'a> {
    /// The name that it brings; `*` for all, `_` for none.
    pub fn name(&self) -> &'a str {
        let mut back = self.path.iter().rev();
        let last = back.next().copied().unwrap_or_default();
        let last = match last {
            "self" => back.next().copied().unwrap_or_default(),
            last => last,
        };
        let name = self.alias.unwrap_or(last);
        name.strip_prefix("r#").unwrap_or(name)
    }

    /// Where its path begins.
    pub fn root(&self) -> &'a str {
        let root = self.path.first().copied().unwrap_or_default();
        root.strip_prefix("r#").unwrap_or(root)
    }

    /// Whether both bring the same thing by the same name.
    pub fn is_same(&self, other: &Leaf) -> bool {
        let path = |leaf: &Leaf| {
            let mut path: Vec<String> = leaf
                .path
                .iter()
                .map(|part| plain(part).to_owned())
                .collect();
            path.retain(|part| part != "self" || leaf.path.len() == 1);
            path
        };
        path(self) == path(other) && self.name() == other.name()
    }
}

impl std::fmt::Display for Leaf<'_> {
    /// As an import of its own.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (last, before) = self
            .path
            .split_last()
            .map_or(("", &[][..]), |(l, b)| (*l, b));
        let root = if self.rooted { "::" } else { "" };
        let alias = self
            .alias
            .map(|alias| format!(" as {alias}"))
            .unwrap_or_default();
        let path = before.join("::");
        match (before.is_empty(), last) {
            (true, _) => write!(f, "use {root}{last}{alias};"),
            (false, "self") => write!(f, "use {root}{path}::{{self{alias}}};"),
            (false, _) => write!(f, "use {root}{path}::{last}{alias};"),
        }
    }
}

/// The leaves of an import, whose tokens begin behind `use`. `None` if it is no import
/// that can be taken apart.
///
/// ```
/// use grade::{imports::leaves, tokens::tokens};
/// let tokens = tokens("a::{b, c::{self, d as e}, f::*};");
/// let leaves: Vec<_> = leaves(&tokens).unwrap().iter().map(|leaf| leaf.to_string()).collect();
/// assert_eq!(leaves, ["use a::b;", "use a::c::{self};", "use a::c::d as e;", "use a::f::*;"]);
/// ```
pub fn leaves<'a>(tokens: &[Token<'a>]) -> Option<Vec<Leaf<'a>>> {
    let mut leaves = Vec::new();
    let mut path: Vec<&'a str> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let (mut alias, mut ended, mut rooted) = (None, true, false);
    let mut rest = tokens.iter().enumerate();
    while let Some((at, token)) = rest.next() {
        let close =
            |path: &Vec<&'a str>, alias: &mut Option<&'a str>, leaves: &mut Vec<Leaf<'a>>| {
                let alias = alias.take();
                leaves.push(Leaf {
                    path: path.clone(),
                    rooted,
                    alias,
                });
            };
        match token.kind {
            T![:] if at == 0 => rooted = true,
            T![:] => {}
            T!['{'] => {
                open.push(path.len());
                ended = true;
            }
            T![,] | T!['}'] | T![;] => {
                if !ended {
                    close(&path, &mut alias, &mut leaves);
                }
                ended = true;
                match token.kind {
                    // Behind a brace only a comma, a brace or the end can stand.
                    T!['}'] => path.truncate(open.pop()?),
                    T![,] => path.truncate(*open.last()?),
                    _ => return open.is_empty().then_some(leaves),
                }
            }
            T![as] => {
                let (_, name) = rest.next()?;
                (name.word().is_some() || name.text == "_").then_some(())?;
                alias = Some(name.text);
            }
            T![*] => {
                path.push("*");
                ended = false;
            }
            _ => {
                token.word()?;
                path.push(token.text);
                ended = false;
            }
        }
        if path.len() > DEEPEST || open.len() > DEEPEST {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::tokens;

    fn taken(source: &str) -> Option<Vec<String>> {
        let tokens = tokens(source);
        let leaves = leaves(&tokens)?;
        Some(
            leaves
                .iter()
                .map(|leaf| format!("{leaf} {}", leaf.name()))
                .collect(),
        )
    }

    #[test]
    fn a_tree_is_taken_apart() {
        assert_eq!(taken("a;").unwrap(), ["use a; a"]);
        assert_eq!(taken("a as b;").unwrap(), ["use a as b; b"]);
        assert_eq!(taken("::a::r#b as _;").unwrap(), ["use ::a::r#b as _; _"]);
        assert_eq!(
            taken("{a, b::{self as c, d::{e, f}, g,}, *};").unwrap(),
            [
                "use a; a",
                "use b::{self as c}; c",
                "use b::d::e; e",
                "use b::d::f; f",
                "use b::g; g",
                "use *; *"
            ]
        );
        assert_eq!(taken("a::{};").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_import_or_too_deep_is_left_as_it_is() {
        for broken in ["", "a", "a::{b;", "a};", "a, b;", "1;", "a as;"] {
            assert_eq!(taken(broken), None, "{broken}");
        }
        assert_eq!(taken(&format!("{}a;", "a::".repeat(20_000))), None);
        assert_eq!(taken(&"a::{".repeat(20_000)), None);
    }

    #[test]
    fn the_same_import_is_known_in_another_spelling() {
        let (one, other) = (tokens("a::{self};"), tokens("a;"));
        assert!(leaves(&one).unwrap()[0].is_same(&leaves(&other).unwrap()[0]));
        let other = tokens("b as a;");
        assert!(!leaves(&one).unwrap()[0].is_same(&leaves(&other).unwrap()[0]));
    }
}
