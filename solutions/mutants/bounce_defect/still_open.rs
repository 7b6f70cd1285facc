// found by golden: row 1 differs in `visits`
// Never takes a visit out that is over.
fn visits_and_bounces(views: &[(&str, i64, i64)]) -> std::collections::BTreeMap<String, (i64, i64)> {
    use std::collections::BTreeMap;
    const SHARDS: i64 = 4;
    #[derive(Clone, Default)]
    struct Visit {
        first: i64,
        last: Option<i64>,
        views: i64,
    }
    let mut shards = vec![BTreeMap::<(String, i64), Visit>::new(); SHARDS as usize];
    let mut counts = BTreeMap::<String, (i64, i64)>::new();
    for &(site, person, secs) in views {
        for shard in &mut shards {
            shard.retain(|(domain, _), visit| {
                let over = visit.last.is_none_or(|last| secs - last > 30 * 60);
                if over && visit.views == 1 {
                    counts.entry(domain.to_string()).or_default().1 += 1;
                }
                true
            });
        }
        let shard = &mut shards[person.rem_euclid(SHARDS) as usize];
        let visit = shard.entry((site.to_string(), person)).or_default();
        if visit.views == 0 {
            counts.entry(site.to_string()).or_default().0 += 1;
            visit.first = secs;
        }
        visit.views += 1;
        visit.last = Some(secs);
    }
    for ((domain, _), visit) in shards.into_iter().flatten() {
        if visit.views == 1 {
            counts.entry(domain).or_default().1 += 1;
        }
    }
    counts
}
