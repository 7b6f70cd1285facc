// found by one_hour: differs in `count`, `uniques`
// Forgets the granularity: an hour and a day may begin at the same second.
fn visits_range(visits: &DataFrame, from: &str, until: &str, zone: Tz) -> PolarsResult<DataFrame> {
    let clock = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a clock's reading");
    let span = Span::local(clock(from), clock(until), zone)?;
    let plan = Plan::additive(span, &Granularity::ALL)?;
    let mut urls: std::collections::BTreeMap<String, (i64, Sketch)> = Default::default();
    let counts = visits.column("count")?.i64()?;
    for (row, count) in batch::uniques::rows(visits)?.into_iter().zip(counts.iter()) {
        let (sum, sketch) = urls.entry(row.url).or_default();
        if plan.reads().iter().any(|read| read.ts == row.ts) {
            *sum += count.unwrap_or(0);
            sketch.merge(&row.sketch)?;
        }
    }
    df!(
        "url" => urls.keys().map(String::as_str).collect::<Vec<_>>(),
        "reads" => vec![plan.reads().len() as i64; urls.len()],
        "count" => urls.values().map(|url| url.0).collect::<Vec<_>>(),
        "uniques" => urls.values().map(|url| url.1.uniques()).collect::<Vec<_>>(),
    )
}
