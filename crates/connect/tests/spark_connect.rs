//! Servers of Spark Connect on this machine, Spark and Sail: from the first start to the end.
use crate::connect_servers;
use crate::extent;
use crate::systems::{Shared, processes_of};
use connect::local::LocalSystem;
use connect::spark::count_rows;
use std::fs;
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How long a test waits for what comes soon on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Rule: Spark answers from its first start to its end, through `kill -9` of itself and of an
/// executor, and its executors end with it.
#[test]
fn spark_answers_through_kills_of_itself_and_of_an_executor_and_ends_whole() {
    let Some(shared) = connect_servers::spark_alone() else {
        return;
    };
    lives_and_ends(&shared, |shared| {
        // The first query needs one executor; the other may still be on its way.
        let leader = shared.running().pid;
        wait_for("two executors", || processes_of(leader).len() == 3);
        let executors = processes_of(leader);
        let executor = executors.into_iter().find(|pid| *pid != leader).unwrap();
        kill(executor);
        answers(&shared.address);
        wait_for("another executor", || {
            let now = processes_of(leader);
            now.len() == 3 && !now.contains(&executor)
        });
    });
}

/// Rule: Sail answers from its first start to its end, through `kill -9`.
#[test]
fn sail_answers_through_a_kill_and_ends_whole() {
    if let Some(shared) = connect_servers::sail_alone() {
        lives_and_ends(&shared, |_| ());
    }
}

/// Rule: without a Python, or without a way to fetch Sail, the error says what to do.
#[test]
fn sail_without_python_or_network_is_an_error_that_says_what_to_do() {
    if connect_servers::local_sail().look_for_programs().is_err() && extent::may_leave_out() {
        eprintln!("left out, for want of Python: what Sail says without a network");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // A project folder in which `cargo lab` has made no environment.
    fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    fs::create_dir(folder.path().join("notebooks")).unwrap();
    let up = |name: &str, value: &str| -> Output {
        Command::new(env!("CARGO_BIN_EXE_connect"))
            .args(["up", "sail", "--systems"])
            .arg(folder.path().join(".systems"))
            .env("LAMBDA_WORKBOOK_ROOT", folder.path())
            .env("PIP_FIND_LINKS", "")
            .env(name, value)
            .output()
            .unwrap()
    };
    for (name, value, problem, fix) in [
        (
            "PATH",
            "",
            "no python3 on the PATH",
            "install Python 3.10 or later",
        ),
        ("PIP_NO_INDEX", "1", "pysail==0.7.2", "Is there a network?"),
    ] {
        let output = up(name, value);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(problem) && said.contains(fix), "{said}");
    }
}

/// Rule: without Java, Spark says that Sail does without.
#[test]
fn spark_without_java_names_sail() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_connect"))
        .args(["up", "spark", "--systems"])
        .arg(folder.path())
        .env("PATH", "")
        .env_remove("JAVA_HOME")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("there is no Java"), "{said}");
    assert!(said.contains("workbook up sail"), "{said}");
}

/// Finds a system by a second start, kills it, starts it again and stops it. `meanwhile`
/// is called after its second start.
fn lives_and_ends<S: LocalSystem>(shared: &Shared<S>, meanwhile: impl Fn(&Shared<S>)) {
    if shared.system.running().is_none() {
        shared.restart();
    }
    let first = shared.running();
    answers(&shared.address);
    let second = shared.system.start(None, &|_| {}).unwrap();
    assert_eq!(second, first, "a second start finds it running");

    // Killed, it is gone with all that it started, and another start has the same address.
    kill(first.pid);
    wait_for("its processes to end", || {
        processes_of(first.pid).is_empty() && shared.system.running().is_none()
    });
    let nothing = count_rows(&shared.address, "SELECT 1", PATIENCE);
    let nothing = nothing.unwrap_err().to_string();
    assert!(
        nothing.contains("no Spark Connect server answers"),
        "{nothing}"
    );
    shared.restart();
    answers(&shared.address);
    meanwhile(shared);

    // Stopped, it leaves no process and no open port.
    let last = shared.running();
    assert_ne!(last.pid, first.pid);
    assert!(shared.system.stop());
    assert_eq!(processes_of(last.pid), Vec::<i32>::new());
    assert!(TcpStream::connect(&shared.address).is_err());
    assert!(!shared.system.stop());
}

/// Asserts that a server runs queries, and refuses one that is wrong.
fn answers(address: &str) {
    let views = "SELECT url, count(DISTINCT user) AS uniques FROM VALUES \
                 ('foo.com/', 1), ('foo.com/', 1), ('foo.com/', 2), ('bar.com/', 1) AS views(url, user) \
                 GROUP BY url";
    let rows = |sql: &str| count_rows(address, sql, PATIENCE);
    assert_eq!(rows(views).unwrap(), 2);
    let one = format!("SELECT * FROM ({views}) WHERE url = 'foo.com/' AND uniques = 2");
    assert_eq!(rows(&one).unwrap(), 1);
    assert_eq!(rows(&one.replace("uniques = 2", "uniques = 3")).unwrap(), 0);
    let refused = rows("SELECT * FROM no_such_table").unwrap_err().to_string();
    assert!(refused.contains("no_such_table"), "{refused}");
}

/// Ends one process, and none that it started.
pub fn kill(pid: i32) {
    // SAFETY: a signal to a process that this test has started.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Waits until something holds.
fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        std::thread::yield_now();
    }
}
