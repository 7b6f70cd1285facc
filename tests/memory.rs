//! Temporary files of tests lie in memory, where the system has room for them.
//!
//! Most of what the tests write is written through to the disk, record by record, as
//! the log and the stores must do it: of a test with a thousand commits nine tenths were
//! waiting for the disk. Nothing is proved by the wait. What a test kills is a process,
//! and what a process has written outlives it in either place.
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// Free memory without which the tests stay on the disk.
const BYTES: u64 = 4 << 30;
const PREFIX: &str = "lambda-workbook-tests-";

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Runs before `main`, because only then this program has no second thread that could
/// read its environment while it changes.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = use_memory;

extern "C" fn use_memory() {
    // A test that runs in a process of its own has its parent's folder.
    let inherited = std::env::temp_dir();
    let ours = |name: &std::ffi::OsStr| name.as_bytes().starts_with(PREFIX.as_bytes());
    if inherited.file_name().is_some_and(ours) || !has_room(Path::new(MEMORY)) {
        return;
    }
    sweep();
    let folder = Path::new(MEMORY).join(format!("{PREFIX}{}", std::process::id()));
    if std::fs::create_dir(&folder).is_err() {
        return;
    }
    // SAFETY: `main` has not begun, so no other thread reads the environment.
    unsafe { std::env::set_var("TMPDIR", &folder) };
    let _ = FOLDER.set(folder);
    // SAFETY: `remove` may be called at the end of the program.
    unsafe { libc::atexit(remove) };
}

extern "C" fn remove() {
    if let Some(folder) = FOLDER.get() {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Removes what runs that were killed have left.
fn sweep() {
    for entry in std::fs::read_dir(MEMORY).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if id.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns whether programs can be made and started in `folder`, and it has room.
fn has_room(folder: &Path) -> bool {
    let Ok(folder) = CString::new(folder.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: `statvfs` is plain numbers, for which zeros are values.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a NUL, and the call writes to `found` alone.
    let known = unsafe { libc::statvfs(folder.as_ptr(), &mut found) } == 0;
    let refused = found.f_flag & (libc::ST_NOEXEC | libc::ST_RDONLY) != 0;
    known && !refused && found.f_bavail * found.f_frsize >= BYTES
}
