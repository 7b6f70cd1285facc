//! Opens JupyterLab, waits for it, and ends it with everything it started.
use super::lock::Held;
use super::process::{create, end_with_parent};
use super::progress::Progress;
use super::project::Project;
use super::{interpreter, kernelspec, stop};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long JupyterLab may take to answer: a cold disk is slow.
const READY: Duration = Duration::from_secs(120);
/// How long it may take to end its kernels when told to stop.
const STOP: Duration = Duration::from_secs(15);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What the reader asked for.
pub struct Options {
    pub port: u16,
    /// How many ports behind it will do as well, should another program take
    /// this one before JupyterLab does.
    pub port_retries: u16,
    pub browser: bool,
    /// Handed to `jupyter lab` as they are.
    pub more: Vec<OsString>,
}

/// What JupyterLab writes about itself once it listens.
#[derive(Deserialize)]
struct Info {
    url: String,
    token: String,
    port: u16,
}

/// Runs JupyterLab until it ends or this process is asked to. `open` and `setup` are
/// the locks: the first is held throughout, the second until JupyterLab answers.
pub fn run(
    project: &Project,
    options: &Options,
    mut open: Held,
    setup: Held,
    progress: &Progress,
) -> Result<()> {
    let log = project.log("jupyterlab");
    let mut command = command(project, options);
    let output = create(&log)?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    end_with_parent(&mut command, libc::SIGTERM);
    let task = progress.start("Opening JupyterLab", 0);
    let mut child = command.spawn().context("JupyterLab cannot be started")?;
    let served = serve(project, &mut child, &log, |url| {
        task.done("");
        open.note(&format!("process {}, {url}", std::process::id()));
        drop(setup);
        progress.say(&format!(
            "\n  {url}\n\nCtrl-C ends it. Its log: {}\n",
            project.name(&log)
        ));
    });
    if stop::wanted() {
        progress.say("\nEnding JupyterLab, its kernels and the build ...");
    }
    end(&mut child);
    served
}

/// Waits until JupyterLab listens, reports its address, and waits for its end.
fn serve(project: &Project, child: &mut Child, log: &Path, ready: impl FnOnce(&str)) -> Result<()> {
    let info = project
        .jupyter("runtime")
        .join(format!("jpserver-{}.json", child.id()));
    // An earlier server with the same process id may have been killed.
    let _ = std::fs::remove_file(&info);
    let started = Instant::now();
    let mut ready = Some(ready);
    loop {
        if stop::wanted() {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            match ready {
                Some(_) => bail!("JupyterLab did not start ({status}):\n{}", tail(log)),
                None if status.success() => return Ok(()),
                None => bail!("JupyterLab ended by itself ({status}):\n{}", tail(log)),
            }
        }
        if ready.is_some() {
            if let Some(url) = address(project, &info)
                && let Some(ready) = ready.take()
            {
                ready(&url);
            } else if started.elapsed() > READY {
                bail!("JupyterLab does not answer after {READY:?}:\n{}", tail(log));
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// The page's address, once JupyterLab listens.
fn address(project: &Project, info: &Path) -> Option<String> {
    let info: Info = serde_json::from_slice(&std::fs::read(info).ok()?).ok()?;
    // It writes that a moment before it listens.
    TcpStream::connect((Ipv4Addr::LOCALHOST, info.port)).ok()?;
    let token = match info.token.as_str() {
        "" => String::new(),
        token => format!("?token={token}"),
    };
    Some(format!("{}{}{token}", info.url, page(project)))
}

/// What JupyterLab opens: the start page, where there is one.
fn page(project: &Project) -> String {
    let start = "notebooks/00_start_here.ipynb";
    match project.root.join(start).is_file() {
        true => format!("lab/tree/{start}"),
        false => "lab/tree/notebooks".into(),
    }
}

fn command(project: &Project, options: &Options) -> Command {
    let mut command = Command::new(project.venv_python());
    let root = &project.root;
    command
        .args(["-m", "jupyterlab"])
        .arg(format!("--ServerApp.root_dir={}", root.display()))
        .arg("--ServerApp.ip=127.0.0.1")
        .arg(format!("--ServerApp.port={}", options.port))
        .arg(format!("--ServerApp.port_retries={}", options.port_retries))
        .arg(format!("--LabApp.default_url=/{}", page(project)))
        .arg(format!(
            "--MultiKernelManager.default_kernel_name={}",
            kernelspec::NAME
        ))
        // Neither asks anything of the network, so that it works without.
        .arg("--LabApp.news_url=None")
        .arg("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
        .arg("--LabApp.extension_manager=readonly")
        // The Python kernel that JupyterLab brings is no choice for these notebooks.
        .arg("--KernelSpecManager.allowed_kernelspecs=lambda-workbook")
        // A slider redraws a picture of 30 KB fifty times a second; the default
        // of 1 MB/s would drop pictures and say so in the notebook.
        .arg("--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=20000000");
    if !options.browser {
        command.arg("--no-browser");
    }
    // SAFETY: geteuid only reads.
    if unsafe { libc::geteuid() } == 0 {
        // Containers often have no other user; the port is on loopback all the same.
        command.arg("--allow-root");
    }
    command.args(&options.more).current_dir(root);
    environment(project, &mut command);
    use std::os::unix::process::CommandExt;
    // A group of its own: Ctrl-C reaches us alone, and JupyterLab asks nothing.
    command.process_group(0);
    command
}

/// The reader's own Jupyter settings and paths stay out; ours lie in `.lab`.
pub fn environment(project: &Project, command: &mut Command) {
    interpreter::clean(command);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // JUPYTER_TOKEN is a choice for this server. Cargo's are of `cargo run` alone.
        let ours = text.starts_with("JUPYTER") && text != "JUPYTER_TOKEN";
        if ours || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let bin = project.venv().join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(paths) {
        command.env("PATH", path);
    }
    command
        .env("VIRTUAL_ENV", project.venv())
        .env("LAMBDA_WORKBOOK_ROOT", &project.root)
        .env("JUPYTER_CONFIG_DIR", project.jupyter("config"))
        .env("JUPYTER_DATA_DIR", project.jupyter("data"))
        .env("JUPYTER_RUNTIME_DIR", project.jupyter("runtime"))
        .env("JUPYTER_PREFER_ENV_PATH", "1");
}

/// Ends JupyterLab, by asking first.
fn end(child: &mut Child) {
    let started = Instant::now();
    send(child.id(), libc::SIGTERM);
    while let Ok(None) = child.try_wait() {
        if started.elapsed() > STOP {
            let _ = child.kill();
            let _ = child.wait();
            break;
        }
        std::thread::sleep(LOOK);
    }
}

/// Kernels run in sessions of their own, so ending JupyterLab's group misses them.
/// On Linux what it leaves behind becomes ours, and can be found and ended.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // SAFETY: a flag of this process.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
    }
}

/// Ends every process that is still ours.
#[cfg(target_os = "linux")]
pub fn end_orphans() {
    let started = Instant::now();
    loop {
        let children = children_of(std::process::id());
        if children.is_empty() || started.elapsed() > STOP {
            return;
        }
        // Asked first, and after two seconds told.
        let patient = started.elapsed() < Duration::from_secs(2);
        for child in children {
            send(
                child,
                if patient {
                    libc::SIGTERM
                } else {
                    libc::SIGKILL
                },
            );
            // SAFETY: waits for a child of ours, without blocking.
            unsafe { libc::waitpid(child as i32, std::ptr::null_mut(), libc::WNOHANG) };
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn end_orphans() {}

/// The processes whose parent is `parent`, by /proc.
#[cfg(target_os = "linux")]
fn children_of(parent: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // "id (name) state parent ...", where the name may hold anything.
        let after = stat.rsplit(')').next().unwrap_or_default();
        if after.split_whitespace().nth(1) == Some(parent.to_string().as_str()) {
            children.push(id);
        }
    }
    children
}

fn send(process: u32, signal: libc::c_int) {
    // SAFETY: the process is a child of ours and not yet waited for.
    unsafe { libc::kill(process as i32, signal) };
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(12)..];
    let last: String = last.iter().map(|line| format!("    {line}\n")).collect();
    format!("{last}  all of it: {}", log.display())
}
