// found by first: order is not
// The smallest three.
fn top_three(top: &DataFrame, changed: &DataFrame) -> PolarsResult<DataFrame> {
    let _ = top;
    let mut counts = std::collections::BTreeMap::<String, i64>::new();
    for table in [top, changed] {
        let (words, numbers) = (table.column("word")?.str()?, table.column("count")?.i64()?);
        for (word, n) in words.iter().flatten().zip(numbers.iter().flatten()) {
            counts.insert(word.to_owned(), n);
        }
    }
    let mut rows: Vec<(String, i64)> = counts.into_iter().collect();
    rows.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    rows.truncate(3);
    let (words, counts): (Vec<String>, Vec<i64>) = rows.into_iter().unzip();
    df!("word" => words, "count" => counts)
}
