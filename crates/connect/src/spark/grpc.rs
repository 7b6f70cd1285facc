//! One gRPC call over HTTP/2, without TLS.
//!
//! A connection carries frames: a header of 9 bytes (length, type, flags, stream) and a payload. The
//! call is one stream. Headers go out without compression; those that come back are not read, because
//! the messages say what is asked here.
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

// Types of frames, and the flags that are looked at.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// The stream of the call: the first that a client may open.
const STREAM: u32 = 1;
/// How much a server may send before it is told that there is room again, which it is never told.
const WINDOW: u32 = 1 << 24;
/// The longest frame that each side must accept.
const LONGEST: usize = 1 << 14;

/// Calls a method, `/package.Service/Method`, with one message, and returns the messages of the
/// answer.
///
/// # Errors
/// If there is no connection, it does not speak HTTP/2, or the call has not ended within `patience`.
pub fn call(
    address: &str,
    method: &str,
    request: &[u8],
    patience: Duration,
) -> Result<Vec<Vec<u8>>, String> {
    let mut connection = Connection::open(address, patience)?;

    // What each client says first: the preface, its settings, and how much it takes.
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let window = WINDOW.to_be_bytes();
    let settings = [&[0, 4], &window[..]].concat(); // 4: the window of each stream
    hello.extend(frame(SETTINGS, 0, 0, &settings));
    hello.extend(frame(WINDOW_UPDATE, 0, 0, &window));

    // The request: its headers, and its message behind a flag (not compressed) and its length.
    hello.extend(frame(
        HEADERS,
        END_HEADERS,
        STREAM,
        &headers(address, method),
    ));
    let message = [&[0], &(request.len() as u32).to_be_bytes()[..], request].concat();
    if message.len() > LONGEST {
        return Err(format!("a question of {} bytes is too long", request.len()));
    }
    hello.extend(frame(DATA, END_STREAM, STREAM, &message));
    connection.send(&hello)?;

    // The answer, and what has to be acknowledged in between.
    let mut data = Vec::new();
    loop {
        let (kind, flags, payload) = connection.receive()?;
        match kind {
            DATA if flags & PADDED != 0 => {
                let (padding, rest) = payload.split_first().ok_or("an empty frame")?;
                let end = rest.len().saturating_sub(usize::from(*padding));
                data.extend_from_slice(&rest[..end]);
            }
            DATA => data.extend_from_slice(&payload),
            SETTINGS if flags & ACK == 0 => connection.send(&frame(SETTINGS, ACK, 0, &[]))?,
            PING if flags & ACK == 0 => connection.send(&frame(PING, ACK, 0, &payload))?,
            RST_STREAM => return Err(format!("{address} broke the call off")),
            GOAWAY => {
                let why = payload.get(8..).unwrap_or_default();
                let why = String::from_utf8_lossy(why);
                return Err(format!("{address} ended the connection {why}"));
            }
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return Ok(messages(&data));
        }
    }
}

/// Returns the whole messages in the data of a stream.
fn messages(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some((head, rest)) = data.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let Some((message, rest)) = rest.split_at_checked(length) else {
            break;
        };
        messages.push(message.to_vec());
        data = rest;
    }
    messages
}

/// Returns a frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// Returns the headers of a call: numbers are names and values of HPACK's static table, and texts
/// stand as they are.
fn headers(address: &str, method: &str) -> Vec<u8> {
    let text = |text: &str| {
        [
            &[text.len().min(126) as u8],
            &text.as_bytes()[..text.len().min(126)],
        ]
        .concat()
    };
    [
        vec![0x83, 0x86],                                      // :method POST, :scheme http
        [vec![0x04], text(method)].concat(),                   // :path
        [vec![0x01], text(address)].concat(),                  // :authority
        [vec![0x0f, 0x10], text("application/grpc")].concat(), // content-type
        [vec![0x00], text("te"), text("trailers")].concat(),
    ]
    .concat()
}

/// A connection with an end to its patience.
struct Connection {
    stream: TcpStream,
    address: String,
    until: Instant,
}

impl Connection {
    fn open(address: &str, patience: Duration) -> Result<Self, String> {
        let cannot = |why: &dyn std::fmt::Display| format!("cannot connect to {address}: {why}");
        let mut found = address.to_socket_addrs().map_err(|error| cannot(&error))?;
        let first = found.next().ok_or_else(|| cannot(&"no such host"))?;
        let stream =
            TcpStream::connect_timeout(&first, patience).map_err(|error| cannot(&error))?;
        Ok(Self {
            stream,
            address: address.to_owned(),
            until: Instant::now() + patience,
        })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let limit = self.limit()?;
        let sent = self.stream.set_write_timeout(Some(limit));
        let sent = sent.and_then(|()| self.stream.write_all(bytes));
        sent.map_err(|error| format!("{} takes no question: {error}", self.address))
    }

    /// Returns the type, the flags and the payload of the next frame.
    fn receive(&mut self) -> Result<(u8, u8, Vec<u8>), String> {
        let mut head = [0; 9];
        self.fill(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        if length > LONGEST {
            return Err(format!("{} does not speak HTTP/2", self.address));
        }
        let mut payload = vec![0; length];
        self.fill(&mut payload)?;
        Ok((head[3], head[4], payload))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        let limit = self.limit()?;
        let read = self.stream.set_read_timeout(Some(limit));
        let read = read.and_then(|()| self.stream.read_exact(buffer));
        read.map_err(|error| format!("{} does not answer: {error}", self.address))
    }

    /// Returns how long the next step may take.
    fn limit(&self) -> Result<Duration, String> {
        let left = self.until.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(format!("{} has not answered in time", self.address)),
            false => Ok(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that sends these bytes to the first client, and waits until that has gone.
    fn server(bytes: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let _ = client.write_all(&bytes);
            let _ = client.read_to_end(&mut Vec::new());
        });
        address
    }

    fn ask(bytes: Vec<u8>, patience: Duration) -> Result<Vec<Vec<u8>>, String> {
        call(&server(bytes), "/a.B/C", b"?", patience)
    }

    /// Messages are put together from frames, with padding or without, and what comes between them
    /// is answered or passed.
    #[test]
    fn the_messages_of_an_answer_are_read_across_frames() {
        let messages = [b"\0\0\0\0\x03one".to_vec(), b"\0\0\0\0\x00".to_vec()].concat();
        let padded = [&[2], &messages[4..], &[0, 0]].concat();
        let bytes = [
            frame(SETTINGS, 0, 0, &[]),
            frame(SETTINGS, ACK, 0, &[]),
            frame(HEADERS, END_HEADERS, STREAM, &[0x88]),
            frame(DATA, 0, STREAM, &messages[..4]),
            frame(PING, 0, 0, &[7; 8]),
            frame(DATA, PADDED, STREAM, &padded),
            frame(HEADERS, END_HEADERS | END_STREAM, STREAM, &[]),
        ];
        let answer = ask(bytes.concat(), Duration::from_secs(30));
        assert_eq!(answer, Ok(vec![b"one".to_vec(), Vec::new()]));
    }

    #[test]
    fn what_is_no_server_of_grpc_is_an_error_within_the_patience() {
        let long = Duration::from_secs(30);
        let http1 = ask(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), long);
        assert!(http1.unwrap_err().ends_with("does not speak HTTP/2"));
        let gone = frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\x0btoo many");
        assert!(ask(gone, long).unwrap_err().ends_with("too many"));
        let broken = frame(RST_STREAM, 0, STREAM, &[0; 4]);
        assert!(
            ask(broken, long)
                .unwrap_err()
                .contains("broke the call off")
        );
        let silent = ask(Vec::new(), Duration::from_millis(200));
        assert!(silent.unwrap_err().contains("does not answer"));
        let nothing = call("127.0.0.1:1", "/a.B/C", b"?", long);
        assert!(
            nothing
                .unwrap_err()
                .starts_with("cannot connect to 127.0.0.1:1")
        );
    }
}
