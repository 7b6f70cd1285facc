// found by pair: row 2 is one too many
// Looks for the smallest among the neighbours alone, and puts it first as the text asks.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut made = std::collections::BTreeSet::new();
    for (id, group) in neighbours {
        let smallest = *group.iter().min().unwrap();
        for other in group.into_iter().chain([id]).filter(|other| *other != smallest) {
            made.insert((smallest, other));
        }
    }
    made.into_iter().collect()
}
