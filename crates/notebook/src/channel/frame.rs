//! The framing of the side channel: how both ends divide a stream of bytes into messages.

use serde_json::Value;
use std::io::{self, Read};

/// The largest part of a frame, in bytes. A larger length means a broken stream, or an output
/// that no front end can show.
pub const LIMIT: usize = 512 << 20;

/// A message of the side channel: a JSON value and any number of binary buffers.
///
/// On the wire a frame is the number of its parts, the length of each part, and the parts
/// themselves. The numbers are 32-bit and little-endian. The first part is the JSON text, and
/// the others are the buffers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The message itself. Its field `kind` tells what the other fields are.
    pub head: Value,
    /// Binary buffers, as Jupyter's comm messages have them.
    pub buffers: Vec<Vec<u8>>,
}

impl Frame {
    /// Creates a frame without buffers.
    pub fn new(head: Value) -> Frame {
        Frame {
            head,
            buffers: Vec::new(),
        }
    }

    /// Returns the bytes of the frame on the wire.
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

    /// Reads one frame from a blocking stream.
    ///
    /// # Errors
    /// Returns an error when the stream ends or breaks, or holds something other than frames.
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

    /// Creates a frame from its parts, the JSON text first.
    ///
    /// # Errors
    /// Returns an error when there is no part, or the first one is not JSON.
    pub fn from_parts(mut parts: Vec<Vec<u8>>) -> io::Result<Frame> {
        let buffers = parts.split_off(1.min(parts.len()));
        let head = parts.first().ok_or_else(|| invalid("it has no parts"))?;
        Ok(Frame {
            head: serde_json::from_slice(head)?,
            buffers,
        })
    }
}

/// Decodes the number of parts from the first four bytes of a frame.
///
/// # Errors
/// Returns an error unless the number is 1 to 4096.
pub fn part_count(word: [u8; 4]) -> io::Result<usize> {
    match u32::from_le_bytes(word) as usize {
        count @ 1..=4096 => Ok(count),
        count => Err(invalid(&format!(
            "it has {count} parts, allowed are 1 to 4096"
        ))),
    }
}

/// Decodes the lengths of the parts, in bytes, from four bytes for each.
///
/// # Errors
/// Returns an error when a length is greater than [`LIMIT`].
pub fn part_lengths(words: &[u8]) -> io::Result<Vec<usize>> {
    let words = words.chunks_exact(4);
    words
        .map(
            |word| match u32::from_le_bytes(word.try_into().expect("four bytes")) as usize {
                length if length <= LIMIT => Ok(length),
                length => Err(invalid(&format!(
                    "it has a part of {length} bytes, allowed are {LIMIT}"
                ))),
            },
        )
        .collect()
}

/// Creates the error for bytes that are no frame.
fn invalid(problem: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("invalid frame of the side channel: {problem}"),
    )
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
