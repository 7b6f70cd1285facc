//! Runs an unchanged `evcxr_jupyter` as a child process and talks to it.
//!
//! evcxr is the Rust interpreter behind the kernel: it wraps each cell in a function,
//! has cargo compile it to a shared library, and has the cell process load and run it.
//! It listens on Unix sockets in the kernel's private folder ([`Place`]).

use super::cargo_stand_in::env;
use super::place::Place;
use super::wire::{ConnectionFile, Message, Signer};
use anyhow::{Context, Result, bail};
use lambda_workbook::notebook::channel::SOCKET;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use zeromq::{
    DealerRecvHalf, DealerSendHalf, DealerSocket, Socket, SocketRecv, SocketSend, SubSocket,
};

// The numbers of evcxr's sockets. With the transport `ipc` they are the ends of the
// sockets' paths and take the place of ports.
const SHELL: u16 = 1;
const CONTROL: u16 = 2;
const STDIN: u16 = 3;
const IOPUB: u16 = 4;
const HEARTBEAT: u16 = 5;

/// How long evcxr may take to open its sockets, and then to answer.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running `evcxr_jupyter`.
pub struct Backend {
    child: Child,
    signer: Signer,
    /// The session id in the headers of our requests.
    session: String,
    shell: DealerSendHalf,
    shell_replies: DealerRecvHalf,
    control: DealerSocket,
    /// The messages that evcxr publishes on iopub, in order.
    published: mpsc::Receiver<Message>,
}

/// A name that marks the cursor in the source of a cell.
const CURSOR: &str = "evcxr_workbook_cursor";

/// Reads the source that [`Backend::request_context`] asked for, and the byte offset of
/// the cursor in it. Returns `None` when evcxr could not parse the cell.
///
/// # Errors
/// Returns an error when the source cannot be read.
pub fn source_at_cursor(place: &Place) -> Result<Option<(String, usize)>> {
    let source = std::fs::read_to_string(place.cells().join("src/lib.rs"))?;
    Ok(source
        .find(CURSOR)
        .map(|at| (source.replacen(CURSOR, "", 1), at)))
}

impl Backend {
    /// Starts evcxr in `place` and waits until it answers.
    ///
    /// `channel` is the socket of the side channel to which the cell process connects.
    /// With `None` cells print their rich output, as in evcxr without this kernel.
    ///
    /// # Errors
    /// Returns an error when evcxr cannot be started, exits, or does not answer in 60
    /// seconds.
    pub async fn start(place: &Place, channel: Option<&Path>) -> Result<Backend> {
        // Write a connection file, and remove what an earlier evcxr left.
        let connection = ConnectionFile {
            transport: "ipc".into(),
            ip: place.path("evcxr").display().to_string(),
            key: uuid::Uuid::new_v4().to_string(),
            signature_scheme: "hmac-sha256".into(),
            shell_port: SHELL,
            iopub_port: IOPUB,
            stdin_port: STDIN,
            control_port: CONTROL,
            hb_port: HEARTBEAT,
            kernel_name: None,
        };
        let file = place.path("connection.json");
        let _ = std::fs::remove_file(&file);
        for port in SHELL..=HEARTBEAT {
            let _ = std::fs::remove_file(place.path(&format!("evcxr:{port}")));
        }
        connection.write(&file)?;

        // Start the process.
        let mut command = command(place);
        match channel {
            Some(channel) => command.env(SOCKET, channel),
            None => command.env_remove(SOCKET),
        };
        let mut child = command
            .arg("--control_file")
            .arg(&file)
            .spawn()
            .context("cannot start evcxr_jupyter")?;

        // Connect to its sockets. evcxr opens iopub last, so then all of them are open.
        let signer = connection.signer();
        let connect = async {
            let mut published = SubSocket::new();
            wait_for_file(&place.path(&format!("evcxr:{IOPUB}"))).await;
            published.connect(&connection.endpoint(IOPUB)).await?;
            published.subscribe("").await?;
            let mut shell = DealerSocket::new();
            shell.connect(&connection.endpoint(SHELL)).await?;
            let mut control = DealerSocket::new();
            control.connect(&connection.endpoint(CONTROL)).await?;
            anyhow::Ok((published, shell, control))
        };
        let sockets = tokio::select! {
            sockets = tokio::time::timeout(START_TIMEOUT, connect) => sockets.context("evcxr_jupyter did not open its sockets in 60 s")?,
            status = child.wait() => bail!("evcxr_jupyter exited while it was starting ({})\n{}", status?, log_tail(place)),
        };
        let (published, shell, control) = match sockets {
            Ok(sockets) => sockets,
            Err(error) => {
                let _ = child.wait().await;
                return Err(error.context(log_tail(place)));
            }
        };

        // Wait until it answers.
        let (shell, shell_replies) = shell.split();
        let mut backend = Backend {
            child,
            session: uuid::Uuid::new_v4().to_string(),
            shell,
            shell_replies,
            control,
            published: receive(published, signer.clone()),
            signer,
        };
        backend.wait_until_ready().await?;
        Ok(backend)
    }

    /// Sends `kernel_info_request`s until a reply and an iopub message have arrived.
    ///
    /// One request is not enough: ZeroMQ drops what evcxr publishes before the
    /// subscription has reached it.
    async fn wait_until_ready(&mut self) -> Result<()> {
        // Whether anything has arrived on iopub, and on the shell socket.
        let mut iopub_ready = false;
        let mut shell_ready = false;
        while !(iopub_ready && shell_ready) {
            let request = Message::request("kernel_info_request", &self.session, json!({}));
            self.shell.send(request.encode(&self.signer)).await?;
            let mut replied = false;
            // The first reply may take long; later ones come at once.
            let timeout = tokio::time::sleep(if shell_ready {
                Duration::from_millis(50)
            } else {
                START_TIMEOUT
            });
            tokio::pin!(timeout);
            loop {
                tokio::select! {
                    reply = self.shell_replies.recv(), if !replied => {
                        reply?;
                        (replied, shell_ready) = (true, true);
                    }
                    Some(_) = self.published.recv() => iopub_ready = true,
                    status = self.child.wait() => bail!("evcxr_jupyter exited while it was starting ({})", status?),
                    () = &mut timeout => break,
                }
                if iopub_ready && replied {
                    break;
                }
                if replied {
                    // The subscription has not reached evcxr yet: send the next request
                    // soon.
                    timeout
                        .as_mut()
                        .reset(tokio::time::Instant::now() + Duration::from_millis(20));
                }
            }
            if !shell_ready {
                bail!("evcxr_jupyter did not answer in 60 s");
            }
        }
        Ok(())
    }

    /// Sends a request on the shell socket and returns its message id.
    ///
    /// # Errors
    /// Returns an error when evcxr has closed the socket.
    pub async fn request(&mut self, kind: &str, content: Value) -> Result<String> {
        let message = Message::request(kind, &self.session, content);
        let id = message.id().to_owned();
        self.shell.send(message.encode(&self.signer)).await?;
        Ok(id)
    }

    /// Waits for the next message of evcxr. Messages on iopub come before replies.
    ///
    /// # Errors
    /// Returns an error when evcxr exits.
    pub async fn next_message(&mut self) -> Result<EvcxrMessage> {
        tokio::select! {
            biased;
            message = self.published.recv() => match message {
                Some(message) => Ok(EvcxrMessage::Published(message)),
                None => bail!("evcxr_jupyter closed its iopub socket"),
            },
            frames = self.shell_replies.recv() => Ok(EvcxrMessage::Reply(Message::decode(frames?, &self.signer)?)),
            status = self.child.wait() => bail!("evcxr_jupyter exited ({})", status?),
        }
    }

    /// Has rustc check `code` without running it. Returns the id of a comm: when evcxr
    /// closes that comm, [`super::check::CheckReport::read`] finds the report.
    ///
    /// With `types` the report holds the types of the variables too. rustc then stops
    /// before borrow checking, so errors of that kind are missing.
    ///
    /// evcxr has a comm target for checking code, for which it calls `cargo check`.
    /// [`super::cargo_stand_in`] answers that call and writes the report into `place`.
    pub async fn request_check(
        &mut self,
        code: &str,
        types: bool,
        place: &Place,
    ) -> Result<String> {
        // The stand-in for cargo looks for types when this file exists.
        match types {
            true => std::fs::write(place.types(), "")?,
            false => drop(std::fs::remove_file(place.types())),
        }
        let comm = uuid::Uuid::new_v4().to_string();
        self.request(
            "comm_open",
            json!({"comm_id": comm, "target_name": "evcxr-cargo-check", "data": {"code": code}}),
        )
        .await?;
        Ok(comm)
    }

    /// Has evcxr write the source of a cell together with the items and variables of
    /// earlier cells. Returns the id of the request: after its reply,
    /// [`source_at_cursor`] finds the source. `cursor` is a byte offset.
    pub async fn request_context(&mut self, code: &str, cursor: usize) -> Result<String> {
        // evcxr writes that source to a file when it is asked for completions. A name that
        // occurs nowhere else marks the cursor in it.
        let marked = format!("{}{CURSOR}{}", &code[..cursor], &code[cursor..]);
        let position = code[..cursor].chars().count() + CURSOR.len();
        self.request(
            "complete_request",
            json!({"code": marked, "cursor_pos": position}),
        )
        .await
    }

    /// Has evcxr kill the cell process and start a new one.
    ///
    /// # Errors
    /// Returns an error when evcxr has closed the socket.
    pub async fn interrupt(&mut self) -> Result<()> {
        let message = Message::request("interrupt_request", &self.session, json!({}));
        self.control.send(message.encode(&self.signer)).await?;
        Ok(())
    }

    /// Stops evcxr and the cell process: first by a request, then, if evcxr still runs
    /// after 300 ms, by a signal.
    pub async fn stop(mut self) {
        let message =
            Message::request("shutdown_request", &self.session, json!({"restart": false}));
        let _ = self.control.send(message.encode(&self.signer)).await;
        if tokio::time::timeout(Duration::from_millis(300), self.child.wait())
            .await
            .is_err()
        {
            kill_process_group(self.child.id());
            let _ = self.child.wait().await;
        }
    }
}

/// A message of evcxr, see [`Backend::next_message`].
pub enum EvcxrMessage {
    /// A message on the iopub socket.
    Published(Message),
    /// A reply on the shell socket.
    Reply(Message),
}

impl Drop for Backend {
    fn drop(&mut self) {
        kill_process_group(self.child.id());
    }
}

/// Kills the process group that the process with this id leads. evcxr is started as the
/// leader of a group, so this kills its children too.
fn kill_process_group(id: Option<u32>) {
    if let Some(id) = id {
        // SAFETY: kill only sends a signal.
        unsafe { libc::kill(-(id as i32), libc::SIGKILL) };
    }
}

/// Creates the command that starts evcxr, with the environment that evcxr, the stand-in
/// programs and the cells need.
fn command(place: &Place) -> Command {
    let log = std::fs::File::create(place.log()).map_or_else(|_| Stdio::null(), Stdio::from);
    // evcxr finds `cargo`, `rustup` and `cc` on the PATH: the stand-ins come first.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut with_bin = vec![place.bin()];
    with_bin.extend(std::env::split_paths(&path));
    let mut command = Command::new(&place.exe);
    command
        .env("EVCXR_TMPDIR", place.cells())
        .env("EVCXR_CONFIG_DIR", place.config())
        // evcxr rewrites the kernelspec of a stock Rust kernel when it finds one, so it
        // must look in an empty folder.
        .env("JUPYTER_PATH", place.path("jupyter"))
        .env("RUST_SRC_PATH", place.no_std())
        .env("LAMBDA_WORKBOOK_ROOT", &place.root)
        .env(env::DYLIB, &place.dylib)
        .env(env::DEPS, &place.deps)
        .env(env::STUB, place.stub())
        .env(env::LINKER, place.bin().join("cc"))
        .env(env::STD, &place.std)
        .env(env::TYPES, place.types())
        .env(env::COMPILER, place.compiler())
        .env(env::CARGO, place.cargo())
        .env(env::REAL_PATH, &path)
        .env("PATH", std::env::join_paths(with_bin).unwrap_or(path))
        .env("CARGO_HOME", place.cargo_home())
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTUP_TOOLCHAIN")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true);
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        command.env(env::REAL_CARGO_HOME, home);
    }
    // SAFETY: the closure makes one system call, which is allowed between fork and exec.
    unsafe { command.pre_exec(kill_with_parent) };
    command
}

/// Returns the last 12 lines of evcxr's log, as the text of an error.
fn log_tail(place: &Place) -> String {
    let log = std::fs::read_to_string(place.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    format!(
        "evcxr_jupyter could not start:\n{}",
        lines[lines.len().saturating_sub(12)..].join("\n")
    )
}

/// Runs this process as the cell process: loads the shared library of the support crate,
/// the one that cells link, and calls the function in it that serves evcxr.
///
/// That function ends the process itself. This one returns only when the library cannot
/// be loaded, with exit code 99.
pub fn run_cells() -> std::process::ExitCode {
    let path = |name: &str| std::path::PathBuf::from(std::env::var_os(name).unwrap_or_default());
    let load = || -> Result<()> {
        // The support crate needs the shared standard library, but does not know its
        // folder. So that library is loaded first.
        let std = std::fs::read_dir(path(env::STD))?
            .flatten()
            .find(|file| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with("libstd-") && name.ends_with(".so")
            })
            .context("the toolchain has no shared standard library")?;
        // SAFETY: both libraries belong to this project or to Rust, and neither runs code of
        // the reader when it is loaded. The function has this signature in its source.
        unsafe {
            let _std = libloading::Library::new(std.path())?;
            let support = libloading::Library::new(path(env::DYLIB))?;
            let run: libloading::Symbol<extern "C" fn()> =
                support.get("lambda_workbook_run_cells")?;
            run();
        }
        Ok(())
    };
    if let Err(error) = load() {
        eprintln!("cannot start the cell process: {error:#}");
    }
    std::process::ExitCode::from(99)
}

/// Has the system kill the calling process when its parent ends, for whatever reason.
/// Does nothing on systems other than Linux.
///
/// # Errors
/// Never returns one; the type is the one that `pre_exec` wants.
pub fn kill_with_parent() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: this call sets an attribute of the process and touches no memory.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    Ok(())
}

/// Waits until a file exists.
async fn wait_for_file(path: &Path) {
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Decodes the messages of evcxr's iopub socket in the background.
fn receive(mut socket: SubSocket, signer: Signer) -> mpsc::Receiver<Message> {
    let (sender, receiver) = mpsc::channel(1024);
    tokio::spawn(async move {
        while let Ok(frames) = socket.recv().await {
            // A message with a wrong signature does not come from our evcxr and is dropped.
            if let Ok(message) = Message::decode(frames, &signer)
                && sender.send(message).await.is_err()
            {
                return;
            }
        }
    });
    receiver
}
