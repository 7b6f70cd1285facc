//! Real servers of Spark Connect behind the command line.
use crate::command_line::{done, refused, view};
use crate::execution::{Execution, root};
use crate::kernel::with_kernel::{block_on, good, kernel};
use crate::{broker, region_server, systems};
use connect::local::LocalSystem;
use connect::local::sail::LocalSail;
use connect::local::spark::LocalSpark;
use connect::spark::count_rows;
use kernel::notebook_file::{Notebook, source};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

fn spark() -> LocalSpark {
    LocalSpark::at(systems::folder("spark"))
}

fn sail() -> LocalSail {
    LocalSail::at(systems::folder("sail"))
}

extern "C" fn end_spark() {
    if let Some(running) = spark().running() {
        running.kill();
    }
}

extern "C" fn end_sail() {
    if let Some(running) = sail().running() {
        running.kill();
    }
}

/// Rule: `up`, `status` and `down` find a server that runs, and end it. `stream` computes there the
/// views of a topic, and counts by accumulators.
#[test]
fn the_command_line_starts_and_stops_spark() {
    let is_here = up_status_down(spark(), end_spark, |address| {
        the_command_line_streams(address);
        weeks_are_clean_on_all_three(address);
        the_lessons_queries_run_by_one_line(address);
        a_query_shows_its_progress(address);
        let said = call("accumulators", &[]);
        assert!(said.contains("\nupdated in the action: 1000\n"), "{said}");
        assert!(said.contains("for two actions: 2000\n"), "{said}");
    });
    if is_here {
        a_cluster_answers_through_the_kill_of_a_worker();
    }
}

/// Asserts that `up spark --cluster` starts a master and workers as processes of their own, that a
/// worker that is killed changes no answer, and that `down` ends all of them.
fn a_cluster_answers_through_the_kill_of_a_worker() {
    let said = call("up", &["spark", "--cluster"]);
    let address = said.trim_end().rsplit("sc://").next().unwrap().to_owned();
    let said = refused_call("up", &["spark", "--workers", "1"]);
    assert!(said.contains("workbook down spark"), "{said}");
    let group = spark().running().unwrap().pid;
    let workers = || -> Vec<i32> {
        let is_worker = |pid: &i32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains("deploy.worker.Worker")
        };
        systems::processes_of(group)
            .into_iter()
            .filter(is_worker)
            .collect()
    };
    let found = workers();
    assert_eq!(found.len(), 2, "{found:?}");
    let rows = || {
        let sql =
            "SELECT id % 7 FROM range(0, 70000, 1, 8) GROUP BY id % 7 HAVING count(*) = 10000";
        count_rows(&address, sql, Duration::from_secs(120)).unwrap()
    };
    assert_eq!(rows(), 7);
    // SAFETY: a signal to a process that this test has started.
    unsafe { libc::kill(found[0], libc::SIGKILL) };
    assert_eq!(rows(), 7);
    assert_eq!(workers(), found[1..]);
    assert_eq!(call("down", &["spark"]), "spark is stopped\n");
    assert_eq!(systems::processes_of(group), Vec::<i32>::new());
}

/// Rule: so for Sail, which `up` starts again. `batch --engine` computes its views there and serves
/// them, and a cell asks by one line.
#[test]
fn the_command_line_starts_and_stops_sail() {
    if up_status_down(sail(), end_sail, |_| ()) {
        let address = up("sail");
        let rows = count_rows(&address, "SELECT id FROM range(3)", Duration::from_secs(60));
        assert_eq!(rows.unwrap(), 3);
        the_command_line_computes_views(&address);
        weeks_are_clean(&["--engine", &format!("sc://{address}")]);
        the_lessons_queries_run_by_one_line(&address);
        a_cell_asks(&address);
        call("down", &["sail"]);
        assert_eq!(sail().running(), None);
    }
}

/// Returns whether this machine has what the system needs. `meanwhile` is called with the address while
/// the system runs.
fn up_status_down<S: LocalSystem>(
    system: S,
    end: extern "C" fn(),
    meanwhile: impl FnOnce(&str),
) -> bool {
    let Some(shared) = systems::start(system, &[], end) else {
        return false;
    };
    let shared = shared.into_inner().unwrap();
    let name = shared.system.name();
    assert_eq!(up(name), shared.address);
    let status = call("status", &[]);
    let line = format!("{name} runs at sc://{}, process ", shared.address);
    assert!(status.contains(&line), "{status}");
    meanwhile(&shared.address);
    let down = call("down", &[name]);
    assert_eq!(down, format!("{name} is stopped\n"));
    let status = call("status", &[]);
    let line = format!("{name} does not run; start it with `workbook up {name}`\n");
    assert!(status.contains(&line), "{status}");
    let down = call("down", &[name]);
    assert_eq!(down, format!("{name} did not run\n"));
    true
}

/// Asserts that `workbook batch --engine` serves what the local engine serves, also for the log of
/// a home folder, and that an address without a server leaves what is served.
fn the_command_line_computes_views(address: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/sample.jsonl");
    let engine = format!("sc://{address}");
    let (there, here) = (path("there"), path("here"));
    let input = ["batch", "--input", sample, "--zone", "America/Los_Angeles"];
    let said = done(&[&input[..], &["--out", &there, "--engine", &engine]].concat());
    assert!(
        said.contains("page views: 300 distinct, 15 duplicates dropped"),
        "{said}"
    );
    done(&[&input[..], &["--out", &here]].concat());
    let served = |out: &str| {
        let ask = ["query", "--views", out, "page-views", "mysite.com/blog"];
        done(&ask)
    };
    assert_eq!(served(&there), served(&here));

    let home = path("home");
    done(&["append", "--home", &home, sample]);
    let said = done(&["batch", "--home", &home, "--engine", &engine]);
    assert!(said.starts_with("batch 1: read 460 datums"), "{said}");

    let before = served(&there);
    let dead_port = [
        &input[..],
        &["--out", &there, "--engine", "sc://127.0.0.1:1"],
    ]
    .concat();
    let said = refused(&dead_port);
    assert!(
        said.contains("127.0.0.1:1") && said.contains("workbook up spark"),
        "{said}"
    );
    assert_eq!(served(&there), before);
}

/// Asserts that a week of everything that goes wrong is clean with all three layers on real systems:
/// its log in Kafka, its realtime views in HBase, its batch views by Spark.
fn weeks_are_clean_on_all_three(spark: &str) {
    let (Some(kafka), Some(hbase)) = (broker::shared(), region_server::shared()) else {
        return;
    };
    weeks_are_clean(&[
        "--log",
        &format!("kafka://{}", kafka.address),
        "--store",
        &format!("hbase://{}", hbase.address),
        "--engine",
        &format!("sc://{spark}"),
    ]);
}

fn weeks_are_clean(places: &[&str]) {
    let said = done(&[&["soak", "--views", "200"], places].concat());
    assert!(
        said.contains("lost 0") && said.contains("doubled 0"),
        "{said}"
    );
}

/// Asserts that `workbook stream` serves of a topic what `workbook batch` serves of a file with the
/// same lines, goes on where it was, and says what is wrong with an address.
fn the_command_line_streams(address: &str) {
    let Some(broker) = broker::shared() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/sample.jsonl");
    let log = format!("kafka://{}/streamed", broker.address);
    let engine = format!("sc://{address}");
    done(&["append", "--home", &path("home"), "--log", &log, sample]);
    let (out, here) = (path("stream"), path("here"));
    let stream = ["stream", "--engine", &engine, "--log", &log, "--out", &out];
    let said = done(&stream);
    assert!(
        said.starts_with("read 460 records") && said.contains("dropped 15 duplicates and 0 late"),
        "{said}"
    );
    assert!(said.contains("page views: 300 distinct"), "{said}");
    done(&["batch", "--input", sample, "--out", &here]);
    let served = |views: &str| done(&["query", "--views", views, "page-views", "mysite.com/blog"]);
    assert_eq!(served(&path("stream/views")), served(&here));
    assert!(done(&stream).starts_with("read 0 records"));

    // One that goes on publishes what comes, and an interrupt ends it in order.
    let more = path("more.jsonl");
    std::fs::write(&more, view("mysite.com/new", 1, 1_438_900_000)).unwrap();
    done(&["append", "--home", &path("home"), &more]);
    let mut goes_on = Command::new(env!("CARGO_BIN_EXE_workbook"))
        .args(stream)
        .args(["--every", "1"])
        // A shell gives a command a group of processes, and an interrupt goes to all of it.
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(goes_on.stderr.take().unwrap()).lines();
    let published = lines.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.starts_with("published "))
    });
    assert!(
        published
            .unwrap()
            .unwrap()
            .starts_with("published 301 page views")
    );
    // SAFETY: a signal to a group that this test has started.
    unsafe { libc::kill(-(goes_on.id() as i32), libc::SIGINT) };
    lines.for_each(drop);
    let output = goes_on.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && said.starts_with("read 1 record in "),
        "{said}"
    );

    let sentences = [
        ("--engine", "sc://127.0.0.1:1", "workbook up spark"),
        ("--log", "kafka://127.0.0.1:1/streamed", "workbook up kafka"),
        (
            "--log",
            "kafka://127.0.0.1:1",
            "write kafka://HOST:PORT/TOPIC",
        ),
    ];
    for (option, value, says) in sentences {
        let mut words = stream.map(str::to_owned).to_vec();
        let at = words.iter().position(|word| word == option).unwrap() + 1;
        words[at] = value.to_owned();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = refused(&words);
        assert!(
            said.contains(says) && said.contains("127.0.0.1:1"),
            "{said}"
        );
    }
}

/// Asserts that the chapter with the lesson's queries shows on a server what it shows here, once the
/// address is changed where the engine is opened, but for the two cells that say so: the remainder of a
/// negative number.
fn the_lessons_queries_run_by_one_line(address: &str) {
    let notebooks = root().join("notebooks");
    let mut notebook = Notebook::read(&notebooks.join("04b_on_a_cluster.ipynb")).unwrap();
    let cell = notebook
        .cells_mut()
        .iter_mut()
        .find(|cell| cell["id"] == "open");
    let cell = cell.expect("the cell that opens the engine");
    let (here, there) = (
        "engine::open(\"local\")",
        format!("engine::open(\"sc://{address}\")"),
    );
    assert!(source(cell).contains(here));
    cell["source"] = source(cell).replace(here, &there).into();
    let execution = Execution::of_chapter(notebook);
    assert_eq!(execution.errors(), []);
    assert_eq!(execution.changed(), ["rest_predict", "rest"]);
}

/// Asserts that a cell shows how many tasks of its query have ended. Each of the eight tasks takes
/// at least 700 ms, and the server reports every two seconds.
fn a_query_shows_its_progress(address: &str) {
    block_on(async {
        let mut kernel = kernel().await;
        let open = format!("let spark = engine::open(\"sc://{address}\")?;");
        good(&mut kernel, &open).await;
        let query = "spark.sql(\"SELECT COUNT(*) AS n FROM (SELECT java_method('java.lang.Thread', 'sleep', BIGINT(700)) AS slept FROM range(0, 8, 1, 8)) AS tasks WHERE slept IS NULL OR slept <> ''\")?";
        let ran = good(&mut kernel, query).await;
        let shown = ran.data("text/html").expect("a bar");
        let label = format!("query, sc://{address}: ");
        assert!(
            shown.contains(&label) && shown.contains(" tasks in "),
            "{shown}"
        );
        kernel.shutdown().await.unwrap();
    });
}

/// Asserts that a cell reads the days of chapter 1 from a server, by the SQL of that chapter.
fn a_cell_asks(address: &str) {
    block_on(async {
        let mut kernel = kernel().await;
        for cell in [
            format!("let spark = engine::open(\"sc://{address}\")?;"),
            "let views = df!(\"url\" => [\"foo.com/\", \"foo.com/\"], \"true_as_of_secs\" => [60i64, 90_000])?;\n\
             let hours = batch::page_views(&views, Granularity::Hour)?;\n\
             spark.table(batch::sql::HOURS_TABLE, &hours)?;"
                .to_owned(),
        ] {
            good(&mut kernel, &cell).await;
        }
        let ran = good(
            &mut kernel,
            "let days = spark.sql(batch::sql::DAYS_OF_HOURS)?;\n\
             println!(\"{} {}\", days.height(), days.equals(&batch::sql::days_of_hours(&hours)?));",
        )
        .await;
        assert_eq!(ran.stdout(), "2 true\n");
        kernel.shutdown().await.unwrap();
    });
}

/// Calls `workbook up`, and returns the address that it prints.
fn up(name: &str) -> String {
    let said = call("up", &[name]);
    let address = said.strip_prefix(&format!("{name} runs at sc://"));
    address.expect(&said).trim_end().to_owned()
}

/// As [`call`], for what is refused; returns what is said.
fn refused_call(verb: &str, words: &[&str]) -> String {
    let systems = systems::folder("");
    let folder = ["--systems", systems.to_str().unwrap()];
    refused(&[&[verb], words, &folder[..]].concat())
}

/// Calls the command line on the folder of systems that tests use.
fn call(verb: &str, words: &[&str]) -> String {
    let systems = systems::folder("");
    let folder = ["--systems", systems.to_str().unwrap()];
    done(&[&[verb], words, &folder[..]].concat())
}
