//! Jupyter's messages on the wire: frames, signatures, connection files.
//!
//! Messages stay JSON values here, not typed structs: a relay must pass on
//! kinds and fields it has never heard of. The format is the one of "Messaging
//! in Jupyter" (jupyter-client), protocol 5.4.

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use zeromq::ZmqMessage;

/// The version of the messaging protocol that this kernel speaks.
pub const PROTOCOL_VERSION: &str = "5.4";

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Where a kernel listens, as Jupyter's connection file says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionFile {
    pub transport: String,
    pub ip: String,
    pub key: String,
    pub signature_scheme: String,
    pub shell_port: u16,
    pub iopub_port: u16,
    pub stdin_port: u16,
    pub control_port: u16,
    pub hb_port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_name: Option<String>,
}

impl ConnectionFile {
    /// Reads the file that Jupyter (or [`super::client`]) wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the connection file {}", path.display()))?;
        let file: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a connection file", path.display()))?;
        if file.signature_scheme != "hmac-sha256" {
            bail!(
                "{}: signature scheme `{}` is unknown; this kernel signs with hmac-sha256",
                path.display(),
                file.signature_scheme
            );
        }
        Ok(file)
    }

    /// Writes the file so that its owner alone can read the key.
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

    /// The ZeroMQ address of one of the five ports.
    pub fn endpoint(&self, port: u16) -> String {
        // With `ipc` the address is a path, to which Jupyter appends `-port`
        // and evcxr `:port`; only evcxr's form is used here.
        format!("{}://{}:{}", self.transport, self.ip, port)
    }

    pub fn signer(&self) -> Signer {
        Signer::new(&self.key)
    }
}

/// Signs and checks messages with the connection's key.
#[derive(Clone)]
pub struct Signer {
    key: Option<Hmac<Sha256>>,
}

impl Signer {
    /// An empty key switches signatures off, as Jupyter defines it.
    pub fn new(key: &str) -> Self {
        let key = (!key.is_empty())
            .then(|| Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length"));
        Signer { key }
    }

    fn mac(&self, parts: &[impl AsRef<[u8]>]) -> Option<Hmac<Sha256>> {
        let mut mac = self.key.clone()?;
        for part in parts {
            mac.update(part.as_ref());
        }
        Some(mac)
    }

    fn sign(&self, parts: &[impl AsRef<[u8]>]) -> String {
        match self.mac(parts) {
            Some(mac) => hex(&mac.finalize().into_bytes()),
            None => String::new(),
        }
    }

    /// Whether `signature` (hexadecimal) fits the parts; in constant time.
    fn verify(&self, parts: &[impl AsRef<[u8]>], signature: &[u8]) -> bool {
        match self.mac(parts) {
            Some(mac) => unhex(signature).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok()),
            None => true,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that `text` spells in hexadecimal.
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
    /// The ROUTER socket's addresses of the peer, in front of the delimiter.
    pub identities: Vec<Vec<u8>>,
    pub header: Value,
    pub parent: Value,
    pub metadata: Value,
    pub content: Value,
    /// Binary attachments, as widgets send them.
    pub buffers: Vec<Vec<u8>>,
}

impl Message {
    /// A message that starts a conversation.
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

    /// A message caused by `self`, for iopub: it has `self` as its parent.
    pub fn child(&self, kind: &str, content: Value) -> Self {
        Message {
            parent: self.header.clone(),
            ..Message::request(kind, text(&self.header["session"]), content)
        }
    }

    /// An answer to `self`, for the socket that it came from.
    pub fn reply(&self, kind: &str, content: Value) -> Self {
        Message {
            identities: self.identities.clone(),
            ..self.child(kind, content)
        }
    }

    pub fn kind(&self) -> &str {
        text(&self.header["msg_type"])
    }

    pub fn id(&self) -> &str {
        text(&self.header["msg_id"])
    }

    pub fn parent_id(&self) -> &str {
        text(&self.parent["msg_id"])
    }

    /// The message as ZeroMQ frames, signed.
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

    /// Reads frames back; a wrong signature or a torn message is an error.
    pub fn decode(frames: ZmqMessage, signer: &Signer) -> Result<Self> {
        let frames = frames.into_vec();
        let at = frames
            .iter()
            .position(|frame| frame.as_ref() == DELIMITER)
            .context("a message without the delimiter <IDS|MSG>")?;
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
            bail!("a message of {} frames; at least 6 are needed", rest.len());
        };
        if !signer.verify(&[header, parent, metadata, content], signature) {
            bail!("a message with a wrong signature was refused");
        }
        let value = |frame: &[u8]| serde_json::from_slice(frame).context("a frame is not JSON");
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

/// The string in `value`, or "" where there is none.
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
    fn a_wrong_signature_is_refused() {
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
