//! Widgets as a front end meets them: a real kernel, real closures.

use crate::kernel::with_kernel;
use kernel::client::Client;
use kernel::wire::Message;
use serde_json::{Value, json};
use std::time::Duration;

/// Gives `test` a front end of a kernel that may have served other tests.
fn with_shared_kernel(test: impl AsyncFnOnce(&mut Page)) {
    with_kernel::with_shared_kernel(async |client| test(&mut Page::of(client)).await);
}

/// Gives `test` a front end of a kernel of its own.
fn with_kernel(test: impl AsyncFnOnce(&mut Page)) {
    with_kernel::with_kernel(async |client| test(&mut Page::of(client)).await);
}

/// A front end that notes all it hears.
struct Page<'a> {
    client: &'a mut Client,
    said: Vec<Message>,
}

impl Page<'_> {
    fn of(client: &mut Client) -> Page<'_> {
        Page {
            client,
            said: Vec::new(),
        }
    }

    /// Sends a request and hears all that it causes.
    async fn ask(&mut self, kind: &str, content: Value) {
        let id = self.client.request(kind, content).await.unwrap();
        self.said.clear();
        loop {
            let wait = Duration::from_secs(60);
            let next = tokio::time::timeout(wait, self.client.published());
            let message = next.await.expect("the kernel answers").unwrap();
            let ours = message.parent_id() == id;
            let idle = ours && message.content["execution_state"] == "idle";
            self.said.push(message);
            if idle {
                return;
            }
        }
    }

    async fn run(&mut self, code: &str) {
        let content = json!({
            "code": code, "silent": false, "store_history": true, "user_expressions": {},
            "allow_stdin": false, "stop_on_error": true,
        });
        self.ask("execute_request", content).await;
        let errors = self.heard("error");
        assert!(errors.is_empty(), "{code}\n{errors:#?}");
    }

    /// The number of the cell that ran last.
    fn number(&self) -> u64 {
        let input = &self.heard("execute_input")[0];
        input["execution_count"].as_u64().unwrap()
    }

    /// The reader moves a widget.
    async fn moves(&mut self, comm_id: &str, state: Value) {
        let data = json!({"method": "update", "state": state, "buffer_paths": []});
        let content = json!({"comm_id": comm_id, "data": data});
        self.ask("comm_msg", content).await;
    }

    /// The contents of the messages of one kind.
    fn heard(&self, kind: &str) -> Vec<Value> {
        let ours = self.said.iter().filter(|message| message.kind() == kind);
        ours.map(|message| message.content.clone()).collect()
    }

    /// The comm of a model that the last cell opened.
    fn comm_of(&self, model: &str) -> String {
        let opened = self.heard("comm_open").into_iter();
        let mut models = opened.filter(|m| m["data"]["state"]["_model_name"] == model);
        let message = models.next().unwrap_or_else(|| panic!("no {model}"));
        message["comm_id"].as_str().unwrap().to_owned()
    }

    fn printed(&self, name: &str) -> String {
        let streams = self.heard("stream").into_iter();
        let streams = streams.filter(|stream| stream["name"] == name);
        streams
            .map(|stream| stream["text"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn plain(output: &Value) -> &str {
    output["data"]["text/plain"].as_str().unwrap()
}

#[test]
fn a_slider_runs_a_closure_and_the_picture_changes_in_place() {
    with_shared_kernel(async |page| {
        page.run(
            "let base = 100;\n\
             interact(IntSlider::new(\"servers\", 1..=9).value(2), move |n: i64| {\n\
                 println!(\"drawn for {n}\");\n\
                 let view = df!(\"page\" => [\"/\"], \"count\" => [base + n]).unwrap();\n\
                 plot::bars(&view, \"page\", \"count\").figure()\n\
             })",
        )
        .await;
        let shown = page.heard("display_data");
        let [controls, picture] = shown.as_slice() else {
            panic!("{shown:#?}")
        };
        assert_eq!(plain(controls), "servers: 2 (1 to 9)");
        let view = &controls["data"]["application/vnd.jupyter.widget-view+json"];
        assert_eq!(view["model_id"], page.comm_of("VBoxModel"));
        assert!(plain(picture).starts_with("drawn for 2"), "{picture}");
        assert_eq!(page.printed("stdout"), "", "it stands with the picture");
        assert!(page.heard("execute_result").is_empty(), "it is shown once");

        let slider = page.comm_of("IntSliderModel");
        let id = picture["transient"]["display_id"].clone();
        page.moves(&slider, json!({"value": 7})).await;
        let kinds: Vec<&str> = page.said.iter().map(Message::kind).collect();
        assert_eq!(
            kinds,
            ["status", "comm_msg", "update_display_data", "status"]
        );
        assert_eq!(page.said[1].content["data"]["method"], "echo_update");
        let update = &page.said[2].content;
        assert_eq!(update["transient"]["display_id"], id);
        assert!(plain(update).contains("drawn for 7") && plain(update).contains("107"));
    });
}

#[test]
fn a_picture_alone_stays_an_svg() {
    with_shared_kernel(async |page| {
        page.run(
            "interact(IntSlider::new(\"n\", 1..=9), |n: i64| {\n\
                 let view = df!(\"page\" => [\"/\"], \"count\" => [n]).unwrap();\n\
                 plot::bars(&view, \"page\", \"count\").figure()\n\
             });",
        )
        .await;
        let picture = &page.heard("display_data")[1];
        let forms: Vec<&String> = picture["data"].as_object().unwrap().keys().collect();
        assert_eq!(forms, ["image/svg+xml", "text/plain"]);
    });
}

#[test]
fn a_closure_that_panics_says_where_and_draws_again() {
    with_shared_kernel(async |page| {
        page.run(
            "interact(IntSlider::new(\"n\", 0..=9), |n: i64| {\n\
                 println!(\"before\");\n\
                 assert!(n != 3, \"three\");\n\
                 n\n\
             });",
        )
        .await;
        let slider = page.comm_of("IntSliderModel");
        let number = page.number();
        page.run("1 + 1").await;
        page.moves(&slider, json!({"value": 3})).await;
        let shown = plain(&page.heard("update_display_data")[0]).to_owned();
        let place = format!("panicked at line 3 of cell [{number}]: three");
        assert_eq!(shown, format!("before\n\n{place}"));
        assert_eq!(page.printed("stderr"), "");
        page.moves(&slider, json!({"value": 4})).await;
        assert_eq!(plain(&page.heard("update_display_data")[0]), "before\n\n4");
        page.run("println!(\"printing works as before\");").await;
        assert_eq!(page.printed("stdout"), "printing works as before\n");
    });
}

#[test]
fn handlers_outlive_their_cell_and_change_what_is_shown() {
    with_shared_kernel(async |page| {
        page.run(
            "let crash = Button::new(\"Crash it\");\n\
             let up = Checkbox::new(\"up\", true);\n\
             let mirror = up.clone();\n\
             crash.on_click(move || { mirror.set(false); println!(\"it is down\"); });\n\
             up.on_change(|up| if !up { panic!(\"no servers\") });\n\
             VBox::new((crash, up.clone()))",
        )
        .await;
        let shown = page.heard("execute_result");
        assert_eq!(plain(&shown[0]), "[Crash it]\nup: yes");
        let button = page.comm_of("ButtonModel");
        let number = page.number();
        let click = json!({"method": "custom", "content": {"event": "click"}});
        let content = json!({"comm_id": button, "data": click});
        page.ask("comm_msg", content).await;
        let update = &page.heard("comm_msg")[0]["data"];
        assert_eq!(
            (&update["method"], &update["state"]),
            (&json!("update"), &json!({"value": false}))
        );
        assert_eq!(page.printed("stdout"), "it is down\n");
        let why = page.printed("stderr");
        let place = format!("panicked at line 5 of cell [{number}]: no servers");
        assert!(why.contains(&place), "{why}");
        page.run("println!(\"{}\", up.get());").await;
        assert_eq!(page.printed("stdout"), "false\n");
    });
}

#[test]
fn a_page_that_is_loaded_again_finds_its_widgets() {
    with_kernel(async |page| {
        page.run("let n = IntSlider::new(\"n\", 0..=9).value(4);\nn.clone()")
            .await;
        let slider = page.comm_of("IntSliderModel");
        let open = json!({"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}});
        page.ask("comm_open", open).await;
        let ask = json!({"comm_id": "c1", "data": {"method": "request_states"}});
        page.ask("comm_msg", ask).await;
        let answer = &page.heard("comm_msg")[0];
        assert_eq!(
            (&answer["comm_id"], &answer["data"]["method"]),
            (&json!("c1"), &json!("update_states"))
        );
        assert_eq!(answer["data"]["states"][&slider]["state"]["value"], 4);
        assert_eq!(answer["data"]["states"].as_object().unwrap().len(), 3);
    });
}

#[test]
fn a_change_on_a_thread_reaches_the_front_end() {
    with_shared_kernel(async |page| {
        page.run(
            "let status = widgets::Label::new(\"\");\n\
             display(&status);\n\
             let there = status.clone();\n\
             std::thread::spawn(move || there.set(\"from a thread\")).join().unwrap();",
        )
        .await;
        let updates = page.heard("comm_msg");
        assert_eq!(updates[0]["data"]["state"]["value"], "from a thread");
    });
}

#[test]
fn an_interrupted_closure_ends_and_the_next_move_draws() {
    with_kernel(async |page| {
        page.run(
            "interact(IntSlider::new(\"n\", 0..=9), |n: i64| {\n\
                 while n == 3 { lambda_workbook::notebook::channel::panics::stop_if_interrupted(); }\n\
                 n\n\
             });",
        )
        .await;
        let slider = page.comm_of("IntSliderModel");
        let data = json!({"method": "update", "state": {"value": 3}, "buffer_paths": []});
        let content = json!({"comm_id": slider, "data": data});
        let id = page.client.request("comm_msg", content).await.unwrap();
        // The echo is said before the closure runs.
        while page.client.published().await.unwrap().kind() != "comm_msg" {}
        page.client.interrupt().await.unwrap();
        loop {
            let message = page.client.published().await.unwrap();
            assert_ne!(message.kind(), "update_display_data");
            if message.parent_id() == id && message.content["execution_state"] == "idle" {
                break;
            }
        }
        page.moves(&slider, json!({"value": 4})).await;
        assert_eq!(plain(&page.heard("update_display_data")[0]), "4");
    });
}

/// Moves a slider whose closure runs `end`, and then runs a cell.
fn a_cell_runs_after_a_closure_that(end: &str) {
    with_kernel(async |page| {
        page.run(&format!(
            "interact(IntSlider::new(\"n\", 0..=9), |n: i64| {{ if n == 3 {{ {end} }} n }});"
        ))
        .await;
        let slider = page.comm_of("IntSliderModel");
        page.moves(&slider, json!({"value": 3})).await;
        page.run("1 + 1").await;
        assert_eq!(plain(&page.heard("execute_result")[0]), "2");
    });
}

#[test]
fn a_closure_that_ends_its_process_leaves_a_kernel_for_the_next_cell() {
    a_cell_runs_after_a_closure_that("std::process::exit(0)");
}

#[test]
fn a_closure_that_ends_evcxr_leaves_a_kernel_for_the_next_cell() {
    a_cell_runs_after_a_closure_that(
        "let evcxr = std::os::unix::process::parent_id().to_string();\n\
         std::process::Command::new(\"kill\").args([\"-9\", &evcxr]).status().unwrap();\n\
         loop { std::thread::park() }",
    );
}

#[test]
fn a_closure_that_ignores_an_interrupt_is_killed_and_the_next_cell_runs() {
    with_kernel(async |page| {
        page.run(
            "interact(IntSlider::new(\"n\", 0..=9), |n: i64| {\n\
                 while n == 3 { std::hint::spin_loop(); }\n\
                 n\n\
             });",
        )
        .await;
        let slider = page.comm_of("IntSliderModel");
        let data = json!({"method": "update", "state": {"value": 3}, "buffer_paths": []});
        let content = json!({"comm_id": slider, "data": data});
        let id = page.client.request("comm_msg", content).await.unwrap();
        while page.client.published().await.unwrap().kind() != "comm_msg" {}
        page.client.interrupt().await.unwrap();

        // The process is killed: its widgets are closed, and the reader gets a note.
        let mut kinds = Vec::new();
        loop {
            let message = page.client.published().await.unwrap();
            if message.parent_id() == id && message.content["execution_state"] == "idle" {
                break;
            }
            kinds.push(message.kind().to_owned());
        }
        assert!(kinds.iter().any(|kind| kind == "comm_close"), "{kinds:?}");
        assert!(kinds.iter().any(|kind| kind == "stream"), "{kinds:?}");
        page.run("1 + 1").await;
        assert_eq!(plain(&page.heard("execute_result")[0]), "2");
    });
}

#[test]
fn a_hundred_moves_that_wait_are_drawn_as_few_and_the_last_one_holds() {
    with_shared_kernel(async |page| {
        page.run(
            "interact(IntSlider::new(\"n\", 0..=100), |n: i64| {\n\
                 std::thread::sleep(std::time::Duration::from_millis(20));\n\
                 n\n\
             });",
        )
        .await;
        let slider = page.comm_of("IntSliderModel");
        let mut last = String::new();
        for n in 1..=100 {
            let data = json!({"method": "update", "state": {"value": n}, "buffer_paths": []});
            let content = json!({"comm_id": slider, "data": data});
            last = page.client.request("comm_msg", content).await.unwrap();
        }
        let mut drawn = Vec::new();
        loop {
            let message = page.client.published().await.unwrap();
            if message.kind() == "update_display_data" {
                drawn.push(plain(&message.content).to_owned());
            }
            if message.parent_id() == last && message.content["execution_state"] == "idle" {
                break;
            }
        }
        assert_eq!(drawn.last().map(String::as_str), Some("100"));
        assert!(drawn.len() < 50, "{drawn:?}");
    });
}

#[test]
fn an_echo_answers_the_move_that_the_front_end_sent_last() {
    with_shared_kernel(async |page| {
        page.run("let n = IntSlider::new(\"n\", 1..=9);\nn.clone()")
            .await;
        let slider = page.comm_of("IntSliderModel");
        page.moves(&slider, json!({"value": 4})).await;
        let status = page.said.last().unwrap().parent_id().to_owned();
        let echo = page
            .said
            .iter()
            .find(|message| message.content["data"]["method"] == "echo_update")
            .expect("an echo");
        assert_eq!(echo.parent_id(), status);
    });
}

#[test]
fn what_a_closure_displays_is_part_of_its_picture() {
    with_shared_kernel(async |page| {
        let code = "interact(IntSlider::new(\"n\", 1..=9), |n: i64| { println!(\"before\"); display(n); println!(\"after\"); });";
        page.run(code).await;
        assert_eq!(page.heard("display_data").len(), 2, "controls and picture");
        let slider = page.comm_of("IntSliderModel");
        page.moves(&slider, json!({"value": 4})).await;
        let drawn = page.heard("update_display_data");
        let text = drawn[0]["data"]["text/plain"].as_str().unwrap();
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>(),
            ["before", "4", "after"]
        );
        assert!(page.heard("display_data").is_empty());
    });
}
