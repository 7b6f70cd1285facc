//! Completion (Tab) and documentation (Shift-Tab) for a cell.
//!
//! evcxr supplies the source around the cursor: the cell with the items and variables
//! of earlier cells. The completer answers from that source.

use super::cell::Until;
use super::{Session, Stop, Work};
use crate::backend::source_at_cursor;
use crate::complete::{self, Answer, Ask, Completer, Question};
use crate::wire::{Message, text};
use anyhow::Result;
use serde_json::{Value, json};

/// The source around the cursor, as evcxr knows it.
enum Context {
    /// The cell in its whole context, and the cursor in it as a byte offset.
    Source(String, usize),
    /// evcxr could not parse the cell.
    Unparsable,
}

impl Session {
    /// Replies to a `complete_request`.
    pub(super) async fn handle_complete_request(&mut self, request: &Message) -> Work<()> {
        // Ask for the completions at the cursor.
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        let (question, answer) = self.ask_completer(&code, cursor, Ask::Completions).await?;

        // The answer's range counts bytes of evcxr's source. Jupyter counts characters of
        // the cell. The text near the cursor is the same in both.
        let start = cursor.saturating_sub(question.offset.saturating_sub(answer.start));
        let end = (cursor + answer.end.saturating_sub(question.offset)).min(code.len());
        let chars = |byte: usize| code.get(..byte).map_or(0, |before| before.chars().count());
        let (start, end) = (chars(start), chars(end));

        // Reply with the texts, and with their kinds and signatures for JupyterLab.
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
        self.sockets.reply(request, "complete_reply", content).await;
        Ok(())
    }

    /// Replies to an `inspect_request`.
    pub(super) async fn handle_inspect_request(&mut self, request: &Message) -> Work<()> {
        let code = text(&request.content["code"]).to_owned();
        let cursor = byte_offset(&code, request.content["cursor_pos"].as_u64());
        // Jupyter's detail levels: 0 for one question mark or Shift-Tab, 1 for two.
        let detailed = request.content["detail_level"].as_u64().unwrap_or(0) > 0;
        let ask = Ask::Help { detailed };
        let (_, answer) = self.ask_completer(&code, cursor, ask).await?;
        let data = match &answer.help {
            Some(help) => json!({"text/plain": help.plain, "text/markdown": help.markdown}),
            None => json!({}),
        };
        let content = json!({
            "status": "ok", "found": answer.help.is_some(), "data": data, "metadata": {}});
        self.sockets.reply(request, "inspect_reply", content).await;
        Ok(())
    }

    /// Asks the completer about a cell. When the completer cannot answer, the words of
    /// the source are the answer.
    ///
    /// # Errors
    /// Returns only a shutdown.
    async fn ask_completer(
        &mut self,
        code: &str,
        cursor: usize,
        ask: Ask,
    ) -> Work<(Question, Answer)> {
        // Find the context of the cell; without it, ask about the cell alone.
        let (source, offset) = match self.context(code, cursor).await {
            Ok(Context::Source(source, offset)) => (source, offset),
            Ok(Context::Unparsable) | Err(Stop::Error(_)) => (code.to_owned(), cursor),
            Err(Stop::Shutdown) => return Err(Stop::Shutdown),
        };

        // Ask the completer.
        let question = Question {
            source,
            offset,
            ask,
        };
        let answer = match self.try_completer(&question).await {
            Ok(Some(answer)) => answer,
            Ok(None) => complete::words(&question),
            Err(error) => {
                eprintln!("cannot ask the completer: {error:#}");
                self.completer = None;
                complete::words(&question)
            }
        };
        Ok((question, answer))
    }

    /// Has evcxr write the context of a cell; the cursor is a byte offset.
    async fn context(&mut self, code: &str, cursor: usize) -> Work<Context> {
        self.wait_for_evcxr().await?;
        let evcxr = self.engine.running()?;
        let id = evcxr.backend.request_context(code, cursor).await?;
        self.exchange(Until::Reply(&id)).await?;
        let found = source_at_cursor(&self.engine.running()?.place)?;
        Ok(found.map_or(Context::Unparsable, |(source, offset)| {
            Context::Source(source, offset)
        }))
    }

    /// Asks the completer, and starts it if it does not run. Returns `None` when it is
    /// not built yet, or does not answer in time.
    async fn try_completer(&mut self, question: &Question) -> Result<Option<Answer>> {
        if self.completer.as_mut().is_none_or(Completer::has_ended) {
            let evcxr = self.engine.running()?;
            self.completer = Completer::start(&evcxr.place)?;
        }
        match &mut self.completer {
            Some(completer) => completer.ask(question).await,
            None => Ok(None),
        }
    }
}

/// Converts a cursor of Jupyter, which counts characters, to a byte offset. Returns the
/// end of the code when there is no cursor or it lies behind the end.
fn byte_offset(code: &str, cursor: Option<u64>) -> usize {
    cursor.map_or(code.len(), |cursor| {
        code.char_indices()
            .nth(cursor as usize)
            .map_or(code.len(), |(at, _)| at)
    })
}
