//! Jupyter's messages on the wire: frames, signatures and connection files.
//!
//! The format is that of protocol 5.4 in "Messaging in Jupyter", the documentation of
//! jupyter-client. A message is a list of ZeroMQ frames:
//!
//! ```text
//! identities... | <IDS|MSG> | signature | header | parent header | metadata | content | buffers...
//! ```
//!
//! The parts are JSON values here and not typed structs, because the kernel must forward
//! kinds and fields that it does not know. The crate jupyter-protocol 2.0 keeps unknown kinds,
//! but it drops unknown fields, such as `subshell_id` in a header, and refuses an
//! `execute_request` without `silent`. jupyter-zmq-client 3.0 sends and receives only messages
//! of that crate, over zeromq 0.7, and evcxr brings zeromq 0.6.

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use zeromq::ZmqMessage;

/// The version of the messaging protocol that this kernel speaks.
pub const PROTOCOL_VERSION: &str = "5.4";

/// The frame between the identities and the message itself.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// A connection file: where a kernel listens and how messages are signed. The fields are
/// those of Jupyter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionFile {
    /// `tcp` or `ipc` (Unix sockets).
    pub transport: String,
    /// The IP address; with `ipc` the first part of the sockets' paths.
    pub ip: String,
    /// The key of the signatures; an empty key means no signatures.
    pub key: String,
    /// Always `hmac-sha256` in this kernel.
    pub signature_scheme: String,
    /// The port of the shell socket: requests such as `execute_request`.
    pub shell_port: u16,
    /// The port of the iopub socket: outputs and the kernel's status, for all front ends.
    pub iopub_port: u16,
    /// The port of the stdin socket: questions of the kernel to the reader.
    pub stdin_port: u16,
    /// The port of the control socket: interrupt and shutdown.
    pub control_port: u16,
    /// The port of the heartbeat socket, which echoes.
    pub hb_port: u16,
    /// The name of the kernelspec, if Jupyter wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_name: Option<String>,
}

impl ConnectionFile {
    /// Reads the file that Jupyter or [`super::client`] wrote.
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, has another format, or names another
    /// signature scheme than hmac-sha256.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the connection file {}", path.display()))?;
        let file: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a connection file", path.display()))?;
        if file.signature_scheme != "hmac-sha256" {
            bail!(
                "{}: the signature scheme `{}` is not supported; this kernel signs with hmac-sha256",
                path.display(),
                file.signature_scheme
            );
        }
        Ok(file)
    }

    /// Writes the file with permissions for its owner only, because it contains the key.
    ///
    /// # Errors
    /// Returns an error when the file exists or cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        Ok(())
    }

    /// Returns the ZeroMQ endpoint of one of the five ports.
    pub fn endpoint(&self, port: u16) -> String {
        // With `ipc` the endpoint is a path. Jupyter would append `-port` and evcxr appends
        // `:port`. Only evcxr is used with `ipc` here.
        format!("{}://{}:{}", self.transport, self.ip, port)
    }

    /// Returns a signer with the key of this connection.
    pub fn signer(&self) -> Signer {
        Signer::new(&self.key)
    }
}

/// Signs messages and verifies signatures (HMAC with SHA-256) with the key of a connection.
#[derive(Clone)]
pub struct Signer {
    key: Option<Hmac<Sha256>>,
}

impl Signer {
    /// Creates a signer. With an empty key nothing is signed or verified, as Jupyter's protocol
    /// defines it.
    pub fn new(key: &str) -> Self {
        let key = (!key.is_empty())
            .then(|| Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length"));
        Signer { key }
    }

    /// Returns the MAC of the parts; `None` without a key.
    fn mac(&self, parts: &[impl AsRef<[u8]>]) -> Option<Hmac<Sha256>> {
        let mut mac = self.key.clone()?;
        for part in parts {
            mac.update(part.as_ref());
        }
        Some(mac)
    }

    /// Returns the signature of the parts in hexadecimal; empty without a key.
    fn sign(&self, parts: &[impl AsRef<[u8]>]) -> String {
        match self.mac(parts) {
            Some(mac) => hex(&mac.finalize().into_bytes()),
            None => String::new(),
        }
    }

    /// Returns whether `signature`, in hexadecimal, is that of the parts. The comparison takes
    /// constant time.
    fn verify(&self, parts: &[impl AsRef<[u8]>], signature: &[u8]) -> bool {
        match self.mac(parts) {
            Some(mac) => unhex(signature).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok()),
            None => true,
        }
    }
}

/// Writes bytes in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads bytes in hexadecimal. Returns `None` when `text` has another form.
pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// One Jupyter message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The frames in front of the delimiter: on a ROUTER socket the address of the client, on
    /// iopub the topic.
    pub identities: Vec<Vec<u8>>,
    /// The header: id, kind, session, user, date and protocol version.
    pub header: Value,
    /// The header of the message that caused this one; an empty object if there is none.
    pub parent: Value,
    /// The metadata, usually an empty object.
    pub metadata: Value,
    /// The content, whose fields depend on the kind.
    pub content: Value,
    /// Binary buffers, which widgets use.
    pub buffers: Vec<Vec<u8>>,
}

impl Message {
    /// Creates a message without a parent.
    pub fn request(kind: &str, session: &str, content: Value) -> Self {
        Message {
            identities: Vec::new(),
            header: header(kind, session),
            parent: json!({}),
            metadata: json!({}),
            content,
            buffers: Vec::new(),
        }
    }

    /// Creates a message with `self` as its parent, for iopub.
    pub fn child(&self, kind: &str, content: Value) -> Self {
        Message {
            parent: self.header.clone(),
            ..Message::request(kind, text(&self.header["session"]), content)
        }
    }

    /// Creates a reply to `self`, with the client's address, for the socket on which `self`
    /// arrived.
    pub fn reply(&self, kind: &str, content: Value) -> Self {
        Message {
            identities: self.identities.clone(),
            ..self.child(kind, content)
        }
    }

    /// Returns the message type, such as `execute_request`.
    pub fn kind(&self) -> &str {
        text(&self.header["msg_type"])
    }

    /// Returns the message id.
    pub fn id(&self) -> &str {
        text(&self.header["msg_id"])
    }

    /// Returns the id of the parent; empty if there is none.
    pub fn parent_id(&self) -> &str {
        text(&self.parent["msg_id"])
    }

    /// Signs the message and returns it as ZeroMQ frames.
    pub fn encode(&self, signer: &Signer) -> ZmqMessage {
        let parts = [&self.header, &self.parent, &self.metadata, &self.content]
            .map(|part| part.to_string().into_bytes());
        let signature = signer.sign(&parts);
        let mut frames: Vec<bytes::Bytes> = Vec::with_capacity(6 + self.buffers.len());
        frames.extend(self.identities.iter().cloned().map(Into::into));
        frames.push(DELIMITER.into());
        frames.push(signature.into_bytes().into());
        frames.extend(parts.map(Into::into));
        frames.extend(self.buffers.iter().cloned().map(Into::into));
        ZmqMessage::try_from(frames).expect("a message has at least six frames")
    }

    /// Decodes a message and verifies its signature.
    ///
    /// # Errors
    /// Returns an error when frames are missing, a frame is not JSON, or the signature is
    /// wrong.
    pub fn decode(frames: ZmqMessage, signer: &Signer) -> Result<Self> {
        // Split the frames.
        let frames = frames.into_vec();
        let at = frames
            .iter()
            .position(|frame| frame.as_ref() == DELIMITER)
            .context("invalid message: the delimiter <IDS|MSG> is missing")?;
        let (identities, rest) = frames.split_at(at);
        let [
            _,
            signature,
            header,
            parent,
            metadata,
            content,
            buffers @ ..,
        ] = rest
        else {
            bail!(
                "invalid message: {} frames from the delimiter on, at least 6 are needed",
                rest.len()
            );
        };

        // Verify the signature before anything is parsed.
        if !signer.verify(&[header, parent, metadata, content], signature) {
            bail!(
                "invalid message: wrong signature; is the sender using the key of another connection?"
            );
        }
        let value = |frame: &[u8]| {
            serde_json::from_slice(frame).context("invalid message: a frame is not JSON")
        };
        Ok(Message {
            identities: identities.iter().map(|frame| frame.to_vec()).collect(),
            header: value(header)?,
            parent: value(parent)?,
            metadata: value(metadata)?,
            content: value(content)?,
            buffers: buffers.iter().map(|frame| frame.to_vec()).collect(),
        })
    }
}

/// Creates the header of a new message.
fn header(kind: &str, session: &str) -> Value {
    json!({
        "msg_id": uuid::Uuid::new_v4().to_string(),
        "msg_type": kind,
        "session": session,
        "username": "kernel",
        "date": now(),
        "version": PROTOCOL_VERSION,
    })
}

/// Returns the current time in UTC, in ISO 8601 with microseconds.
fn now() -> String {
    let elapsed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    lambda_workbook::chrono::DateTime::from_timestamp(
        elapsed.as_secs() as i64,
        elapsed.subsec_nanos(),
    )
    .map(|time| time.to_rfc3339_opts(lambda_workbook::chrono::SecondsFormat::Micros, true))
    .unwrap_or_default()
}

/// Returns the string in a JSON value; empty when the value is no string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let mut message = Message::request("execute_request", "s1", json!({"code": "1 + 1"}));
        message.identities = vec![b"peer".to_vec()];
        message.buffers = vec![vec![0, 255, 7]];
        message
    }

    #[test]
    fn a_message_survives_the_wire() {
        let signer = Signer::new("secret");
        let sent = message();
        let got = Message::decode(sent.encode(&signer), &signer).unwrap();
        assert_eq!(got.identities, sent.identities);
        assert_eq!(got.content, sent.content);
        assert_eq!(got.buffers, sent.buffers);
        assert_eq!((got.kind(), got.id()), (sent.kind(), sent.id()));
    }

    #[test]
    fn a_wrong_signature_is_an_error() {
        let frames = message().encode(&Signer::new("another key"));
        let error = Message::decode(frames, &Signer::new("secret")).unwrap_err();
        assert!(error.to_string().contains("wrong signature"), "{error}");
    }

    #[test]
    fn a_torn_message_is_an_error_and_not_a_panic() {
        let signer = Signer::new("secret");
        let frames = message().encode(&signer).into_vec();
        for length in 1..frames.len() - 1 {
            let torn = ZmqMessage::try_from(frames[..length].to_vec()).unwrap();
            assert!(Message::decode(torn, &signer).is_err());
        }
    }

    #[test]
    fn a_reply_names_its_parent_and_its_peer() {
        let request = message();
        let reply = request.reply("execute_reply", json!({}));
        assert_eq!(reply.parent_id(), request.id());
        assert_eq!(reply.identities, request.identities);
        assert!(request.child("stream", json!({})).identities.is_empty());
    }
}
