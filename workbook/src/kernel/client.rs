//! A front end without a face: starts a kernel and runs cells on it.
//!
//! `workbook run`, `check` and `bench` and the tests speak to the kernel through
//! the same sockets as Jupyter does, so that they need no Python.

use super::wire::{ConnectionFile, Message, Signer, text};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, SubSocket};

/// One output of a cell, in nbformat's form.
pub type Output = Value;

/// What running a cell gave.
#[derive(Clone, Debug)]
pub struct Ran {
    /// `stream`, `display_data`, `execute_result` and `error`, in nbformat's form.
    pub outputs: Vec<Output>,
    /// Changes of outputs that are not this cell's, as messages came.
    pub updates: Vec<Output>,
    pub execution_count: u64,
    /// From the request to the reply and the kernel's "idle".
    pub took: Duration,
}

impl Ran {
    /// The error output, if the cell failed.
    pub fn error(&self) -> Option<&Output> {
        self.outputs
            .iter()
            .find(|output| output["output_type"] == "error")
    }

    /// All text that the cell printed to stdout.
    pub fn stdout(&self) -> String {
        self.outputs
            .iter()
            .filter(|output| output["name"] == "stdout")
            .map(|output| text(&output["text"]))
            .collect()
    }

    /// The first rich output's form of a MIME type.
    pub fn data(&self, mime: &str) -> Option<&str> {
        self.outputs
            .iter()
            .find_map(|output| output["data"][mime].as_str())
    }
}

/// A kernel process and the sockets to it.
pub struct Client {
    child: Child,
    signer: Signer,
    session: String,
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    connection: ConnectionFile,
    _folder: tempfile::TempDir,
}

/// Starts of a kernel before its end is believed.
const ATTEMPTS: usize = 3;

/// The kernel's process ended before it listened.
#[derive(Debug)]
struct EndedAtStart(std::process::ExitStatus);

impl std::fmt::Display for EndedAtStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the kernel ended at its start ({})", self.0)
    }
}

impl std::error::Error for EndedAtStart {}

impl Client {
    /// Starts this program's kernel with `folder` as its working folder.
    pub async fn start(exe: &Path, folder: &Path) -> Result<Client> {
        let mut command = Command::new(exe);
        command.args(["kernel", "--connection-file", "{connection_file}"]);
        Client::start_command(command, folder).await
    }

    /// Starts this program's kernel so that its checks leave the reader's own
    /// progress alone and count in `progress` instead, and its outputs are the same
    /// each time.
    pub async fn start_apart(exe: &Path, folder: &Path, progress: &Path) -> Result<Client> {
        let mut command = steady(exe);
        command.env("LAMBDA_WORKBOOK_PROGRESS", progress);
        Client::start_command(command, folder).await
    }

    /// Starts this program's kernel so that its outputs are the same each time:
    /// those of notebooks that are kept.
    pub async fn start_steady(exe: &Path, folder: &Path) -> Result<Client> {
        Client::start_command(steady(exe), folder).await
    }

    /// Starts any kernel; `{connection_file}` among the arguments is replaced.
    ///
    /// Ports are free when they are chosen and may be taken when the kernel asks for
    /// them: one that ends at its start is started again with others.
    pub async fn start_command(command: Command, folder: &Path) -> Result<Client> {
        for _ in 1..ATTEMPTS {
            match Client::attempt(&command, folder).await {
                Err(error) if error.is::<EndedAtStart>() => {}
                other => return other,
            }
        }
        Client::attempt(&command, folder).await
    }

    async fn attempt(command: &Command, folder: &Path) -> Result<Client> {
        let place = tempfile::Builder::new()
            .prefix("lambda-workbook-client-")
            .tempdir()?;
        let file = place.path().join("kernel.json");
        let connection = ConnectionFile {
            transport: "tcp".into(),
            ip: "127.0.0.1".into(),
            key: uuid::Uuid::new_v4().to_string(),
            signature_scheme: "hmac-sha256".into(),
            shell_port: 0,
            iopub_port: 0,
            stdin_port: 0,
            control_port: 0,
            hb_port: 0,
            kernel_name: None,
        };
        let connection = with_free_ports(connection)?;
        connection.write(&file)?;
        let mut filled = Command::new(command.as_std().get_program());
        filled.args(command.as_std().get_args().map(|arg| {
            if arg == "{connection_file}" {
                file.clone().into_os_string()
            } else {
                arg.to_owned()
            }
        }));
        for (name, value) in command.as_std().get_envs() {
            match value {
                Some(value) => filled.env(name, value),
                None => filled.env_remove(name),
            };
        }
        let mut child = filled
            .current_dir(folder)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| {
                format!(
                    "cannot start the kernel {:?}",
                    filled.as_std().get_program()
                )
            })?;

        let signer = connection.signer();
        let connect = async {
            for port in [
                connection.shell_port,
                connection.control_port,
                connection.iopub_port,
            ] {
                while tokio::net::TcpStream::connect(("127.0.0.1", port))
                    .await
                    .is_err()
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            let mut shell = DealerSocket::new();
            shell
                .connect(&connection.endpoint(connection.shell_port))
                .await?;
            let mut control = DealerSocket::new();
            control
                .connect(&connection.endpoint(connection.control_port))
                .await?;
            let mut iopub = SubSocket::new();
            iopub
                .connect(&connection.endpoint(connection.iopub_port))
                .await?;
            iopub.subscribe("").await?;
            anyhow::Ok((shell, control, iopub))
        };
        let (shell, control, iopub) = tokio::select! {
            sockets = connect => sockets?,
            status = child.wait() => bail!(EndedAtStart(status?)),
        };
        let mut client = Client {
            child,
            session: uuid::Uuid::new_v4().to_string(),
            signer,
            shell,
            control,
            iopub,
            connection,
            _folder: place,
        };
        client.wait_until_ready().await?;
        Ok(client)
    }

    /// Where the kernel listens.
    pub fn connection(&self) -> &ConnectionFile {
        &self.connection
    }

    /// The kernel's process id.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks for kernel_info until the answer's "idle" arrives on iopub too.
    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            self.request("kernel_info_request", json!({})).await?;
            let heard = async {
                loop {
                    if self.published().await?.kind() == "status" {
                        return anyhow::Ok(());
                    }
                }
            };
            if tokio::time::timeout(Duration::from_millis(200), heard)
                .await
                .is_ok()
            {
                break;
            }
            if Instant::now() > deadline {
                bail!("the kernel did not answer in 60 s");
            }
        }
        Ok(())
    }

    /// Sends a request on the shell socket; returns its id.
    pub async fn request(&mut self, kind: &str, content: Value) -> Result<String> {
        let message = Message::request(kind, &self.session, content);
        self.shell.send(message.encode(&self.signer)).await?;
        Ok(message.id().to_owned())
    }

    /// The next message on iopub.
    pub async fn published(&mut self) -> Result<Message> {
        let frames = tokio::select! {
            frames = self.iopub.recv() => frames?,
            status = self.child.wait() => bail!("the kernel ended ({})", status?),
        };
        // PUB sockets prefix a topic, which Jupyter's decode skips as an identity.
        Message::decode(frames, &self.signer)
    }

    /// Sends a request and waits for its reply.
    pub async fn ask(&mut self, kind: &str, content: Value) -> Result<Message> {
        let id = self.request(kind, content).await?;
        loop {
            let frames = tokio::select! {
                frames = self.shell.recv() => frames?,
                status = self.child.wait() => bail!("the kernel ended ({})", status?),
            };
            let message = Message::decode(frames, &self.signer)?;
            if message.parent_id() == id {
                return Ok(message);
            }
        }
    }

    /// Runs one cell to its end.
    pub async fn execute(&mut self, code: &str) -> Result<Ran> {
        let started = Instant::now();
        let content = json!({
            "code": code, "silent": false, "store_history": true, "user_expressions": {},
            "allow_stdin": false, "stop_on_error": true,
        });
        let id = self.request("execute_request", content).await?;
        let mut collected = Outputs::default();
        loop {
            let message = self.published().await?;
            if message.parent_id() != id {
                continue;
            }
            if message.kind() == "status" && message.content["execution_state"] == "idle" {
                break;
            }
            collected.add(&message);
        }
        loop {
            let reply = Message::decode(self.shell.recv().await?, &self.signer)?;
            if reply.parent_id() == id {
                return Ok(Ran {
                    outputs: collected.outputs,
                    updates: collected.updates,
                    execution_count: reply.content["execution_count"].as_u64().unwrap_or(0),
                    took: started.elapsed(),
                });
            }
        }
    }

    /// Interrupts the cell that runs.
    pub async fn interrupt(&mut self) -> Result<()> {
        let message = Message::request("interrupt_request", &self.session, json!({}));
        self.control.send(message.encode(&self.signer)).await?;
        Ok(())
    }

    /// Asks the kernel to end, and ends it if it does not.
    pub async fn shutdown(mut self) -> Result<()> {
        let message =
            Message::request("shutdown_request", &self.session, json!({"restart": false}));
        self.control.send(message.encode(&self.signer)).await?;
        if tokio::time::timeout(Duration::from_secs(5), self.child.wait())
            .await
            .is_err()
        {
            self.child.kill().await?;
        }
        Ok(())
    }
}

fn steady(exe: &Path) -> Command {
    let mut command = Command::new(exe);
    command
        .args(["kernel", "--connection-file", "{connection_file}"])
        .env(lambda_workbook::show::STEADY, "1");
    command
}

/// Brings outputs of earlier cells up to date with what a later one changed.
pub fn update_earlier(earlier: &mut [Ran], later: &Ran) {
    for content in &later.updates {
        for ran in &mut *earlier {
            update(&mut ran.outputs, content);
        }
    }
}

/// A cell's outputs as nbformat wants them, as a front end collects them.
#[derive(Debug, Default)]
pub struct Outputs {
    pub outputs: Vec<Output>,
    pub updates: Vec<Output>,
    /// Whether the next output replaces all before it.
    clear: bool,
}

impl Outputs {
    /// Adds an iopub message.
    pub fn add(&mut self, message: &Message) {
        let content = &message.content;
        let kind = message.kind();
        let output = match kind {
            "stream" => json!({
                "output_type": "stream", "name": content["name"], "text": content["text"]}),
            "execute_result" => json!({
                "output_type": "execute_result", "execution_count": content["execution_count"],
                "data": content["data"], "metadata": content["metadata"]}),
            "display_data" => json!({
                "output_type": "display_data", "data": content["data"],
                "metadata": content["metadata"], "transient": content["transient"]}),
            "error" => json!({
                "output_type": "error", "ename": content["ename"], "evalue": content["evalue"],
                "traceback": content["traceback"]}),
            "update_display_data" => {
                if !update(&mut self.outputs, content) {
                    self.updates.push(content.clone());
                }
                return;
            }
            "clear_output" => {
                self.clear = true;
                if content["wait"] != true {
                    self.outputs.clear();
                    self.clear = false;
                }
                return;
            }
            _ => return,
        };
        if std::mem::take(&mut self.clear) {
            self.outputs.clear();
        }
        match self.outputs.last_mut() {
            Some(Value::Object(last))
                if kind == "stream" && last.get("name") == Some(&output["name"]) =>
            {
                // In place: a cell may print a million lines.
                if let Some(Value::String(all)) = last.get_mut("text") {
                    all.push_str(text(&output["text"]));
                }
            }
            _ => self.outputs.push(output),
        }
    }
}

/// Changes the outputs that were shown under the display id of an
/// `update_display_data`; false when there is none.
fn update(outputs: &mut [Output], content: &Value) -> bool {
    let id = &content["transient"]["display_id"];
    let mut found = false;
    for output in outputs {
        if output["transient"]["display_id"] == *id && !id.is_null() {
            output["data"] = content["data"].clone();
            output["metadata"] = content["metadata"].clone();
            found = true;
        }
    }
    found
}

fn with_free_ports(mut connection: ConnectionFile) -> Result<ConnectionFile> {
    let mut held = Vec::new();
    for port in [
        &mut connection.shell_port,
        &mut connection.iopub_port,
        &mut connection.stdin_port,
        &mut connection.control_port,
        &mut connection.hb_port,
    ] {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(connection)
}
