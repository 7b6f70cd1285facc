//! One notebook's conversation: Jupyter on one side, evcxr on the other.
//!
//! Requests on the shell socket are worked off one by one, as Jupyter asks.
//! Every reply and every message on iopub is made here, with the parent that
//! Jupyter sent; evcxr's own busy, idle and counters stay behind the curtain,
//! because one cell may take several exchanges with it.

use super::annotate;
use super::backend::{Backend, Event, Types};
use super::complete::{self, Answer, Completer, Question};
use super::place::{Built, Place};
use super::reports::{Failure, Report, Reports};
use super::wire::{ConnectionFile, Message, PROTOCOL_VERSION, Signer, text};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{
    PubSocket, RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket, SocketRecv,
    SocketSend,
};

/// JupyterLab shows no completion that comes later than a second.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(900);

/// Serves one notebook until Jupyter says shutdown.
///
/// # Errors
/// When the sockets cannot be opened. What goes wrong later is told in the
/// notebook.
pub async fn serve(connection: &ConnectionFile, built: Built) -> Result<()> {
    let signer = connection.signer();
    let (shell, shell_requests) = router(connection, connection.shell_port).await?;
    let (control, control_requests) = router(connection, connection.control_port).await?;
    let (stdin, stdin_replies) = router(connection, connection.stdin_port).await?;
    let mut iopub = PubSocket::new();
    bind(&mut iopub, connection, connection.iopub_port).await?;
    let mut heartbeat = RepSocket::new();
    bind(&mut heartbeat, connection, connection.hb_port).await?;
    tokio::spawn(async move {
        while let Ok(beat) = heartbeat.recv().await {
            let _ = heartbeat.send(beat).await;
        }
    });

    let session = Session {
        engine: Engine::start(built),
        shell,
        control,
        stdin,
        iopub: publisher(iopub, signer.clone()),
        shell_requests: receive(shell_requests, signer.clone()),
        control_requests: receive(control_requests, signer.clone()),
        stdin_replies: receive(stdin_replies, signer.clone()),
        signer,
        execution_count: 0,
        completer: None,
        last_request: None,
        parent: std::os::unix::process::parent_id(),
    };
    session.run().await
}

async fn bind(socket: &mut impl Socket, connection: &ConnectionFile, port: u16) -> Result<()> {
    let endpoint = connection.endpoint(port);
    socket
        .bind(&endpoint)
        .await
        .with_context(|| format!("cannot listen on {endpoint}"))?;
    Ok(())
}

async fn router(
    connection: &ConnectionFile,
    port: u16,
) -> Result<(RouterSendHalf, RouterRecvHalf)> {
    let mut socket = RouterSocket::new();
    bind(&mut socket, connection, port).await?;
    Ok(socket.split())
}

fn receive(mut socket: RouterRecvHalf, signer: Signer) -> mpsc::UnboundedReceiver<Message> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(frames) = socket.recv().await {
            match Message::decode(frames, &signer) {
                Ok(message) => {
                    if sender.send(message).is_err() {
                        return;
                    }
                }
                Err(error) => eprintln!("refused: {error:#}"),
            }
        }
    });
    receiver
}

fn publisher(mut socket: PubSocket, signer: Signer) -> mpsc::Sender<Message> {
    let (sender, mut messages) = mpsc::channel::<Message>(256);
    tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            if let Err(error) = socket.send(message.encode(&signer)).await {
                eprintln!("cannot publish: {error}");
            }
        }
    });
    sender
}

/// evcxr, its folder and what its cells report.
struct Running {
    place: Place,
    backend: Backend,
    reports: Reports,
}

/// evcxr, started while the reader still looks at the page.
struct Engine {
    built: Built,
    starting: Option<tokio::task::JoinHandle<Result<(Running, Option<String>)>>>,
    running: Option<Running>,
    /// What the reader should know, said before the next cell's output.
    notice: Option<String>,
}

impl Engine {
    fn start(built: Built) -> Engine {
        let starting = Some(tokio::spawn(start_backend(built.clone())));
        Engine {
            built,
            starting,
            running: None,
            notice: None,
        }
    }

    /// The running evcxr; waits for its start, and starts it again if it died.
    async fn get(&mut self) -> Result<&mut Running> {
        if self.running.is_none() {
            let starting = self
                .starting
                .take()
                .unwrap_or_else(|| tokio::spawn(start_backend(self.built.clone())));
            let (running, notice) = starting.await.context("the start was cut off")??;
            self.notice = notice;
            self.running = Some(running);
        }
        self.running()
    }

    fn running(&mut self) -> Result<&mut Running> {
        self.running.as_mut().context("evcxr is not running")
    }
}

async fn start_backend(built: Built) -> Result<(Running, Option<String>)> {
    let ready = built.clone();
    let (place, notice) = tokio::task::spawn_blocking(move || {
        let mut notice = None;
        if let Some(source) = ready.changed_source() {
            let source = source.strip_prefix(&ready.root).unwrap_or(&source).to_owned();
            notice = Some(match ready.rebuild() {
                Ok(()) => format!("{} had changed; the support crate was built again.", source.display()),
                Err(error) => format!(
                    "{} has changed but does not compile, so this notebook runs on the last build.\n{error:#}",
                    source.display()
                ),
            });
        }
        anyhow::Ok((Place::prepare(&ready)?, notice))
    })
    .await??;
    let reports = Reports::open(&place)?;
    let backend = Backend::start(&place).await?;
    let running = Running {
        place,
        backend,
        reports,
    };
    Ok((running, notice))
}

struct Session {
    engine: Engine,
    shell: RouterSendHalf,
    control: RouterSendHalf,
    stdin: RouterSendHalf,
    iopub: mpsc::Sender<Message>,
    shell_requests: mpsc::UnboundedReceiver<Message>,
    control_requests: mpsc::UnboundedReceiver<Message>,
    stdin_replies: mpsc::UnboundedReceiver<Message>,
    signer: Signer,
    execution_count: u64,
    /// Started at the first Tab.
    completer: Option<Completer>,
    /// Late output belongs to the request that ran last.
    last_request: Option<Message>,
    /// The process that started us.
    parent: u32,
}

/// What became of a cell.
enum Ran {
    Ok,
    Error(Failure),
    /// Jupyter asked to end.
    Shutdown,
}

fn error_content(failure: &Failure) -> Value {
    json!({"ename": failure.name, "evalue": failure.value, "traceback": failure.traceback})
}

impl Session {
    async fn run(mut self) -> Result<()> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        // Ctrl-C in the terminal of JupyterLab is Jupyter's to answer.
        let mut interrupt =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        loop {
            let idle_event = async {
                match self.engine.running.as_mut() {
                    Some(running) => running.backend.event().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(message) = self.control_requests.recv() => {
                    if self.answer_control(message).await? {
                        break;
                    }
                }
                Some(message) = self.shell_requests.recv() => {
                    if self.answer_shell(message).await? {
                        break;
                    }
                }
                event = idle_event => match event {
                    Ok(Event::Published(message)) => self.pass_late_output(message).await?,
                    Ok(_) => {}
                    Err(_) => self.engine.running = None,
                },
                _ = interrupt.recv() => {}
                _ = terminate.recv() => break,
                () = orphaned(self.parent) => break,
            }
        }
        if let Some(running) = self.engine.running.take() {
            running.backend.stop().await;
        }
        // The last replies are still on their way out.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    }

    async fn publish(&self, parent: &Message, kind: &str, content: Value) -> Result<()> {
        self.iopub.send(parent.child(kind, content)).await?;
        Ok(())
    }

    async fn status(&self, parent: &Message, state: &str) -> Result<()> {
        self.publish(parent, "status", json!({"execution_state": state}))
            .await
    }

    async fn reply(&mut self, request: &Message, kind: &str, content: Value) -> Result<()> {
        let reply = request.reply(kind, content).encode(&self.signer);
        if let Err(error) = self.shell.send(reply).await {
            eprintln!("cannot reply: {error}"); // the client has gone
        }
        Ok(())
    }

    /// True when the conversation is over.
    async fn answer_control(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await?;
        let (kind, content, over) = match request.kind() {
            "kernel_info_request" => ("kernel_info_reply", kernel_info(), false),
            "interrupt_request" => {
                if let Some(running) = self.engine.running.as_mut() {
                    running.backend.interrupt().await?;
                }
                ("interrupt_reply", json!({"status": "ok"}), false)
            }
            "shutdown_request" => {
                let restart = request.content["restart"] == true;
                (
                    "shutdown_reply",
                    json!({"status": "ok", "restart": restart}),
                    true,
                )
            }
            other => {
                eprintln!("unknown control request `{other}`");
                self.status(&request, "idle").await?;
                return Ok(false);
            }
        };
        let reply = request.reply(kind, content.clone()).encode(&self.signer);
        if let Err(error) = self.control.send(reply).await {
            eprintln!("cannot reply: {error}");
        }
        if over {
            self.publish(&request, kind, content).await?;
        }
        self.status(&request, "idle").await?;
        Ok(over)
    }

    /// True when the conversation is over.
    async fn answer_shell(&mut self, request: Message) -> Result<bool> {
        self.status(&request, "busy").await?;
        let mut over = false;
        match request.kind() {
            "execute_request" => over = self.execute(&request).await?,
            "kernel_info_request" => {
                self.reply(&request, "kernel_info_reply", kernel_info())
                    .await?
            }
            "shutdown_request" => {
                let content =
                    json!({"status": "ok", "restart": request.content["restart"] == true});
                self.reply(&request, "shutdown_reply", content).await?;
                over = true;
            }
            "is_complete_request" => {
                let content = json!({"status": "unknown"});
                self.reply(&request, "is_complete_reply", content).await?;
            }
            "complete_request" => self.complete(&request).await?,
            "inspect_request" => self.inspect(&request).await?,
            "comm_info_request" => {
                let content = json!({"status": "ok", "comms": {}});
                self.reply(&request, "comm_info_reply", content).await?;
            }
            "history_request" => {
                let content = json!({"status": "ok", "history": []});
                self.reply(&request, "history_reply", content).await?;
            }
            "comm_open" => {
                let content = json!({"comm_id": request.content["comm_id"], "data": {}});
                self.publish(&request, "comm_close", content).await?;
            }
            _ => {}
        }
        self.status(&request, "idle").await?;
        Ok(over)
    }

    /// Runs one cell; true when Jupyter asked to end meanwhile.
    async fn execute(&mut self, request: &Message) -> Result<bool> {
        let code = text(&request.content["code"]).to_owned();
        let silent = request.content["silent"] == true;
        let counts = !silent && request.content["store_history"] != false;
        if counts {
            self.execution_count += 1;
        }
        if !silent {
            let content = json!({"code": code, "execution_count": self.execution_count});
            self.publish(request, "execute_input", content).await?;
        }
        self.last_request = Some(request.clone());
        let ran = match self.engine.get().await {
            Ok(_) => {
                if let Some(notice) = self.engine.notice.take() {
                    let content = json!({"name": "stderr", "text": format!("{notice}\n")});
                    self.publish(request, "stream", content).await?;
                }
                self.run_cell(request, &code).await
            }
            Err(error) => Ran::Error(Failure::new("KernelError", format!("{error:#}"))),
        };
        match ran {
            Ran::Ok => {
                let content = json!({
                    "status": "ok",
                    "execution_count": self.execution_count,
                    "payload": [],
                    "user_expressions": {},
                });
                self.reply(request, "execute_reply", content).await?;
            }
            Ran::Error(failure) => {
                let mut content = error_content(&failure);
                self.publish(request, "error", content.clone()).await?;
                content["status"] = json!("error");
                content["execution_count"] = json!(self.execution_count);
                self.reply(request, "execute_reply", content).await?;
                if request.content["stop_on_error"] != false {
                    self.abort_waiting().await?;
                }
            }
            Ran::Shutdown => return Ok(true),
        }
        Ok(false)
    }

    /// After an error, the cells that already wait are not run.
    async fn abort_waiting(&mut self) -> Result<()> {
        let mut others = Vec::new();
        while let Ok(waiting) = self.shell_requests.try_recv() {
            if waiting.kind() == "execute_request" {
                self.status(&waiting, "busy").await?;
                let content = json!({"status": "aborted", "execution_count": self.execution_count});
                self.reply(&waiting, "execute_reply", content).await?;
                self.status(&waiting, "idle").await?;
            } else {
                others.push(waiting);
            }
        }
        for request in others {
            Box::pin(self.answer_shell(request)).await?;
        }
        Ok(())
    }

    async fn run_cell(&mut self, request: &Message, code: &str) -> Ran {
        match self.try_cell(request, code).await {
            Ok(ran) => ran,
            Err(error) => {
                // evcxr itself has gone; the next cell gets a new one.
                self.engine.running = None;
                Ran::Error(Failure::new(
                    "KernelDied",
                    format!(
                        "{error:#}\nAll variables and items are lost; the next cell starts afresh."
                    ),
                ))
            }
        }
    }

    async fn try_cell(&mut self, request: &Message, code: &str) -> Result<Ran> {
        let Running { place, backend, .. } = self.engine.running()?;
        let types = if annotate::needs_types(code) {
            backend.types(code, place).await?
        } else {
            Types::default()
        };
        let sent = if types.correct {
            annotate::annotate(code, &types.types)
        } else {
            code.to_owned()
        };
        let content = json!({
            "code": sent,
            "silent": false,
            "store_history": true,
            "user_expressions": {},
            "allow_stdin": request.content["allow_stdin"],
            "stop_on_error": true,
        });
        let id = backend.request("execute_request", content).await?;
        let (mut replied, mut idle) = (false, false);
        let mut failures: Vec<Failure> = Vec::new();
        while !(replied && idle) {
            let running = self.engine.running()?;
            tokio::select! {
                event = running.backend.event() => match event? {
                    Event::Published(message) => {
                        let ours = message.parent_id() == id;
                        match message.kind() {
                            "status" if ours => idle |= message.content["execution_state"] == "idle",
                            "error" if ours => failures.push(failure(&message, &types)),
                            "execute_result" if ours => self.pass_result(request, message).await?,
                            "stream" => self.publish(request, "stream", message.content).await?,
                            _ => {}
                        }
                    }
                    Event::Reply(message) => replied |= message.parent_id() == id,
                    Event::Question(question) => self.ask_reader(request, question).await?,
                },
                Some(control) = self.control_requests.recv() => {
                    if self.answer_control(control).await? {
                        return Ok(Ran::Shutdown);
                    }
                }
            }
        }
        let running = self.engine.running()?;
        for report in running.reports.take(code, &running.place) {
            match report {
                Report::Failure(failure) => failures.push(failure),
                Report::Note(note) => {
                    let content = json!({"name": "stderr", "text": note});
                    self.publish(request, "stream", content).await?;
                }
            }
        }
        Ok(match join(failures) {
            Some(failure) => Ran::Error(failure),
            None => Ran::Ok,
        })
    }

    async fn pass_result(&mut self, request: &Message, message: Message) -> Result<()> {
        let mut content = message.content;
        content["execution_count"] = json!(self.execution_count);
        if request.content["silent"] != true {
            self.publish(request, "execute_result", content).await?;
        }
        Ok(())
    }

    async fn complete(&mut self, request: &Message) -> Result<()> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let (question, answer) = self.ask_completer(&code, cursor, false).await;
        // The answer's range is in evcxr's source; both end around the cursor.
        let start = cursor.saturating_sub(question.offset.saturating_sub(answer.start));
        let end = (cursor + answer.end.saturating_sub(question.offset)).min(code.len());
        let chars = |byte: usize| code.get(..byte).map_or(0, |before| before.chars().count());
        let (start, end) = (chars(start), chars(end));
        let matches: Vec<&str> = answer.items.iter().map(|item| item.text.as_str()).collect();
        let types: Vec<Value> = answer
            .items
            .iter()
            .map(|item| {
                json!({"text": item.text, "type": item.kind, "signature": item.label,
                    "start": start, "end": end})
            })
            .collect();
        let content = json!({
            "status": "ok",
            "matches": matches,
            "cursor_start": start,
            "cursor_end": end,
            "metadata": {"_jupyter_types_experimental": types},
        });
        self.reply(request, "complete_reply", content).await
    }

    async fn inspect(&mut self, request: &Message) -> Result<()> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let (_, answer) = self.ask_completer(&code, cursor, true).await;
        let data = match &answer.hover {
            Some(markdown) => json!({"text/plain": markdown, "text/markdown": markdown}),
            None => json!({}),
        };
        let content = json!({
            "status": "ok", "found": answer.hover.is_some(), "data": data, "metadata": {}});
        self.reply(request, "inspect_reply", content).await
    }

    /// Asks the completer about a cell; without it, the cell's own words.
    async fn ask_completer(
        &mut self,
        code: &str,
        cursor: usize,
        hover: bool,
    ) -> (Question, Answer) {
        let (source, offset) = match self.in_context(code, cursor).await {
            Ok(Some(found)) => found,
            _ => (code.to_owned(), cursor),
        };
        let question = Question {
            source,
            offset,
            hover,
        };
        let answer = match self.try_completer(&question).await {
            Ok(Some(answer)) => answer,
            Ok(None) => complete::words(&question),
            Err(error) => {
                eprintln!("completion: {error:#}");
                self.completer = None;
                complete::words(&question)
            }
        };
        (question, answer)
    }

    async fn in_context(&mut self, code: &str, cursor: usize) -> Result<Option<(String, usize)>> {
        let Running { place, backend, .. } = self.engine.get().await?;
        backend.in_context(code, cursor, place).await
    }

    async fn try_completer(&mut self, question: &Question) -> Result<Option<Answer>> {
        if self.completer.is_none() {
            let running = self.engine.get().await?;
            self.completer = Some(Completer::start(&running.place)?);
        }
        let completer = self.completer.as_mut().context("started above")?;
        completer.ask(question, COMPLETION_PATIENCE).await
    }

    /// Hands a cell's question to the reader, and the answer back.
    async fn ask_reader(&mut self, request: &Message, question: Message) -> Result<()> {
        let asked = request.reply("input_request", question.content.clone());
        self.stdin.send(asked.encode(&self.signer)).await?;
        let answer = tokio::select! {
            Some(answer) = self.stdin_replies.recv() => text(&answer.content["value"]).to_owned(),
            Some(control) = self.control_requests.recv() => {
                self.answer_control(control).await?;
                String::new()
            }
        };
        if let Some(running) = self.engine.running.as_mut() {
            running.backend.answer(&question, &answer).await?;
        }
        Ok(())
    }

    /// A thread of a cell may print after the cell has ended.
    async fn pass_late_output(&mut self, message: Message) -> Result<()> {
        if let ("stream", Some(request)) = (message.kind(), &self.last_request) {
            self.publish(request, "stream", message.content).await?;
        }
        Ok(())
    }
}

/// A cursor of Jupyter's, which counts characters, as a byte offset.
fn byte_offset(code: &str, cursor: Option<u64>) -> usize {
    cursor.map_or(code.len(), |cursor| {
        code.char_indices()
            .nth(cursor as usize)
            .map_or(code.len(), |(at, _)| at)
    })
}

/// evcxr publishes an error for each of rustc's; Jupyter knows one a cell.
fn join(failures: Vec<Failure>) -> Option<Failure> {
    let more = failures.len().saturating_sub(1);
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    for failure in failures {
        first.traceback.push(String::new());
        first.traceback.extend(failure.traceback);
    }
    if more > 0 {
        first.value += &format!(" (and {more} more)");
    }
    Some(first)
}

fn failure(message: &Message, types: &Types) -> Failure {
    let value = text(&message.content["evalue"]);
    let lines = message.content["traceback"].as_array();
    let traceback: Vec<String> = lines
        .into_iter()
        .flatten()
        .map(|line| text(line).to_owned())
        .collect();
    if let Some(variable) = value
        .strip_prefix("Couldn't automatically determine type of variable `")
        .and_then(|rest| rest.split('`').next())
        && let Some(name) = types.types.get(variable)
    {
        return Failure::new(
            "CompileError",
            format!(
                "The variable `{variable}` cannot outlive this cell: its type, `{name}`, has no name that later cells could write.\n\
                 Collect it (`.collect::<Vec<_>>()`), box it (`let {variable}: Box<dyn ...> = Box::new(...)`), or use it inside braces in this cell."
            ),
        );
    }
    let name =
        if value.starts_with("Subprocess terminated") || value.contains("Subprocess terminated") {
            "CellProcessDied"
        } else {
            "CompileError"
        };
    Failure {
        name: name.to_owned(),
        value: value.to_owned(),
        traceback,
    }
}

/// Resolves when Jupyter has gone without a word.
async fn orphaned(parent: u32) {
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return std::future::pending().await; // started by hand
    }
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": "lambda-workbook",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "banner": "Lambda Workbook: Rust cells by evcxr, on a prebuilt support crate",
        "language_info": {
            "name": "rust",
            "version": env!("CARGO_PKG_RUST_VERSION"),
            "mimetype": "text/rust",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
            "nbconvert_exporter": "script",
        },
        "help_links": [
            {"text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "Polars", "url": "https://docs.rs/polars/latest/polars/"},
        ],
        "supported_features": [],
    })
}
