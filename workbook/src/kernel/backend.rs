//! `evcxr_jupyter`, unchanged, as a child process on private sockets.

use super::cargo_stand_in::env;
use super::diagnostics::Diagnostics;
use super::place::Place;
use super::wire::{ConnectionFile, Message, Signer};
use anyhow::{Context, Result, bail};
use lambda_workbook::notebook::channel::SOCKET;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use zeromq::{
    DealerRecvHalf, DealerSendHalf, DealerSocket, Socket, SocketRecv, SocketSend, SubSocket,
};

/// Numbers behind the socket's path, in place of ports.
const SHELL: u16 = 1;
const CONTROL: u16 = 2;
const STDIN: u16 = 3;
const IOPUB: u16 = 4;
const HEARTBEAT: u16 = 5;

/// How long evcxr may take to open its sockets.
const START: Duration = Duration::from_secs(60);

/// A running `evcxr_jupyter`.
pub struct Backend {
    child: Child,
    signer: Signer,
    session: String,
    shell: DealerSendHalf,
    shell_replies: DealerRecvHalf,
    control: DealerSocket,
    /// What evcxr publishes, in its order.
    published: mpsc::Receiver<Message>,
}

/// What rustc was asked about a cell.
#[derive(Debug, Default)]
pub struct Checked {
    /// The types of its variables.
    pub types: BTreeMap<String, String>,
    /// What is wrong with it; nothing, if rustc was not asked.
    pub diagnostics: Diagnostics,
}

impl Checked {
    /// What [`Backend::ask_for_check`] asked for.
    pub fn read(place: &Place) -> Result<Checked> {
        let Ok(text) = std::fs::read_to_string(place.types()) else {
            return Ok(Checked::default());
        };
        if text.is_empty() {
            return Ok(Checked::default()); // checked by the real cargo
        }
        let mut answer: Value = serde_json::from_str(&text)?;
        Ok(Checked {
            types: serde_json::from_value(answer["types"].take())?,
            diagnostics: Diagnostics {
                errors: serde_json::from_value(answer["errors"].take())?,
                source: serde_json::from_value(answer["source"].take())?,
            },
        })
    }

    /// Whether the cell passed.
    pub fn correct(&self) -> bool {
        self.diagnostics.errors.is_empty()
    }
}

const CURSOR: &str = "evcxr_workbook_cursor";

/// What [`Backend::ask_for_context`] asked for: the source, and the cursor in it
/// in bytes. `None` when evcxr could not parse the cell.
pub fn source_at_cursor(place: &Place) -> Result<Option<(String, usize)>> {
    let source = std::fs::read_to_string(place.cells().join("src/lib.rs"))?;
    Ok(source
        .find(CURSOR)
        .map(|at| (source.replacen(CURSOR, "", 1), at)))
}

impl Backend {
    /// Starts evcxr in `place` and waits until it answers. With a channel, its
    /// cells talk to whoever listens there; without, as evcxr has it, by printing.
    pub async fn start(place: &Place, channel: Option<&Path>) -> Result<Backend> {
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

        let signer = connection.signer();
        let connect = async {
            // evcxr opens the sockets in this order; the last one means all.
            let mut published = SubSocket::new();
            wait_for(&place.path(&format!("evcxr:{IOPUB}"))).await;
            published.connect(&connection.endpoint(IOPUB)).await?;
            published.subscribe("").await?;
            let mut shell = DealerSocket::new();
            shell.connect(&connection.endpoint(SHELL)).await?;
            let mut control = DealerSocket::new();
            control.connect(&connection.endpoint(CONTROL)).await?;
            anyhow::Ok((published, shell, control))
        };
        let sockets = tokio::select! {
            sockets = tokio::time::timeout(START, connect) => sockets.context("evcxr_jupyter did not open its sockets in 60 s")?,
            status = child.wait() => bail!("evcxr_jupyter ended at its start ({})\n{}", status?, last_words(place)),
        };
        let (published, shell, control) = match sockets {
            Ok(sockets) => sockets,
            Err(error) => {
                let _ = child.wait().await;
                return Err(error.context(last_words(place)));
            }
        };
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
        backend.say_hello().await?;
        Ok(backend)
    }

    /// Asks until evcxr answers and its publications arrive here as well.
    async fn say_hello(&mut self) -> Result<()> {
        let mut heard = false;
        let mut answered = false;
        while !(heard && answered) {
            let hello = Message::request("kernel_info_request", &self.session, json!({}));
            self.shell.send(hello.encode(&self.signer)).await?;
            let mut replied = false;
            let patience = tokio::time::sleep(if answered {
                Duration::from_millis(50)
            } else {
                START
            });
            tokio::pin!(patience);
            loop {
                tokio::select! {
                    reply = self.shell_replies.recv(), if !replied => {
                        reply?;
                        (replied, answered) = (true, true);
                    }
                    Some(_) = self.published.recv() => heard = true,
                    status = self.child.wait() => bail!("evcxr_jupyter ended at its start ({})", status?),
                    () = &mut patience => break,
                }
                if heard && replied {
                    break;
                }
                if replied {
                    // The subscription may not have reached evcxr yet: ask again soon.
                    patience
                        .as_mut()
                        .reset(tokio::time::Instant::now() + Duration::from_millis(20));
                }
            }
            if !answered {
                bail!("evcxr_jupyter did not answer in 60 s");
            }
        }
        Ok(())
    }

    /// Sends a request on the shell socket and returns its id.
    pub async fn request(&mut self, kind: &str, content: Value) -> Result<String> {
        let message = Message::request(kind, &self.session, content);
        let id = message.id().to_owned();
        self.shell.send(message.encode(&self.signer)).await?;
        Ok(id)
    }

    /// The next thing to happen: an answer, a publication, or evcxr's end.
    pub async fn event(&mut self) -> Result<Event> {
        tokio::select! {
            biased;
            message = self.published.recv() => match message {
                Some(message) => Ok(Event::Published(message)),
                None => bail!("evcxr_jupyter closed its output"),
            },
            frames = self.shell_replies.recv() => Ok(Event::Reply(Message::decode(frames?, &self.signer)?)),
            status = self.child.wait() => bail!("evcxr_jupyter ended ({})", status?),
        }
    }

    /// Asks what rustc thinks of `code`; gives the id of the comm that evcxr closes
    /// when [`Checked::read`] finds the answer.
    ///
    /// With `types` it is asked for the types of the variables as well, and then
    /// comes to no borrow checking.
    ///
    /// evcxr has a comm for checking code without running it, and calls cargo for
    /// it: [`super::cargo_stand_in`] leaves the answer in `place`.
    pub async fn ask_for_check(
        &mut self,
        code: &str,
        types: bool,
        place: &Place,
    ) -> Result<String> {
        // The file being there asks for types.
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

    /// Asks for the cell with everything that it can see, as evcxr would check
    /// it; gives the id of the request, after whose reply [`source_at_cursor`]
    /// finds the answer. The cursor is in bytes.
    pub async fn ask_for_context(&mut self, code: &str, cursor: usize) -> Result<String> {
        // evcxr writes its source down when it is asked for completions. A
        // name that nobody uses shows where the cursor went in it.
        let marked = format!("{}{CURSOR}{}", &code[..cursor], &code[cursor..]);
        let position = code[..cursor].chars().count() + CURSOR.len();
        self.request(
            "complete_request",
            json!({"code": marked, "cursor_pos": position}),
        )
        .await
    }

    /// Ends the cells' process; evcxr starts a new one.
    pub async fn interrupt(&mut self) -> Result<()> {
        let message = Message::request("interrupt_request", &self.session, json!({}));
        self.control.send(message.encode(&self.signer)).await?;
        Ok(())
    }

    /// Ends evcxr and the cells' process.
    pub async fn stop(mut self) {
        let message =
            Message::request("shutdown_request", &self.session, json!({"restart": false}));
        let _ = self.control.send(message.encode(&self.signer)).await;
        if tokio::time::timeout(Duration::from_millis(300), self.child.wait())
            .await
            .is_err()
        {
            kill_group(self.child.id());
            let _ = self.child.wait().await;
        }
    }
}

/// See [`Backend::event`].
pub enum Event {
    Published(Message),
    Reply(Message),
}

impl Drop for Backend {
    fn drop(&mut self) {
        kill_group(self.child.id());
    }
}

/// evcxr leads a process group of its own, so that its children go with it.
fn kill_group(id: Option<u32>) {
    if let Some(id) = id {
        // SAFETY: a signal to a process group; no memory is touched.
        unsafe { libc::kill(-(id as i32), libc::SIGKILL) };
    }
}

fn command(place: &Place) -> Command {
    let log = std::fs::File::create(place.log()).map_or_else(|_| Stdio::null(), Stdio::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut with_bin = vec![place.bin()];
    with_bin.extend(std::env::split_paths(&path));
    let mut command = Command::new(&place.exe);
    command
        .env("EVCXR_TMPDIR", place.cells())
        .env("EVCXR_CONFIG_DIR", place.config())
        // evcxr would rewrite a stock Rust kernelspec that it finds.
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
    // SAFETY: one system call between fork and exec, which is allowed there.
    unsafe { command.pre_exec(end_with_parent) };
    command
}

/// The end of what evcxr wrote on its way out.
fn last_words(place: &Place) -> String {
    let log = std::fs::read_to_string(place.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    format!(
        "evcxr_jupyter could not start:\n{}",
        lines[lines.len().saturating_sub(12)..].join("\n")
    )
}

/// Runs as the process of the cells: in the support crate that cells link, where
/// their statics live. It ends the process itself.
pub fn run_cells() -> std::process::ExitCode {
    let path = |name: &str| std::path::PathBuf::from(std::env::var_os(name).unwrap_or_default());
    let load = || -> Result<()> {
        // The shared library names its standard library, but not where it is.
        let std = std::fs::read_dir(path(env::STD))?
            .flatten()
            .find(|file| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with("libstd-") && name.ends_with(".so")
            })
            .context("the toolchain has no shared standard library")?;
        // SAFETY: libraries of this project and of Rust, which run no code of a
        // reader when they are loaded; the function has this signature there.
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
        eprintln!("the cells' process cannot start: {error:#}");
    }
    std::process::ExitCode::from(99)
}

/// Has the calling process killed when its parent dies, however that happens.
pub fn end_with_parent() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    // SAFETY: sets an attribute of this process and touches no memory.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    Ok(())
}

async fn wait_for(path: &Path) {
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn receive(mut socket: SubSocket, signer: Signer) -> mpsc::Receiver<Message> {
    let (sender, receiver) = mpsc::channel(1024);
    tokio::spawn(async move {
        while let Ok(frames) = socket.recv().await {
            // A message that does not verify cannot come from our evcxr.
            if let Ok(message) = Message::decode(frames, &signer)
                && sender.send(message).await.is_err()
            {
                return;
            }
        }
    });
    receiver
}
