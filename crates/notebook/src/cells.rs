//! The process that runs the cells.
//!
//! evcxr compiles each cell to a shared library and has another process load and
//! call it. That process is this one: it speaks evcxr's side of the talk (a line
//! `LOAD_AND_RUN library function` on standard input, a word back when the cell
//! has ended) and adds three things to it.
//!
//! - What cells print goes to pipes of its own, so that it can neither be taken
//!   for a word to evcxr nor keep evcxr waiting.
//! - Between two cells it hears what widgets in the front end say, and runs their
//!   closures on the thread on which the cells run: no lock, no race.
//! - An interrupt first asks the cell to stop, and variables are kept if it does.
//!
//! Statics of this crate live here, in the one library that all cells share, and
//! so outlive every cell.

use super::channel::{self, CommEvent, frame::Frame, locked, panics};
use serde_json::json;
use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// The named pipes for printed text, beside the channel's socket.
pub const PRINTED: [&str; 2] = ["out", "err"];

/// evcxr's end of what was standard output.
static EVCXR: OnceLock<Mutex<File>> = OnceLock::new();

/// A compiled cell: takes evcxr's variables and gives them back.
type CellFunction = extern "C" fn(*mut c_void) -> *mut c_void;

/// Runs cells until evcxr closes its end. The kernel's program calls it by name.
#[unsafe(no_mangle)]
pub extern "C" fn lambda_workbook_run_cells() {
    let code = match serve() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("the cells' process ends: {error}");
            99
        }
    };
    std::process::exit(code);
}

/// Writes a line to evcxr, and to standard output where evcxr reads that.
pub(super) fn to_evcxr(line: &str) {
    match EVCXR.get() {
        Some(evcxr) => {
            // evcxr that has gone takes this process with it.
            let _ = locked(evcxr).write_all(format!("{line}\n").as_bytes());
        }
        None => println!("{line}"),
    }
}

fn serve() -> io::Result<()> {
    let orders = private_copy(0)?;
    let evcxr = EVCXR.get_or_init(|| private_copy(1).expect("a free file descriptor").into());
    // Kept from cells: they would read evcxr's orders and wait for ever.
    replace(0, &File::open("/dev/null")?)?;
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
    on_interrupt();
    Cells {
        orders,
        events,
        variables: std::ptr::null_mut(),
        unread: Vec::new(),
    }
    .run()
}

struct Cells {
    orders: File,
    events: Option<UnixStream>,
    /// evcxr's store of variables; only cells look inside.
    variables: *mut c_void,
    /// The beginning of an order.
    unread: Vec<u8>,
}

impl Cells {
    fn run(mut self) -> io::Result<()> {
        loop {
            let (order, event) = self.wait()?;
            if order {
                let mut bytes = [0; 4096];
                let count = self.orders.read(&mut bytes)?;
                if count == 0 {
                    return Ok(());
                }
                self.unread.extend(&bytes[..count]);
                while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.unread.drain(..=end).collect();
                    self.obey(String::from_utf8_lossy(&line).trim_end())?;
                }
            }
            if event && let Some(events) = &mut self.events {
                match Frame::read(events) {
                    Ok(frame) => hear(frame),
                    Err(_) => return Ok(()), // the kernel has gone
                }
            }
        }
    }

    /// Waits for evcxr or the kernel.
    fn wait(&self) -> io::Result<(bool, bool)> {
        let entry = |fd: RawFd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // poll passes over a negative one.
        let events = self.events.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        let mut entries = [entry(self.orders.as_raw_fd()), entry(events)];
        // SAFETY: two entries, which outlive the call.
        while unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok((entries[0].revents != 0, entries[1].revents != 0))
    }

    fn obey(&mut self, order: &str) -> io::Result<()> {
        let (library, function) = order
            .strip_prefix("LOAD_AND_RUN ")
            .and_then(|rest| rest.rsplit_once(' '))
            .ok_or_else(|| io::Error::other(format!("evcxr said `{order}`")))?;
        panics::forget();
        channel::tell(json!({"kind": "started", "cell": function}), &[]);
        // SAFETY: evcxr compiled the library just now, and this is how it
        // declares the function in it.
        channel::in_cell(function, || unsafe {
            let library = libloading::Library::new(library).map_err(io::Error::other)?;
            let call: libloading::Symbol<CellFunction> =
                library.get(function).map_err(io::Error::other)?;
            self.variables = call(self.variables);
            // Its code may be referred to for ever: by variables, by threads.
            std::mem::forget(library);
            io::Result::Ok(())
        })?;
        // Takes all printed text with it.
        channel::tell(json!({"kind": "finished"}), &[]);
        to_evcxr("EVCXR_EXECUTION_COMPLETE");
        Ok(())
    }
}

/// Has the widgets hear what a front end said.
fn hear(frame: Frame) {
    panics::forget();
    let event = CommEvent {
        kind: frame.head["type"].as_str().unwrap_or_default().to_owned(),
        content: frame.head["content"].clone(),
        buffers: frame.buffers,
    };
    let heard = std::panic::catch_unwind(|| channel::comm_event(event));
    if heard.is_err() {
        eprintln!(
            "a widget's closure ended: {}",
            panics::describe_last().unwrap_or_default()
        );
    }
    channel::tell(
        json!({"kind": "handled", "heard": heard.unwrap_or(true)}),
        &[],
    );
}

/// A copy of a descriptor that programs started by cells do not get.
fn private_copy(fd: RawFd) -> io::Result<File> {
    // SAFETY: a new descriptor, which nobody else owns.
    unsafe {
        match libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) {
            -1 => Err(io::Error::last_os_error()),
            copy => Ok(File::from_raw_fd(copy)),
        }
    }
}

fn replace(fd: RawFd, by: &File) -> io::Result<()> {
    // SAFETY: standard streams are replaced by open ones; nobody owns them.
    match unsafe { libc::dup2(by.as_raw_fd(), fd) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn on_interrupt() {
    extern "C" fn note(_: libc::c_int) {
        panics::interrupt();
    }
    let note: extern "C" fn(libc::c_int) = note;
    // SAFETY: the handler stores one flag, which is allowed there.
    unsafe { libc::signal(libc::SIGINT, note as libc::sighandler_t) };
}
