//! Events that come in each state of a session, above all those that are rare: while
//! evcxr starts, while rustc compiles, while the cell process is replaced.
use super::with_kernel::{bad, block_on, good, kernel, report, with_kernel};
use kernel::client::Client;
use kernel::wire::Message;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// A cell that rustc compiles for minutes.
const SLOW_TO_COMPILE: &str = "#[allow(long_running_const_eval)]\nconst N: u64 = { let mut i = 0; while i < 1 << 40 { i += 1; } i };\nprintln!(\"{N}\");";

/// Prints the ids of the cell process and of evcxr, its parent.
const IDS: &str = "println!(\"{} {}\", std::process::id(), std::os::unix::process::parent_id());";

/// Returns the ids of the cell process and of evcxr.
async fn ids(kernel: &mut Client) -> (i32, i32) {
    let ran = good(kernel, IDS).await;
    let printed = ran.stdout();
    let (cells, evcxr) = printed.trim().split_once(' ').unwrap();
    (cells.parse().unwrap(), evcxr.parse().unwrap())
}

fn kill(id: i32, signal: i32) {
    // SAFETY: a signal to a process of our own kernel.
    assert_eq!(unsafe { libc::kill(id, signal) }, 0);
}

/// Waits until a condition holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until no process has this id, not even one that has ended and was not waited for.
async fn until_gone(id: i32) {
    until("the process ends", || {
        !Path::new("/proc").join(id.to_string()).exists()
    })
    .await;
}

/// Sends a cell and waits until the kernel has begun to execute it.
async fn begin(kernel: &mut Client, code: &str) -> String {
    let id = kernel
        .request("execute_request", json!({"code": code}))
        .await
        .unwrap();
    heard(kernel, &id, "execute_input").await;
    id
}

/// Returns the next iopub message of a kind about a request.
async fn heard(kernel: &mut Client, id: &str, kind: &str) -> Message {
    let next = async {
        loop {
            let message = kernel.published().await.unwrap();
            if message.parent_id() == id && message.kind() == kind {
                return message;
            }
        }
    };
    let next = tokio::time::timeout(Duration::from_secs(60), next).await;
    next.unwrap_or_else(|_| panic!("no {kind} in 60 s"))
}

/// Interrupts a cell until it has ended with an error, and returns that.
async fn interrupt(kernel: &mut Client, id: &str) -> serde_json::Value {
    loop {
        kernel.interrupt().await.unwrap();
        let error = heard(kernel, id, "error");
        if let Ok(error) = tokio::time::timeout(Duration::from_millis(200), error).await {
            return error.content;
        }
    }
}

/// Returns whether a rustc runs that a kernel with this private folder has started.
fn compiles_in(folder: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.into_iter().any(|entry| {
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        read("comm") == b"rustc\n" && String::from_utf8_lossy(&read("environ")).contains(folder)
    })
}

#[test]
fn an_interrupt_while_evcxr_starts_ends_the_cell_and_the_kernel_lives() {
    with_kernel(async |kernel| {
        let id = begin(kernel, SLOW_TO_COMPILE).await;
        let error = interrupt(kernel, &id).await;
        assert_eq!(error["ename"], "Interrupted", "{error}");
        assert!(report(&error).contains("nothing is lost"), "{error}");
        assert_eq!(good(kernel, "1 + 1").await.data("text/plain"), Some("2"));
    });
}

#[test]
fn a_shutdown_while_evcxr_starts_is_not_kept_waiting() {
    block_on(async {
        let mut kernel = kernel().await;
        begin(&mut kernel, "1 + 1").await;
        let asked = Instant::now();
        kernel.shutdown().await.unwrap();
        // The client kills a kernel that has not ended in 5 s.
        assert!(asked.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_shutdown_while_a_cell_compiles_ends_the_compiler_too() {
    block_on(async {
        let mut kernel = kernel().await;
        let ran = good(
            &mut kernel,
            "println!(\"{}\", std::env::var(\"EVCXR_TMPDIR\")?);",
        )
        .await;
        let folder = ran.stdout().trim().trim_end_matches("/cells").to_owned();
        begin(&mut kernel, SLOW_TO_COMPILE).await;
        until("rustc starts", || compiles_in(&folder)).await;
        kernel.shutdown().await.unwrap();
        assert!(!Path::new(&folder).exists(), "the kernel ended by itself");
        until("rustc ends", || !compiles_in(&folder)).await;
    });
}

#[test]
fn ctrl_c_in_the_terminal_changes_nothing_for_a_cell() {
    with_kernel(async |kernel| {
        let code = "println!(\"on\"); std::thread::sleep(std::time::Duration::from_millis(500)); let kept = 7;";
        let id = begin(kernel, code).await;
        heard(kernel, &id, "stream").await;
        kill(kernel.id().unwrap() as i32, libc::SIGINT);
        // "idle" follows the end of the cell.
        loop {
            let status = heard(kernel, &id, "status").await;
            if status.content["execution_state"] == "idle" {
                break;
            }
        }
        assert_eq!(good(kernel, "kept").await.data("text/plain"), Some("7"));
    });
}

#[test]
fn evcxr_that_ends_during_a_cell_is_started_again_by_the_next_one() {
    with_kernel(async |kernel| {
        let (_, evcxr) = ids(kernel).await;
        let id = begin(kernel, "println!(\"on\"); loop { std::hint::spin_loop() }").await;
        heard(kernel, &id, "stream").await;
        kill(evcxr, libc::SIGKILL);
        let error = heard(kernel, &id, "error").await.content;
        assert_eq!(error["ename"], "KernelDied", "{error}");
        assert_eq!(good(kernel, "1 + 1").await.data("text/plain"), Some("2"));
    });
}

#[test]
fn evcxr_that_ends_between_cells_is_started_again_by_the_next_one() {
    with_kernel(async |kernel| {
        let (_, evcxr) = ids(kernel).await;
        kill(evcxr, libc::SIGKILL);
        until_gone(evcxr).await;
        assert_eq!(good(kernel, "1 + 1").await.data("text/plain"), Some("2"));
    });
}

#[test]
fn a_process_that_is_killed_while_it_is_replaced_is_replaced_again() {
    with_kernel(async |kernel| {
        good(kernel, "fn kept() -> u8 { 7 }").await;
        // Each loss begins a restart; the next kill comes as soon as a new process is there.
        for _ in 0..3 {
            let (cells, _) = ids(kernel).await;
            kill(cells, libc::SIGKILL);
            loop {
                let message = kernel.published().await.unwrap();
                if message.content["text"]
                    .as_str()
                    .is_some_and(|text| text.contains("no cell ran"))
                {
                    break;
                }
            }
            kernel.interrupt().await.unwrap();
        }
        assert_eq!(good(kernel, "kept()").await.data("text/plain"), Some("7"));
        let error = bad(kernel, "std::process::exit(0)").await;
        assert_eq!(error["ename"], "CellProcessDied", "{error}");
    });
}
