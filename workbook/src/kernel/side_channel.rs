//! The kernel's end of the side channel: what the cells' process prints and says,
//! in the order of the program.
//!
//! The other end is `lambda_workbook::notebook::{channel, cells}`. Printed text
//! comes through two named pipes, all else through a socket. A cell waits until
//! each thing it says is taken; whoever takes it empties the pipes first. So the
//! order is the program's, and when the session is slow the cell is slow.

use super::place::Place;
use super::printed::{Piece, Printed};
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

/// Printed text is passed on at most so often, and at least at this size.
const PAUSE: Duration = Duration::from_millis(20);
const FULL: usize = 256 << 10;

/// What happened in the cells' process.
#[derive(Debug)]
pub enum Event {
    /// The process is there.
    Came { pid: i32 },
    /// It printed.
    Text { name: &'static str, text: String },
    /// It printed rich content, in evcxr's form.
    Content { mime: String, body: String },
    /// It said something and waits for the answer.
    Said(Frame, Answer),
    /// It has ended.
    Gone { pid: i32 },
}

/// Answers what the cells' process said.
#[derive(Debug)]
pub struct Answer(oneshot::Sender<Value>);

impl Answer {
    pub fn give(self, answer: Value) {
        let _ = self.0.send(answer); // it may have ended meanwhile
    }
}

/// The kernel's end.
pub struct SideChannel {
    events: mpsc::Receiver<Event>,
    /// The process that runs the cells, while it is there.
    pub pid: Option<i32>,
    /// To that process.
    hear: watch::Receiver<Option<mpsc::UnboundedSender<Frame>>>,
}

impl SideChannel {
    /// Listens in the kernel's private folder.
    pub fn open(place: &Place) -> Result<SideChannel> {
        let path = place.channel();
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("cannot open the side channel {}", path.display()))?;
        let pipes = PRINTED.map(|name| open_pipe(&path.with_file_name(name)));
        let [out, err] = pipes;
        let (events, received) = mpsc::channel(32);
        let (said, frames) = mpsc::channel(1);
        let (set_hear, hear) = watch::channel(None);
        tokio::spawn(accept(listener, said, set_hear));
        let listener = Listener {
            pipes: [("stdout", out?), ("stderr", err?)].map(Pipe::new),
            pending: VecDeque::new(),
            size: 0,
            passed: Instant::now() - PAUSE,
            events,
        };
        tokio::spawn(listener.run(frames));
        Ok(SideChannel {
            events: received,
            pid: None,
            hear,
        })
    }

    /// The next thing to happen.
    pub async fn event(&mut self) -> Event {
        loop {
            match self.events.recv().await {
                Some(Event::Came { pid }) => self.pid = Some(pid),
                // It may come after the word of the process that follows.
                Some(Event::Gone { pid }) if self.pid != Some(pid) => {}
                Some(Event::Gone { pid }) => {
                    self.pid = None;
                    return Event::Gone { pid };
                }
                Some(event) => return event,
                None => std::future::pending().await,
            }
        }
    }

    /// Answers whatever the process says until `work` is done: evcxr runs a cell
    /// of its own before it says that it is there.
    pub async fn answer_during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                event = self.event() => if let Event::Said(_, answer) = event {
                    answer.give(json!({}));
                },
            }
        }
    }

    /// Tells the cells' process something; false when it does not listen.
    pub fn tell(&self, frame: Frame) -> bool {
        match &*self.hear.borrow() {
            Some(hear) => hear.send(frame).is_ok(),
            None => false,
        }
    }
}

fn open_pipe(path: &std::path::Path) -> Result<pipe::Receiver> {
    let name = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: a path that ends in a NUL.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        return Err(std::io::Error::last_os_error())
            .with_context(|| format!("cannot make the pipe {}", path.display()));
    }
    // Open for writing as well, it does not end with the process that writes.
    pipe::OpenOptions::new()
        .read_write(true)
        .open_receiver(path)
        .with_context(|| format!("cannot open the pipe {}", path.display()))
}

/// Something said, with the way back.
type Said = (Frame, oneshot::Sender<Value>);

async fn accept(
    listener: UnixListener,
    said: mpsc::Sender<Said>,
    hear: watch::Sender<Option<mpsc::UnboundedSender<Frame>>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (said, hear) = (said.clone(), hear.clone());
        tokio::spawn(async move {
            // A stream that breaks or does not speak our frames is closed.
            let _ = converse(stream, said, hear).await;
        });
    }
}

async fn converse(
    mut stream: UnixStream,
    said: mpsc::Sender<Said>,
    hear: watch::Sender<Option<mpsc::UnboundedSender<Frame>>>,
) -> Result<()> {
    let hello = read(&mut stream).await?;
    match text(&hello.head["role"]) {
        "hear" => {
            let (sender, mut frames) = mpsc::unbounded_channel::<Frame>();
            hear.send_replace(Some(sender));
            while let Some(frame) = frames.recv().await {
                stream.write_all(&frame.to_bytes()).await?;
            }
        }
        role => {
            // Coming and going are told like all else, and so keep their place.
            let lives = role == "say";
            let gone = json!({"kind": "gone", "pid": hello.head["pid"]});
            if lives {
                exchange(&said, hello).await?;
            }
            let ended = answer_all(&mut stream, &said).await;
            if lives {
                exchange(&said, Frame::new(gone)).await?;
            }
            ended?;
        }
    }
    Ok(())
}

async fn answer_all(stream: &mut UnixStream, said: &mpsc::Sender<Said>) -> Result<()> {
    loop {
        let frame = read(stream).await?;
        let answer = exchange(said, frame).await?;
        stream.write_all(&Frame::new(answer).to_bytes()).await?;
    }
}

async fn exchange(said: &mpsc::Sender<Said>, frame: Frame) -> Result<Value> {
    let (sender, answer) = oneshot::channel();
    said.send((frame, sender)).await?;
    Ok(answer.await.unwrap_or(Value::Null))
}

async fn read(stream: &mut UnixStream) -> Result<Frame> {
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

struct Pipe {
    name: &'static str,
    pipe: pipe::Receiver,
    printed: Printed,
}

impl Pipe {
    fn new((name, pipe): (&'static str, pipe::Receiver)) -> Pipe {
        Pipe {
            name,
            pipe,
            printed: Printed::default(),
        }
    }
}

/// Brings pipes and socket into one order.
struct Listener {
    pipes: [Pipe; 2],
    /// Printed, and not passed on yet.
    pending: VecDeque<Event>,
    /// Bytes of text in `pending`.
    size: usize,
    /// When text was last passed on.
    passed: Instant,
    events: mpsc::Sender<Event>,
}

impl Listener {
    async fn run(mut self, mut frames: mpsc::Receiver<Said>) {
        loop {
            let due = self.passed + PAUSE;
            let waits = !self.pending.is_empty();
            let [out, err] = &self.pipes;
            let more = tokio::select! {
                said = frames.recv() => match said {
                    Some(said) => self.take(said).await,
                    None => return,
                },
                _ = out.pipe.readable() => self.read(0).await,
                _ = err.pipe.readable() => self.read(1).await,
                () = tokio::time::sleep_until(due), if waits => self.pass_on().await,
            };
            if more.is_none() {
                return; // the session has ended
            }
        }
    }

    /// Takes what was said, after all that was printed before it.
    async fn take(&mut self, (frame, answer): Said) -> Option<()> {
        for at in 0..self.pipes.len() {
            while self.read_some(at) {
                if self.size >= FULL {
                    self.pass_on().await?;
                }
            }
        }
        let pid = frame.head["pid"].as_i64().unwrap_or(0) as i32;
        let event = match text(&frame.head["kind"]) {
            "hello" => {
                Answer(answer).give(Value::Null);
                Event::Came { pid }
            }
            "gone" => {
                Answer(answer).give(Value::Null);
                self.finish();
                Event::Gone { pid }
            }
            kind => {
                if kind == "finished" {
                    self.finish();
                }
                Event::Said(frame, Answer(answer))
            }
        };
        self.pass_on().await?;
        self.events.send(event).await.ok()
    }

    fn finish(&mut self) {
        for at in 0..self.pipes.len() {
            let pieces = self.pipes[at].printed.finish();
            self.add(self.pipes[at].name, pieces);
        }
    }

    async fn read(&mut self, at: usize) -> Option<()> {
        while self.size < FULL && self.read_some(at) {}
        if self.size < FULL {
            // Only a read of its own tells tokio that the pipe is empty again.
            let mut bytes = [0; 1 << 10];
            let count = self.pipes[at].pipe.try_read(&mut bytes).unwrap_or(0);
            self.feed(at, &bytes[..count]);
        }
        if self.size >= FULL || self.passed.elapsed() >= PAUSE {
            self.pass_on().await?;
        }
        Some(())
    }

    /// Reads what is there; false when the pipe is empty.
    fn read_some(&mut self, at: usize) -> bool {
        // Not by tokio's read: that looks only where tokio has heard of bytes,
        // and they may have come this moment.
        let mut bytes = [0u8; 64 << 10];
        let fd = self.pipes[at].pipe.as_raw_fd();
        // SAFETY: an open pipe that does not block, and a buffer of that size.
        let count = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
        if count > 0 {
            self.feed(at, &bytes[..count as usize]);
        }
        count > 0
    }

    fn feed(&mut self, at: usize, bytes: &[u8]) {
        let pieces = self.pipes[at].printed.feed(bytes);
        self.add(self.pipes[at].name, pieces);
    }

    fn add(&mut self, name: &'static str, pieces: Vec<Piece>) {
        for piece in pieces {
            match (piece, self.pending.back_mut()) {
                (Piece::Text(more), Some(Event::Text { name: last, text })) if *last == name => {
                    self.size += more.len();
                    text.push_str(&more);
                }
                (Piece::Text(text), _) => {
                    self.size += text.len();
                    self.pending.push_back(Event::Text { name, text });
                }
                (Piece::Content { mime, body }, _) => {
                    self.size += body.len();
                    self.pending.push_back(Event::Content { mime, body });
                }
            }
        }
    }

    async fn pass_on(&mut self) -> Option<()> {
        while let Some(event) = self.pending.pop_front() {
            self.events.send(event).await.ok()?;
        }
        self.size = 0;
        self.passed = Instant::now();
        Some(())
    }
}
