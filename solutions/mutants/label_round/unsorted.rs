// found by path: their order is not
// Leaves the edges in the order in which they were made.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = Vec::new();
    for (id, mut group) in neighbours {
        group.push(id);
        group.sort();
        for other in group[1..].iter() {
            if !made.contains(&(group[0], *other)) {
                made.push((group[0], *other));
            }
        }
    }
    made
}
