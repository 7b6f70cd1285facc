//! Kernels for the tests.
use kernel::client::{CellRun, Client};
use serde_json::Value;
use std::future::Future;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Runtime;

/// The runtime of all shared kernels: the sockets to a kernel belong to the runtime that
/// opened them, and a shared kernel goes from one test's thread to another's.
static SHARED_RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().unwrap()
});

/// Runs a conversation with kernels of a test's own. What a socket gives is read on this
/// thread: from another, a large message would come in thousands of small parts, each of
/// which costs as much as a large one.
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

/// The kernels that tests share.
struct Shared {
    /// Those that no test has now.
    idle: Vec<Client>,
    /// How many tests have one.
    turns: usize,
}

fn shared() -> MutexGuard<'static, Shared> {
    static SHARED: Mutex<Shared> = Mutex::new(Shared {
        idle: Vec::new(),
        turns: 0,
    });
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A test's turn with a shared kernel. When the last turn ends, all shared kernels do, so
/// that none outlives the tests.
struct Turn;

impl Turn {
    /// Begins a turn; gives an idle kernel, if there is one.
    fn begin() -> (Turn, Option<Client>) {
        let mut shared = shared();
        shared.turns += 1;
        (Turn, shared.idle.pop())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut shared = shared();
        shared.turns -= 1;
        if shared.turns == 0 {
            for kernel in std::mem::take(&mut shared.idle) {
                let ended = SHARED_RUNTIME.block_on(kernel.shutdown());
                assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
            }
        }
    }
}

/// Gives `test` a kernel that may have served other tests and may serve more: for what
/// does not depend on the cells that ran before. A test that fails takes its kernel with
/// it.
pub fn with_shared_kernel(test: impl AsyncFnOnce(&mut Client)) {
    let (_turn, idle) = Turn::begin();
    let kernel = SHARED_RUNTIME.block_on(async {
        let mut kernel = match idle {
            Some(kernel) => kernel,
            None => kernel().await,
        };
        test(&mut kernel).await;
        kernel
    });
    shared().idle.push(kernel);
}

/// Returns the number that the kernel gives to the next cell.
pub async fn next_number(kernel: &mut Client) -> u64 {
    good(kernel, "()").await.execution_count + 1
}

/// Gives a kernel of its own to `test`, and ends it afterwards.
pub fn with_kernel(test: impl AsyncFnOnce(&mut Client)) {
    block_on(async {
        let mut kernel = kernel().await;
        test(&mut kernel).await;
        kernel.shutdown().await.unwrap();
    });
}

pub async fn good(kernel: &mut Client, code: &str) -> CellRun {
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
pub fn stderr(ran: &CellRun) -> String {
    ran.outputs
        .iter()
        .filter(|output| output["name"] == "stderr")
        .map(|output| output["text"].as_str().unwrap())
        .collect()
}
