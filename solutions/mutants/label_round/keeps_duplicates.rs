// found by pair: row 2 is one too many
// Both ends of an edge act on it, and what they make is kept twice.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = Vec::new();
    for (id, mut group) in neighbours {
        group.push(id);
        let smallest = *group.iter().min().unwrap();
        made.extend(group.into_iter().filter(|other| *other != smallest).map(|other| (smallest, other)));
    }
    made.sort();
    made
}
