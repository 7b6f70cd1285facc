//! A Jupyter client without a user interface: starts a kernel and runs cells on it.
//!
//! `workbook run`, `check` and `bench` and the tests use it. It talks to the kernel
//! through the same sockets as JupyterLab, but needs no Python.

use super::wire::{ConnectionFile, Message, Signer, text};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, SubSocket};

/// One output of a cell, as the notebook format (nbformat 4) stores it.
pub type Output = Value;

/// The result of running one cell.
#[derive(Clone, Debug)]
pub struct CellRun {
    /// The outputs in order: `stream`, `display_data`, `execute_result` and `error`.
    pub outputs: Vec<Output>,
    /// The contents of `update_display_data` messages whose display belongs to an earlier
    /// cell; see [`update_earlier`].
    pub updates: Vec<Output>,
    /// The cell's number, as Jupyter shows it; 0 if the reply had none.
    pub execution_count: u64,
    /// The time from the request to the reply and the kernel's "idle".
    pub took: Duration,
}

impl CellRun {
    /// Returns the error output; `None` if the cell succeeded.
    pub fn error(&self) -> Option<&Output> {
        self.outputs
            .iter()
            .find(|output| output["output_type"] == "error")
    }

    /// Returns all text that the cell printed to standard output.
    pub fn stdout(&self) -> String {
        self.outputs
            .iter()
            .filter(|output| output["name"] == "stdout")
            .map(|output| text(&output["text"]))
            .collect()
    }

    /// Returns the text of the first output with this MIME type, if there is one.
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
    /// The session id in the headers of our requests.
    session: String,
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    connection: ConnectionFile,
    /// The folder of the connection file, removed when this is dropped.
    _folder: tempfile::TempDir,
}

/// How often a kernel that exits at its start is started.
const START_ATTEMPTS: usize = 3;

/// The error of a kernel that exits before it listens.
#[derive(Debug)]
struct ExitedAtStart(std::process::ExitStatus);

impl std::fmt::Display for ExitedAtStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the kernel exited while it was starting ({})", self.0)
    }
}

impl std::error::Error for ExitedAtStart {}

impl Client {
    /// Starts this program's kernel with `folder` as its working folder.
    ///
    /// # Errors
    /// Returns an error when the kernel cannot be started, exits, or does not answer in 60
    /// seconds. That holds for all functions of this name.
    pub async fn start(exe: &Path, folder: &Path) -> Result<Client> {
        let mut command = Command::new(exe);
        command.args(["kernel", "--connection-file", "{connection_file}"]);
        Client::start_command(command, folder).await
    }

    /// Starts this program's kernel with reproducible outputs, as
    /// [`Client::start_reproducible`] does, and with its own progress: checks of exercises
    /// are recorded in the folder `progress`, not in the reader's progress.
    pub async fn start_with_progress(exe: &Path, folder: &Path, progress: &Path) -> Result<Client> {
        let mut command = reproducible(exe);
        command.env("LAMBDA_WORKBOOK_PROGRESS", progress);
        Client::start_command(command, folder).await
    }

    /// Starts this program's kernel with reproducible outputs: the same cells give the same
    /// outputs each time. The outputs of committed notebooks are made like that.
    pub async fn start_reproducible(exe: &Path, folder: &Path) -> Result<Client> {
        Client::start_command(reproducible(exe), folder).await
    }

    /// Starts any kernel. The argument `{connection_file}` is replaced by the path of the
    /// connection file.
    ///
    /// A port that is free when it is chosen may be taken when the kernel opens it. So a
    /// kernel that exits at its start is started again with other ports, three times in
    /// all.
    pub async fn start_command(command: Command, folder: &Path) -> Result<Client> {
        for _ in 1..START_ATTEMPTS {
            match Client::attempt(&command, folder).await {
                Err(error) if error.is::<ExitedAtStart>() => {}
                other => return other,
            }
        }
        Client::attempt(&command, folder).await
    }

    /// Starts a kernel once, on ports that are free now.
    async fn attempt(command: &Command, folder: &Path) -> Result<Client> {
        // Write the connection file.
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

        // Start the process with the file's path among its arguments.
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

        // Wait until the kernel listens, and connect.
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
            status = child.wait() => bail!(ExitedAtStart(status?)),
        };

        // Wait until it answers.
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

    /// Returns the connection file: where the kernel listens, and its key.
    pub fn connection(&self) -> &ConnectionFile {
        &self.connection
    }

    /// Returns the kernel's process id; `None` once it has exited and was waited for.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends `kernel_info_request`s until a status message arrives on iopub.
    ///
    /// One request is not enough: ZeroMQ drops what the kernel publishes before the
    /// subscription has reached it.
    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            self.request("kernel_info_request", json!({})).await?;
            let status = async {
                loop {
                    if self.published().await?.kind() == "status" {
                        return anyhow::Ok(());
                    }
                }
            };
            if tokio::time::timeout(Duration::from_millis(200), status)
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

    /// Sends a request on the shell socket and returns its message id.
    pub async fn request(&mut self, kind: &str, content: Value) -> Result<String> {
        let message = Message::request(kind, &self.session, content);
        self.shell.send(message.encode(&self.signer)).await?;
        Ok(message.id().to_owned())
    }

    /// Waits for the next message on iopub.
    ///
    /// # Errors
    /// Returns an error when the kernel has exited or the message has a wrong signature.
    pub async fn published(&mut self) -> Result<Message> {
        let frames = tokio::select! {
            frames = self.iopub.recv() => frames?,
            status = self.child.wait() => bail!("the kernel exited ({})", status?),
        };
        // A message on a PUB socket begins with its topic, which `decode` reads as an
        // identity.
        Message::decode(frames, &self.signer)
    }

    /// Sends a request on the shell socket and waits for its reply. Replies to other requests
    /// are dropped.
    ///
    /// # Errors
    /// Returns an error when the kernel exits.
    pub async fn ask(&mut self, kind: &str, content: Value) -> Result<Message> {
        let id = self.request(kind, content).await?;
        loop {
            let frames = tokio::select! {
                frames = self.shell.recv() => frames?,
                status = self.child.wait() => bail!("the kernel exited ({})", status?),
            };
            let message = Message::decode(frames, &self.signer)?;
            if message.parent_id() == id {
                return Ok(message);
            }
        }
    }

    /// Runs one cell to its end and collects its outputs. An error of the cell is an output.
    ///
    /// # Errors
    /// Returns an error when the kernel exits.
    pub async fn execute(&mut self, code: &str) -> Result<CellRun> {
        // Send the cell.
        let started = Instant::now();
        let content = json!({
            "code": code, "silent": false, "store_history": true, "user_expressions": {},
            "allow_stdin": false, "stop_on_error": true,
        });
        let id = self.request("execute_request", content).await?;

        // Collect what it publishes, until "idle".
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

        // Wait for the reply.
        loop {
            let reply = Message::decode(self.shell.recv().await?, &self.signer)?;
            if reply.parent_id() == id {
                return Ok(CellRun {
                    outputs: collected.outputs,
                    updates: collected.updates,
                    execution_count: reply.content["execution_count"].as_u64().unwrap_or(0),
                    took: started.elapsed(),
                });
            }
        }
    }

    /// Asks the kernel to interrupt the cell that runs. Does not wait for the reply.
    pub async fn interrupt(&mut self) -> Result<()> {
        let message = Message::request("interrupt_request", &self.session, json!({}));
        self.control.send(message.encode(&self.signer)).await?;
        Ok(())
    }

    /// Asks the kernel to shut down, and kills it if it still runs after five seconds.
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

/// Creates the command of this program's kernel with reproducible outputs.
fn reproducible(exe: &Path) -> Command {
    let mut command = Command::new(exe);
    command
        .args(["kernel", "--connection-file", "{connection_file}"])
        .env(lambda_workbook::show::STEADY, "1");
    command
}

/// Applies the updates that a later cell made to the outputs of earlier ones.
pub fn update_earlier(earlier: &mut [CellRun], later: &CellRun) {
    for content in &later.updates {
        for ran in &mut *earlier {
            update(&mut ran.outputs, content);
        }
    }
}

/// Collects the outputs of a cell from iopub messages, as a front end does.
#[derive(Debug, Default)]
pub struct Outputs {
    /// The outputs so far, in order.
    pub outputs: Vec<Output>,
    /// The updates of displays that are not among these outputs.
    pub updates: Vec<Output>,
    /// Whether the next output replaces all earlier ones, after a `clear_output` that
    /// waits.
    clear: bool,
}

impl Outputs {
    /// Adds an iopub message. Messages that are no outputs are ignored.
    pub fn add(&mut self, message: &Message) {
        // Translate the message to an output; updates and clearing end here.
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

        // Add the output; text is appended to the last text of the same stream.
        if std::mem::take(&mut self.clear) {
            self.outputs.clear();
        }
        match self.outputs.last_mut() {
            Some(Value::Object(last))
                if kind == "stream" && last.get("name") == Some(&output["name"]) =>
            {
                // The text is changed in place, because a cell may print a million lines.
                if let Some(Value::String(all)) = last.get_mut("text") {
                    all.push_str(text(&output["text"]));
                }
            }
            _ => self.outputs.push(output),
        }
    }
}

/// Applies the content of an `update_display_data` message to all outputs with its display
/// id. Returns false when there is none.
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

/// Fills in five TCP ports that are free now.
fn with_free_ports(mut connection: ConnectionFile) -> Result<ConnectionFile> {
    // All listeners stay open until the last port is chosen, so that the ports differ.
    let mut listeners = Vec::new();
    for port in [
        &mut connection.shell_port,
        &mut connection.iopub_port,
        &mut connection.stdin_port,
        &mut connection.control_port,
        &mut connection.hb_port,
    ] {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(connection)
}
