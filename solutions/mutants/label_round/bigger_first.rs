// found by pair: row 1 differs in `a`, `b`
// Makes the edges from the others to the smallest.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = std::collections::BTreeSet::new();
    for (id, mut group) in neighbours {
        group.push(id);
        let smallest = *group.iter().min().unwrap();
        made.extend(group.into_iter().filter(|other| *other != smallest).map(|other| (other, smallest)));
    }
    made.into_iter().collect()
}
