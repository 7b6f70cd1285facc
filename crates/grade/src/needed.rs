//! What a function needs of a notebook.
//!
//! Found by use, as rustc resolves names: an item that is named where no variable hides
//! it, a trait one of whose methods is called, the `impl` of a type and a trait that are
//! both needed, one name of an import. Each piece is read once, and each name looked up
//! once, so that time is in proportion to the tokens but for a logarithm.
use super::cells::{Cell, Lexed};
use super::definition::{End, Place, is_only_todo, is_whole};
use super::imports::{Leaf, leaves};
use super::names::{Uses, uses};
use super::scan::objects_to_import;
use super::tokens::{Piece, PieceKind, Token};
use ra_ap_parser::T;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Where the names of imports begin that the grader has.
const ROOTS: [&str; 25] = [
    "std",
    "core",
    "alloc",
    "self",
    "super",
    "crate",
    "lambda_workbook",
    "chrono",
    "chrono_tz",
    "hyperloglogplus",
    "petgraph",
    "plotters",
    "polars",
    "serde_json",
    "batch",
    "calendar",
    "cap",
    "capstone",
    "crdt",
    "faults",
    "lambda",
    "microbatch",
    "serving",
    "speed",
    "systems",
];

/// Traits of the standard library that are outside its prelude: an import of one may be
/// needed though nothing names it.
const STD_TRAITS: [&str; 48] = [
    "Add",
    "AddAssign",
    "Any",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Borrow",
    "BorrowMut",
    "BufRead",
    "BuildHasher",
    "Debug",
    "Deref",
    "DerefMut",
    "Display",
    "Div",
    "Error",
    "Formatter",
    "FromStr",
    "Future",
    "Hash",
    "Hasher",
    "Index",
    "IndexMut",
    "LowerHex",
    "Mul",
    "Neg",
    "Not",
    "Pattern",
    "Product",
    "Read",
    "Rem",
    "RangeBounds",
    "Seek",
    "Shl",
    "Shr",
    "SliceIndex",
    "Step",
    "Sub",
    "SubAssign",
    "Sum",
    "TryFrom",
    "TryInto",
    "FromIterator",
    "UpperHex",
    "Wake",
    "Write",
    "MulAssign",
    "DivAssign",
];

/// How much is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The function and what it needs.
    Function,
    /// Imports, too, that may be needed though nothing names them.
    Imports,
    /// All that stands in the function's cell, too, and what that needs.
    Cell,
    /// Whatever a later definition does not replace.
    All,
}

/// An item of the notebook.
struct Item<'n, 'c> {
    cell: usize,
    piece: &'n Piece,
    tokens: &'n [Token<'c>],
    /// Names of an impl's or a trait's own list.
    members: BTreeSet<&'c str>,
    uses: OnceCell<Uses<'c>>,
}

impl Item<'_, '_> {
    fn place(&self) -> Place {
        (self.cell, self.piece.tokens.start)
    }

    /// The tokens from the word that says what it is.
    fn tokens_from_head(&self) -> &[Token<'_>] {
        &self.tokens[self.piece.head - self.piece.tokens.start..]
    }

    /// Whether it can take the place of an earlier definition: it ends, and a function
    /// is more than `todo!`.
    fn is_written(&self) -> bool {
        let head = self.tokens_from_head();
        is_whole(head) && !(self.piece.kind == PieceKind::Fn && is_only_todo(head))
    }
}

/// An import of one name.
struct Import<'c> {
    item: usize,
    leaf: Leaf<'c>,
}

/// Definitions of one name, in the order of the notebook.
type Table<'c> = HashMap<&'c str, Vec<usize>>;

/// All items of a notebook, by what may need them.
pub struct Book<'n, 'c> {
    cells: &'n [Cell],
    items: Vec<Item<'n, 'c>>,
    imports: Vec<Import<'c>>,
    types: Table<'c>,
    values: Table<'c>,
    macros: Table<'c>,
    imported: Table<'c>,
    /// Traits by their members.
    traits: Table<'c>,
    /// Impls by the types and traits of the notebook that they are of.
    impls: Table<'c>,
    /// Calls of macros by the words in them, and imports of all names by the words in
    /// the enum or module: they may define what nothing else does.
    hidden: HashMap<&'c str, Vec<Hidden>>,
    /// The function.
    chosen: usize,
}

#[derive(Clone, Copy)]
enum Hidden {
    Call(usize),
    Glob(usize),
}

/// What was taken: items, and names of imports, in the order in which they are written.
#[derive(Debug, Default)]
pub struct Taken {
    items: BTreeSet<usize>,
    imports: BTreeSet<usize>,
}

impl<'n, 'c> Book<'n, 'c> {
    /// The items of a notebook; `chosen` is the function, and no other function of the
    /// name `asked` is taken for an item.
    pub fn new(cells: &'n [Cell], lexed: &'n [Lexed<'c>], chosen: Place, asked: &str) -> Self {
        let mut book = Book {
            cells,
            items: Vec::new(),
            imports: Vec::new(),
            types: Table::new(),
            values: Table::new(),
            macros: Table::new(),
            imported: Table::new(),
            traits: Table::new(),
            impls: Table::new(),
            hidden: HashMap::new(),
            chosen: 0,
        };
        for (cell, lexed) in lexed.iter().enumerate() {
            for piece in &lexed.pieces {
                let place = (cell, piece.tokens.start);
                let other = piece.kind == PieceKind::Fn && piece.name == asked && place != chosen;
                let tokens = &lexed.tokens[piece.tokens.clone()];
                if other || piece.kind == PieceKind::Statement || is_never_compiled(tokens, piece) {
                    continue;
                }
                if place == chosen {
                    book.chosen = book.items.len();
                }
                book.add(cell, piece, &lexed.tokens[piece.tokens.clone()]);
            }
        }
        book.drop_unwritten();
        book.index_impls();
        book.index_hidden();
        book
    }

    /// Forgets definitions that do not end or are only `todo!`, of names that have others.
    fn drop_unwritten(&mut self) {
        let items = &self.items;
        let tables = [&mut self.types, &mut self.values, &mut self.macros];
        let defined = tables.into_iter().flat_map(|table| table.values_mut());
        for defined in defined.filter(|defined| defined.len() > 1) {
            let is_written = |index: &usize| items[*index].is_written();
            if defined.iter().any(is_written) {
                defined.retain(is_written);
            }
        }
    }

    fn add(&mut self, cell: usize, piece: &'n Piece, tokens: &'n [Token<'c>]) {
        let index = self.items.len();
        let head = piece.head - piece.tokens.start;
        let name_at = match piece.kind {
            PieceKind::Macro => head + 2,
            PieceKind::Const
                if tokens
                    .get(head + 1)
                    .is_some_and(|token| token.text == "mut") =>
            {
                head + 2
            }
            _ => head + 1,
        };
        let name = tokens
            .get(name_at)
            .and_then(Token::word)
            .unwrap_or_default();
        match piece.kind {
            PieceKind::Type | PieceKind::Trait | PieceKind::Mod => {
                self.types.entry(name).or_default().push(index)
            }
            PieceKind::Fn | PieceKind::Const => self.values.entry(name).or_default().push(index),
            PieceKind::Macro => self.macros.entry(name).or_default().push(index),
            PieceKind::Use => {
                for leaf in leaves(&tokens[head + 1..]).into_iter().flatten() {
                    let name = leaf.name();
                    if name != "*" && name != "_" {
                        self.imported
                            .entry(name)
                            .or_default()
                            .push(self.imports.len());
                    }
                    self.imports.push(Import { item: index, leaf });
                }
            }
            _ => {}
        }
        let members = match piece.kind {
            PieceKind::Trait | PieceKind::Impl => members(&tokens[head..]),
            _ => BTreeSet::new(),
        };
        if piece.kind == PieceKind::Trait {
            for member in &members {
                self.traits.entry(member).or_default().push(index);
            }
        }
        self.items.push(Item {
            cell,
            piece,
            tokens,
            members,
            uses: OnceCell::new(),
        });
    }

    fn index_impls(&mut self) {
        for (index, item) in self.items.iter().enumerate() {
            if item.piece.kind == PieceKind::Impl {
                for name in self.own_types(index) {
                    self.impls.entry(name).or_default().push(index);
                }
            }
        }
    }

    /// The types and traits of the notebook that an impl is of: nothing in its generics
    /// and its bounds.
    fn own_types(&self, index: usize) -> BTreeSet<&'c str> {
        let item = &self.items[index];
        let head = item.piece.head - item.piece.tokens.start;
        let tokens = &item.tokens[head + 1..];
        let (mut depth, mut from) = (0usize, 0);
        if tokens.first().is_some_and(|token| token.kind == T![<]) {
            for (at, token) in tokens.iter().enumerate() {
                match token.kind {
                    T![<] => depth += 1,
                    T![>] if tokens[at - 1].text != "-" => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    from = at + 1;
                    break;
                }
            }
        }
        let head = tokens[from..].iter();
        let head = head.take_while(|token| token.kind != T!['{'] && token.kind != T![where]);
        head.filter_map(Token::name)
            .filter(|name| self.types.contains_key(name))
            .collect()
    }

    fn index_hidden(&mut self) {
        let makes_items = |index: usize| {
            let words = [
                "struct", "enum", "fn", "impl", "const", "static", "type", "trait", "mod",
            ];
            let tokens = &self.items[index].tokens[3..];
            tokens.iter().any(|token| words.contains(&token.text))
        };
        let makers: HashSet<&str> = self
            .macros
            .iter()
            .filter(|(_, defined)| defined.iter().any(|index| makes_items(*index)))
            .map(|(name, _)| *name)
            .chain(["thread_local"])
            .collect();
        for (index, item) in self.items.iter().enumerate() {
            if item.piece.kind == PieceKind::Call && makers.contains(item.piece.name.as_str()) {
                for name in item.tokens.iter().filter_map(Token::name) {
                    self.hidden
                        .entry(name)
                        .or_default()
                        .push(Hidden::Call(index));
                }
            }
        }
        // Each enum and module is read for one import of all its names.
        let mut read = HashSet::new();
        for (index, import) in self.imports.iter().enumerate() {
            let relative = usize::from(["self", "super", "crate"].contains(&import.leaf.root()));
            let root = import.leaf.path.get(relative).copied().unwrap_or_default();
            if import.leaf.name() != "*" || !read.insert(root) {
                continue;
            }
            for &item in self.types.get(root).into_iter().flatten() {
                for name in self.items[item].tokens.iter().filter_map(Token::name) {
                    let globs = self.hidden.entry(name).or_default();
                    if !matches!(globs.last(), Some(Hidden::Glob(last)) if *last == index) {
                        globs.push(Hidden::Glob(index));
                    }
                }
            }
        }
    }

    /// What is taken. What is defined anew from `end` on is meant only if nothing else is.
    pub fn take(&self, reach: Reach, end: Option<End>) -> Taken {
        let mut work = Work::new(self, reach, end);
        work.item(self.chosen);
        work.run();
        let cell = self.items[self.chosen].cell;
        let own = (0..self.items.len()).filter(|index| self.items[*index].cell == cell);
        match reach {
            // What has an effect though nothing names it.
            Reach::Function | Reach::Imports => {
                own.filter(|index| self.acts_unnamed(*index))
                    .for_each(|index| work.force(index));
                work.run();
            }
            Reach::Cell => {
                let needed = work.taken.items.clone();
                for index in own {
                    let helper = || self.is_plain_helper(index) && !needed.contains(&index);
                    if !(helper() && self.text_is_refused(index)) {
                        work.force(index);
                    }
                }
                work.run();
            }
            Reach::All => {
                for index in 0..self.items.len() {
                    let item = &self.items[index];
                    if item.piece.kind != PieceKind::Extern || item.cell == cell {
                        work.force(index);
                    }
                }
                work.run();
            }
        }
        work.unnamed_imports();
        work.run();
        work.taken
    }

    /// The items of the function's cell that are left out though nothing is wrong with
    /// the rest of the cell: they do what no answer does, and the answer does not use them.
    pub fn left_out(&self, taken: &Taken) -> Vec<&'n Piece> {
        let cell = self.items[self.chosen].cell;
        let left = (0..self.items.len()).filter(|index| {
            self.items[*index].cell == cell
                && !taken.items.contains(index)
                && self.is_plain_helper(*index)
                && self.text_is_refused(*index)
        });
        left.map(|index| self.items[index].piece).collect()
    }

    /// A function that does nothing unless it is called.
    fn is_plain_helper(&self, index: usize) -> bool {
        let item = &self.items[index];
        item.piece.kind == PieceKind::Fn
            && index != self.chosen
            && ["fn", "pub", "async", "const"].contains(&item.tokens[0].text)
    }

    /// Whether an item changes the program though nothing names it: another crate, an
    /// attribute of the whole program or one that the linker or the compiler acts on.
    fn acts_unnamed(&self, index: usize) -> bool {
        let plain = [
            "allow", "cfg", "derive", "doc", "expect", "inline", "must_use", "repr", "rustfmt",
            "test", "warn",
        ];
        let item = &self.items[index];
        let head = item.piece.head - item.piece.tokens.start;
        let attributes = item.tokens[..head].windows(3);
        let mut attributes = attributes.filter(|window| window[0].kind == T![#]);
        matches!(item.piece.kind, PieceKind::Extern | PieceKind::Inner)
            || attributes.any(|window| !plain.contains(&window[2].text))
    }

    fn text_is_refused(&self, index: usize) -> bool {
        super::scan::refuses(self.items[index].tokens)
    }

    /// Imports of the function's cell that nothing uses, of crates that are not there.
    pub fn strangers(&self, taken: &Taken) -> Vec<String> {
        let cell = self.items[self.chosen].cell;
        let strange = self.imports.iter().enumerate().filter(|(index, import)| {
            self.items[import.item].cell == cell
                && !taken.imports.contains(index)
                && !self.is_known(&import.leaf)
        });
        strange.map(|(_, import)| import.leaf.to_string()).collect()
    }

    /// Imports of the function's cell that nothing uses, of what no answer needs.
    pub fn refused_imports(&self, taken: &Taken) -> Vec<String> {
        let cell = self.items[self.chosen].cell;
        let refused = self.imports.iter().enumerate().filter(|(index, import)| {
            self.items[import.item].cell == cell
                && !taken.imports.contains(index)
                && self.is_known(&import.leaf)
                && objects_to_import(&import.leaf)
        });
        refused.map(|(_, import)| import.leaf.to_string()).collect()
    }

    /// Whether an import begins at a name that is there.
    fn is_known(&self, leaf: &Leaf) -> bool {
        let root = leaf.root();
        ROOTS.contains(&root)
            || self.types.contains_key(root)
            || (leaf.path.len() > 1 && self.imported.contains_key(root) && root != leaf.name())
    }

    /// Definitions that were taken although, or left out because, they stand below the end of
    /// the answer: the item, and whether it counts. One of each name is said.
    pub fn below_the_end(&self, taken: &Taken, end: Option<End>) -> Vec<(usize, String, bool)> {
        let Some(end) = end else {
            return Vec::new();
        };
        let mut said = Vec::new();
        for table in [&self.types, &self.values, &self.macros] {
            for defined in table.values().filter(|defined| defined.len() > 1) {
                let Some(&last) = defined.last() else {
                    continue;
                };
                let used = defined.iter().any(|index| taken.items.contains(index));
                if used && self.items[last].place() >= end.at {
                    let counts = taken.items.contains(&last);
                    said.push((self.items[last].cell, self.label(last), counts));
                }
            }
        }
        said.sort();
        said
    }

    /// The source of what was taken, and the cells that it was taken from, by label.
    pub fn write(&self, taken: &Taken) -> (String, Vec<(usize, String)>) {
        let mut texts: Vec<(bool, Place, String)> = Vec::new();
        let mut labels = Vec::new();
        for &index in &taken.items {
            let item = &self.items[index];
            let text = &self.cells[item.cell].source[item.piece.range.clone()];
            // A macro is known only behind its definition.
            texts.push((
                item.piece.kind != PieceKind::Macro,
                item.place(),
                text.to_owned(),
            ));
            labels.push((item.place(), item.cell, self.label(index)));
        }
        let mut by_item: BTreeMap<usize, Vec<&Leaf>> = BTreeMap::new();
        for &index in &taken.imports {
            let import = &self.imports[index];
            by_item.entry(import.item).or_default().push(&import.leaf);
        }
        let mut all: HashMap<usize, usize> = HashMap::new();
        for import in &self.imports {
            *all.entry(import.item).or_default() += 1;
        }
        for (index, leaves) in by_item {
            let item = &self.items[index];
            let text = match all.get(&index) == Some(&leaves.len()) {
                true => self.cells[item.cell].source[item.piece.range.clone()].to_owned(),
                false => {
                    let leaves: Vec<String> = leaves.iter().map(ToString::to_string).collect();
                    leaves.join("\n")
                }
            };
            texts.push((true, item.place(), text));
            labels.push((item.place(), item.cell, "use".to_owned()));
        }
        texts.sort();
        labels.sort();
        let source: Vec<String> = texts.into_iter().map(|(_, _, text)| text).collect();
        let labels = labels
            .into_iter()
            .map(|(_, cell, label)| (cell, label))
            .collect();
        (source.join("\n\n"), labels)
    }

    /// An item as it is named to a student: `fn days`.
    fn label(&self, index: usize) -> String {
        let piece = self.items[index].piece;
        let word = self.items[index].tokens[piece.head - piece.tokens.start].text;
        match piece.kind {
            PieceKind::Call => format!("{}!", piece.name),
            _ if piece.name.is_empty() => word.to_owned(),
            _ => format!("{word} {}", piece.name),
        }
    }
}

/// Whether the grader compiles nothing of an item: it is for tests alone, or it names a crate
/// that the grader gives to every answer.
pub fn is_never_compiled(tokens: &[Token], piece: &Piece) -> bool {
    let (attributes, item) = tokens.split_at(piece.head - piece.tokens.start);
    let texts: Vec<&str> = attributes.iter().map(|token| token.text).collect();
    let is_test =
        texts.windows(4).any(|four| four == ["#", "[", "test", "]"]) || { texts.windows(7) }
            .any(|seven| seven == ["#", "[", "cfg", "(", "test", ")", "]"]);
    let names_crate = piece.kind == PieceKind::Extern
        && item.iter().any(|token| is_given_crate(token.text))
        && item.len() <= 4
        && item.iter().any(|token| token.text == "crate");
    is_test || names_crate
}

/// Whether a crate is one of those that every answer has.
pub fn is_given_crate(name: &str) -> bool {
    let given = [
        "lambda_workbook",
        "chrono",
        "chrono_tz",
        "hyperloglogplus",
        "petgraph",
        "plotters",
        "polars",
        "serde_json",
    ];
    given.contains(&name)
}

/// The names in the list of a trait or an impl.
fn members<'c>(tokens: &[Token<'c>]) -> BTreeSet<&'c str> {
    let mut depth = 0usize;
    let mut members = BTreeSet::new();
    for pair in tokens.windows(2) {
        match pair[0].kind {
            T!['{'] => depth += 1,
            T!['}'] => depth = depth.saturating_sub(1),
            T![fn] | T![const] | T![type] if depth == 1 => members.extend(pair[1].name()),
            _ => {}
        }
    }
    members
}

/// Taking, step by step.
struct Work<'b, 'n, 'c> {
    book: &'b Book<'n, 'c>,
    end: Option<End>,
    reach: Reach,
    taken: Taken,
    /// Items whose names have not been looked up.
    queue: Vec<usize>,
    names: HashSet<&'c str>,
    members: HashSet<&'c str>,
    macros: HashSet<&'c str>,
    /// How many of an impl's types are not needed so far; `None` if it was replaced.
    waiting: HashMap<usize, Option<usize>>,
    /// Imports that are written already, so that none is written twice.
    written: HashSet<String>,
}

impl<'b, 'n, 'c> Work<'b, 'n, 'c> {
    fn new(book: &'b Book<'n, 'c>, reach: Reach, end: Option<End>) -> Self {
        let mut work = Work {
            book,
            end: if reach == Reach::All { None } else { end },
            reach,
            taken: Taken::default(),
            queue: Vec::new(),
            names: HashSet::new(),
            members: HashSet::new(),
            macros: HashSet::new(),
            waiting: HashMap::new(),
            written: HashSet::new(),
        };
        work.replace_impls();
        work
    }

    /// Finds the impls that later ones replace: those of the same head with a member in
    /// common, and those beside a type that was defined anew elsewhere.
    fn replace_impls(&mut self) {
        let mut by_head: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let impls = self.book.items.iter().enumerate();
        for (index, item) in impls.filter(|(_, item)| item.piece.kind == PieceKind::Impl) {
            if !is_whole(item.tokens_from_head()) {
                self.waiting.insert(index, None);
                continue;
            }
            let head = item.tokens[item.piece.head - item.piece.tokens.start..].iter();
            let head = head.take_while(|token| token.kind != T!['{']);
            let head: Vec<&str> = head.map(|token| token.text).collect();
            by_head.entry(head.join(" ")).or_default().push(index);
        }
        for (head, mut group) in by_head {
            // The last one that is meant comes first, then those before it.
            let (mut meant, others): (Vec<usize>, Vec<usize>) = { group.into_iter() }
                .partition(|index| self.is_meant(self.book.items[*index].place()));
            meant.reverse();
            group = meant.into_iter().chain(others).collect();
            let of_trait = head.split(' ').any(|word| word == "for");
            let mut kept: BTreeSet<&str> = BTreeSet::new();
            for (order, index) in group.into_iter().enumerate() {
                let members = &self.book.items[index].members;
                let overlaps =
                    (of_trait && order > 0) || members.iter().any(|name| kept.contains(name));
                kept.extend(members);
                let types = self.book.own_types(index);
                let replaced =
                    overlaps || types.iter().any(|name| self.is_of_an_older(index, name));
                self.waiting
                    .insert(index, (!replaced).then_some(types.len()));
            }
        }
    }

    /// Whether an impl stands beside a definition of its type that is not the one meant.
    fn is_of_an_older(&self, index: usize, name: &str) -> bool {
        let cell = self.book.items[index].cell;
        let Some(defined) = self.book.types.get(name) else {
            return false;
        };
        let meant = self.meant(defined).map(|meant| self.book.items[meant].cell);
        let place = defined.partition_point(|item| self.book.items[*item].cell < cell);
        let beside = defined
            .get(place)
            .is_some_and(|item| self.book.items[*item].cell == cell);
        self.reach != Reach::All && beside && meant != Some(cell)
    }

    fn is_meant(&self, place: Place) -> bool {
        let ran = self.book.cells[place.0].ran;
        self.end.is_none_or(|end| end.includes(place, ran))
    }

    /// Of definitions in order, the last that is meant, or else the first.
    fn meant(&self, defined: &[usize]) -> Option<usize> {
        let mut back = defined.iter().rev();
        let meant = back.find(|index| self.is_meant(self.book.items[**index].place()));
        meant.or(defined.first()).copied()
    }

    fn meant_import(&self, name: &str) -> Option<usize> {
        let imported = self.book.imported.get(name)?;
        let place = |index: usize| self.book.items[self.book.imports[index].item].place();
        let mut back = imported.iter().rev();
        let meant = back.find(|index| self.is_meant(place(**index)));
        meant.or(imported.first()).copied()
    }

    fn item(&mut self, index: usize) {
        if self.taken.items.insert(index) {
            self.queue.push(index);
        }
    }

    /// Takes an item that nothing names.
    fn force(&mut self, index: usize) {
        let item = &self.book.items[index];
        let name = item
            .tokens
            .iter()
            .filter_map(Token::word)
            .find(|name| *name == item.piece.name);
        match (item.piece.kind, name) {
            (PieceKind::Const, None) => self.item(index),
            (PieceKind::Macro, Some(name)) => self.macro_(name),
            (
                PieceKind::Fn
                | PieceKind::Const
                | PieceKind::Type
                | PieceKind::Trait
                | PieceKind::Mod,
                Some(name),
            ) => self.name(name),
            (PieceKind::Impl, _) if self.waiting.get(&index).is_some_and(Option::is_some) => {
                self.item(index)
            }
            (PieceKind::Extern, _) => self.item(index),
            // A change of the language or of the whole program; what is only about
            // warnings is left out.
            (PieceKind::Inner, _)
                if !["allow", "warn", "deny", "expect"].contains(&item.piece.name.as_str()) =>
            {
                self.item(index);
            }
            // What cannot be taken apart.
            (PieceKind::Use, _)
                if leaves(&item.tokens[item.piece.head - item.piece.tokens.start + 1..])
                    .is_none() =>
            {
                self.item(index);
            }
            _ => {}
        }
    }

    /// Looks up the names of what was taken, until all is there.
    fn run(&mut self) {
        while let Some(index) = self.queue.pop() {
            let item = &self.book.items[index];
            if item.piece.kind == PieceKind::Use {
                continue;
            }
            let uses = item.uses.get_or_init(|| uses(item.tokens));
            for name in &uses.names {
                self.name(name);
            }
            for name in &uses.macros {
                self.macro_(name);
            }
            for member in &uses.members {
                self.member(member);
            }
        }
    }

    fn name(&mut self, name: &'c str) {
        if !self.names.insert(name) {
            return;
        }
        let book = self.book;
        let type_ = book.types.get(name).and_then(|defined| self.meant(defined));
        let value = book
            .values
            .get(name)
            .and_then(|defined| self.meant(defined));
        let import = self.meant_import(name);
        // An import and an item of one name: the later of the two, unless one of them is
        // a type and the other one a value.
        let camel_case = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        let rival = type_.or(value.filter(|_| !camel_case));
        let (mut items, mut import) = (vec![type_, value], import);
        if let (Some(index), Some(rival)) = (import, rival) {
            let of_import = book.imports[index].item;
            let both = match of_import < rival {
                true => [of_import, rival],
                false => [rival, of_import],
            };
            match self.meant(&both) == Some(rival) {
                true => import = None,
                false => items.retain(|item| *item != Some(rival)),
            }
        }
        let found = items.iter().any(Option::is_some) || import.is_some();
        for item in items.into_iter().flatten() {
            self.item(item);
        }
        if let Some(import) = import {
            self.import(import);
        }
        for &index in book.impls.get(name).into_iter().flatten() {
            if let Some(Some(waiting)) = self.waiting.get_mut(&index) {
                *waiting -= 1;
                if *waiting == 0 {
                    self.item(index);
                }
            }
        }
        if !found {
            self.hidden(name);
        }
    }

    /// Takes what may define a name that nothing else does.
    fn hidden(&mut self, name: &str) {
        for hidden in self.book.hidden.get(name).into_iter().flatten() {
            match *hidden {
                Hidden::Call(index) => self.item(index),
                Hidden::Glob(index) => self.import(index),
            }
        }
    }

    fn macro_(&mut self, name: &'c str) {
        if !self.macros.insert(name) {
            return;
        }
        let defined = self
            .book
            .macros
            .get(name)
            .and_then(|defined| self.meant(defined));
        match (defined, self.meant_import(name)) {
            (Some(index), _) => self.item(index),
            (None, Some(index)) => self.import(index),
            (None, None) => {}
        }
    }

    fn member(&mut self, name: &'c str) {
        if !self.members.insert(name) {
            return;
        }
        for &index in self.book.traits.get(name).into_iter().flatten() {
            let piece = self.book.items[index].piece;
            let tokens = self.book.items[index].tokens;
            let head = piece.head - piece.tokens.start;
            if let Some(name) = tokens.get(head + 1).and_then(Token::word) {
                self.name(name);
            }
        }
    }

    fn import(&mut self, index: usize) {
        let import = &self.book.imports[index];
        let leaf = &import.leaf;
        let name = leaf.name();
        let key = match name {
            "*" | "_" => leaf.to_string(),
            name => name.to_owned(),
        };
        if !self.written.insert(key) {
            return;
        }
        self.taken.imports.insert(index);
        let relative = usize::from(["self", "super", "crate"].contains(&leaf.root()));
        if let Some(root) = leaf.path.get(relative)
            && (leaf.path.len() > 1 || leaf.alias.is_some())
            && *root != name
        {
            self.name(root);
        }
    }

    /// Takes imports that may be needed though nothing names them: of traits, and of all
    /// names of a module.
    fn unnamed_imports(&mut self) {
        let book = self.book;
        let own = book.items[book.chosen].cell;
        for (index, import) in book.imports.iter().enumerate() {
            let (leaf, cell) = (&import.leaf, book.items[import.item].cell);
            let name = leaf.name();
            let in_std = ["std", "core", "alloc"].contains(&leaf.root());
            let last = leaf.path.last().copied().unwrap_or_default();
            let camel_case =
                last.starts_with(char::is_uppercase) && last.contains(char::is_lowercase);
            let may_be_needed = match name {
                _ if self.reach == Reach::All => true,
                "*" => cell == own || self.reach != Reach::Function,
                _ if in_std => STD_TRAITS.contains(&last),
                _ => camel_case && self.reach != Reach::Function,
            };
            // A star of the function's own cell is taken whatever it names, unless only what
            // the function needs is taken.
            let forbidden = cell != own || name != "*" || self.reach == Reach::Function;
            if !may_be_needed || !book.is_known(leaf) || forbidden && objects_to_import(leaf) {
                continue;
            }
            if name == "*" || name == "_" {
                self.import(index);
            } else if let Some(name) = book.imported.get_key_value(name).map(|(name, _)| *name) {
                self.name(name);
            }
        }
    }
}
