//! Who may talk to the kernel, and what it answers.
use super::with_kernel::{good, with_kernel};
use kernel::client::Client;
use kernel::wire::{ConnectionFile, Message, Signer};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use zeromq::{DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend};

async fn dealer(connection: &ConnectionFile, port: u16, name: &str) -> DealerSocket {
    let mut options = SocketOptions::default();
    options.peer_identity(name.parse().unwrap());
    let mut socket = DealerSocket::with_options(options);
    socket.connect(&connection.endpoint(port)).await.unwrap();
    socket
}

async fn heard(socket: &mut DealerSocket, signer: &Signer) -> Message {
    Message::decode(socket.recv().await.unwrap(), signer).unwrap()
}

#[test]
fn a_message_with_a_wrong_signature_gets_no_answer() {
    with_kernel(async |kernel| {
        let connection = kernel.connection().clone();
        let mut stranger = dealer(&connection, connection.shell_port, "stranger").await;
        let forged = Message::request(
            "execute_request",
            "s",
            json!({"code": "std::fs::write(\"forged\", \"\")"}),
        );
        stranger
            .send(forged.encode(&Signer::new("guess")))
            .await
            .unwrap();
        stranger
            .send(forged.encode(&Signer::new("")))
            .await
            .unwrap();
        let right = Message::request("kernel_info_request", "s", json!({}));
        stranger
            .send(right.encode(&connection.signer()))
            .await
            .unwrap();
        let answer = heard(&mut stranger, &connection.signer()).await;
        assert_eq!(
            answer.parent_id(),
            right.id(),
            "only the signed one is answered"
        );
        let ran = good(kernel, "std::path::Path::new(\"forged\").exists()").await;
        assert_eq!(ran.execution_count, 1);
        assert_eq!(ran.data("text/plain"), Some("false"));
    });
}

#[test]
fn a_client_that_vanishes_takes_nothing_with_it() {
    with_kernel(async |kernel| {
        let connection = kernel.connection().clone();
        let mut other = dealer(&connection, connection.shell_port, "other").await;
        let content = json!({"code": "let left = 5; println!(\"x\");"});
        let request = Message::request("execute_request", "s", content);
        other
            .send(request.encode(&connection.signer()))
            .await
            .unwrap();
        drop(other);
        while kernel.published().await.unwrap().kind() != "stream" {}
        assert_eq!(good(kernel, "left").await.data("text/plain"), Some("5"));
    });
}

/// Addresses on which the process listens, as /proc has them.
fn listening(id: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{id}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .map(|link| link.display().to_string())
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table).unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields.get(3) == Some(&"0A") && sockets.iter().any(|inode| fields[9] == inode) {
                found.push(fields[1].split(':').next().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn sockets_are_on_loopback_and_secrets_are_the_owners_alone() {
    with_kernel(async |kernel| {
        let addresses = listening(kernel.id().unwrap());
        assert_eq!(addresses, ["0100007F"; 5], "127.0.0.1, five sockets");
        let ran = good(
            kernel,
            "println!(\"{}\", std::env::var(\"EVCXR_TMPDIR\")?);",
        )
        .await;
        let cells = ran.stdout();
        let folder = std::path::Path::new(cells.trim()).parent().unwrap();
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder), 0o700);
        assert_eq!(mode(&folder.join("connection.json")), 0o600);
    });
}

#[test]
fn a_question_is_asked_and_its_answer_comes_back() {
    with_kernel(async |kernel| {
        let connection = kernel.connection().clone();
        let signer = connection.signer();
        let mut shell = dealer(&connection, connection.shell_port, "asker").await;
        let mut stdin = dealer(&connection, connection.stdin_port, "asker").await;
        let content = json!({"code": "let name = input(\"name?\")?; let word = password(\"word?\")?;", "allow_stdin": true});
        let request = Message::request("execute_request", "s", content);
        shell.send(request.encode(&signer)).await.unwrap();
        for (prompt, answer, hidden) in [("name?", "sally", false), ("word?", "tokyo", true)] {
            let question = heard(&mut stdin, &signer).await;
            assert_eq!(question.kind(), "input_request");
            assert_eq!(
                question.content,
                json!({"prompt": prompt, "password": hidden})
            );
            let reply = question.reply("input_reply", json!({"value": answer}));
            stdin.send(reply.encode(&signer)).await.unwrap();
        }
        let reply = heard(&mut shell, &signer).await;
        assert_eq!(reply.content["status"], "ok");
        let ran = good(kernel, "format!(\"{name} {word}\")").await;
        assert_eq!(ran.data("text/plain"), Some("\"sally tokyo\""));
    });
}

#[test]
fn an_answer_that_comes_after_an_interrupt_answers_no_later_question() {
    with_kernel(async |kernel| {
        let connection = kernel.connection().clone();
        let signer = connection.signer();
        let mut shell = dealer(&connection, connection.shell_port, "late").await;
        let mut stdin = dealer(&connection, connection.stdin_port, "late").await;
        let ask = json!({"code": "input(\"name?\")?", "allow_stdin": true});

        // The cell waits for an answer and is interrupted.
        let request = Message::request("execute_request", "s", ask.clone());
        shell.send(request.encode(&signer)).await.unwrap();
        let first = heard(&mut stdin, &signer).await;
        kernel.interrupt().await.unwrap();
        let reply = heard(&mut shell, &signer).await;
        assert_eq!(reply.content["status"], "error", "{:?}", reply.content);

        // The answer comes too late. The kernel reads it before it answers the request
        // that follows.
        let late = first.reply("input_reply", json!({"value": "late"}));
        stdin.send(late.encode(&signer)).await.unwrap();
        good(kernel, "1 + 1").await;

        // The next question gets its own answer.
        let request = Message::request("execute_request", "s", ask);
        shell.send(request.encode(&signer)).await.unwrap();
        let second = heard(&mut stdin, &signer).await;
        let answer = second.reply("input_reply", json!({"value": "sally"}));
        stdin.send(answer.encode(&signer)).await.unwrap();
        heard(&mut shell, &signer).await;
        assert_eq!(good(kernel, "1 + 1").await.data("text/plain"), Some("2"));
    });
}

#[test]
fn after_an_error_waiting_cells_are_not_run_unless_asked_for() {
    with_kernel(async |kernel| {
        let connection = kernel.connection().clone();
        let signer = connection.signer();
        let mut shell = dealer(&connection, connection.shell_port, "all").await;
        let status = async |shell: &mut DealerSocket, stop: bool| {
            for code in ["panic!(\"x\")", "1 + 1"] {
                let content = json!({"code": code, "stop_on_error": stop});
                let request = Message::request("execute_request", "s", content);
                shell.send(request.encode(&signer)).await.unwrap();
            }
            heard(shell, &signer).await;
            heard(shell, &signer).await.content["status"].clone()
        };
        assert_eq!(status(&mut shell, true).await, "aborted");
        assert_eq!(status(&mut shell, false).await, "ok");
    });
}

async fn widgets(kernel: &mut Client) -> Value {
    let info = kernel.ask("comm_info_request", json!({})).await.unwrap();
    info.content["comms"].clone()
}

#[test]
fn a_comm_of_an_unknown_target_is_closed_and_kept_in_no_list() {
    with_kernel(async |kernel| {
        good(kernel, "1").await;
        let content = json!({"comm_id": "c", "target_name": "other", "data": {}});
        let id = kernel.request("comm_open", content).await.unwrap();
        loop {
            let message = kernel.published().await.unwrap();
            if message.parent_id() == id && message.kind() == "comm_close" {
                assert_eq!(message.content["comm_id"], "c");
                break;
            }
        }
        assert_eq!(widgets(kernel).await, json!({}));
    });
}
