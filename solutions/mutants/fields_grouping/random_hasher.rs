// found by one_page: worker
// Every new hasher of the standard library has other keys.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let key = match stage {
        "people" => person.to_owned(),
        _ => batch::normalise_url(url).map_or(String::new(), |url| url.into_owned()),
    };
    use std::hash::BuildHasher;
    let hash = std::collections::hash_map::RandomState::new().hash_one(key);
    (hash % u64::from(workers)) as u32
}
