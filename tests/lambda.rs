//! Merged answers equal recomputed ones, whatever happens between the layers.
use crate::extent;
use lambda_workbook::batch::{self, bounces::domain};
use lambda_workbook::calendar::Granularity::Hour;
use lambda_workbook::lambda::{BuiltBatch, Expiry, Lambda, LambdaError, Options};
use lambda_workbook::polars::prelude::*;
use lambda_workbook::serving::Bounces;
use lambda_workbook::speed::event::{Fact, Who, read};
use lambda_workbook::speed::{EmbeddedLog, Log, SpeedError};
use proptest::prelude::*;
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

fn append(log: &dyn Log, views: &[View]) {
    let lines: Vec<(String, String)> = views.iter().map(|v| (v.1.to_string(), line(v))).collect();
    let records: Vec<(&[u8], &[u8])> = lines
        .iter()
        .map(|(k, v)| (k.as_bytes(), v.as_bytes()))
        .collect();
    log.append_by_key(TOPIC, &records).unwrap();
}

/// All distinct page views before some offsets, by the batch layer's functions.
fn truth(log: &dyn Log, offsets: &[u64]) -> DataFrame {
    let (mut secs, mut urls, mut users, mut cookies, mut nonces) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (partition, end) in (0u32..).zip(offsets) {
        for record in log.read(TOPIC, partition, 0, *end as usize).unwrap().iter() {
            let Ok(Fact::View(event)) = read(record.value) else {
                continue;
            };
            secs.push(event.secs);
            urls.push(event.url.into_owned());
            let (user, cookie) = match event.who {
                Who::User(id) => (Some(id), None),
                Who::Cookie(cookie) => (None, Some(cookie.into_owned())),
            };
            users.push(user);
            cookies.push(cookie);
            nonces.push(event.nonce);
        }
    }
    let views = df!("true_as_of_secs" => secs, "url" => urls, "cookie" => cookies, "user_id" => users, "nonce" => nonces);
    batch::distinct(&views.unwrap()).unwrap()
}

/// Every answer of both layers, beside one computed from all data.
fn assert_right(lambda: &Lambda, log: &dyn Log) {
    let query = lambda.query().unwrap();
    let since = lambda.realtime().since(lambda.served().batch()).unwrap();
    // The serving views have all before the cut, be the updater ever so late.
    let seen = since.offsets.iter().zip(&since.cut);
    let seen: Vec<u64> = seen.map(|(at, cut)| *at.max(cut)).collect();
    let views = truth(log, &seen);
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
    let person = prop_oneof![0i64..3, 100i64..102];
    let secs = prop_oneof![
        -3600i64..10_000,
        Just(3599i64),
        Just(3600i64),
        Just(5400i64)
    ];
    let view = (0u8..3, person, secs, 0i64..2);
    prop_oneof![
        4 => prop::collection::vec(view, 1..6).prop_map(Op::Arrive),
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
        let mut world = World {
            folder: tempfile::tempdir().unwrap(),
            options: Options {
                expiry,
                window: 1000,
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
                    Ok(_) => assert_right(lambda, log.as_ref()),
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
        assert_right(lambda, log.as_ref());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: extent::rounds(24, 1_000), failure_persistence: None, ..ProptestConfig::default() })]
    /// Invariant 1, for both ways to expire.
    #[test]
    fn merged_is_recomputed_under_any_schedule(ops in prop::collection::vec(op(), 1..30), by_cut in any::<bool>()) {
        let mut world = World::new(if by_cut { Expiry::ByCut } else { Expiry::Alternating });
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
        assert_right(lambda, log.as_ref());
        let freshness = lambda.query().unwrap().freshness();
        prop_assert_eq!((freshness.realtime, freshness.waiting), (0, 0));
        let all = truth(log.as_ref(), &log.ends(TOPIC).unwrap());
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
