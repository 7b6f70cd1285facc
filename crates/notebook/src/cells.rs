//! The cell process: loads and runs compiled cells.
//!
//! evcxr compiles each cell to a shared library and has another process load and call it. This
//! module is the main loop of that process. It implements evcxr's protocol: a command
//! `LOAD_AND_RUN library function` on standard input, and a line on standard output when the
//! cell has ended. It adds three things:
//!
//! - The text that cells print goes to separate pipes. It cannot be mistaken for a line of the
//!   protocol and cannot block evcxr.
//! - Between two cells it receives messages of widgets in front ends and runs their closures.
//!   They run on the thread of the cells, so they need no locks and cause no races.
//! - An interrupt first asks the cell to stop. If the cell does, variables are kept.
//!
//! All cells share the one library of this crate, so its statics live as long as the process.

use super::channel::{self, CommEvent, frame::Frame, locked, panics};
use serde_json::json;
use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// The names of the pipes for standard output and standard error, in the folder of the side
/// channel's socket.
pub const PRINTED: [&str; 2] = ["out", "err"];

/// The original standard output, from which evcxr reads its protocol.
static EVCXR: OnceLock<Mutex<File>> = OnceLock::new();

/// The function of a compiled cell: takes evcxr's store of variables and returns it.
type CellFunction = extern "C" fn(*mut c_void) -> *mut c_void;

/// Runs cells until evcxr closes its end, then exits the process: with 0, or with 99 after an
/// error. The kernel finds this function by its name.
#[unsafe(no_mangle)]
pub extern "C" fn lambda_workbook_run_cells() {
    let code = match serve() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("the cell process exits: {error}");
            99
        }
    };
    std::process::exit(code);
}

/// Sends a line to evcxr. Outside of the cell process it is printed, because evcxr reads
/// standard output there.
pub(super) fn to_evcxr(line: &str) {
    match EVCXR.get() {
        Some(evcxr) => {
            // An error means that evcxr has exited, and this process exits with it.
            let _ = locked(evcxr).write_all(format!("{line}\n").as_bytes());
        }
        None => println!("{line}"),
    }
}

/// Prepares the process and runs cells.
fn serve() -> io::Result<()> {
    // Keep evcxr's streams for this module. Cells get an empty standard input: they would read
    // evcxr's commands, or wait for them for ever.
    let commands = private_copy(0)?;
    let evcxr = EVCXR.get_or_init(|| private_copy(1).expect("a free file descriptor").into());
    replace(0, &File::open("/dev/null")?)?;

    // Connect to the kernel, and print to its pipes. Without a kernel, print to evcxr.
    let events = if channel::start() {
        for (fd, name) in (1..).zip(PRINTED) {
            let socket = PathBuf::from(std::env::var_os(channel::SOCKET).unwrap_or_default());
            let pipe = OpenOptions::new()
                .write(true)
                .open(socket.with_file_name(name))?;
            replace(fd, &pipe)?;
        }
        Some(channel::connect("hear")?)
    } else {
        replace(1, &locked(evcxr))?;
        None
    };

    // Run cells.
    handle_interrupts();
    Cells {
        commands,
        events,
        variables: std::ptr::null_mut(),
        unread: Vec::new(),
    }
    .run()
}

/// The state of the main loop.
struct Cells {
    /// evcxr's commands.
    commands: File,
    /// Messages of the kernel; `None` without this project's kernel.
    events: Option<UnixStream>,
    /// evcxr's store of variables. Only the code of cells knows its type.
    variables: *mut c_void,
    /// The part of a command that was read so far.
    unread: Vec<u8>,
}

impl Cells {
    /// Handles commands and messages until evcxr or the kernel closes its end.
    fn run(mut self) -> io::Result<()> {
        loop {
            let (command, event) = self.wait()?;
            // Commands of evcxr, one on each line.
            if command {
                let mut bytes = [0; 4096];
                let count = self.commands.read(&mut bytes)?;
                if count == 0 {
                    return Ok(());
                }
                self.unread.extend(&bytes[..count]);
                while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.unread.drain(..=end).collect();
                    self.run_command(String::from_utf8_lossy(&line).trim_end())?;
                }
            }
            // Messages of front ends to widgets. An error means that the kernel has exited.
            if event && let Some(events) = &mut self.events {
                match Frame::read(events) {
                    Ok(frame) => handle_comm_message(frame),
                    Err(_) => return Ok(()),
                }
            }
        }
    }

    /// Waits until evcxr or the kernel has sent something. Returns whether each of them has.
    fn wait(&self) -> io::Result<(bool, bool)> {
        let entry = |fd: RawFd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // poll ignores a negative descriptor.
        let events = self.events.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        let mut entries = [entry(self.commands.as_raw_fd()), entry(events)];
        // SAFETY: the pointer and the length are those of an array that outlives the call.
        while unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok((entries[0].revents != 0, entries[1].revents != 0))
    }

    /// Runs a command of evcxr: loads the library of a cell and calls its function.
    ///
    /// # Errors
    /// Returns an error when the command is not `LOAD_AND_RUN` or the library cannot be loaded.
    fn run_command(&mut self, command: &str) -> io::Result<()> {
        let (library, function) = command
            .strip_prefix("LOAD_AND_RUN ")
            .and_then(|rest| rest.rsplit_once(' '))
            .ok_or_else(|| io::Error::other(format!("unknown command from evcxr: `{command}`")))?;

        // Tell the kernel that the cell begins, and run it.
        panics::reset();
        channel::request(json!({"kind": "started", "cell": function}), &[]);
        // SAFETY: evcxr has just compiled the library, and the function in it has this type.
        channel::in_cell(function, || unsafe {
            let library = libloading::Library::new(library).map_err(io::Error::other)?;
            let call: libloading::Symbol<CellFunction> =
                library.get(function).map_err(io::Error::other)?;
            self.variables = call(self.variables);
            // Variables and threads may refer to the code of the cell, so it is never unloaded.
            std::mem::forget(library);
            io::Result::Ok(())
        })?;

        // Tell the kernel and evcxr that the cell has ended. The kernel responds when it has
        // handled everything that the cell printed.
        channel::request(json!({"kind": "finished"}), &[]);
        to_evcxr("EVCXR_EXECUTION_COMPLETE");
        Ok(())
    }
}

/// Passes a comm message of a front end to the widgets and tells the kernel when they have
/// handled it. A panic in a widget's closure is printed to standard error.
fn handle_comm_message(frame: Frame) {
    panics::reset();
    let event = CommEvent {
        kind: frame.head["type"].as_str().unwrap_or_default().to_owned(),
        content: frame.head["content"].clone(),
        buffers: frame.buffers,
    };
    let handled = std::panic::catch_unwind(|| channel::dispatch_comm_event(event));
    if handled.is_err() {
        eprintln!(
            "a widget's closure failed: {}",
            panics::describe_last().unwrap_or_default()
        );
    }
    channel::request(
        json!({"kind": "handled", "heard": handled.unwrap_or(true)}),
        &[],
    );
}

/// Duplicates a file descriptor. Programs that cells start do not inherit the copy.
fn private_copy(fd: RawFd) -> io::Result<File> {
    // SAFETY: the new descriptor is owned by the returned file alone.
    unsafe {
        match libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) {
            -1 => Err(io::Error::last_os_error()),
            copy => Ok(File::from_raw_fd(copy)),
        }
    }
}

/// Replaces a standard stream by another file.
fn replace(fd: RawFd, with: &File) -> io::Result<()> {
    // SAFETY: both descriptors are open, and no Rust value owns a standard stream.
    match unsafe { libc::dup2(with.as_raw_fd(), fd) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Installs a handler for SIGINT that asks the running cell to stop.
fn handle_interrupts() {
    extern "C" fn note(_: libc::c_int) {
        panics::interrupt();
    }
    let note: extern "C" fn(libc::c_int) = note;
    // SAFETY: the handler only stores a flag, which is allowed in a signal handler.
    unsafe { libc::signal(libc::SIGINT, note as libc::sighandler_t) };
}
