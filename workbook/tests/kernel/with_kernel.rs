//! Kernels for the tests.
use serde_json::Value;
use std::future::Future;
use std::path::Path;
use workbook::kernel::client::{Client, Ran};

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub async fn kernel() -> Client {
    Client::start(Path::new(env!("CARGO_BIN_EXE_workbook")), Path::new("."))
        .await
        .unwrap()
}

/// Gives a kernel to `test`, and ends it afterwards.
pub fn with_kernel(test: impl AsyncFnOnce(&mut Client)) {
    block_on(async {
        let mut kernel = kernel().await;
        test(&mut kernel).await;
        kernel.shutdown().await.unwrap();
    });
}

pub async fn good(kernel: &mut Client, code: &str) -> Ran {
    let ran = kernel.execute(code).await.unwrap();
    assert!(ran.error().is_none(), "{code}\n{:#?}", ran.outputs);
    ran
}

pub async fn bad(kernel: &mut Client, code: &str) -> Value {
    let ran = kernel.execute(code).await.unwrap();
    ran.error()
        .unwrap_or_else(|| panic!("no error: {code}\n{:#?}", ran.outputs))
        .clone()
}

/// What an error's traceback says, without colours.
pub fn report(error: &Value) -> String {
    let lines = error["traceback"].as_array().unwrap();
    let text: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    let text = text.join("\n");
    let parts = text.split("\x1b[");
    parts
        .enumerate()
        .map(|(at, part)| match at {
            0 => part,
            _ => part.split_once('m').map_or(part, |(_, rest)| rest),
        })
        .collect()
}

/// All text on standard error.
pub fn stderr(ran: &Ran) -> String {
    ran.outputs
        .iter()
        .filter(|output| output["name"] == "stderr")
        .map(|output| output["text"].as_str().unwrap())
        .collect()
}
