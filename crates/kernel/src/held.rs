//! Requests that were received before this kernel was built.
//!
//! While the kernel is being built, the launcher's waiting kernel answers Jupyter and holds
//! the cells that the reader runs. It writes these requests to a file, which this kernel
//! reads at its start.

use super::wire::{Message, Signer, unhex};
use anyhow::{Context, Result};
use std::path::Path;
use zeromq::ZmqMessage;

/// Reads the held requests from `path`, in order, and removes the file, so that no cell runs
/// twice. The file is a JSON list with one item for each request: the list of its ZeroMQ
/// frames, each in hexadecimal.
///
/// A request that cannot be decoded or has a wrong signature is logged and dropped, as on a
/// socket.
///
/// # Errors
/// Returns an error when the file cannot be read or has another format.
pub fn take(path: &Path, signer: &Signer) -> Result<Vec<Message>> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the held requests in {}", path.display()))?;
    let _ = std::fs::remove_file(path);
    let requests: Vec<Vec<String>> = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a list of held requests", path.display()))?;
    let mut held = Vec::with_capacity(requests.len());
    for frames in requests {
        match decode(&frames, signer) {
            Ok(message) => held.push(message),
            Err(error) => eprintln!("held request dropped: {error:#}"),
        }
    }
    Ok(held)
}

/// Decodes one request from its frames in hexadecimal.
fn decode(frames: &[String], signer: &Signer) -> Result<Message> {
    let frames: Option<Vec<bytes::Bytes>> = frames
        .iter()
        .map(|frame| unhex(frame.as_bytes()).map(Into::into))
        .collect();
    let frames = frames.context("a frame is not hexadecimal")?;
    let frames =
        ZmqMessage::try_from(frames).map_err(|_| anyhow::anyhow!("a message without frames"))?;
    Message::decode(frames, signer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frames(code: &str, signer: &Signer) -> Vec<String> {
        let mut request = Message::request("execute_request", "s", json!({"code": code}));
        request.identities = vec![vec![0, 255]];
        let frames = request.encode(signer).into_vec();
        let hex = |frame: &bytes::Bytes| frame.iter().map(|byte| format!("{byte:02x}")).collect();
        frames.iter().map(hex).collect()
    }

    #[test]
    fn held_requests_keep_their_order_and_forged_or_torn_ones_are_dropped() {
        let signer = Signer::new("secret");
        let file = tempfile::NamedTempFile::new().unwrap();
        let requests = [
            frames("1", &signer),
            frames("forged", &Signer::new("guess")),
            vec![],
            vec!["zz".into()],
            frames("2", &signer),
        ];
        std::fs::write(file.path(), serde_json::to_vec(&requests).unwrap()).unwrap();
        let held = take(file.path(), &signer).unwrap();
        let codes: Vec<_> = held
            .iter()
            .map(|held| held.content["code"].clone())
            .collect();
        assert_eq!(codes, ["1", "2"]);
        assert_eq!(held[0].identities, [[0, 255]]);
        assert!(!file.path().exists(), "no cell runs twice");
        assert!(take(file.path(), &signer).is_err());
    }
}
