//! `jupyter_kernel_test`, Jupyter's own suite for kernels, with every sample filled in.
use super::parts::{Desk, QUIET, test_python};
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::Duration;

const SUITE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/front_ends/kernel_suite.py"
);

#[test]
fn the_kernel_passes_jupyters_conformance_suite() {
    let Some(python) = test_python() else { return };
    let _alone = QUIET.write().unwrap_or_else(PoisonError::into_inner);
    let desk = Desk::new();
    let (code, said) = desk.run(desk.python(&python).arg(SUITE), Duration::from_secs(180));
    assert_eq!(code, 0, "{said}");
    let last = said.lines().last().unwrap_or_default();
    let found: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(found["failed"], json!([]), "{said}");
    // 12 of a kernel's, 1 of its iopub socket: what the suite has, not what we asked of it.
    assert_eq!(
        (&found["there"], &found["run"]),
        (&json!(13), &json!(13)),
        "{said}"
    );
    // A page is a payload of the reply. The protocol deprecates payloads, and
    // JupyterLab shows none; Shift-Tab shows documentation instead.
    assert_eq!(
        found["skipped"],
        json!({"test_pager": "No code page something"}),
        "{said}"
    );
}
