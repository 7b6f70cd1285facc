//! Tab and Shift-Tab: completions and documentation for a cell.

use super::Session;
use crate::kernel::complete::{self, Answer, Completer, Question};
use crate::kernel::engine::Running;
use crate::kernel::wire::{Message, text};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// JupyterLab shows no completion that comes later than a second.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(900);

impl Session {
    pub(super) async fn complete(&mut self, request: &Message) -> Result<()> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let (question, answer) = self.ask_completer(&code, cursor, false).await;
        // The answer's range is in evcxr's source; both end around the cursor.
        let start = cursor.saturating_sub(question.offset.saturating_sub(answer.start));
        let end = (cursor + answer.end.saturating_sub(question.offset)).min(code.len());
        let chars = |byte: usize| code.get(..byte).map_or(0, |before| before.chars().count());
        let (start, end) = (chars(start), chars(end));
        let matches: Vec<&str> = answer.items.iter().map(|item| item.text.as_str()).collect();
        let types: Vec<Value> = answer
            .items
            .iter()
            .map(|item| {
                json!({"text": item.text, "type": item.kind, "signature": item.label,
                    "start": start, "end": end})
            })
            .collect();
        let content = json!({
            "status": "ok",
            "matches": matches,
            "cursor_start": start,
            "cursor_end": end,
            "metadata": {"_jupyter_types_experimental": types},
        });
        self.reply(request, "complete_reply", content).await
    }

    pub(super) async fn inspect(&mut self, request: &Message) -> Result<()> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let (_, answer) = self.ask_completer(&code, cursor, true).await;
        let data = match &answer.hover {
            Some(markdown) => json!({"text/plain": markdown, "text/markdown": markdown}),
            None => json!({}),
        };
        let content = json!({
            "status": "ok", "found": answer.hover.is_some(), "data": data, "metadata": {}});
        self.reply(request, "inspect_reply", content).await
    }

    /// Asks the completer about a cell; without it, the cell's own words.
    async fn ask_completer(
        &mut self,
        code: &str,
        cursor: usize,
        hover: bool,
    ) -> (Question, Answer) {
        let (source, offset) = match self.in_context(code, cursor).await {
            Ok(Some(found)) => found,
            _ => (code.to_owned(), cursor),
        };
        let question = Question {
            source,
            offset,
            hover,
        };
        let answer = match self.try_completer(&question).await {
            Ok(Some(answer)) => answer,
            Ok(None) => complete::words(&question),
            Err(error) => {
                eprintln!("completion: {error:#}");
                self.completer = None;
                complete::words(&question)
            }
        };
        (question, answer)
    }

    async fn in_context(&mut self, code: &str, cursor: usize) -> Result<Option<(String, usize)>> {
        let Running { place, backend, .. } = self.engine.get().await?;
        backend.in_context(code, cursor, place).await
    }

    async fn try_completer(&mut self, question: &Question) -> Result<Option<Answer>> {
        if self.completer.is_none() {
            let running = self.engine.get().await?;
            self.completer = Some(Completer::start(&running.place)?);
        }
        let completer = self.completer.as_mut().context("started above")?;
        completer.ask(question, COMPLETION_PATIENCE).await
    }
}

/// A cursor of Jupyter's, which counts characters, as a byte offset.
fn byte_offset(code: &str, cursor: Option<u64>) -> usize {
    cursor.map_or(code.len(), |cursor| {
        code.char_indices()
            .nth(cursor as usize)
            .map_or(code.len(), |(at, _)| at)
    })
}
