// found by quiet: differs in `written`
// Does not keep that there was no visitor.
use lambda_workbook::batch::sketch::SketchError;
use lambda_workbook::lambda::merge_cache::{MergeCache, PublishedViews};

fn uniques(cache: &mut MergeCache, views: &mut PublishedViews, from: i64, until: i64) -> Result<i64, SketchError> {
    if let Some(hit) = cache.get(&(views.generation(), from, until)) {
        return Ok(hit.uniques());
    }
    let (generation, parts) = views.read(from, until);
    let mut all = views.empty();
    for part in &parts {
        all.merge(part)?;
    }
    let uniques = all.uniques();
    if generation == views.generation() && uniques > 0 {
        cache.retain(|key, _| key.0 == generation);
        cache.insert((generation, from, until), all);
    }
    Ok(uniques)
}
