// found by path: 
// Every identifier takes the smallest of the whole table, as if it had heard of it.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = std::collections::BTreeSet::new();
    let Some(smallest) = neighbours.keys().min().copied() else { return vec![] };
    for (id, mut group) in neighbours {
        group.push(id);
        made.extend(group.into_iter().filter(|other| *other != smallest).map(|other| (smallest, other)));
    }
    made.into_iter().collect()
}
