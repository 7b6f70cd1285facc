//! The real JupyterLab: it opens, knows our kernel, and leaves nothing behind.
use crate::project::{Project, assert_says, run};
use crate::server::Lab;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The processes whose command line names `folder`: JupyterLab and its kernels do.
pub fn processes_of(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(folder) {
            found.push(line);
        }
    }
    found
}

#[test]
fn it_opens_offline_in_seconds_with_our_kernel_and_ctrl_c_leaves_nothing() {
    let project = Project::with_jupyterlab();
    // A reader's own settings that would break any Jupyter.
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".jupyter")).unwrap();
    for name in ["jupyter_server_config.py", "jupyter_config.py"] {
        fs::write(
            home.path().join(".jupyter").join(name),
            "raise SystemExit(7)",
        )
        .unwrap();
    }
    let mut command = project.launcher(&["--no-browser", "--", "--log-level=WARN"]);
    command
        .env("JUPYTER_CONFIG_DIR", home.path().join(".jupyter"))
        .env("JUPYTER_PATH", "/nonexistent")
        .env("PYTHONPATH", "/nonexistent")
        .env("PIP_NO_INDEX", "1")
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/");
    let started = Instant::now();
    let mut lab = Lab::open(&mut command);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(30), "a second run took {took:?}");

    let kernels = lab.ask("GET", "/api/kernelspecs", "");
    assert_says(
        &kernels,
        &[
            "\"default\": \"lambda-workbook\"",
            "Rust (Lambda Workbook)",
            "logo-svg",
        ],
    );
    let extensions = lab.ask("GET", "/lab/api/extensions", "");
    assert_says(&extensions, &["@jupyter-widgets/jupyterlab-manager"]);
    let kernel = lab.ask("POST", "/api/kernels", "{\"name\": \"lambda-workbook\"}");
    assert_says(&kernel, &["201 Created"]);

    // A second one, of the same folder, is told where the first one is.
    let (code, said) = run(&mut project.launcher(&["--no-browser"]));
    assert_eq!(code, 3, "{said}");
    assert_says(&said, &["already open", &format!("127.0.0.1:{}", lab.port)]);
    // Setting up beside it is no trouble when there is nothing to mend.
    let (code, said) = run(&mut project.launcher(&["--setup-only"]));
    assert_eq!(code, 0, "{said}");

    lab.signal("-INT");
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
    let folder = project.root.to_str().unwrap();
    assert_eq!(processes_of(folder), Vec::<String>::new());
    assert!(TcpStream::connect(("127.0.0.1", lab.port)).is_err());
}

#[test]
fn a_killed_run_takes_jupyterlab_with_it_and_the_next_one_opens() {
    let project = Project::with_jupyterlab();
    for _ in 0..2 {
        let mut lab = Lab::open(&mut project.launcher(&["--no-browser"]));
        let mut open = TcpStream::connect(("127.0.0.1", lab.port)).unwrap();
        open.set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        lab.signal("-KILL");
        lab.child.wait().unwrap();
        // JupyterLab holds the other end until it ends.
        let _ = open.read(&mut [0]);
    }
}

#[test]
fn what_jupyterlab_cannot_do_is_told_with_its_last_lines() {
    let project = Project::with_jupyterlab();
    let mut lab = project.launcher(&["--no-browser", "--", "--ServerApp.port=nonsense"]);
    let (code, said) = run(&mut lab);
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &["JupyterLab did not start", "nonsense", "jupyterlab.log"],
    );
}
