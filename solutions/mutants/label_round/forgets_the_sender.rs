// found by lesson: 
// Joins the neighbours to the smallest, but not the identifier itself.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = std::collections::BTreeSet::new();
    for (id, group) in neighbours {
        let smallest = group.iter().copied().chain([id]).min().unwrap();
        made.extend(group.into_iter().filter(|other| *other != smallest).map(|other| (smallest, other)));
    }
    made.into_iter().collect()
}
