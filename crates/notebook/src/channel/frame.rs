//! How the two ends of the channel cut a stream of bytes into messages.
use serde_json::Value;
use std::io::{self, Read};

/// The most that one part of a frame may hold, in bytes: more is a broken
/// stream, or an output that no front end can show.
pub const LIMIT: usize = 512 << 20;

/// A JSON value, and bytes beside it.
///
/// On the wire: the number of parts and the length of each (little-endian,
/// 32 bits), then the parts; the first part is the JSON text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// What is said.
    pub head: Value,
    /// Binary attachments, as Jupyter's comms have them.
    pub buffers: Vec<Vec<u8>>,
}

impl Frame {
    /// A frame without attachments.
    pub fn new(head: Value) -> Frame {
        Frame {
            head,
            buffers: Vec::new(),
        }
    }

    /// The frame as it goes over the wire.
    ///
    /// ```
    /// use lambda_workbook::notebook::channel::frame::Frame;
    /// let frame = Frame::new(serde_json::json!({"kind": "hello"}));
    /// let bytes = frame.to_bytes();
    /// assert_eq!(Frame::read(&mut bytes.as_slice()).unwrap(), frame);
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = self.head.to_string();
        let parts =
            || std::iter::once(head.as_bytes()).chain(self.buffers.iter().map(Vec::as_slice));
        let mut bytes = Vec::with_capacity(64 + parts().map(<[u8]>::len).sum::<usize>());
        bytes.extend((1 + self.buffers.len() as u32).to_le_bytes());
        for part in parts() {
            bytes.extend((part.len() as u32).to_le_bytes());
        }
        for part in parts() {
            bytes.extend(part);
        }
        bytes
    }

    /// Reads one frame.
    ///
    /// # Errors
    /// When the stream ends or breaks, or holds something else than frames.
    pub fn read(stream: &mut impl Read) -> io::Result<Frame> {
        let mut word = [0; 4];
        stream.read_exact(&mut word)?;
        let mut lengths = vec![0; 4 * part_count(word)?];
        stream.read_exact(&mut lengths)?;
        let mut parts = Vec::new();
        for length in part_lengths(&lengths)? {
            let mut part = vec![0; length];
            stream.read_exact(&mut part)?;
            parts.push(part);
        }
        Frame::from_parts(parts)
    }

    /// The frame whose parts these are; the first one is its JSON.
    pub fn from_parts(mut parts: Vec<Vec<u8>>) -> io::Result<Frame> {
        let buffers = parts.split_off(1.min(parts.len()));
        let head = parts.first().ok_or_else(|| broken("no part"))?;
        Ok(Frame {
            head: serde_json::from_slice(head)?,
            buffers,
        })
    }
}

/// How many parts follow.
pub fn part_count(word: [u8; 4]) -> io::Result<usize> {
    match u32::from_le_bytes(word) as usize {
        count @ 1..=4096 => Ok(count),
        count => Err(broken(&format!("{count} parts"))),
    }
}

/// The lengths of the parts.
pub fn part_lengths(words: &[u8]) -> io::Result<Vec<usize>> {
    let words = words.chunks_exact(4);
    words
        .map(
            |word| match u32::from_le_bytes(word.try_into().expect("four bytes")) as usize {
                length if length <= LIMIT => Ok(length),
                length => Err(broken(&format!("a part of {length} bytes"))),
            },
        )
        .collect()
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a frame: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_follow_one_another() {
        let one = Frame {
            head: json!({"a": "é"}),
            buffers: vec![vec![0, 255], vec![]],
        };
        let two = Frame::new(json!(null));
        let stream = [one.to_bytes(), two.to_bytes()].concat();
        let mut stream = stream.as_slice();
        assert_eq!(Frame::read(&mut stream).unwrap(), one);
        assert_eq!(Frame::read(&mut stream).unwrap(), two);
        assert!(Frame::read(&mut stream).is_err());
    }

    #[test]
    fn other_bytes_are_an_error_and_take_no_memory() {
        for bytes in [
            &b"GET / HTTP/1.1"[..],
            &[0; 8],
            &[1, 0, 0, 0, 255, 255, 255, 255],
        ] {
            assert!(Frame::read(&mut &*bytes).is_err());
        }
    }
}
