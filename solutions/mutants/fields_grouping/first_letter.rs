// found by many: spread them
// Takes the first letter of the row in place of a hash.
fn worker_of(stage: &str, url: &str, person: &str, number: u64, workers: u32) -> u32 {
    let key = match stage {
        "people" => person.to_owned(),
        _ => batch::normalise_url(url).map_or(String::new(), |url| url.into_owned()),
    };
    u32::from(key.bytes().next().unwrap_or(0)) % workers
}
