//! The names that a piece of Rust uses and does not define itself.
//!
//! The parser's events are read in order, with the scopes that are open. No tree is
//! built. Time is in proportion to the number of tokens, but for a logarithm.
use super::tokens::{Token, adjacent_equals};
use ra_ap_parser::{Edition, Input, Step, SyntaxKind, T, TopEntryPoint};
use std::collections::{BTreeSet, HashMap};

/// A longer piece is not parsed: all its words count as names. The parser recurses at
/// most once for each token, so that [`STACK`] is enough for it. Solutions have 400 tokens.
pub const MOST_TOKENS: usize = 8_000;
/// Bytes of stack for the thread that calls [`uses`]. A level of nesting takes less than
/// 3,000 bytes of it, also where nothing is optimised.
pub const STACK: usize = 64 << 20;

/// The names that a piece uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uses<'a> {
    /// Of functions, types, constants, modules: where a path begins.
    pub names: BTreeSet<&'a str>,
    /// Of methods, and what follows `::`.
    pub members: BTreeSet<&'a str>,
    /// Before an exclamation mark.
    pub macros: BTreeSet<&'a str>,
}

/// The names that the tokens of one piece use. Local variables are left out, and so are
/// fields and items inside the piece.
///
/// The caller runs on a thread with [`STACK`].
///
/// ```
/// use grade::{names::uses, tokens::tokens};
/// let tokens = tokens("fn f(n: Days) -> i64 { let day = day(n); day.secs() + sum!(day) }");
/// let uses = uses(&tokens);
/// assert_eq!(uses.names.into_iter().collect::<Vec<_>>(), ["Days", "day", "i64"]);
/// assert!(uses.members.contains("secs") && uses.macros.contains("sum"));
/// ```
pub fn uses<'a>(tokens: &[Token<'a>]) -> Uses<'a> {
    if tokens.len() > MOST_TOKENS {
        return words(tokens);
    }
    let mut walk = Walk::new(tokens);
    for step in TopEntryPoint::SourceFile.parse(&input(tokens)).iter() {
        walk.step(&step);
    }
    let Walk {
        mut uses, inner, ..
    } = walk;
    uses.names.retain(|name| !inner.contains(name));
    uses
}

/// Every word, as every kind of name.
pub fn words<'a>(tokens: &[Token<'a>]) -> Uses<'a> {
    let mut uses = Uses::default();
    for token in tokens {
        let names = token.name().into_iter().chain(in_format(token));
        uses.names.extend(names);
    }
    uses.members = uses.names.clone();
    uses.macros = uses.names.clone();
    uses
}

/// The names in the braces of a format string: `"{day} of {days:>3}"`.
fn in_format<'a>(token: &Token<'a>) -> impl Iterator<Item = &'a str> {
    let text = if token.kind == SyntaxKind::STRING {
        token.text
    } else {
        ""
    };
    text.split('{').skip(1).filter_map(|after| {
        let name = after
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        name.filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    })
}

/// What the parser reads.
fn input(tokens: &[Token]) -> Input {
    const EDITION: Edition = Edition::Edition2024;
    let mut input = Input::with_capacity(tokens.len());
    let mut joint = None;
    for token in tokens {
        if token.kind == SyntaxKind::IDENT {
            let keyword = SyntaxKind::from_contextual_keyword(token.text, EDITION);
            input.push_ident(keyword.unwrap_or(SyntaxKind::IDENT), EDITION);
            joint = None;
            continue;
        }
        if joint == Some(token.at) {
            input.was_joint();
        }
        input.push(token.kind, EDITION);
        joint = Some(token.end());
        // Says how a number such as `0.1` is split between two fields.
        if token.kind == SyntaxKind::FLOAT_NUMBER {
            joint = None;
            if !token.text.ends_with('.') {
                input.was_joint();
            }
        }
    }
    input
}

/// A syntax node whose end has not been read.
struct Node {
    kind: SyntaxKind,
    /// Nodes inside it that were read to their ends, without labels and attributes.
    children: usize,
}

struct Walk<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    nodes: Vec<Node>,
    /// Names bound in each open scope.
    scopes: Vec<Vec<&'a str>>,
    bound: HashMap<&'a str, usize>,
    /// Names of each open pattern, which are bound when it has been read.
    patterns: Vec<Vec<&'a str>>,
    /// How many blocks and modules are open: an item there is the piece's own.
    inside: usize,
    inner: BTreeSet<&'a str>,
    uses: Uses<'a>,
}

fn opens_scope(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(
        kind,
        SOURCE_FILE
            | FN
            | IMPL
            | TRAIT
            | STRUCT
            | ENUM
            | UNION
            | TYPE_ALIAS
            | BLOCK_EXPR
            | CLOSURE_EXPR
            | IF_EXPR
            | WHILE_EXPR
            | FOR_EXPR
            | MATCH_ARM
    )
}

fn holds_pattern(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(kind, LET_STMT | LET_EXPR | PARAM | FOR_EXPR | MATCH_ARM)
}

impl<'t, 'a> Walk<'t, 'a> {
    fn new(tokens: &'t [Token<'a>]) -> Self {
        Walk {
            tokens,
            at: 0,
            nodes: Vec::new(),
            scopes: vec![Vec::new()],
            bound: HashMap::new(),
            patterns: vec![Vec::new()],
            inside: 0,
            inner: BTreeSet::new(),
            uses: Uses::default(),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Enter { kind } => self.enter(kind),
            Step::Exit => self.exit(),
            Step::Token { n_input_tokens, .. } => {
                if n_input_tokens == 1 {
                    self.token();
                }
                self.at += usize::from(n_input_tokens);
            }
            // `a.0.1`: one token, and the ends of the nodes that it closes.
            Step::FloatSplit { ends_in_dot } => {
                self.at += 1;
                self.exit();
                if !ends_in_dot {
                    self.exit();
                }
            }
            Step::Error { .. } => {}
        }
    }

    fn enter(&mut self, kind: SyntaxKind) {
        self.nodes.push(Node { kind, children: 0 });
        if opens_scope(kind) {
            self.scopes.push(Vec::new());
        }
        if holds_pattern(kind) {
            self.patterns.push(Vec::new());
        }
        self.inside += usize::from(is_inside(kind));
    }

    fn exit(&mut self) {
        let Some(node) = self.nodes.pop() else {
            return;
        };
        if holds_pattern(node.kind) {
            let names = self.patterns.pop().unwrap_or_default();
            // Of a loop and of an arm they ended with its body.
            if !opens_scope(node.kind) {
                self.bind(names);
            }
        }
        if opens_scope(node.kind) {
            for name in self.scopes.pop().unwrap_or_default() {
                if let Some(count) = self.bound.get_mut(name) {
                    *count -= 1;
                }
            }
        }
        self.inside -= usize::from(is_inside(node.kind));
        if matches!(node.kind, SyntaxKind::LABEL | SyntaxKind::ATTR) {
            return;
        }
        let Some(parent) = self.nodes.last_mut() else {
            return;
        };
        parent.children += 1;
        // The pattern of an arm binds in its guard and body; that of a loop behind what
        // it runs over.
        let read = match parent.kind {
            SyntaxKind::MATCH_ARM => parent.children == 1,
            SyntaxKind::FOR_EXPR => parent.children == 2,
            _ => false,
        };
        if read && let Some(names) = self.patterns.last_mut().map(std::mem::take) {
            self.bind(names);
        }
    }

    fn bind(&mut self, names: Vec<&'a str>) {
        for name in &names {
            *self.bound.entry(name).or_default() += 1;
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.extend(names);
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.bound.get(name).is_some_and(|count| *count > 0)
    }

    fn name(&mut self, name: &'a str) {
        if !self.is_local(name) {
            self.uses.names.insert(name);
        }
    }

    fn token(&mut self) {
        let Some(token) = self.tokens.get(self.at) else {
            return;
        };
        let kind = |above: usize| {
            let index = self.nodes.len().checked_sub(above + 1)?;
            Some(self.nodes[index].kind)
        };
        let in_macro = kind(0) == Some(SyntaxKind::TOKEN_TREE);
        let Some(name) = token.name() else {
            if in_macro && token.kind == SyntaxKind::STRING {
                in_format(token).for_each(|name| self.name(name));
            }
            return;
        };
        use SyntaxKind::*;
        match (kind(0), kind(1)) {
            (Some(NAME), Some(IDENT_PAT)) => {
                // A constant and a variant are no variables.
                if name.starts_with(char::is_uppercase) {
                    self.name(name);
                } else if let Some(names) = self.patterns.last_mut() {
                    names.push(name);
                }
            }
            (Some(NAME), Some(TYPE_PARAM | CONST_PARAM)) => self.bind(vec![name]),
            (
                Some(NAME),
                Some(FN | CONST | STATIC | STRUCT | ENUM | UNION | TRAIT | MACRO_RULES),
            )
            | (Some(NAME), Some(TYPE_ALIAS | MODULE | RENAME))
                if self.inside > 0 && !self.in_assoc_list() =>
            {
                self.inner.insert(name);
            }
            (Some(NAME), _) => {}
            (Some(NAME_REF), Some(RECORD_EXPR_FIELD | RECORD_PAT_FIELD))
                if self.colon_follows() => {}
            (Some(NAME_REF), Some(ASSOC_TYPE_ARG)) => {}
            _ => self.used(name, in_macro),
        }
    }

    /// Whether the name at hand is that of a method or a member: the item's own list.
    fn in_assoc_list(&self) -> bool {
        let above = self.nodes.len().checked_sub(3);
        above.is_some_and(|index| self.nodes[index].kind == SyntaxKind::ASSOC_ITEM_LIST)
    }

    /// Whether `name:` and not `name::` stands here.
    fn colon_follows(&self) -> bool {
        let is_colon = |ahead: usize| {
            let token = self.tokens.get(self.at + ahead);
            token.is_some_and(|token| token.kind == T![:])
        };
        is_colon(1) && !is_colon(2)
    }

    /// A name that is used, by what stands around it.
    fn used(&mut self, name: &'a str, in_macro: bool) {
        let text = |back: usize| {
            let index = self.at.checked_sub(back);
            index.map_or("", |index| self.tokens[index].text)
        };
        let next = |ahead: usize| self.tokens.get(self.at + ahead).map(|token| token.text);
        match (text(2), text(1)) {
            (_, "$") => {}
            (":", ":") => {
                self.uses.members.insert(name);
                if ["self", "super", "crate"].contains(&text(3)) {
                    self.uses.names.insert(name);
                }
            }
            // Not behind `..`, where a value stands.
            (before, ".") if before != "." => {
                let called = [Some("("), Some(":")].contains(&next(1));
                if called || !in_macro {
                    self.uses.members.insert(name);
                }
            }
            _ if next(1) == Some("!") && !adjacent_equals(self.tokens, self.at + 1) => {
                self.uses.macros.insert(name);
            }
            // The first name of a path is a module, also where a variable has its name. A
            // parameter for a type, with a capital letter, is bound as a variable is.
            _ if next(1) == Some(":")
                && next(2) == Some(":")
                && name.starts_with(char::is_lowercase) =>
            {
                self.uses.names.insert(name);
            }
            _ => self.name(name),
        }
    }
}

/// Nodes inside which an item is seen by the rest of the piece only.
fn is_inside(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::BLOCK_EXPR | SyntaxKind::ITEM_LIST)
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
