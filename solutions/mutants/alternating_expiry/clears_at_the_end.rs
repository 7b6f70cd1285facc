// found by one_run: differs in `from`
// Cleared when the run ends: what came while it ran is in neither layer.
fn sets_asked(runs: &DataFrame) -> PolarsResult<DataFrame> {
    let (began, ended) = (runs.column("began")?.i64()?, runs.column("ended")?.i64()?);
    let ok = runs.column("ok")?.bool()?;
    let (mut asked, mut starts) = (0, [0, 0]);
    let mut rows: Vec<(&str, i64, i64)> = Vec::new();
    for row in 0..runs.height() {
        let (began, ended, ok) = (began.get(row).unwrap(), ended.get(row).unwrap(), ok.get(row).unwrap());
        let _ = began;
        starts[1 - asked] = ended;
        if ok {
            asked = 1 - asked;
        }
        rows.push((["a", "b"][asked], starts[asked], ended));
    }
    df!(
        "set" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "from" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "to" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
}
