// found by one_page: but the workers are 0 to 3
// Takes the hash itself.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let key = match stage {
        "people" => person.to_owned(),
        _ => batch::normalise_url(url).map_or(String::new(), |url| url.into_owned()),
    };
    speed::partition_of(key.as_bytes(), u32::MAX)
}
