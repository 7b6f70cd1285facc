//! What a confined program may do.
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A program to start, and the rights that it keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    pub kind: Kind,
    pub program: PathBuf,
    pub args: Vec<String>,
    /// All of its environment.
    pub env: Vec<(String, String)>,
    /// Its working folder.
    pub folder: PathBuf,
    /// Files and folders that it may read, and programs there that it may start.
    pub read: Vec<PathBuf>,
    /// Folders that it may write to.
    pub write: Vec<PathBuf>,
    pub limits: Limits,
    /// The control group that it enters, if there is one for it.
    #[serde(default)]
    pub group: Option<PathBuf>,
    /// Without it only the limits hold: for a reader's own code, and for teachers
    /// who say so.
    pub sandboxed: bool,
}

/// What a program is for, which decides its system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// rustc and the linker it starts: no code of a student's runs in them.
    Compiler,
    /// A student's program.
    Worker,
}

/// Limits of a process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    pub cpu_secs: u64,
    /// Bytes of address space.
    pub memory: u64,
    /// Bytes of the largest file it may write.
    pub file_size: u64,
    pub open_files: u64,
    /// Processes and threads. It does not hold for the superuser, for whom memory
    /// is what ends them: a thread's stack takes 2 MB.
    pub tasks: u64,
}

const GIB: u64 = 1 << 30;

impl Limits {
    /// rustc takes 0.4 s and 0.7 GB of address space for an exercise.
    pub const COMPILER: Limits = Limits {
        cpu_secs: 20,
        memory: 3 * GIB,
        file_size: GIB / 16,
        open_files: 256,
        tasks: 4096,
    };

    /// The shared libraries alone take 0.3 GB of address space.
    pub const WORKER: Limits = Limits {
        cpu_secs: 60,
        memory: 3 * GIB / 2,
        file_size: 0,
        open_files: 64,
        tasks: 4096,
    };
}

/// What every program reads before its `main`: shared libraries and their index.
pub fn system_libraries() -> Vec<PathBuf> {
    let folders = [
        "/lib",
        "/lib32",
        "/lib64",
        "/usr/lib",
        "/usr/lib32",
        "/usr/lib64",
        "/usr/local/lib",
    ];
    let index = ["/etc/ld.so.cache"];
    folders.iter().chain(&index).map(PathBuf::from).collect()
}

/// What compiling takes beyond that: the programs `cc` and `ld`, and where they
/// expect things.
pub fn system_programs() -> Vec<PathBuf> {
    let mut folders = system_libraries();
    let more = [
        "/bin",
        "/usr/bin",
        "/usr/libexec",
        "/usr/local/bin",
        "/etc/alternatives",
        "/dev/null",
        "/dev/urandom",
    ];
    folders.extend(more.iter().map(PathBuf::from));
    // Nix and Guix keep everything there.
    folders.extend(["/nix/store", "/gnu/store"].iter().map(PathBuf::from));
    folders.retain(|path| Path::exists(path));
    folders
}
