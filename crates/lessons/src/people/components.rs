//! Two ways to find who is one person: union-find, and rounds of the smallest label.

use dataset::Population;
use lambda::batch::persons::index::display_name;
use lambda::batch::persons::rounds::{Labels, settled_with};
use lambda::batch::persons::{Round, components};
use lambda::datum::{Equiv, PersonId};
use polars::prelude::{DataFrame, PolarsResult, df};
use std::collections::{BTreeMap, BTreeSet};

/// Returns equivs between accounts, one for each pair of numbers.
///
/// ```
/// let equivs = lambda_workbook::people::equivs_of(&[(1, 4), (3, 4)]);
/// assert_eq!(equivs.len(), 2);
/// ```
pub fn equivs_of(pairs: &[(i64, i64)]) -> Vec<Equiv> {
    let equiv = |&(one, other): &(i64, i64)| Equiv {
        id1: PersonId::UserId(one),
        id2: PersonId::UserId(other),
    };
    pairs.iter().map(equiv).collect()
}

/// Follows union-find through some equivs. The columns are `equiv`, `joins` (the two groups that it
/// joins, or that both were in one already), `pointer` (from the representative of the smaller group to
/// that of the larger) and `groups` (all groups of two or more after it).
///
/// # Errors
/// None in practice: the columns have one length.
///
/// ```
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let steps = lambda_workbook::people::union_find(&[edge(1, 2), edge(3, 2), edge(1, 3)])?;
/// let joins = steps.column("joins")?.str()?;
/// assert_eq!(joins.get(1), Some("{3} and {1, 2}"));
/// assert_eq!(joins.get(2), Some("nothing: one group already"));
/// assert_eq!(steps.column("pointer")?.str()?.get(1), Some("3 -> 1"));
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn union_find(equivs: &[Equiv]) -> PolarsResult<DataFrame> {
    let name = |id: &PersonId| display_name(id).replace("user ", "");
    let group = |ids: &[PersonId]| {
        format!(
            "{{{}}}",
            ids.iter().map(name).collect::<Vec<_>>().join(", ")
        )
    };
    let (mut edges, mut joins, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    let mut pointers = Vec::new();
    // The representative of each identifier that is in a group.
    let mut leads_to: BTreeMap<&PersonId, &PersonId> = BTreeMap::new();
    for (done, equiv) in equivs.iter().enumerate() {
        let before = components(&equivs[..done]);
        let of = |id: &PersonId| {
            let known = before.iter().find(|ids| ids.contains(id));
            known.map_or_else(|| group(std::slice::from_ref(id)), |ids| group(ids))
        };
        let (one, other) = (of(&equiv.id1), of(&equiv.id2));
        edges.push(format!("{} - {}", name(&equiv.id1), name(&equiv.id2)));
        let [first, second] = [&equiv.id1, &equiv.id2].map(|id| *leads_to.entry(id).or_insert(id));
        let size = |head| leads_to.values().filter(|other| **other == head).count();
        let (head, tail) = match size(first) < size(second) {
            true => (second, first),
            false => (first, second),
        };
        pointers.push(match head == tail {
            true => "none".to_owned(),
            false => format!("{} -> {}", name(tail), name(head)),
        });
        { leads_to.values_mut() }
            .filter(|other| **other == tail)
            .for_each(|other| *other = head);
        joins.push(match one == other {
            true => "nothing: one group already".to_owned(),
            false => format!("{one} and {other}"),
        });
        let after: Vec<String> = components(&equivs[..=done])
            .iter()
            .map(|ids| group(ids))
            .collect();
        groups.push(after.join(" "));
    }
    df!("equiv" => edges, "joins" => joins, "pointer" => pointers, "groups" => groups)
}

/// Returns what each identifier does in the round that begins with these edges. The columns are
/// `identifier`, `hears_from` (its neighbours), `smallest` (of these and itself) and `makes_edges`
/// (from the smallest to all others).
///
/// # Errors
/// None in practice: the columns have one length.
///
/// ```
/// use lambda_workbook::batch::persons;
/// use lambda_workbook::datum::{Equiv, PersonId::UserId};
/// let edge = |a, b| Equiv { id1: UserId(a), id2: UserId(b) };
/// let table = lambda_workbook::people::sent(&persons::rounds(&[edge(1, 4), edge(3, 4)])[0])?;
/// assert_eq!(table.column("hears_from")?.str()?.get(2), Some("1, 3"));
/// assert_eq!(table.column("makes_edges")?.str()?.get(2), Some("1-3 1-4"));
/// # Ok::<(), polars::prelude::PolarsError>(())
/// ```
pub fn sent(round: &Round) -> PolarsResult<DataFrame> {
    let mut neighbours: BTreeMap<&PersonId, BTreeSet<&PersonId>> = BTreeMap::new();
    for (one, other) in &round.edges {
        neighbours.entry(one).or_default().insert(other);
        neighbours.entry(other).or_default().insert(one);
    }
    let name = |id: &PersonId| display_name(id).replace("user ", "");
    let list =
        |ids: &BTreeSet<&PersonId>| ids.iter().map(|id| name(id)).collect::<Vec<_>>().join(", ");
    let (mut ids, mut hears, mut smallest, mut makes) = (vec![], vec![], vec![], vec![]);
    for (id, heard) in &neighbours {
        let all: BTreeSet<&PersonId> = heard.iter().copied().chain([*id]).collect();
        let mut all_names = all.iter().map(|id| name(id));
        let first = all_names.next().unwrap_or_default();
        makes.push(
            all_names
                .map(|other| format!("{first}-{other}"))
                .collect::<Vec<_>>()
                .join(" "),
        );
        ids.push(name(id));
        hears.push(list(heard));
        smallest.push(first);
    }
    df!("identifier" => ids, "hears_from" => hears, "smallest" => smallest, "makes_edges" => makes)
}

/// Finds the components of several graphs in rounds, and counts rounds and messages: the seven
/// equivs of figure 9.3; about `equivs` equivs of a population; a star of as many; and chains. Two
/// chains of 1,000 differ in their labels alone, which rise along the one and are shuffled in the
/// other; the last two have ten times as many equivs, and `equivs`. The count of rounds includes the
/// last one, which changes nothing.
///
/// The columns are `graph`, `equivs`, `people`, `rounds`, `messages`, `per equiv` (messages divided
/// by equivs), `most edges`, and `same people`: whether union-find found the same components.
///
/// # Errors
/// None in practice: the columns have one length.
pub fn cost_of_rounds(equivs: usize) -> PolarsResult<DataFrame> {
    let made = |pairs: Vec<(i64, i64)>| equivs_of(&pairs);
    let chain = |n: usize| made((0..n as i64).map(|i| (i, i + 1)).collect());
    let star = made((1..=equivs as i64).map(|i| (0, i)).collect());
    let figure = equivs_of(&[(1, 4), (3, 4), (4, 5), (5, 11), (5, 2), (7, 6), (7, 9)]);
    let graphs = [
        ("the seven equivs", figure, Labels::InOrder),
        (
            "people of a site, labels shuffled",
            of_population(equivs),
            Labels::Shuffled,
        ),
        ("star, labels shuffled", star, Labels::Shuffled),
        ("chain, labels in order", chain(1_000), Labels::InOrder),
        ("chain, labels shuffled", chain(1_000), Labels::Shuffled),
        ("chain, labels shuffled", chain(10_000), Labels::Shuffled),
        ("chain, labels shuffled", chain(equivs), Labels::Shuffled),
    ];
    let settled: Vec<_> = graphs
        .iter()
        .map(|(_, equivs, labels)| settled_with(equivs, *labels))
        .collect();
    let column = |value: &dyn Fn(usize) -> usize| -> Vec<i64> {
        (0..graphs.len()).map(|place| value(place) as i64).collect()
    };
    let per_equiv = |place: usize| settled[place].messages as f64 / graphs[place].1.len() as f64;
    df!(
        "graph" => graphs.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
        "equivs" => column(&|place| graphs[place].1.len()),
        "people" => column(&|place| settled[place].components.len()),
        "rounds" => column(&|place| settled[place].rounds),
        "messages" => column(&|place| settled[place].messages),
        "per equiv" => (0..graphs.len()).map(|place| (per_equiv(place) * 10.0).round() / 10.0).collect::<Vec<_>>(),
        "most edges" => column(&|place| settled[place].most_edges),
        "same people" => (0..graphs.len()).map(|place| settled[place].components == components(&graphs[place].1)).collect::<Vec<_>>(),
    )
}

/// Returns the first `wanted` equivs of a population: a chain for each person who has two
/// identifiers or more, so that the components are the persons.
fn of_population(wanted: usize) -> Vec<Equiv> {
    // A person has more than one equiv on average, so these are enough accounts.
    let people = Population::new(wanted.clamp(1, 1_000_000) as u32, 2015);
    let mut equivs = Vec::with_capacity(wanted);
    for person in 0..people.len() {
        for pair in people.identifiers(person).windows(2) {
            equivs.push(Equiv {
                id1: pair[0].clone(),
                id2: pair[1].clone(),
            });
        }
    }
    equivs.truncate(wanted);
    equivs
}
