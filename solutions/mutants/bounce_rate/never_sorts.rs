// found by later_first: row 1 differs in `visits`, `bounces`
use std::collections::BTreeMap;

fn visits_and_bounces(views: &DataFrame) -> PolarsResult<DataFrame> {
    let (urls, secs) = (views.column("url")?.str()?, views.column("true_as_of_secs")?.i64()?);
    let (cookies, users) = (views.column("cookie")?.str()?, views.column("user_id")?.i64()?);
    let mut times: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for row in 0..views.height() {
        let domain = urls.get(row).unwrap_or_default().split('/').next().unwrap_or_default();
        let person = (cookies.get(row), users.get(row));
        times.entry((domain, person)).or_default().push(secs.get(row).unwrap_or_default());
    }
    let mut domains: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for ((domain, _), mut times) in times {
        for visit in times.chunk_by(|one, next| next - one <= 1_800) {
            let (visits, bounces) = domains.entry(domain).or_default();
            *visits += 1;
            *bounces += i64::from(visit.len() == 1);
        }
    }
    df!(
        "domain" => domains.keys().copied().collect::<Vec<_>>(),
        "visits" => domains.values().map(|counts| counts.0).collect::<Vec<_>>(),
        "bounces" => domains.values().map(|counts| counts.1).collect::<Vec<_>>(),
        "rate" => domains.values().map(|counts| counts.1 as f64 / counts.0 as f64).collect::<Vec<_>>(),
    )
}
