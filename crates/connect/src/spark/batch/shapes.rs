//! The usual form of a datum and of a URL, as regular expressions that Java and Rust read alike.
//!
//! What has the usual form is taken by SQL, and it keeps the rule for certain. What has another
//! form, such as JSON with escapes, with keys that the schema does not have or with numbers of 19
//! digits, may be right or wrong: it is left to the rule itself, in Rust.
use std::fmt::Write;

/// White space between the tokens of JSON, within a line.
const SPACE: &str = "[ \t\r]*";
/// A text without escapes. A replacement character may stand for bytes that are not UTF-8.
const TEXT: &str = r#""[^"\\\x00-\x1f\x{fffd}]*""#;
/// A whole number that fits 64 bits. Minus zero is none for JSON parsers.
const NUMBER: &str = "(?:0|-?[1-9][0-9]{0,17})";

/// Lines without a datum.
pub const BLANK: &str = r"^[ \t\r]*\z";

/// A URL of http or https, or without a scheme, whose host is a name in ASCII. Group 1 is the host,
/// and group 2 the path or nothing.
///
/// A host is at most 253 characters long, which this expression cannot say.
pub const USUAL_URL: &str = concat!(
    r"^(?:[hH][tT][tT][pP][sS]?://)?",
    r"((?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63})",
    r"(?::[0-9]{1,4})?",
    r#"(/[!"$->@-~]*)?"#,
    r"(?:[?#][!-~]*)?\z",
);

/// Returns the usual form of a page view.
pub fn page_view() -> String {
    let page = object(&[pair("url", TEXT)]);
    let fields = [
        pair("nonce", NUMBER),
        pair("page", &page),
        pair("person", &person()),
    ];
    datum("page_view", &object(&fields))
}

/// Returns the usual form of an equiv.
pub fn equiv() -> String {
    let ends = [pair("id1", &person()), pair("id2", &person())];
    datum("equiv", &object(&ends))
}

/// Returns the usual form of a datum of another kind.
pub fn other() -> String {
    let place = format!("(?:{TEXT}|null)");
    let place = ["city", "country", "state"].map(|part| pair(part, &place));
    let properties = [
        pair("full_name", TEXT),
        pair("gender", "\"(?:MALE|FEMALE)\""),
        pair("location", &object(&place)),
        pair("age", NUMBER),
    ];
    let property = format!("\\{{{SPACE}(?:{}){SPACE}\\}}", properties.join("|"));
    let of_person = object(&[pair("id", &person()), pair("property", &property)]);

    let page = object(&[pair("url", TEXT)]);
    let views = object(&[pair("page_views", NUMBER)]);
    let of_page = object(&[pair("id", &page), pair("property", &views)]);

    let (person, page) = (
        datum("person_property", &of_person),
        datum("page_property", &of_page),
    );
    format!("{person}|{page}")
}

fn person() -> String {
    let (cookie, user) = (pair("cookie", TEXT), pair("user_id", NUMBER));
    format!("\\{{{SPACE}(?:{cookie}|{user}){SPACE}\\}}")
}

fn datum(kind: &str, unit: &str) -> String {
    let pedigree = object(&[pair("true_as_of_secs", NUMBER)]);
    let unit = object(&[pair(kind, unit)]);
    let datum = object(&[pair("dataunit", &unit), pair("pedigree", &pedigree)]);
    format!("^{SPACE}{datum}{SPACE}\\z")
}

/// Returns a key with its value.
fn pair(key: &str, value: &str) -> String {
    format!("\"{key}\"{SPACE}:{SPACE}{value}")
}

/// Returns an object with each of these pairs once, in any order.
fn object(pairs: &[String]) -> String {
    let mut orders = String::new();
    for (place, order) in permutations(pairs).iter().enumerate() {
        let separator = if place > 0 { "|" } else { "" };
        let order = order.join(&format!("{SPACE},{SPACE}"));
        write!(orders, "{separator}{order}").expect("a string takes all");
    }
    format!("\\{{{SPACE}(?:{orders}){SPACE}\\}}")
}

/// Returns the orders of some items, the given one first.
fn permutations(items: &[String]) -> Vec<Vec<String>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for place in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(place);
        let with_first = |mut order: Vec<String>| {
            order.insert(0, first.clone());
            order
        };
        orders.extend(permutations(&rest).into_iter().map(with_first));
    }
    orders
}
