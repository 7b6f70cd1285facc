//! The kernel as a reader meets it: real processes, real sockets, real rustc.

use serde_json::{Value, json};
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};
use workbook::kernel::client::{Client, Ran};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

async fn kernel() -> Client {
    Client::start(Path::new(env!("CARGO_BIN_EXE_workbook")), Path::new("."))
        .await
        .unwrap()
}

/// Gives a kernel to `test`, and ends it afterwards.
fn with_kernel(test: impl AsyncFnOnce(&mut Client)) {
    block_on(async {
        let mut kernel = kernel().await;
        test(&mut kernel).await;
        kernel.shutdown().await.unwrap();
    });
}

async fn good(kernel: &mut Client, code: &str) -> Ran {
    let ran = kernel.execute(code).await.unwrap();
    assert!(ran.error().is_none(), "{code}\n{:#?}", ran.outputs);
    ran
}

async fn bad(kernel: &mut Client, code: &str) -> Value {
    let ran = kernel.execute(code).await.unwrap();
    ran.error()
        .unwrap_or_else(|| panic!("no error: {code}\n{:#?}", ran.outputs))
        .clone()
}

#[test]
fn variables_need_no_written_type() {
    with_kernel(async |kernel| {
        good(
            kernel,
            "fn f() -> DataFrame { df!(\"a\" => [1, 2, 3]).unwrap() }\nlet h = f();",
        )
        .await;
        good(
            kernel,
            "let (rows, mut pairs) = (h.height(), vec![(1, 2.0)]);",
        )
        .await;
        good(kernel, "let Some(x) = Some(5u8) else { panic!() };").await;
        good(kernel, "pairs.push((rows as i32, 0.5));").await;
        let wide = good(kernel, "let n = 5; fn wide(x: u64) -> u64 { x } wide(n)").await;
        assert_eq!(
            wide.data("text/plain"),
            Some("5"),
            "n is a u64, as its use says"
        );
        let ran = good(kernel, "println!(\"{rows} {pairs:?} {x}\");").await;
        assert_eq!(ran.stdout(), "3 [(1, 2.0), (3, 0.5)] 5\n");
    });
}

#[test]
fn a_question_mark_works_at_the_top_of_a_cell() {
    with_kernel(async |kernel| {
        good(kernel, "let df = df!(\"a\" => [3, 1, 2])?;").await;
        let ran = good(kernel, "println!(\"{}\", df.column(\"a\")?.len());").await;
        assert_eq!(ran.stdout(), "3\n");
    });
}

#[test]
fn a_cell_that_does_not_compile_says_where_and_why() {
    with_kernel(async |kernel| {
        let error = bad(kernel, "let a = 1;\nlet b: String = a;").await;
        assert!(
            error["evalue"]
                .as_str()
                .unwrap()
                .contains("mismatched types"),
            "{error}"
        );
        assert!(error["traceback"].as_array().unwrap().len() > 1, "{error}");
        let error = bad(kernel, "let rows = std::iter::once(1).map(|x| x + 1);").await;
        let text = error["evalue"].as_str().unwrap();
        assert!(text.contains("`rows` cannot outlive this cell"), "{text}");
        assert!(text.contains("collect"), "{text}");
        good(kernel, "1 + 1").await;
    });
}

#[test]
fn a_panic_and_a_failed_question_mark_are_errors_of_the_cell() {
    with_kernel(async |kernel| {
        good(kernel, "let kept = 7;").await;
        let error = bad(
            kernel,
            "let lost = 1;\n\nlet b: u8 = None.expect(\"no b\");",
        )
        .await;
        assert_eq!(
            (error["ename"].as_str(), error["evalue"].as_str()),
            (Some("Panic"), Some("no b"))
        );
        assert_eq!(error["traceback"][0], "panicked at line 3 of this cell:");
        let error = bad(kernel, "df!(\"a\" => [1])?.column(\"nope\")?;").await;
        assert_eq!(error["ename"], "PolarsError");
        assert!(
            error["evalue"].as_str().unwrap().contains("nope"),
            "{error}"
        );
        good(
            kernel,
            "let caught = std::panic::catch_unwind(|| panic!(\"x\")).is_err();",
        )
        .await;
        let ran = good(
            kernel,
            "std::thread::spawn(|| panic!(\"in a thread\")).join().is_err()",
        )
        .await;
        let said: String = ran
            .outputs
            .iter()
            .filter_map(|output| output["text"].as_str())
            .collect();
        assert!(
            said.contains("panicked at line 1 of this cell: in a thread"),
            "{said}"
        );
        assert_eq!(good(kernel, "kept").await.data("text/plain"), Some("7"));
        bad(kernel, "lost").await;
    });
}

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
fn a_last_expression_that_moves_a_variable_keeps_its_table() {
    with_kernel(async |kernel| {
        let ran = good(
            kernel,
            "let names = [\"x\", \"y\"].to_vec();\ndf!(\"a\" => names)?",
        )
        .await;
        assert!(ran.data("text/html").is_some(), "{:#?}", ran.outputs);
        bad(kernel, "names").await;
    });
}

#[test]
fn two_kernels_at_once_share_no_variable() {
    block_on(async {
        let (mut one, mut two) = tokio::join!(kernel(), kernel());
        let (a, b) = tokio::join!(
            good(&mut one, "let whose = 1u8; whose"),
            good(&mut two, "let whose = 2u8; whose")
        );
        assert_eq!(
            (a.data("text/plain"), b.data("text/plain")),
            (Some("1"), Some("2"))
        );
        assert_eq!(good(&mut one, "whose").await.data("text/plain"), Some("1"));
        one.shutdown().await.unwrap();
        two.shutdown().await.unwrap();
    });
}

#[test]
fn no_cell_compiles_a_dependency() {
    block_on(async {
        let mut kernel = kernel().await;
        let ran = good(&mut kernel, "let df = df!(\"a\" => [1])?; df.head(None)").await;
        assert!(!ran.outputs.is_empty());
        let ran = good(
            &mut kernel,
            "println!(\"{}\", std::env::var(\"EVCXR_TMPDIR\")?);",
        )
        .await;
        let cells = ran.stdout().trim().to_owned();
        let built: Vec<String> = std::fs::read_dir(Path::new(&cells).join("target"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "ctx.rmeta" && !name.starts_with('.'))
            .collect();
        assert_eq!(built, ["cell"], "only cells were compiled");
        kernel.shutdown().await.unwrap();
        assert!(!Path::new(&cells).exists(), "the kernel's folder is gone");
    });
}

#[test]
fn tab_knows_the_support_crate_and_polars() {
    block_on(async {
        let mut kernel = kernel().await;
        good(&mut kernel, "let views = df!(\"a\" => [1])?;").await;
        for (code, wanted) in [
            ("views.group_", "group_by"),
            ("views.lazy().sel", "select"),
            ("let x: LazyFr", "LazyFrame"),
            ("lambda_workbook::cal", "calendar"),
            ("chrono_tz::Am", "America"),
        ] {
            complete_until(&mut kernel, code, wanted).await;
        }
        // Variables and unfinished code complete as well.
        complete_until(&mut kernel, "if true { vie", "views").await;
        kernel.shutdown().await.unwrap();
    });
}

/// The first Tab starts the completer, which needs some seconds.
async fn complete_until(kernel: &mut Client, code: &str, wanted: &str) {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let question = json!({"code": code, "cursor_pos": code.chars().count()});
        let reply = kernel
            .ask("complete_request", question)
            .await
            .unwrap()
            .content;
        let matches = reply["matches"].as_array().unwrap();
        if matches
            .iter()
            .any(|found| found.as_str().unwrap().starts_with(wanted))
        {
            let start = reply["cursor_start"].as_u64().unwrap() as usize;
            assert!(wanted.starts_with(&code[start..]), "{code}: {reply}");
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{code}: {wanted} not in {matches:?}"
        );
    }
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
