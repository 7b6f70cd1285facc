//! Interrupts, crashes and ends: what is left, and what lives on.
use super::with_kernel::{bad, block_on, good, kernel, report, with_kernel};
use kernel::client::Client;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn the_kernel_lives_on_after_a_cell_that_ends_its_process() {
    with_kernel(async |kernel| {
        good(kernel, "fn kept() -> u8 { 7 }").await;
        for end in ["std::process::exit(0)", "std::process::abort()"] {
            let error = bad(kernel, end).await;
            assert_eq!(error["ename"], "CellProcessDied", "{error}");
            assert_eq!(good(kernel, "kept()").await.data("text/plain"), Some("7"));
        }
    });
}

#[test]
fn an_interrupt_ends_an_endless_loop_and_the_kernel_lives() {
    with_kernel(async |kernel| {
        good(kernel, "fn kept() -> u8 { 7 }").await;
        let content = json!({"code": "println!(\"on\"); loop { std::hint::spin_loop() }"});
        let id = kernel.request("execute_request", content).await.unwrap();
        while kernel.published().await.unwrap().kind() != "stream" {}
        let asked = Instant::now();
        kernel.interrupt().await.unwrap();
        loop {
            let message = kernel.published().await.unwrap();
            if message.parent_id() == id && message.kind() == "error" {
                break;
            }
        }
        assert!(asked.elapsed() < Duration::from_secs(5));
        assert_eq!(good(kernel, "kept()").await.data("text/plain"), Some("7"));
    });
}

#[test]
fn a_killed_kernel_leaves_no_process_and_its_folder_goes_with_the_next_start() {
    block_on(async {
        let mut first = kernel().await;
        let ran = good(
            &mut first,
            "println!(\"{} {}\", std::process::id(), std::env::var(\"EVCXR_TMPDIR\")?);",
        )
        .await;
        let said = ran.stdout();
        let (cells, folder) = said.trim().split_once(' ').unwrap();
        let content = json!({"code": "println!(\"on\"); loop { std::hint::spin_loop() }"});
        first.request("execute_request", content).await.unwrap();
        while first.published().await.unwrap().kind() != "stream" {}
        let id = first.id().unwrap();
        // SAFETY: a signal to our own child.
        unsafe { libc::kill(id as i32, libc::SIGKILL) };
        let alive = |id: &str| Path::new("/proc").join(id).join("exe").exists();
        let deadline = Instant::now() + Duration::from_secs(10);
        while alive(cells) {
            assert!(
                Instant::now() < deadline,
                "the cells' process outlives its kernel"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(first);
        let mut second = kernel().await;
        good(&mut second, "1 + 1").await;
        assert!(!Path::new(folder).exists(), "{folder} is left behind");
        second.shutdown().await.unwrap();
    });
}

#[test]
fn a_changed_source_is_built_before_the_first_cell() {
    block_on(async {
        // A stand-in for cargo notes the call; the checkout is a folder with
        // one source that is newer than anything built.
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("checkout");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/lib.rs"), "").unwrap();
        let future = std::time::SystemTime::now() + Duration::from_secs(3600);
        let source = std::fs::File::options()
            .append(true)
            .open(root.join("src/lib.rs"))
            .unwrap();
        source.set_modified(future).unwrap();
        let cargo = folder.path().join("cargo");
        let calls = folder.path().join("calls");
        std::fs::write(
            &cargo,
            format!("#!/bin/sh\necho \"$@\" >> {}\n", calls.display()),
        )
        .unwrap();
        std::process::Command::new("chmod")
            .arg("+x")
            .arg(&cargo)
            .status()
            .unwrap();

        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_workbook"));
        command
            .args(["kernel", "--connection-file", "{connection_file}"])
            .env("LAMBDA_WORKBOOK_ROOT", &root)
            .env("LAMBDA_WORKBOOK_CARGO", &cargo);
        let mut kernel = Client::start_command(command, Path::new("."))
            .await
            .unwrap();
        let ran = good(&mut kernel, "1 + 1").await;
        let said: String = ran
            .outputs
            .iter()
            .filter_map(|output| output["text"].as_str())
            .collect();
        assert!(
            said.contains("src/lib.rs had changed; the support crate was built again"),
            "{said}"
        );
        let calls = std::fs::read_to_string(calls).unwrap();
        assert!(
            calls.contains("build") && calls.contains("--package workbook"),
            "{calls}"
        );
        kernel.shutdown().await.unwrap();
    });
}

/// Runs `code`, interrupts it when it has printed "on", and gives its error.
async fn interrupted(kernel: &mut Client, code: &str) -> Value {
    let content = json!({"code": code});
    let id = kernel.request("execute_request", content).await.unwrap();
    let heard = async |kernel: &mut Client, kind: &str| loop {
        let message = kernel.published().await.unwrap();
        if message.parent_id() == id && message.kind() == kind {
            return message;
        }
    };
    heard(kernel, "stream").await;
    kernel.interrupt().await.unwrap();
    heard(kernel, "error").await.content
}

#[test]
fn an_interrupted_loop_that_shows_its_progress_keeps_earlier_variables() {
    with_kernel(async |kernel| {
        good(kernel, "let kept = vec![1, 2, 3];").await;
        let code = "println!(\"on\"); for _ in progress(0..u64::MAX) { std::hint::spin_loop() }";
        let error = interrupted(kernel, code).await;
        assert_eq!(error["ename"], "Interrupted", "{error}");
        assert!(
            report(&error).contains("Kept: earlier variables"),
            "{error}"
        );
        assert_eq!(
            good(kernel, "kept.len()").await.data("text/plain"),
            Some("3")
        );
    });
}

#[test]
fn an_interrupted_loop_that_hears_nothing_says_that_variables_are_lost() {
    with_kernel(async |kernel| {
        good(kernel, "let lost = 1; fn kept() -> u8 { 7 }").await;
        let error = interrupted(kernel, "println!(\"on\"); loop { std::hint::spin_loop() }").await;
        assert_eq!(error["ename"], "Interrupted", "{error}");
        assert!(report(&error).contains("Lost: all variables"), "{error}");
        bad(kernel, "lost").await;
        assert_eq!(good(kernel, "kept()").await.data("text/plain"), Some("7"));
    });
}

#[test]
fn an_interrupt_while_a_cell_compiles_loses_nothing() {
    with_kernel(async |kernel| {
        good(kernel, "let kept = 7;").await;
        // rustc computes for minutes.
        let code = "#[allow(long_running_const_eval)]\nconst N: u64 = { let mut i = 0; while i < 1 << 40 { i += 1; } i };\nprintln!(\"{N}\");";
        let content = json!({"code": code});
        let id = kernel.request("execute_request", content).await.unwrap();
        while kernel.published().await.unwrap().kind() != "execute_input" {}
        // Wherever it is: in evcxr, before rustc, in rustc.
        let error = loop {
            kernel.interrupt().await.unwrap();
            let message = tokio::time::timeout(Duration::from_millis(200), async {
                loop {
                    let message = kernel.published().await.unwrap();
                    if message.parent_id() == id && message.kind() == "error" {
                        return message;
                    }
                }
            });
            if let Ok(message) = message.await {
                break message.content;
            }
        };
        assert_eq!(error["ename"], "Interrupted", "{error}");
        assert!(report(&error).contains("nothing is lost"), "{error}");
        assert_eq!(good(kernel, "kept").await.data("text/plain"), Some("7"));
    });
}

#[test]
fn a_stack_overflow_is_named_and_the_kernel_lives() {
    with_kernel(async |kernel| {
        let code =
            "fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + deep(n + 1) } }\ndeep(0)";
        let error = bad(kernel, code).await;
        let value = error["evalue"].as_str().unwrap();
        assert!(value.contains("overflowed its stack"), "{error}");
        assert!(report(&error).contains("Lost: all variables"), "{error}");
        good(kernel, "1 + 1").await;
    });
}

#[test]
fn a_process_that_is_killed_between_cells_is_told_and_replaced() {
    with_kernel(async |kernel| {
        let ran = good(kernel, "println!(\"{}\", std::process::id());").await;
        let id: i32 = ran.stdout().trim().parse().unwrap();
        // SAFETY: a signal to the cells' process of our own kernel.
        unsafe { libc::kill(id, libc::SIGKILL) };
        loop {
            let message = kernel.published().await.unwrap();
            if message.kind() == "stream" {
                let text = message.content["text"].as_str().unwrap();
                assert!(text.contains("ended while no cell ran"), "{text}");
                break;
            }
        }
        assert_eq!(good(kernel, "1 + 1").await.data("text/plain"), Some("2"));
    });
}

#[test]
fn a_program_that_a_cell_leaves_running_keeps_nobody_waiting() {
    with_kernel(async |kernel| {
        let code = "let child = std::process::Command::new(\"sleep\").arg(\"600\").spawn()?; println!(\"{}\", child.id()); std::process::abort()";
        let ran = kernel.execute(code).await.unwrap();
        assert_eq!(ran.error().unwrap()["ename"], "CellProcessDied");
        good(kernel, "1 + 1").await;
        let id: i32 = ran.stdout().trim().parse().unwrap();
        // SAFETY: a signal to a program that this test started.
        unsafe { libc::kill(id, libc::SIGKILL) };
    });
}

/// The folders of kernels whose process is `id`.
fn folders_of(id: u32) -> usize {
    let of_kernel = |entry: &std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path().join("in-use"));
        text.is_ok_and(|text| text.trim() == id.to_string())
    };
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    entries.filter(of_kernel).count()
}

/// The processes whose environment names this folder.
fn processes_in(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            std::fs::read(entry.path().join("environ"))
                .is_ok_and(|text| String::from_utf8_lossy(&text).contains(folder))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn ten_kernels_at_once_each_answer_and_leave_nothing_behind() {
    block_on(async {
        let mut kernels = Vec::new();
        for _ in 0..10 {
            kernels.push(kernel().await);
        }
        let mut folders = Vec::new();
        for (number, kernel) in kernels.iter_mut().enumerate() {
            let code = format!(
                "let own = {number}; println!(\"{{}}\", std::env::var(\"EVCXR_TMPDIR\")?);"
            );
            let ran = good(kernel, &code).await;
            folders.push(ran.stdout().trim().trim_end_matches("/cells").to_owned());
        }
        for (number, kernel) in kernels.iter_mut().enumerate() {
            let ran = good(kernel, "own").await;
            assert_eq!(ran.data("text/plain"), Some(number.to_string().as_str()));
        }
        for (kernel, folder) in kernels.into_iter().zip(folders) {
            let id = kernel.id().unwrap();
            assert_eq!(folders_of(id), 1);
            kernel.shutdown().await.unwrap();
            assert_eq!(folders_of(id), 0, "the folder, and the sockets in it");
            assert_eq!(processes_in(&folder), [""; 0]);
        }
    });
}

#[test]
fn a_shutdown_ends_a_cell_that_never_would() {
    block_on(async {
        let mut kernel = kernel().await;
        let content = json!({"code": "println!(\"on\"); loop { std::hint::spin_loop() }"});
        kernel.request("execute_request", content).await.unwrap();
        while kernel.published().await.unwrap().kind() != "stream" {}
        let id = kernel.id().unwrap();
        kernel.shutdown().await.unwrap();
        assert_eq!(folders_of(id), 0);
    });
}
