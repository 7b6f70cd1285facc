// found by lesson: differs in `count`
// The message replaces what was known.
fn counter_merge(mine: &std::collections::BTreeMap<u32, u64>, theirs: &std::collections::BTreeMap<u32, u64>) -> std::collections::BTreeMap<u32, u64> {
    let mut merged = mine.clone();
    merged.extend(theirs);
    merged
}
