// found by large_labels: differs in
// Keeps the labels in 32 bits.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i32, Vec<i32>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a as i32).or_default().push(b as i32);
        neighbours.entry(b as i32).or_default().push(a as i32);
    }
    let mut made = std::collections::BTreeSet::new();
    for (id, mut group) in neighbours {
        group.push(id);
        let smallest = *group.iter().min().unwrap();
        let others = group.into_iter().filter(|other| *other != smallest);
        made.extend(others.map(|other| (i64::from(smallest), i64::from(other))));
    }
    made.into_iter().collect()
}
