//! The kernel's end of the side channel: receives the output and the requests of the
//! cell process, in the order in which the cell made them.
//!
//! The other end is `lambda_workbook::notebook::{channel, cells}`. Printed text comes
//! through two named pipes, one for standard output and one for standard error;
//! everything else comes as requests through a Unix socket.
//!
//! The order is kept like this: a cell waits for the response to each request, and the
//! kernel reads both pipes until they are empty before it handles a request. A slow
//! session therefore slows the cell down, and no output is dropped.
//!
//! The cell process opens up to three kinds of connections, whose first frame names the
//! role: `say` for requests in general, `ask` for one `input` call, and `hear` for
//! frames from the kernel.

use super::place::Place;
use super::printed::{OutputParser, Piece};
use super::wire::text;
use anyhow::{Context, Result};
use lambda_workbook::notebook::cells::PRINTED;
use lambda_workbook::notebook::channel::frame::{Frame, part_count, part_lengths};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// Printed text is collected for this long before it becomes an event, so that a cell
/// that prints many short lines makes few messages.
const FLUSH_INTERVAL: Duration = Duration::from_millis(20);
/// Printed text becomes an event at once when this many bytes are collected.
const FLUSH_SIZE: usize = 256 << 10;

/// An event of the cell process.
#[derive(Debug)]
pub enum CellEvent {
    /// The process has started and connected.
    Connected {
        /// Its process id.
        pid: i32,
    },
    /// A cell printed text.
    Text {
        /// The stream: `stdout` or `stderr`.
        name: &'static str,
        /// The text, of one or more lines or of a part of a line.
        text: String,
    },
    /// A cell printed one part of a rich value, in evcxr's format.
    Content {
        /// The part's MIME type.
        mime: String,
        /// The part itself.
        body: String,
    },
    /// The process sent a request and waits for the response.
    Request(Frame, Responder),
    /// The process has exited.
    Exited {
        /// Its process id.
        pid: i32,
    },
}

/// Responds to one request of the cell process.
#[derive(Debug)]
pub struct Responder(oneshot::Sender<Value>);

impl Responder {
    /// Creates a responder and the receiver of its response.
    #[cfg(test)]
    pub fn pair() -> (Responder, oneshot::Receiver<Value>) {
        let (sender, receiver) = oneshot::channel();
        (Responder(sender), receiver)
    }

    /// Sends the response. Does nothing when the cell process has exited meanwhile.
    pub fn respond(self, response: Value) {
        let _ = self.0.send(response);
    }
}

/// The kernel's end of the side channel.
pub struct SideChannel {
    events: mpsc::Receiver<CellEvent>,
    /// The id of the cell process; `None` while there is none.
    pub pid: Option<i32>,
    /// The sender of frames to the cell process; `None` before it listens.
    to_process: watch::Receiver<Option<mpsc::UnboundedSender<Frame>>>,
}

impl SideChannel {
    /// Opens the socket and the pipes in the kernel's private folder and begins to listen.
    ///
    /// # Errors
    /// Returns an error when the socket or a pipe cannot be created.
    pub fn open(place: &Place) -> Result<SideChannel> {
        let path = place.channel();
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("cannot open the side channel {}", path.display()))?;
        let pipes = PRINTED.map(|name| open_pipe(&path.with_file_name(name)));
        let [out, err] = pipes;
        let (events, received) = mpsc::channel(32);
        let (requests, received_requests) = mpsc::channel(1);
        let (set_to_process, to_process) = watch::channel(None);
        tokio::spawn(accept(listener, requests, set_to_process));
        let sequencer = Sequencer {
            pipes: [("stdout", out?), ("stderr", err?)].map(Pipe::new),
            pending: VecDeque::new(),
            size: 0,
            flushed: Instant::now() - FLUSH_INTERVAL,
            events,
        };
        tokio::spawn(sequencer.run(received_requests));
        Ok(SideChannel {
            events: received,
            pid: None,
            to_process,
        })
    }

    /// Waits for the next event. [`CellEvent::Connected`] is not returned; it only sets
    /// `pid`.
    pub async fn event(&mut self) -> CellEvent {
        loop {
            match self.events.recv().await {
                Some(CellEvent::Connected { pid }) => self.pid = Some(pid),
                // The exit of a process may be noticed after its successor has connected.
                Some(CellEvent::Exited { pid }) if self.pid != Some(pid) => {}
                Some(CellEvent::Exited { pid }) => {
                    self.pid = None;
                    return CellEvent::Exited { pid };
                }
                Some(event) => return event,
                None => std::future::pending().await,
            }
        }
    }

    /// Waits for `work` and responds to every request meanwhile, with an empty object.
    ///
    /// This is for the start of evcxr: it runs a cell of its own before it is ready, and
    /// that cell waits for responses.
    pub async fn respond_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                event = self.event() => if let CellEvent::Request(_, responder) = event {
                    responder.respond(json!({}));
                },
            }
        }
    }

    /// Sends a frame to the cell process. Returns false when no process listens.
    pub fn send(&self, frame: Frame) -> bool {
        match &*self.to_process.borrow() {
            Some(sender) => sender.send(frame).is_ok(),
            None => false,
        }
    }
}

/// Creates a named pipe and opens it for reading.
fn open_pipe(path: &std::path::Path) -> Result<pipe::Receiver> {
    let name = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path ends in a NUL byte.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        return Err(std::io::Error::last_os_error())
            .with_context(|| format!("cannot make the pipe {}", path.display()));
    }
    // While this process has the pipe open for writing too, it never reaches its end, so
    // it serves one cell process after the other.
    pipe::OpenOptions::new()
        .read_write(true)
        .open_receiver(path)
        .with_context(|| format!("cannot open the pipe {}", path.display()))
}

/// A request of the cell process, with the sender for its response.
type Request = (Frame, oneshot::Sender<Value>);

/// Accepts connections of the cell process.
async fn accept(
    listener: UnixListener,
    requests: mpsc::Sender<Request>,
    to_process: watch::Sender<Option<mpsc::UnboundedSender<Frame>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (requests, to_process) = (requests.clone(), to_process.clone());
        tokio::spawn(async move {
            // A stream that breaks or holds something other than frames is closed.
            let _ = serve_connection(stream, requests, to_process).await;
        });
    }
}

/// Serves one connection of the cell process, according to the role in its first frame.
async fn serve_connection(
    mut stream: UnixStream,
    requests: mpsc::Sender<Request>,
    to_process: watch::Sender<Option<mpsc::UnboundedSender<Frame>>>,
) -> Result<()> {
    let hello = read_frame(&mut stream).await?;
    match text(&hello.head["role"]) {
        // Frames to the process.
        "hear" => {
            let (sender, mut frames) = mpsc::unbounded_channel::<Frame>();
            to_process.send_replace(Some(sender));
            while let Some(frame) = frames.recv().await {
                stream.write_all(&frame.to_bytes()).await?;
            }
        }
        // Requests of the process. The connection `say` lasts as long as the process. Its
        // start and its end are relayed like requests, so that they keep their place among
        // them.
        role => {
            let main_connection = role == "say";
            let exited = json!({"kind": "gone", "pid": hello.head["pid"]});
            if main_connection {
                relay(&requests, hello).await?;
            }
            let result = relay_all(&mut stream, &requests).await;
            if main_connection {
                relay(&requests, Frame::new(exited)).await?;
            }
            result?;
        }
    }
    Ok(())
}

/// Relays the requests of a stream, and the responses back, until the stream ends.
async fn relay_all(stream: &mut UnixStream, requests: &mpsc::Sender<Request>) -> Result<()> {
    loop {
        let frame = read_frame(stream).await?;
        let response = relay(requests, frame).await?;
        stream.write_all(&Frame::new(response).to_bytes()).await?;
    }
}

/// Relays one request and returns its response, `null` if it was dropped without one.
async fn relay(requests: &mpsc::Sender<Request>, frame: Frame) -> Result<Value> {
    let (sender, response) = oneshot::channel();
    requests.send((frame, sender)).await?;
    Ok(response.await.unwrap_or(Value::Null))
}

/// Reads one frame; [`Frame::read`] is the same for blocking streams.
async fn read_frame(stream: &mut UnixStream) -> Result<Frame> {
    let mut word = [0; 4];
    stream.read_exact(&mut word).await?;
    let mut lengths = vec![0; 4 * part_count(word)?];
    stream.read_exact(&mut lengths).await?;
    let mut parts = Vec::new();
    for length in part_lengths(&lengths)? {
        let mut part = vec![0; length];
        stream.read_exact(&mut part).await?;
        parts.push(part);
    }
    Ok(Frame::from_parts(parts)?)
}

/// One of the two pipes for printed text.
struct Pipe {
    /// The stream: `stdout` or `stderr`.
    name: &'static str,
    pipe: pipe::Receiver,
    parser: OutputParser,
}

impl Pipe {
    /// Creates a pipe with a parser of its own.
    fn new((name, pipe): (&'static str, pipe::Receiver)) -> Pipe {
        Pipe {
            name,
            pipe,
            parser: OutputParser::default(),
        }
    }
}

/// Puts the contents of the pipes and the requests of the socket into one order.
///
/// Its methods return `None` when the session no longer receives events.
struct Sequencer {
    pipes: [Pipe; 2],
    /// Events made from printed text that were not sent yet.
    pending: VecDeque<CellEvent>,
    /// The size of the text in `pending`, in bytes.
    size: usize,
    /// When `pending` was last sent.
    flushed: Instant,
    events: mpsc::Sender<CellEvent>,
}

impl Sequencer {
    /// Reads pipes and requests until the session ends.
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let flush_at = self.flushed + FLUSH_INTERVAL;
            let has_pending = !self.pending.is_empty();
            let [out, err] = &self.pipes;
            let result = tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.handle_request(request).await,
                    None => return,
                },
                _ = out.pipe.readable() => self.read(0).await,
                _ = err.pipe.readable() => self.read(1).await,
                () = tokio::time::sleep_until(flush_at), if has_pending => self.flush().await,
            };
            if result.is_none() {
                return;
            }
        }
    }

    /// Sends the event of a request, after everything that was printed before it.
    async fn handle_request(&mut self, (frame, response): Request) -> Option<()> {
        // Empty both pipes.
        for at in 0..self.pipes.len() {
            while self.read_some(at) {
                if self.size >= FLUSH_SIZE {
                    self.flush().await?;
                }
            }
        }

        // Make the event. The start and the end of the process need no response from the session.
        // At the end of a cell, what looked like the start of rich content is text.
        let pid = frame.head["pid"].as_i64().unwrap_or(0) as i32;
        let event = match text(&frame.head["kind"]) {
            "hello" => {
                Responder(response).respond(Value::Null);
                CellEvent::Connected { pid }
            }
            "gone" => {
                Responder(response).respond(Value::Null);
                self.finish();
                CellEvent::Exited { pid }
            }
            kind => {
                if kind == "finished" {
                    self.finish();
                }
                CellEvent::Request(frame, Responder(response))
            }
        };

        // Send the printed text, then the event.
        self.flush().await?;
        self.events.send(event).await.ok()
    }

    /// Adds what the parsers still hold back, because no more text follows.
    fn finish(&mut self) {
        for at in 0..self.pipes.len() {
            let pieces = self.pipes[at].parser.finish();
            self.add(self.pipes[at].name, pieces);
        }
    }

    /// Reads a pipe that tokio reported as readable, and flushes if it is time.
    async fn read(&mut self, at: usize) -> Option<()> {
        while self.size < FLUSH_SIZE && self.read_some(at) {}
        if self.size < FLUSH_SIZE {
            // The pipe is empty. tokio learns that only from a read of its own; without
            // one it would report the pipe as readable again at once.
            let mut bytes = [0; 1 << 10];
            let count = self.pipes[at].pipe.try_read(&mut bytes).unwrap_or(0);
            self.feed(at, &bytes[..count]);
        }
        if self.size >= FLUSH_SIZE || self.flushed.elapsed() >= FLUSH_INTERVAL {
            self.flush().await?;
        }
        Some(())
    }

    /// Reads up to 64 KiB from a pipe. Returns false when the pipe is empty.
    fn read_some(&mut self, at: usize) -> bool {
        // This does not use tokio's read, which tries only after the system has reported
        // the pipe as readable. The bytes may have been written this moment.
        let mut bytes = [0u8; 64 << 10];
        let fd = self.pipes[at].pipe.as_raw_fd();
        // SAFETY: the descriptor is an open, non-blocking pipe, and the buffer has the size
        // that is passed.
        let count = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
        if count > 0 {
            self.feed(at, &bytes[..count as usize]);
        }
        count > 0
    }

    /// Parses bytes of a pipe and adds the result to the pending events.
    fn feed(&mut self, at: usize, bytes: &[u8]) {
        let pieces = self.pipes[at].parser.feed(bytes);
        self.add(self.pipes[at].name, pieces);
    }

    /// Adds pieces of output to the pending events; text is appended to the last event
    /// when that is text of the same stream.
    fn add(&mut self, name: &'static str, pieces: Vec<Piece>) {
        for piece in pieces {
            match (piece, self.pending.back_mut()) {
                (Piece::Text(more), Some(CellEvent::Text { name: last, text }))
                    if *last == name =>
                {
                    self.size += more.len();
                    text.push_str(&more);
                }
                (Piece::Text(text), _) => {
                    self.size += text.len();
                    self.pending.push_back(CellEvent::Text { name, text });
                }
                (Piece::Content { mime, body }, _) => {
                    self.size += body.len();
                    self.pending.push_back(CellEvent::Content { mime, body });
                }
            }
        }
    }

    /// Sends the pending events to the session.
    async fn flush(&mut self) -> Option<()> {
        while let Some(event) = self.pending.pop_front() {
            self.events.send(event).await.ok()?;
        }
        self.size = 0;
        self.flushed = Instant::now();
        Some(())
    }
}
