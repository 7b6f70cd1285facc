// found by path: 
// Does all rounds, not one.
fn label_round(edges: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut neighbours: std::collections::BTreeMap<i64, Vec<i64>> = Default::default();
    for &(a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut label: std::collections::BTreeMap<i64, i64> = neighbours.keys().map(|id| (*id, *id)).collect();
    for _ in 0..neighbours.len() {
        for (id, group) in &neighbours {
            let smallest = group.iter().map(|other| label[other]).chain([label[id]]).min().unwrap();
            label.insert(*id, smallest);
        }
    }
    let mut made: Vec<(i64, i64)> = label.into_iter().filter(|(id, label)| id != label).map(|(id, label)| (label, id)).collect();
    made.sort();
    made
}
