//! Cells that were run while this kernel was still being built: the launcher's
//! waiting kernel held them, and hands them over in a file.
use super::wire::{Message, Signer, unhex};
use anyhow::{Context, Result};
use std::path::Path;
use zeromq::ZmqMessage;

/// Takes the held requests out of `path`, in their order, and removes the file. It
/// holds one list of ZeroMQ frames a request, each frame in hexadecimal.
///
/// # Errors
/// When the file cannot be read. A request with a wrong signature is refused, as one
/// from a socket is, and the others are kept.
pub fn take(path: &Path, signer: &Signer) -> Result<Vec<Message>> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the held cells in {}", path.display()))?;
    let _ = std::fs::remove_file(path);
    let requests: Vec<Vec<String>> = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} holds no cells", path.display()))?;
    let mut held = Vec::with_capacity(requests.len());
    for frames in requests {
        match decoded(&frames, signer) {
            Ok(message) => held.push(message),
            Err(error) => eprintln!("refused: {error:#}"),
        }
    }
    Ok(held)
}

fn decoded(frames: &[String], signer: &Signer) -> Result<Message> {
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
    fn held_cells_come_in_their_order_and_forged_or_torn_ones_not_at_all() {
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
        assert!(!file.path().exists(), "nothing is run twice");
        assert!(take(file.path(), &signer).is_err());
    }
}
