//! Output while a cell runs: in order, changed in place, however much it is.
use super::with_kernel::{bad, block_on, good, with_kernel, with_shared_kernel};
use kernel::backend::{Backend, EvcxrMessage};
use kernel::client::Client;
use kernel::place::{Built, Place};
use kernel::wire::Message;
use serde_json::{Value, json};
use std::time::Duration;

/// What kind of output each one is, and what it says.
fn told(outputs: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    outputs
        .iter()
        .map(|output| match output["output_type"].as_str().unwrap() {
            "stream" => (text(&output["name"]), text(&output["text"])),
            kind => (kind.to_owned(), text(&output["data"]["text/plain"])),
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(kind, text): &(&str, &str)| ((*kind).to_owned(), (*text).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn rich_and_printed_output_come_in_the_order_of_the_program() {
    with_shared_kernel(async |kernel| {
        let code =
            "for i in 0..50 { println!(\"before {i}\"); display(i); }\nprintln!(\"last\");\n7";
        let ran = good(kernel, code).await;
        let mut expected = Vec::new();
        for i in 0..50 {
            expected.push(("stdout".to_owned(), format!("before {i}\n")));
            expected.push(("display_data".to_owned(), i.to_string()));
        }
        expected.extend(pairs(&[("stdout", "last\n"), ("execute_result", "7")]));
        assert_eq!(told(&ran.outputs), expected);
    });
}

#[test]
fn a_display_changes_in_place_also_from_a_later_cell() {
    with_shared_kernel(async |kernel| {
        let code =
            "let status = display(\"0 of 2\");\nprintln!(\"working\");\nstatus.update(\"1 of 2\");";
        let ran = good(kernel, code).await;
        assert_eq!(
            told(&ran.outputs),
            pairs(&[("display_data", "\"1 of 2\""), ("stdout", "working\n")])
        );
        let shown = ran.outputs[0]["transient"]["display_id"].clone();
        let ran = good(kernel, "status.update(\"2 of 2\");").await;
        assert!(ran.outputs.is_empty());
        assert_eq!(ran.updates[0]["transient"]["display_id"], shown);
        assert_eq!(ran.updates[0]["data"]["text/plain"], "\"2 of 2\"");
    });
}

#[test]
fn clear_output_removes_what_was_shown_at_once_or_with_the_next_output() {
    with_shared_kernel(async |kernel| {
        let ran = good(kernel, "println!(\"a\"); display(1); clear_output(false);").await;
        assert!(ran.outputs.is_empty());
        let code = "println!(\"a\"); display(1); clear_output(true); println!(\"b\");";
        let ran = good(kernel, code).await;
        assert_eq!(told(&ran.outputs), pairs(&[("stdout", "b\n")]));
    });
}

/// The next message of this kind that `id` caused.
async fn next(kernel: &mut Client, id: &str, kind: &str) -> Message {
    loop {
        let message = kernel.published().await.unwrap();
        if message.parent_id() == id && message.kind() == kind {
            return message;
        }
    }
}

#[test]
fn output_is_seen_while_the_cell_runs_on() {
    with_kernel(async |kernel| {
        // The cell goes on when a file appears that this test makes after it has
        // seen the output.
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let code = format!(
            "use std::io::Write;\nlet wait = |file: &str| while !std::path::Path::new(file).exists() {{ std::thread::yield_now() }};\n\
             print!(\"half a line\"); std::io::stdout().flush()?; wait(\"{}\");\n\
             let shown = display(1); wait(\"{}\");\nshown.update(2); wait(\"{}\");\neprintln!(\"error\"); wait(\"{}\");",
            file("a"),
            file("b"),
            file("c"),
            file("d"),
        );
        // A closure cannot be kept for later cells, so all stands in braces.
        let content = json!({"code": format!("{{ {code} }}")});
        let id = kernel.request("execute_request", content).await.unwrap();
        let seen = next(kernel, &id, "stream").await;
        assert_eq!(seen.content["text"], "half a line");
        std::fs::write(file("a"), "").unwrap();
        let seen = next(kernel, &id, "display_data").await;
        assert_eq!(seen.content["data"]["text/plain"], "1");
        std::fs::write(file("b"), "").unwrap();
        let seen = next(kernel, &id, "update_display_data").await;
        assert_eq!(seen.content["data"]["text/plain"], "2");
        std::fs::write(file("c"), "").unwrap();
        let seen = next(kernel, &id, "stream").await;
        assert_eq!(seen.content["name"], "stderr");
        std::fs::write(file("d"), "").unwrap();
        while next(kernel, &id, "status").await.content["execution_state"] != "idle" {}
    });
}

/// The most memory that the kernel's own process ever had, in MB.
fn peak_megabytes(kernel: &Client) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", kernel.id().unwrap())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let number = line.split_whitespace().nth(1).unwrap();
    number.parse::<u64>().unwrap() / 1024
}

#[test]
fn a_million_lines_all_arrive_and_fill_no_memory() {
    with_kernel(async |kernel| {
        good(kernel, "1").await;
        let before = peak_megabytes(kernel);
        let ran = good(kernel, "for i in 0..1_000_000 { println!(\"line {i}\"); }").await;
        let text = ran.stdout();
        assert!(
            text.lines()
                .enumerate()
                .all(|(i, line)| line == format!("line {i}"))
        );
        assert_eq!(text.lines().count(), 1_000_000);
        let grown = peak_megabytes(kernel) - before;
        assert!(grown < 64, "{grown} MB");
    });
}

#[test]
fn fifty_megabytes_arrive_whole_printed_or_rich() {
    with_kernel(async |kernel| {
        let ran = good(kernel, "println!(\"{}\", \"x\".repeat(50 << 20));").await;
        assert_eq!(ran.stdout().len(), (50 << 20) + 1);
        let ran = good(kernel, "Rich::text(\"y\".repeat(50 << 20))").await;
        assert_eq!(ran.data("text/plain").unwrap().len(), 50 << 20);
        // The message, as JSON and as frames, and not one more for each output.
        let ran = good(
            kernel,
            "for _ in 0..4 { display(Rich::text(\"y\".repeat(50 << 20))); }",
        )
        .await;
        assert_eq!(ran.outputs.len(), 4);
        let peak = peak_megabytes(kernel);
        assert!(peak < 800, "{peak} MB");
    });
}

#[test]
fn progress_is_one_output_that_ends_with_the_count() {
    with_shared_kernel(async |kernel| {
        let code = "let sum: u64 = progress(0..200_000u64).label(\"adding\").sum();\nsum";
        let ran = good(kernel, code).await;
        assert_eq!(ran.outputs.len(), 2, "{:#?}", ran.outputs);
        let line = ran.data("text/plain").unwrap();
        assert!(line.starts_with("adding: 200,000 in "), "{line}");
    });
}

#[test]
fn a_time_is_that_of_the_work_and_not_of_its_compilation() {
    with_shared_kernel(async |kernel| {
        let ran = good(kernel, "timed(\"nothing\", || 5)").await;
        let line = ran.stdout();
        assert!(
            line.starts_with("nothing: ") && !line.contains(" s\n"),
            "{line}"
        );
        assert_eq!(ran.data("text/plain"), Some("5"));
    });
}

#[test]
fn content_in_evcxrs_form_from_other_crates_is_rich_output() {
    with_shared_kernel(async |kernel| {
        let code = "println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>1</b>\\nEVCXR_END_CONTENT\");";
        let ran = good(kernel, code).await;
        assert_eq!(
            ran.data("text/html"),
            Some("<b>1</b>"),
            "{:#?}",
            ran.outputs
        );
        #[allow(clippy::needless_raw_string_hashes)]
        let ran = good(
            kernel,
            r#"#[derive(Debug)] struct Point(u8);
Point(3)"#,
        )
        .await;
        assert_eq!(ran.data("text/plain"), Some("Point(3)"));
    });
}

#[test]
fn a_question_needs_a_front_end_that_can_ask() {
    with_shared_kernel(async |kernel| {
        let error = bad(kernel, "input(\"name?\")?").await;
        assert!(
            error["evalue"].as_str().unwrap().contains("no prompt"),
            "{error}"
        );
        let ran = good(
            kernel,
            "let mut line = String::new(); std::io::stdin().read_line(&mut line)?; line",
        )
        .await;
        assert_eq!(
            ran.data("text/plain"),
            Some("\"\""),
            "standard input is empty"
        );
    });
}

/// Runs a cell on evcxr itself, with no kernel of ours in front of it; gives the forms of its
/// result, and all that was printed. evcxr may send what was printed after it has said that it is
/// idle, so messages are taken until `awaited` has come, for a minute at most.
async fn without_our_kernel(code: &str, awaited: &str) -> (Value, String) {
    let mut built = Built::find().unwrap();
    built.exe = env!("CARGO_BIN_EXE_workbook").into();
    let place = Place::prepare(&built).unwrap();
    let mut evcxr = Backend::start(&place, None).await.unwrap();
    let (mut data, mut printed) = (Value::Null, String::new());
    let content = json!({"code": code});
    let id = evcxr.request("execute_request", content).await.unwrap();
    let (mut replied, mut idle) = (false, false);
    while !(replied && idle && printed.contains(awaited)) {
        let message = tokio::time::timeout(Duration::from_secs(60), evcxr.next_message());
        let Ok(message) = message.await else { break };
        match message.unwrap() {
            EvcxrMessage::Reply(reply) => replied |= reply.parent_id() == id,
            EvcxrMessage::Published(message) => match message.kind() {
                "status" if message.parent_id() == id => {
                    idle |= message.content["execution_state"] == "idle";
                }
                "execute_result" => data = message.content["data"].clone(),
                "stream" => printed += message.content["text"].as_str().unwrap(),
                "error" => panic!("{code}: {}", message.content),
                _ => {}
            },
        }
    }
    evcxr.stop().await;
    (data, printed)
}

#[test]
fn without_our_kernel_everything_is_static() {
    block_on(async {
        let (data, _) = without_our_kernel("display(df!(\"a\" => [1]).unwrap());", "").await;
        assert!(
            data["text/html"].as_str().unwrap().contains("1 row"),
            "{data}"
        );
        let code =
            "let n: usize = progress(0..10u8).label(\"counting\").count(); timed(\"work\", || ());";
        let (_, printed) = without_our_kernel(code, "work: ").await;
        assert!(printed.starts_with("counting: 10 in "), "{printed}");
        assert!(printed.contains("work: "), "{printed}");
        let code = "interact(IntSlider::new(\"n\", 1..=9).value(3), |n: i64| n * 2);";
        let (data, printed) = without_our_kernel(code, "n: 3").await;
        assert_eq!(data["text/plain"], "6", "{data} {printed}");
        assert!(printed.contains("n: 3 (1 to 9)"), "{printed}");
        let code = "{ let s = display(\"a\"); s.update(\"b\"); clear_output(false); let e = input(\"?\").is_err(); println!(\"{e}\"); }";
        let (_, printed) = without_our_kernel(code, "true").await;
        assert!(printed.contains("true"), "{printed}");
    });
}
