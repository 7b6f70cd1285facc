//! Full and read-only disks, where this system lets a user mount one of their own.
use crate::project::{Project, assert_says, launcher, packages, run};
use std::process::{Command, Stdio};

/// Runs `script` in a namespace of its own, with a fresh file system of `size` on
/// `$1` and the workbook as `$2`; `None` where the system does not allow that.
fn on_own_disk(project: &Project, size: &str, script: &str) -> Option<(i32, String)> {
    let allowed = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "true"])
        .stderr(Stdio::null())
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("left out: no user namespaces here");
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o size={size} none \"$1\" && mkdir \"$1/notebooks\" \
         && touch -d @1 \"$1/Cargo.toml\" && cd \"$1\" || exit 99\n{script}"
    );
    let mut command = Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
        ])
        .arg(&project.root)
        .arg(launcher())
        .env("LAMBDA_WORKBOOK_ROOT", &project.root)
        .env("LAMBDA_WORKBOOK_KERNEL", "/bin/true");
    Some(run(packages(&mut command)))
}

#[test]
fn too_little_space_is_told_before_anything_is_made() {
    let project = Project::new();
    let script = "\"$2\" --setup-only; code=$?; ls -A; exit $code";
    let Some((code, said)) = on_own_disk(&project, "20m", script) else {
        return;
    };
    assert_eq!(code, 3, "{said}");
    assert_says(
        &said,
        &["disk space: ", "MB free", "500 MB needed", "fix: free some"],
    );
    assert!(!said.contains(".venv"), "{said}");
}

#[test]
fn a_disk_that_fills_up_on_the_way_is_told_and_a_freed_one_mended() {
    let project = Project::new();
    // The space is there when asked for, and gone when used.
    let script = "(while [ ! -e .venv/bin ]; do :; done; dd if=/dev/zero of=filler bs=1M 2>/dev/null; true) & \
        \"$2\" --setup-only; echo code $?; wait; rm filler; \
        \"$2\" --setup-only";
    let Some((code, said)) = on_own_disk(&project, "600m", script) else {
        return;
    };
    assert_says(
        &said,
        &["code 3", "making .venv failed", "the disk is full"],
    );
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let project = Project::new();
    let script = "mount -o remount,ro \"$1\" && exec \"$2\" --setup-only";
    let Some((code, said)) = on_own_disk(&project, "20m", script) else {
        return;
    };
    assert_eq!(code, 3, "{said}");
    assert_says(&said, &["cannot be written", "fix: make it yours"]);
}
