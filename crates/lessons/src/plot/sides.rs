//! The two designs for people in any range of time, as flows.
use super::{Figure, flow};

/// Draws the read side and the write side: what a page view becomes, what the view holds, and what a
/// query does.
///
/// ```
/// use lambda_workbook::plot;
/// let (read, write) = plot::sides();
/// assert!(read.svg().contains("the query finds the people"));
/// assert!(write.svg().contains("no lookups"));
/// ```
pub fn sides() -> (Figure, Figure) {
    let read = flow("Read side: identifiers are stored, and the query finds the people")
        .stage("page view", ["identifier, URL, second"])
        .arrow("add")
        .stage("view", ["[URL, bucket] -> set of identifiers"])
        .arrow("fetch, unite")
        .stage(
            "query",
            ["index of people:", "a lookup for each", "identifier"],
        )
        .arrow("count")
        .stage("answer", ["exact, by the", "equivs known now"]);
    let write = flow("Write side: people are found first, and sketches of them are stored")
        .stage("page view", ["identifier, URL, second"])
        .arrow("index of people")
        .stage("view", ["[URL, bucket] -> sketch of people"])
        .arrow("fetch, merge")
        .stage("query", ["no lookups"])
        .arrow("estimate")
        .stage("answer", ["close, by the", "equivs known then"]);
    (read.figure(), write.figure())
}
