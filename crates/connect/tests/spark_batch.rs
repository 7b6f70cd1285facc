//! The batch layer on servers of Spark Connect, beside the local engine.
use crate::connect_servers;
use crate::extent::rounds;
use crate::spark_connect::kill;
use crate::systems::processes_of;
use crate::unusual_datums::{lines, table, url};
use calendar::parse_zone;
use connect::local::LocalSystem;
use connect::spark::{Session, Spark};
use lambda::batch::Precision;
use lambda::batch::output::Manifest;
use lambda::batch::persons::components::Joined;
use lambda::built_batch::BuiltBatch;
use lambda::datum::{PersonId, normalise_url};
use lambda::engine::{BatchJob, Engine, EngineError, Local, RunPhase, Views};
use lambda::serving::ServingOptions;
use lambda_workbook::dataset;
use polars::prelude::*;
use polars_io::parquet::write::ParquetWriter;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long an error may take: that of a server that is gone, or of something else in its place.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A job of unusual settings.
fn jobs() -> impl Strategy<Value = BatchJob> {
    let zones = prop::sample::subsequence(
        vec![
            "America/Los_Angeles",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Pacific/Apia",
        ],
        0..3,
    );
    (zones, 4..=18u8, any::<bool>(), 0..4u8).prop_map(|(zones, precision, visits, views)| {
        BatchJob {
            zones: zones
                .into_iter()
                .map(|zone| parse_zone(zone).unwrap())
                .collect(),
            precision: Precision::new(precision).unwrap(),
            visits,
            views: if views == 0 {
                Views::PageViews
            } else {
                Views::All
            },
            ..BatchJob::of(Path::new(""))
        }
    })
}

/// Runs a job by both engines, and asserts that they found the same and wrote the same bytes.
fn both_agree(address: &str, job: &BatchJob) {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let local = Local::default().run(job, here.path(), &|_| ());
    let spark = Spark::at(address).run(job, there.path(), &|_| ());
    let (local, spark) = match (local, spark) {
        (Ok(local), Ok(spark)) => (local, spark),
        (local, spark) => {
            let text = |error: Result<_, EngineError>| error.map_err(|error| error.to_string());
            assert_eq!(text(spark), text(local));
            return;
        }
    };
    assert_eq!(spark, local);
    for (name, _) in &local.files {
        let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
        assert!(
            read(there.path()) == read(here.path()),
            "{name} differs; {job:?}"
        );
    }
    let left: Vec<_> = fs::read_dir(there.path()).unwrap().collect();
    assert_eq!(left.len(), local.files.len(), "{left:?}");
}

/// Runs random inputs by both engines.
fn agree_on_unusual_inputs(address: &str, cases: u32) {
    let config = || Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("datums.jsonl");
    let run = TestRunner::new(config()).run(&(lines(), jobs()), |(lines, job)| {
        fs::write(&json, lines).unwrap();
        let input = json.clone().into();
        both_agree(address, &BatchJob { input, ..job });
        Ok(())
    });
    run.unwrap();
    let parquet = folder.path().join("datums.parquet");
    let run = TestRunner::new(config()).run(&(table(), jobs()), |(mut table, job)| {
        ParquetWriter::new(File::create(&parquet).unwrap())
            .finish(&mut table)
            .unwrap();
        let input = parquet.clone().into();
        both_agree(address, &BatchJob { input, ..job });
        Ok(())
    });
    run.unwrap();
}

/// Asserts that the URLs which SQL normalises are those that the rule does, and no others.
fn agree_on_urls(address: &str, cases: u32) {
    let mut runner = TestRunner::deterministic();
    let mut raw = Vec::new();
    for _ in 0..cases {
        let tree = url().new_tree(&mut runner).unwrap();
        raw.push(proptest::strategy::ValueTree::current(&tree));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("datums.jsonl");
    let mut file = File::create(&path).unwrap();
    let mut expected = 0;
    for url in &raw {
        let url_text = serde_json::to_string(url).unwrap();
        writeln!(
            file,
            "{{\"dataunit\":{{\"page_view\":{{\"nonce\":1,\"page\":{{\"url\":{url_text}}},\"person\":{{\"user_id\":1}}}}}},\"pedigree\":{{\"true_as_of_secs\":60}}}}"
        )
        .unwrap();
        expected += u64::from(normalise_url(url).is_ok());
    }
    assert!(expected > u64::from(cases) / 3 && expected < u64::from(cases) * 9 / 10);
    both_agree(address, &BatchJob::of(path.as_path()));
}

/// Rule: whatever is in the input, both engines count the same and write the same bytes, on Sail.
#[test]
fn sail_and_the_local_engine_write_the_same_bytes() {
    let Some(sail) = connect_servers::sail() else {
        return;
    };
    agree_on_unusual_inputs(&sail.address, rounds(8, 100));
    agree_on_urls(&sail.address, 20_000);
}

/// Rule: so on Spark.
#[test]
fn spark_and_the_local_engine_write_the_same_bytes() {
    let Some(spark) = connect_servers::spark() else {
        return;
    };
    agree_on_unusual_inputs(&spark.address, rounds(1, 8));
}

/// Rule: so with duplicates, late equivs and clock changes in weeks of data, while an executor is
/// killed in the middle.
#[test]
fn an_executor_that_is_killed_in_the_middle_changes_nothing() {
    let Some(spark) = connect_servers::spark() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let input = weeks(folder.path());
    let job = BatchJob {
        zones: vec![parse_zone("America/Los_Angeles").unwrap()],
        visits: true,
        ..BatchJob::of(input.as_path())
    };
    let leader = spark.running().pid;
    let killed = AtomicBool::new(false);
    let there = folder.path().join("there");
    fs::create_dir(&there).unwrap();
    let watch = |progress: lambda::engine::RunProgress| {
        if progress.step == RunPhase::Dedupe && !killed.swap(true, Ordering::Relaxed) {
            let executor = processes_of(leader).into_iter().find(|pid| *pid != leader);
            kill(executor.expect("an executor computes"));
        }
    };
    let summary = Spark::at(spark.address.as_str())
        .run(&job, &there, &watch)
        .unwrap();
    assert!(killed.into_inner());
    let here = folder.path().join("here");
    fs::create_dir(&here).unwrap();
    assert_eq!(summary, Local::default().run(&job, &here, &|_| ()).unwrap());
    for (name, _) in &summary.files {
        assert!(
            fs::read(there.join(name)).unwrap() == fs::read(here.join(name)).unwrap(),
            "{name}"
        );
    }
}

/// Rule: GraphX, rounds of joins on Spark, and union-find here find the same persons.
#[test]
fn graphx_rounds_and_union_find_join_the_same_persons() {
    let Some(spark) = connect_servers::spark() else {
        return;
    };
    // Chains, stars and pairs among 300 accounts, in no order.
    let edges = prop::collection::vec((0..300i64, 0..300i64), 150..300);
    let mut runner = TestRunner::deterministic();
    let tree = edges.new_tree(&mut runner).unwrap();
    let mut edges = proptest::strategy::ValueTree::current(&tree);
    edges.extend((300..340).map(|user| (user, user + 1)));
    edges.retain(|(a, b)| a != b);

    let by_graphx = spark.system.components(&edges).unwrap();
    let mut joined = Joined::default();
    for (a, b) in &edges {
        joined.join(&PersonId::UserId(*a), &PersonId::UserId(*b));
    }
    let user = |id: &PersonId| match id {
        PersonId::UserId(user) => *user,
        PersonId::Cookie(_) => panic!("there are accounts only"),
    };
    let mut by_union_find: Vec<(i64, i64)> = Vec::new();
    for ids in joined.into_components() {
        by_union_find.extend(ids.iter().map(|id| (user(id), user(&ids[0]))));
    }
    by_union_find.sort_unstable();
    assert_eq!(by_graphx, by_union_find);

    // The rounds are part of the batch layer: each account views a page once, and a component
    // counts as one visitor.
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("datums.jsonl");
    let mut lines = String::new();
    for (user, _) in &by_graphx {
        lines += &format!(
            "{{\"dataunit\":{{\"page_view\":{{\"nonce\":1,\"page\":{{\"url\":\"foo.com/\"}},\"person\":{{\"user_id\":{user}}}}}}},\"pedigree\":{{\"true_as_of_secs\":60}}}}\n"
        );
    }
    for (a, b) in &edges {
        lines += &format!(
            "{{\"dataunit\":{{\"equiv\":{{\"id1\":{{\"user_id\":{a}}},\"id2\":{{\"user_id\":{b}}}}}}},\"pedigree\":{{\"true_as_of_secs\":60}}}}\n"
        );
    }
    fs::write(&input, lines).unwrap();
    both_agree(&spark.address, &BatchJob::of(input.as_path()));
}

/// Writes weeks of datums around a clock change into a folder.
fn weeks(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("weeks.parquet");
    let mut weeks = dataset::weeks_from("2015-10-20").unwrap().log;
    ParquetWriter::new(File::create(&path).unwrap())
        .finish(&mut weeks)
        .unwrap();
    path
}

/// Rule: a server that is killed in the middle is an error within ten seconds, and what is served
/// stays as it was.
#[test]
fn a_lost_server_is_an_error_at_once_and_leaves_the_views_as_they_were() {
    let Some(sail) = connect_servers::sail_alone() else {
        return;
    };
    if sail.system.running().is_none() {
        sail.restart();
    }
    let folder = tempfile::tempdir().unwrap();
    let input = weeks(folder.path());
    let views = folder.path().join("views");
    let job = BatchJob::of(input.as_path());
    let engine = Spark::at(sail.address.as_str());
    let how = ServingOptions::default();
    BuiltBatch::compute(&engine, &job, &views, how, &|_| ())
        .unwrap()
        .publish()
        .unwrap();
    let served = Manifest::read(&views).unwrap();
    assert_eq!(served.engine, "spark connect");

    for step in [RunPhase::Persons, RunPhase::Dedupe] {
        let killed = std::sync::Mutex::new(None);
        let watch = |progress: lambda::engine::RunProgress| {
            let mut killed = killed.lock().unwrap();
            if progress.step == step && killed.is_none() {
                kill(sail.running().pid);
                *killed = Some(Instant::now());
            }
        };
        let lost = BuiltBatch::compute(&engine, &job, &views, how, &watch)
            .unwrap_err()
            .to_string();
        assert!(killed.into_inner().unwrap().unwrap().elapsed() < AT_ONCE);
        assert!(lost.contains(&sail.address), "{lost}");
        assert!(
            lost.contains("workbook status") || lost.contains("workbook up spark"),
            "{lost}"
        );
        assert_eq!(Manifest::read(&views).unwrap(), served);
        let versions = fs::read_dir(views.join("versions")).unwrap().count();
        assert_eq!(versions, 1, "no half view is left");
        sail.restart();
    }
}

/// Rule: what is no server of Spark Connect is an error within ten seconds that says what to do.
#[test]
fn what_is_no_server_is_an_error_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = TcpListener::bind("127.0.0.1:0").unwrap();
    let http_address = http.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut client in http.incoming().flatten() {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for (address, says) in [
        ("127.0.0.1:1", "workbook up spark"),
        ("no-such-host.invalid:15002", "correct the address"),
        (http_address.as_str(), "is no Spark Connect server"),
        (
            silent.local_addr().unwrap().to_string().as_str(),
            "is no Spark Connect server",
        ),
    ] {
        let began = Instant::now();
        let asked = Session::open(address).and_then(|session| session.check_version());
        let error = asked.unwrap_err().to_string();
        assert!(
            began.elapsed() < AT_ONCE,
            "{address}: {:?}",
            began.elapsed()
        );
        assert!(
            error.starts_with(address) && error.contains(says),
            "{error}"
        );
    }
}

/// Rule: a frame comes back as it was sent, with its nulls, and the SQL of chapter 1 gives on a
/// server the days that it gives here.
#[test]
fn frames_go_there_and_back_and_sql_is_the_same() {
    let Some(sail) = connect_servers::sail() else {
        return;
    };
    let session = Session::open(&sail.address).unwrap();
    let sent = df!(
        "number" => [Some(1i64), None, Some(i64::MIN)],
        "text" => [Some("é"), Some(""), None],
        "share" => [Some(0.5), None, Some(-1.0)],
        "is" => [Some(true), None, Some(false)],
    )
    .unwrap();
    session.create_view("sent", &sent).unwrap();
    let back = session
        .frame("SELECT * FROM sent ORDER BY number NULLS LAST")
        .unwrap();
    let sorted = sent
        .sort(["number"], SortMultipleOptions::new().with_nulls_last(true))
        .unwrap();
    assert!(back.equals_missing(&sorted), "{back}");

    let views = df!(
        "url" => ["foo.com/", "foo.com/", "foo.com/", "bar.com/"],
        "true_as_of_secs" => [60i64, 4_000, 90_000, -60],
    )
    .unwrap();
    let hours = lambda::batch::page_views(&views, calendar::Granularity::Hour).unwrap();
    session
        .create_view(lambda::batch::sql::HOURS_TABLE, &hours)
        .unwrap();
    let days = session.frame(lambda::batch::sql::DAYS_OF_HOURS).unwrap();
    assert!(
        days.equals(&lambda::batch::sql::days_of_hours(&hours).unwrap()),
        "{days}"
    );

    let odd = session
        .frame("SELECT CAST(1.5 AS DECIMAL(3, 1)) AS price")
        .unwrap_err()
        .to_string();
    assert!(
        odd.contains("column price") && odd.contains("CAST it"),
        "{odd}"
    );
}
