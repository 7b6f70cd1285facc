//! Tab and Shift-Tab: completions and documentation for a cell.

use super::Session;
use super::cell::Until;
use crate::kernel::backend::source_at_cursor;
use crate::kernel::complete::{self, Answer, Ask, Completer, Question};
use crate::kernel::wire::{Message, text};
use anyhow::Result;
use serde_json::{Value, json};

/// What a cell sees around the cursor.
enum Context {
    /// The whole source, and the cursor in it in bytes.
    Source(String, usize),
    /// evcxr could not parse the cell.
    Unknown,
    /// Jupyter asked to end meanwhile.
    Over,
}

impl Session {
    /// True when Jupyter asked to end meanwhile.
    pub(super) async fn complete(&mut self, request: &Message) -> Result<bool> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let Some((question, answer)) = self.ask_completer(&code, cursor, Ask::Completions).await?
        else {
            return Ok(true);
        };
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
        self.reply(request, "complete_reply", content).await?;
        Ok(false)
    }

    /// True when Jupyter asked to end meanwhile.
    pub(super) async fn inspect(&mut self, request: &Message) -> Result<bool> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        // Jupyter's levels: 0 for a question mark or Shift-Tab, 1 for two of them.
        let detailed = request.content["detail_level"].as_u64().unwrap_or(0) > 0;
        let ask = Ask::Help { detailed };
        let Some((_, answer)) = self.ask_completer(&code, cursor, ask).await? else {
            return Ok(true);
        };
        let data = match &answer.help {
            Some(help) => json!({"text/plain": help.plain, "text/markdown": help.markdown}),
            None => json!({}),
        };
        let content = json!({
            "status": "ok", "found": answer.help.is_some(), "data": data, "metadata": {}});
        self.reply(request, "inspect_reply", content).await?;
        Ok(false)
    }

    /// Asks the completer about a cell; without it, the cell's own words. `None`
    /// when Jupyter asked to end meanwhile.
    async fn ask_completer(
        &mut self,
        code: &str,
        cursor: usize,
        ask: Ask,
    ) -> Result<Option<(Question, Answer)>> {
        let (source, offset) = match self.in_context(code, cursor).await {
            Ok(Context::Over) => return Ok(None),
            Ok(Context::Source(source, offset)) => (source, offset),
            Ok(Context::Unknown) | Err(_) => (code.to_owned(), cursor),
        };
        let question = Question {
            source,
            offset,
            ask,
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
        Ok(Some((question, answer)))
    }

    async fn in_context(&mut self, code: &str, cursor: usize) -> Result<Context> {
        if self.ready().await? {
            return Ok(Context::Over);
        }
        let running = self.engine.running()?;
        let id = running.backend.ask_for_context(code, cursor).await?;
        if self.exchange(Until::Reply(&id)).await? {
            return Ok(Context::Over);
        }
        let found = source_at_cursor(&self.engine.running()?.place)?;
        Ok(found.map_or(Context::Unknown, |(source, offset)| {
            Context::Source(source, offset)
        }))
    }

    /// Asks the completer, which is started if it does not run. Returns `None` when it
    /// is not built yet, or cannot answer in time.
    async fn try_completer(&mut self, question: &Question) -> Result<Option<Answer>> {
        if self.completer.as_mut().is_none_or(Completer::has_ended) {
            let running = self.engine.running()?;
            self.completer = Completer::start(&running.place)?;
        }
        match &mut self.completer {
            Some(completer) => completer.ask(question).await,
            None => Ok(None),
        }
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
