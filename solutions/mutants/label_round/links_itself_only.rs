// found by path: 
// Each identifier makes an edge to its smallest, and none for its neighbours.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = std::collections::BTreeSet::new();
    for (id, group) in neighbours {
        let smallest = group.iter().copied().chain([id]).min().unwrap();
        if smallest != id {
            made.insert((smallest, id));
        }
    }
    made.into_iter().collect()
}
