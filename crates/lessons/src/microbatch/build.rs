//! From declarations to a topology: names, cycles, fields.
use super::error::{MicroBatchError, Result};
use super::event_time::EventTime;
use super::topology::{Declared, Operator, OperatorKind, Topology};
use std::collections::BTreeSet;

pub(super) fn build(
    name: String,
    time: Option<EventTime>,
    declared: Vec<Declared>,
) -> Result<Topology> {
    let refused = |problem: String| MicroBatchError::Topology {
        name: name.clone(),
        problem,
    };
    let sources = declared.iter().filter(|node| node.from.is_none()).count();
    if sources != 1 {
        return Err(refused(format!(
            "it has {sources} sources; a topology has one"
        )));
    }
    names(&declared).map_err(refused)?;
    let parents = parents(&declared).map_err(refused)?;
    let order = order(&declared, &parents).map_err(refused)?;
    let time_at = time_at(&declared, time.as_ref()).map_err(refused)?;
    side_outputs(&declared, &parents).map_err(refused)?;
    let fields = all_fields(&declared, &parents, &order).map_err(refused)?;

    // What somebody after a node reads, from the last node to the first.
    let mut wanted: Vec<BTreeSet<String>> = vec![BTreeSet::new(); declared.len()];
    for place in order.iter().rev() {
        let node = &declared[*place];
        let Some(parent) = parents[*place] else {
            continue;
        };
        let mut needs: BTreeSet<String> = node.reads.iter().cloned().collect();
        let passes = wanted[*place]
            .iter()
            .filter(|field| fields[parent].contains(field) && !makes_all(node));
        needs.extend(passes.cloned());
        wanted[parent].extend(needs);
    }

    let mut nodes: Vec<Operator> = Vec::new();
    let mut placed = vec![0; declared.len()];
    let mut declared: Vec<Option<Declared>> = declared.into_iter().map(Some).collect();
    for place in order {
        let node = declared[place].take().expect("each is placed once");
        let parent = parents[place].map(|parent| placed[parent]);
        let input = parent.map_or_else(Vec::new, |parent: usize| nodes[parent].fields.clone());
        let at = |field: &String| input.iter().position(|there| there == field);
        let kept: Vec<String> = match makes_all(&node) {
            true => Vec::new(),
            false => input
                .iter()
                .filter(|f| wanted[place].contains(*f))
                .cloned()
                .collect(),
        };
        placed[place] = nodes.len();
        let phase = parent.map_or(0, |parent| {
            nodes[parent].phase + usize::from(matches!(nodes[parent].op, OperatorKind::Exchange(_)))
        });
        if let Some(parent) = parent {
            let this = nodes.len();
            nodes[parent].children.push(this);
        }
        nodes.push(Operator {
            reads: node.reads.iter().filter_map(at).collect(),
            keeps: kept.iter().filter_map(at).collect(),
            fields: [kept, node.adds].concat(),
            name: node.name,
            does: node.does,
            op: node.op,
            state: node.state,
            parent,
            children: Vec::new(),
            phase,
        });
    }
    let exchanges =
        |node: &Operator| node.phase + usize::from(matches!(node.op, OperatorKind::Exchange(_)));
    let phases = nodes.iter().map(exchanges).max().unwrap_or(0);
    Ok(Topology {
        name,
        nodes,
        time,
        time_at,
        phases,
    })
}

/// Whether its rows have no fields of its input but those it says.
fn makes_all(node: &Declared) -> bool {
    use OperatorKind::{Exchange, SideOutput, Source};
    matches!(node.op, Source(_) | Exchange(_) | SideOutput) && !node.adds.is_empty()
}

/// The place of the event time among the source's fields.
fn time_at(
    declared: &[Declared],
    time: Option<&EventTime>,
) -> std::result::Result<Option<usize>, String> {
    let Some(time) = time else {
        // Only sessions and duplicates have rows that can be too late.
        return match declared.iter().find(|node| !node.late.is_empty()) {
            Some(node) => Err(format!(
                "{:?} needs a watermark; say with .event_time(EventTime::in_field(..)) which field of \
                 the source has the event time",
                node.name
            )),
            None => Ok(None),
        };
    };
    let source = declared.iter().find(|node| node.from.is_none());
    let fields = source.map_or(&[][..], |node| &node.adds);
    let at = fields.iter().position(|field| field == time.field());
    at.map(Some).ok_or_else(|| {
        format!(
            "the event time is field {:?}, and the source makes {}",
            time.field(),
            fields.join(", ")
        )
    })
}

/// That each side output is one of an operator that has one, declared before.
fn side_outputs(
    declared: &[Declared],
    parents: &[Option<usize>],
) -> std::result::Result<(), String> {
    for (node, parent) in declared.iter().zip(parents) {
        let is_side = matches!(node.op, OperatorKind::SideOutput);
        if is_side && node.adds.is_empty() {
            let from = parent.map_or("", |parent| &declared[parent].name);
            return Err(format!(
                "{:?} reads the side output of {from:?}, which has none; only sessions and distinct \
                 have one, and are declared before it",
                node.name
            ));
        }
    }
    Ok(())
}

fn names(declared: &[Declared]) -> std::result::Result<(), String> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for node in declared {
        let what = if node.state.is_some() {
            "states"
        } else {
            "operators"
        };
        if !seen.insert(&node.name) {
            return Err(format!(
                "two {what} have the name {:?}; rename one",
                node.name
            ));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
        if node.name.is_empty() || node.name.len() > 100 || !node.name.chars().all(plain) {
            return Err(format!(
                "{:?} is no name: 1 to 100 letters, digits, blanks, dots, - and _",
                node.name
            ));
        }
    }
    Ok(())
}

fn parents(declared: &[Declared]) -> std::result::Result<Vec<Option<usize>>, String> {
    let parent = |node: &Declared| {
        let Some(from) = &node.from else {
            return Ok(None);
        };
        let found = declared.iter().position(|other| other.name == *from);
        let names: Vec<&str> = declared.iter().map(|node| node.name.as_str()).collect();
        let unknown = || {
            format!(
                "{:?} is fed by {from:?}, which is not there; there is {}",
                node.name,
                names.join(", ")
            )
        };
        found.map(Some).ok_or_else(unknown)
    };
    declared.iter().map(parent).collect()
}

/// From the source on, each after what feeds it.
fn order(
    declared: &[Declared],
    parents: &[Option<usize>],
) -> std::result::Result<Vec<usize>, String> {
    let mut order: Vec<usize> = (0..parents.len())
        .filter(|n| parents[*n].is_none())
        .collect();
    let mut at = 0;
    while let Some(place) = order.get(at).copied() {
        order.extend((0..parents.len()).filter(|n| parents[*n] == Some(place)));
        at += 1;
    }
    let Some(left) = (0..parents.len()).find(|place| !order.contains(place)) else {
        return Ok(order);
    };
    // Whoever is not reached hangs on a cycle: go back until one comes again.
    let (mut way, mut place) = (Vec::new(), left);
    while !way.contains(&place) {
        way.push(place);
        place = parents[place].expect("only the source has none, and it is reached");
    }
    let begin = way.iter().position(|other| *other == place).unwrap_or(0);
    let mut names: Vec<&str> = way[begin..]
        .iter()
        .map(|n| declared[*n].name.as_str())
        .collect();
    names.push(&declared[place].name);
    names.reverse();
    Err(format!(
        "it has a cycle: {}; feed one of them by the source, or by what the source feeds",
        names.join(" -> ")
    ))
}

/// Each node's fields, if none were left out.
fn all_fields(
    declared: &[Declared],
    parents: &[Option<usize>],
    order: &[usize],
) -> std::result::Result<Vec<Vec<String>>, String> {
    let mut fields: Vec<Vec<String>> = vec![Vec::new(); declared.len()];
    for place in order {
        let node = &declared[*place];
        let input = parents[*place].map_or(&[][..], |parent| &fields[parent]);
        for field in &node.reads {
            if !input.contains(field) {
                return Err(format!(
                    "{:?} reads field {field:?}, and gets {} from {:?}",
                    node.name,
                    if input.is_empty() {
                        "none".to_owned()
                    } else {
                        input.join(", ")
                    },
                    node.from.as_deref().unwrap_or_default()
                ));
            }
        }
        let mut own = if makes_all(node) {
            Vec::new()
        } else {
            input.to_vec()
        };
        for field in &node.adds {
            if own.contains(field) {
                return Err(format!(
                    "{:?} adds field {field:?}, which is there already; give it another name",
                    node.name
                ));
            }
            own.push(field.clone());
        }
        fields[*place] = own;
    }
    Ok(fields)
}
