//! Merged answers equal recomputed ones, whatever happens between the layers.
use crate::extent;
use lambda_workbook::batch::{self, PersonIndex, bounces::domain};
use lambda_workbook::calendar::Granularity::Hour;
use lambda_workbook::datum::{Equiv, PersonId};
use lambda_workbook::lambda::{BuiltBatch, Expiry, Lambda, LambdaError, Options};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::serving::Bounces;
use lambda_workbook::speed::event::{Fact, read};
use lambda_workbook::speed::{EmbeddedLog, IdentityResolution, Log, SpeedError};
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

const TOPIC: &str = "datums";
const HOURS: std::ops::Range<i64> = -7200..4 * 3600;

/// URL, user (from 100 on: a cookie), second, nonce.
type View = (String, i64, i64, i64);

fn line((url, user, secs, nonce): &View) -> String {
    let person = match user {
        100.. => format!(r#"{{"cookie":"c{user}"}}"#),
        _ => format!(r#"{{"user_id":{user}}}"#),
    };
    format!(
        r#"{{"dataunit":{{"page_view":{{"nonce":{nonce},"page":{{"url":"http://{url}"}},"person":{person}}}}},"pedigree":{{"true_as_of_secs":{secs}}}}}"#
    )
}

fn equiv_line(one: i64, other: i64) -> String {
    let id = |user: i64| serde_json::to_string(&person(user)).unwrap();
    let (one, other) = (id(one), id(other));
    format!(
        r#"{{"dataunit":{{"equiv":{{"id1":{one},"id2":{other}}}}},"pedigree":{{"true_as_of_secs":62}}}}"#
    )
}

fn person(user: i64) -> PersonId {
    match user {
        100.. => PersonId::Cookie(format!("c{user}")),
        _ => PersonId::UserId(user),
    }
}

fn append(log: &dyn Log, views: &[View]) {
    let lines: Vec<(String, String)> = views.iter().map(|v| (v.1.to_string(), line(v))).collect();
    let records: Vec<(&[u8], &[u8])> = lines
        .iter()
        .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
        .collect();
    log.append_by_key(TOPIC, &records).unwrap();
}

/// All distinct page views before some offsets, each with the name of its person by the equivs
/// before the cut. Without identity resolution page views after the cut keep their identifiers.
fn truth(log: &dyn Log, offsets: &[u64], cut: &[u64], how: IdentityResolution) -> DataFrame {
    let records = |partition, end: u64| log.read(TOPIC, partition, 0, end as usize).unwrap();
    let mut equivs: Vec<Equiv> = Vec::new();
    for (partition, end) in (0u32..).zip(cut) {
        for record in records(partition, *end).iter() {
            if let Ok(Fact::Equiv(equiv)) = read(record.value) {
                equivs.push(equiv);
            }
        }
    }
    let index = PersonIndex::of(&equivs);
    let mut seen = HashSet::new();
    let (mut secs, mut urls, mut users, mut cookies, mut nonces) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (partition, end) in (0u32..).zip(offsets) {
        for record in records(partition, *end).iter() {
            let Ok(Fact::View(event)) = read(record.value) else {
                continue;
            };
            // Copies lie in one partition, in order.
            if !seen.insert(event.identity()) {
                continue;
            }
            secs.push(event.secs);
            urls.push(event.url.into_owned());
            let id = event.who.into_person();
            let is_named =
                record.offset < cut[partition as usize] || how == IdentityResolution::AtCut;
            let (user, cookie) = match if is_named { index.person(&id) } else { &id } {
                PersonId::UserId(id) => (Some(*id), None),
                PersonId::Cookie(cookie) => (None, Some(cookie.clone())),
            };
            users.push(user);
            cookies.push(cookie);
            nonces.push(event.nonce);
        }
    }
    let views = df!("true_as_of_secs" => secs, "url" => urls, "cookie" => cookies, "user_id" => users, "nonce" => nonces);
    views.unwrap()
}

/// Every answer of both layers, beside one computed from all data.
fn assert_right(lambda: &Lambda, log: &dyn Log) {
    assert_right_with(lambda, log, IdentityResolution::AtCut);
}

fn assert_right_with(lambda: &Lambda, log: &dyn Log, how: IdentityResolution) {
    let query = lambda.query().unwrap();
    let since = lambda.realtime().since(lambda.served().batch()).unwrap();
    // The serving views have all before the cut, be the updater ever so late.
    let seen = since.offsets.iter().zip(&since.cut);
    let seen: Vec<u64> = seen.map(|(at, cut)| *at.max(cut)).collect();
    let views = truth(log, &seen, &since.cut, how);
    let counts = batch::page_views(&views, Hour).unwrap();
    let uniques = batch::exact_uniques(&views, Hour).unwrap();
    let (urls, ts) = (
        counts.column("url").unwrap().str().unwrap(),
        counts.column("ts").unwrap().i64().unwrap(),
    );
    let count = counts.column("count").unwrap().i64().unwrap();
    let unique = uniques.column("uniques").unwrap().i64().unwrap();
    for row in 0..counts.height() {
        let (url, hour) = (urls.get(row).unwrap(), ts.get(row).unwrap());
        let range = hour..hour + 3600;
        assert_eq!(
            Some(query.page_views(url, range.clone()).unwrap().value),
            count.get(row),
            "{url} {hour}"
        );
        assert_eq!(
            Some(query.uniques(url, range).unwrap().value),
            unique.get(row),
            "{url} {hour}"
        );
    }
    let bounces = batch::bounces(&views).unwrap();
    let domains = bounces.column("domain").unwrap().str().unwrap();
    let number = |name: &str, row: usize| {
        bounces
            .column(name)
            .unwrap()
            .i64()
            .unwrap()
            .get(row)
            .unwrap()
    };
    for (row, name) in domains.iter().enumerate() {
        let expected = Bounces {
            visits: number("visits", row),
            bounces: number("bounces", row),
        };
        assert_eq!(
            query.bounces(name.unwrap()).unwrap().value,
            expected,
            "{name:?}"
        );
    }
    let freshness = query.freshness();
    let ends: u64 = log.ends(TOPIC).unwrap().iter().sum();
    assert_eq!(
        freshness.served + freshness.realtime + freshness.waiting,
        ends
    );
}

/// Whether some file below the folder holds the text; journals are left out
/// where `tables` are asked for.
fn on_disk(folder: &Path, text: &str, tables: bool) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return on_disk(&path, text, tables);
        }
        if tables && path.extension().is_some_and(|end| end == "jnl") {
            return false;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[derive(Clone, Debug)]
enum Op {
    /// Pages, persons, seconds, nonces. Few of each, so that copies are common.
    Arrive(Vec<(u8, i64, i64, i64)>),
    /// Two identifiers turn out to be one person.
    Equiv(i64, i64),
    Step(usize),
    Begin,
    Build,
    Swap,
    Expire,
    Crash,
    /// Rolls back to an older batch, or as far as batches are kept; then, perhaps after a
    /// crash, the batch layer runs once more.
    RollBack(u64, bool),
}

fn op() -> impl Strategy<Value = Op> {
    let person = || prop_oneof![0i64..3, 100i64..102];
    let secs = prop_oneof![
        -3600i64..10_000,
        Just(3599i64),
        Just(3600i64),
        Just(5400i64)
    ];
    let view = (0u8..3, person(), secs, 0i64..2);
    prop_oneof![
        4 => prop::collection::vec(view, 1..6).prop_map(Op::Arrive),
        2 => (person(), person()).prop_map(|(one, other)| Op::Equiv(one, other)),
        3 => (1usize..6).prop_map(Op::Step),
        1 => Just(Op::Step(1000)),
        2 => Just(Op::Begin),
        2 => Just(Op::Build),
        2 => Just(Op::Swap),
        2 => Just(Op::Expire),
        2 => Just(Op::Crash),
        1 => (0u64..4, any::<bool>()).prop_map(|(back, crash)| Op::RollBack(back, crash)),
    ]
}

struct World {
    folder: tempfile::TempDir,
    options: Options,
    open: Option<(Arc<EmbeddedLog>, Lambda)>,
    begun: Option<(u64, Vec<u64>)>,
    built: Option<BuiltBatch>,
    /// The last batch that was begun: events that come now are after its cut.
    interval: u64,
}

impl World {
    fn new(expiry: Expiry) -> Self {
        Self::with(expiry, IdentityResolution::AtCut)
    }

    fn with(expiry: Expiry, resolution: IdentityResolution) -> Self {
        let mut world = World {
            folder: tempfile::tempdir().unwrap(),
            options: Options {
                expiry,
                window: 1000,
                resolution,
                ..Options::default()
            },
            open: None,
            begun: None,
            built: None,
            interval: 0,
        };
        world.reopen();
        world
    }

    fn reopen(&mut self) {
        (self.open, self.begun, self.built) = (None, None, None);
        let log = Arc::new(EmbeddedLog::open(self.folder.path().join("log")).unwrap());
        log.create_topic(TOPIC, 2).unwrap();
        let lambda =
            Lambda::open(self.folder.path(), log.clone(), TOPIC, self.options.clone()).unwrap();
        self.open = Some((log, lambda));
    }

    fn run(&mut self, op: Op) {
        let (log, lambda) = self.open.as_mut().unwrap();
        match op {
            Op::Arrive(views) => {
                let page = |page: u8| match page {
                    0 => "foo.com/".to_owned(),
                    1 => "foo.com/a".to_owned(),
                    _ => format!("interval{}.com/", self.interval),
                };
                let views: Vec<View> = views
                    .into_iter()
                    .map(|(p, user, secs, nonce)| (page(p), user, secs, nonce))
                    .collect();
                append(log.as_ref(), &views);
            }
            Op::Equiv(one, other) => {
                let line = equiv_line(one, other);
                let key = one.to_string();
                log.append_by_key(TOPIC, &[(key.as_bytes(), line.as_bytes())])
                    .unwrap();
            }
            Op::Step(most) => _ = lambda.step(most).unwrap(),
            Op::Begin => {
                let begun = lambda.begin_batch().unwrap();
                self.interval = begun.0;
                self.begun = Some(begun);
            }
            Op::Build => {
                if let Some((batch, cut)) = &self.begun {
                    // One draft at a time.
                    self.built = None;
                    self.built = Some(lambda.build(*batch, cut).unwrap());
                }
            }
            Op::Swap => {
                if let Some(built) = self.built.take() {
                    lambda.publish(built).unwrap();
                    self.begun = None;
                }
            }
            Op::Expire => {
                lambda.expire().unwrap();
                let served = lambda.served().batch();
                let held = lambda.realtime().held().unwrap();
                assert!(held.iter().all(|(batch, _)| *batch >= served), "{held:?}");
                let tables = self.options.expiry == Expiry::ByCut;
                for interval in 0..served {
                    let marker = format!("interval{interval}.com");
                    assert!(
                        !on_disk(&self.folder.path().join("realtime"), &marker, tables),
                        "{marker}"
                    );
                }
            }
            Op::Crash => self.reopen(),
            Op::RollBack(back, crash) => {
                (self.begun, self.built) = (None, None);
                let served = lambda.served().batch();
                let older = (served.saturating_sub(back)..served)
                    .find(|batch| lambda.roll_back(*batch).is_ok());
                // What is in neither layer is named, and no answer given.
                match lambda.query() {
                    Ok(_) => assert_right_with(lambda, log.as_ref(), self.options.resolution),
                    Err(LambdaError::Speed(SpeedError::MissingBatch { served, .. })) => {
                        assert_eq!(Some(served), older);
                    }
                    Err(error) => panic!("{error}"),
                }
                if crash {
                    self.reopen();
                }
                let (_, lambda) = self.open.as_mut().unwrap();
                let batch = lambda.run_batch().unwrap();
                assert!(batch > served || older.is_some() && batch == served);
                self.interval = self.interval.max(batch);
            }
        }
        let (log, lambda) = self.open.as_ref().unwrap();
        assert_right_with(lambda, log.as_ref(), self.options.resolution);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Invariant 1, for both ways to expire, with identity resolution and without it. With it, every
    /// person is counted as the batch would that has read all records and, of the equivs, those
    /// before the cut.
    #[test]
    fn merged_is_recomputed_under_any_schedule(
        ops in prop::collection::vec(op(), 1..30), by_cut in any::<bool>(), at_cut in prop::bool::weighted(0.7),
    ) {
        let how = if at_cut { IdentityResolution::AtCut } else { IdentityResolution::None };
        let mut world = World::with(if by_cut { Expiry::ByCut } else { Expiry::Alternating }, how);
        for op in ops {
            world.run(op);
        }
        // Whatever was left undone: a run whose cut was taken before, and one that
        // holds everything.
        world.run(Op::Step(1000));
        world.built = None;
        let (log, lambda) = world.open.as_mut().unwrap();
        lambda.run_batch().unwrap();
        lambda.run_batch().unwrap();
        lambda.drain().unwrap();
        assert_right_with(lambda, log.as_ref(), how);
        let freshness = lambda.query().unwrap().freshness();
        prop_assert_eq!((freshness.realtime, freshness.waiting), (0, 0));
        let ends = log.ends(TOPIC).unwrap();
        let all = truth(log.as_ref(), &ends, &ends, how);
        for url in all.column("url").unwrap().str().unwrap().iter().flatten() {
            let answer = lambda.query().unwrap().page_views(url, HOURS).unwrap();
            prop_assert_eq!(answer.value, answer.serving);
        }
    }
}

#[test]
fn a_batch_after_a_roll_back_has_all_records_again() {
    for expiry in [Expiry::Alternating, Expiry::ByCut] {
        let mut world = grown(expiry, 2..6);
        let (log, lambda) = world.open.as_mut().unwrap();
        for (batch, next) in [(2, 4), (3, 4)] {
            lambda.roll_back(batch).unwrap();
            // The batch that came last, with the cut that it had.
            assert_eq!(lambda.run_batch().unwrap(), next);
            assert_right(lambda, log.as_ref());
        }
        let answer = lambda.query().unwrap().page_views("foo.com/", HOURS);
        let answer = answer.unwrap();
        assert_eq!((answer.value, answer.serving, answer.realtime), (5, 4, 1));
        assert_eq!(lambda.run_batch().unwrap(), 5);
        assert_right(lambda, log.as_ref());
    }
}

#[test]
fn a_batch_after_a_roll_back_and_lost_realtime_views_has_all_records_again() {
    for expiry in [Expiry::Alternating, Expiry::ByCut] {
        let mut world = one(expiry);
        let (log, lambda) = world.open.as_mut().unwrap();
        for nonce in 2..6 {
            lambda.run_batch().unwrap();
            append(log.as_ref(), &[("foo.com/".to_owned(), 1, 60, nonce)]);
        }
        lambda.roll_back(2).unwrap();
        world.open = None;
        std::fs::remove_dir_all(world.folder.path().join("realtime")).unwrap();
        world.reopen();
        // They begin at the cut of the batch that is served, and both layers meet there.
        let (log, lambda) = world.open.as_mut().unwrap();
        lambda.drain().unwrap();
        assert_right(lambda, log.as_ref());
        // The master data set goes on where it ends, and not where the served batch does.
        assert_eq!(lambda.run_batch().unwrap(), 5);
        assert_right(lambda, log.as_ref());
        let answer = lambda.query().unwrap().page_views("foo.com/", HOURS);
        assert_eq!(answer.unwrap().serving, 5);
    }
}

fn one(expiry: Expiry) -> World {
    let mut world = World::new(expiry);
    world.run(Op::Arrive(vec![(0, 1, 60, 1)]));
    world.run(Op::Step(10));
    world
}

/// A world with a batch run, and then a page view, for each nonce.
fn grown(expiry: Expiry, nonces: std::ops::Range<i64>) -> World {
    let mut world = one(expiry);
    let (log, lambda) = world.open.as_mut().unwrap();
    for nonce in nonces {
        lambda.run_batch().unwrap();
        append(log.as_ref(), &[("foo.com/".to_owned(), 1, 60, nonce)]);
        lambda.drain().unwrap();
    }
    world
}

#[test]
fn a_batch_that_is_missing_between_the_layers_is_named_and_no_answer_given() {
    for expiry in [Expiry::Alternating, Expiry::ByCut] {
        let mut world = grown(expiry, 2..5);
        let (log, lambda) = world.open.as_mut().unwrap();
        assert_right(lambda, log.as_ref());
        lambda.roll_back(1).unwrap();
        let Err(error) = lambda.query() else {
            panic!("an answer without batch 2")
        };
        let missing = matches!(&error, LambdaError::Speed(SpeedError::MissingBatch { served: 1, missing, .. }) if missing == &[2, 3]);
        assert!(missing, "{error}");
        assert!(
            error.to_string().starts_with("batches 2 and 3 are missing"),
            "{error}"
        );
        lambda.roll_back(3).unwrap();
        assert_right(lambda, log.as_ref());
    }
}

#[test]
fn realtime_views_that_were_lost_are_made_again_from_the_log() {
    for expiry in [Expiry::Alternating, Expiry::ByCut] {
        let mut world = one(expiry);
        world.open.as_mut().unwrap().1.run_batch().unwrap();
        world.run(Op::Arrive(vec![
            (0, 1, 61, 1),
            (1, 2, 62, 1),
            (0, 1, 60, 1),
        ]));
        world.open = None;
        std::fs::remove_dir_all(world.folder.path().join("realtime")).unwrap();
        world.reopen();
        world.run(Op::Step(10));
        // The copy of what the batch holds was found, from the log before the cut.
        let answer = world
            .open
            .as_ref()
            .unwrap()
            .1
            .query()
            .unwrap()
            .page_views("foo.com/", 0..3600)
            .unwrap();
        assert_eq!((answer.value, answer.serving, answer.realtime), (2, 1, 1));
    }
}

#[test]
fn a_visit_that_goes_on_after_the_cut_is_one_visit() {
    let mut world = one(Expiry::Alternating);
    let visits = |world: &World| {
        let query = world.open.as_ref().unwrap().1.query().unwrap();
        query.bounces(domain("foo.com/")).unwrap()
    };
    world.open.as_mut().unwrap().1.run_batch().unwrap();
    assert_eq!(
        visits(&world).value,
        Bounces {
            visits: 1,
            bounces: 1
        }
    );
    world.run(Op::Arrive(vec![(1, 1, 60 + 1800, 1)]));
    world.run(Op::Step(10));
    let answer = visits(&world);
    assert_eq!(
        answer.value,
        Bounces {
            visits: 1,
            bounces: 0
        }
    );
    // The sum of the layers' own answers would be wrong.
    assert_eq!((answer.serving.visits, answer.realtime.visits), (1, 1));
}

#[test]
fn what_the_speed_layer_approximates_the_next_batch_mends() {
    let mut world = one(Expiry::Alternating);
    let (log, lambda) = world.open.as_mut().unwrap();
    append(log.as_ref(), &[("foo.com/".to_owned(), 2, 61, 1)]);
    let equiv = br#"{"dataunit":{"equiv":{"id1":{"user_id":1},"id2":{"user_id":2}}},"pedigree":{"true_as_of_secs":62}}"#;
    log.append_by_key(TOPIC, &[(b"1", equiv), (b"1", b"no datum")])
        .unwrap();
    lambda.drain().unwrap();
    let uniques = |lambda: &Lambda| {
        lambda
            .query()
            .unwrap()
            .uniques("foo.com/", 0..3600)
            .unwrap()
            .value
    };
    assert_eq!(uniques(lambda), 2);
    lambda.run_batch().unwrap();
    assert_eq!(uniques(lambda), 1);
}

#[test]
fn a_record_with_a_line_end_is_one_record_in_every_layer() {
    let mut world = one(Expiry::Alternating);
    let (log, lambda) = world.open.as_mut().unwrap();
    // Either half would be a page view of its own.
    let half = line(&("foo.com/".to_owned(), 9, 61, 1));
    let both = format!("{half}\n{half}");
    log.append_by_key(TOPIC, &[(b"1", both.as_bytes())])
        .unwrap();
    lambda.drain().unwrap();
    let views = |lambda: &Lambda| {
        let query = lambda.query().unwrap();
        query.page_views("foo.com/", 0..3600).unwrap().value
    };
    assert_eq!(views(lambda), 1);
    lambda.run_batch().unwrap();
    assert_eq!(views(lambda), 1);
    let folder = lambda.served().folder().unwrap();
    let rejected = std::fs::read_to_string(folder.join("rejected.jsonl")).unwrap();
    assert_eq!(rejected.lines().count(), 1, "{rejected}");
}

const RESOLUTIONS: [IdentityResolution; 2] = [IdentityResolution::AtCut, IdentityResolution::None];
const EXPIRIES: [Expiry; 2] = [Expiry::Alternating, Expiry::ByCut];

/// A world in which users 1 and 2 and cookie c100 are one person for the batch that is served.
fn with_a_known_person(expiry: Expiry, resolution: IdentityResolution) -> World {
    let mut world = World::with(expiry, resolution);
    world.run(Op::Arrive(vec![(0, 1, 60, 1)]));
    world.run(Op::Equiv(1, 2));
    world.run(Op::Equiv(2, 100));
    world.run(Op::Step(10));
    world.open.as_mut().unwrap().1.run_batch().unwrap();
    world
}

/// The bytes of the realtime sketch of a page: which persons are in it, and not only how many.
fn sketch(world: &World, url: &str) -> Vec<u8> {
    let lambda = &world.open.as_ref().unwrap().1;
    let since = lambda.realtime().since(lambda.served().batch()).unwrap();
    since.uniques(url, &HOURS).unwrap().to_bytes()
}

fn uniques(world: &World, url: &str) -> i64 {
    let query = world.open.as_ref().unwrap().1.query().unwrap();
    query.uniques(url, HOURS).unwrap().value
}

#[test]
fn a_person_known_before_the_cut_is_one_in_both_layers_by_name() {
    for expiry in EXPIRIES {
        for resolution in RESOLUTIONS {
            let mut world = with_a_known_person(expiry, resolution);
            world.run(Op::Arrive(vec![(0, 2, 61, 1), (0, 100, 62, 1)]));
            world.run(Op::Step(10));
            // The batch names the person by the smallest identifier, and cookies come first.
            let named = batch::Sketch::of([&person(100)]).to_bytes();
            let raw = batch::Sketch::of([&person(2), &person(100)]).to_bytes();
            let visits = || {
                let query = world.open.as_ref().unwrap().1.query().unwrap();
                query.bounces("foo.com").unwrap().value
            };
            let (expected, persons, one_visit) = match resolution {
                IdentityResolution::AtCut => (named, 1, (1, 0)),
                IdentityResolution::None => (raw, 2, (2, 1)),
            };
            assert_eq!(sketch(&world, "foo.com/"), expected, "{expiry:?}");
            assert_eq!(uniques(&world, "foo.com/"), persons, "{expiry:?}");
            let visits = visits();
            assert_eq!((visits.visits, visits.bounces), one_visit, "{expiry:?}");
        }
    }
}

/// Rule: names are fixed for a set of realtime views at its cut. Whichever process applies a record,
/// before or after a crash, gives it the same name.
#[test]
fn a_crash_at_any_point_of_a_batch_run_changes_no_name() {
    for expiry in EXPIRIES {
        let mut without_a_crash = None;
        // The last step has the number 7: a crash after step 8 is none.
        for crash in (0..9).rev() {
            let mut world = with_a_known_person(expiry, IdentityResolution::AtCut);
            // The equiv with 101 comes before the cut of batch 2, and that with 0 after it.
            let steps = [
                Op::Arrive(vec![(0, 101, 63, 1), (0, 1, 64, 1)]),
                Op::Equiv(101, 1),
                Op::Begin,
                Op::Arrive(vec![(0, 2, 65, 1), (0, 101, 66, 1), (0, 0, 67, 1)]),
                Op::Equiv(0, 1),
                Op::Step(2),
                Op::Build,
                Op::Swap,
            ];
            for (place, op) in steps.into_iter().enumerate() {
                world.run(op);
                if place == crash {
                    world.run(Op::Crash);
                    // The run is made again with the same cut, unless its views are served.
                    if (2..7).contains(&place) {
                        world.run(Op::Begin);
                    }
                    if place == 6 {
                        world.run(Op::Build);
                    }
                }
            }
            world.run(Op::Step(100));
            assert_eq!(world.open.as_ref().unwrap().1.served().batch(), 2);
            let names = [person(0), person(100)];
            assert_eq!(
                sketch(&world, "foo.com/"),
                batch::Sketch::of(&names).to_bytes(),
                "{expiry:?}, crash {crash}"
            );
            world.run(Op::Expire);
            world.run(Op::Arrive(vec![(1, 1, 70, 1), (1, 101, 71, 1)]));
            world.run(Op::Step(100));
            let after = (sketch(&world, "foo.com/"), sketch(&world, "foo.com/a"));
            let same = without_a_crash.get_or_insert_with(|| after.clone());
            assert_eq!(*same, after, "{expiry:?}, crash {crash}");
        }
    }
}

/// The file of the table of persons of the version that is served.
fn persons_file(world: &World) -> std::path::PathBuf {
    world.folder.path().join("views/current/serving/persons")
}

#[test]
fn a_table_of_persons_that_cannot_be_read_is_named_and_nothing_is_applied_until_it_can() {
    for expiry in EXPIRIES {
        for is_missing in [true, false] {
            let mut world = with_a_known_person(expiry, IdentityResolution::AtCut);
            world.run(Op::Arrive(vec![(0, 2, 61, 1)]));
            let path = persons_file(&world);
            let sound = std::fs::read(&path).unwrap();
            world.reopen();
            match is_missing {
                true => std::fs::remove_file(&path).unwrap(),
                false => {
                    let mut bytes = sound.clone();
                    bytes[70] ^= 1;
                    std::fs::write(&path, bytes).unwrap();
                }
            }
            let (_, lambda) = world.open.as_mut().unwrap();
            let error = lambda.step(10).unwrap_err();
            let persons = matches!(
                &error,
                LambdaError::Speed(SpeedError::Persons { batch: 1, .. })
            );
            assert!(persons, "{error}");
            let text = error.to_string();
            let said = if is_missing {
                "this file is missing"
            } else {
                "block 1 is damaged"
            };
            assert!(
                text.contains("serving/persons") && text.contains(said),
                "{text}"
            );
            assert!(text.contains("build the view again"), "{text}");
            assert!(lambda.served().verify().is_err());
            // Both layers answer as before, and nothing is lost.
            assert_eq!(uniques(&world, "foo.com/"), 1);
            std::fs::write(&path, &sound).unwrap();
            world.reopen();
            world.run(Op::Step(10));
            assert_eq!(uniques(&world, "foo.com/"), 1);
            assert_eq!(
                sketch(&world, "foo.com/"),
                batch::Sketch::of([&person(100)]).to_bytes()
            );
        }
    }
}

#[test]
fn a_batch_without_a_table_of_persons_is_made_up_for_from_the_master_data() {
    for expiry in EXPIRIES {
        let mut world = with_a_known_person(expiry, IdentityResolution::AtCut);
        world.run(Op::Arrive(vec![(0, 2, 61, 1)]));
        // As an earlier program has left it.
        world.open = None;
        std::fs::remove_file(persons_file(&world)).unwrap();
        let manifest = world.folder.path().join("views/current/manifest.json");
        let text = std::fs::read_to_string(&manifest).unwrap();
        let mut fields: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            fields.as_object_mut().unwrap().remove("persons"),
            Some(2.into())
        );
        std::fs::write(&manifest, fields.to_string()).unwrap();
        world.reopen();
        world.run(Op::Step(10));
        assert_eq!(
            sketch(&world, "foo.com/"),
            batch::Sketch::of([&person(100)]).to_bytes()
        );
    }
}

/// Rule: views that were begun keep their way to name persons, whatever the next process asks for.
#[test]
fn another_resolution_begins_with_the_next_generation() {
    for expiry in EXPIRIES {
        for [first, next] in [RESOLUTIONS, [RESOLUTIONS[1], RESOLUTIONS[0]]] {
            let mut world = with_a_known_person(expiry, first);
            world.options.resolution = next;
            world.reopen();
            for (nonce, how) in [(1, first), (2, next)] {
                let (_, lambda) = world.open.as_mut().unwrap();
                if nonce == 2 {
                    lambda.run_batch().unwrap();
                }
                let views = vec![(1, 2, 61, nonce), (1, 100, 62, nonce)];
                let views: Vec<View> = { views.into_iter() }
                    .map(|(_, user, secs, nonce)| ("foo.com/a".to_owned(), user, secs, nonce))
                    .collect();
                let (log, lambda) = world.open.as_mut().unwrap();
                append(log.as_ref(), &views);
                lambda.step(10).unwrap();
                let names: &[PersonId] = match how {
                    IdentityResolution::AtCut => &[person(100)],
                    IdentityResolution::None => &[person(2), person(100)],
                };
                assert_eq!(
                    sketch(&world, "foo.com/a"),
                    batch::Sketch::of(names).to_bytes(),
                    "{expiry:?}, {first:?}"
                );
            }
        }
    }
}
