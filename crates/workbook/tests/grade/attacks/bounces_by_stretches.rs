// Joins visits by the batch layer.
// exercise: bounce_defect
// scanned: forbidden
// unscanned: forbidden
use lambda_workbook::batch::bounces::{Stretch as Piece, join as fold};
use std::collections::BTreeMap;
fn visits_and_bounces(views: &[(&str, i64, i64)]) -> BTreeMap<String, (i64, i64)> {
    let mut people: BTreeMap<(&str, i64), Vec<Piece>> = BTreeMap::new();
    for &(site, person, secs) in views {
        people.entry((site, person)).or_default().push(Piece::of(secs));
    }
    let mut counts = BTreeMap::<String, (i64, i64)>::new();
    for ((site, _), mut pieces) in people {
        fold(&mut pieces);
        counts.entry(site.to_owned()).or_default().0 += pieces.len() as i64;
    }
    counts
}
