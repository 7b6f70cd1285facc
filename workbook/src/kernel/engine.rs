//! evcxr as a session holds it: started early, and again when it died.

use super::backend::Backend;
use super::place::{Built, Place};
use super::side_channel::SideChannel;
use anyhow::{Context, Result};
use tokio::task::JoinHandle;

/// evcxr, its folder and what its cells say.
pub struct Running {
    pub place: Place,
    pub backend: Backend,
    pub cells: SideChannel,
}

/// A start that succeeded, and what the reader should know of it.
type Started = (Running, Option<String>);

/// evcxr, started while the reader still looks at the page.
pub struct Engine {
    built: Built,
    starting: Option<JoinHandle<Result<Started>>>,
    pub running: Option<Running>,
    /// What the reader should know, said before the next cell's output.
    pub notice: Option<String>,
}

impl Engine {
    /// Starts evcxr in the background.
    pub fn start(built: Built) -> Engine {
        let starting = Some(tokio::spawn(start_backend(built.clone())));
        Engine {
            built,
            starting,
            running: None,
            notice: None,
        }
    }

    /// Waits until evcxr runs; starts it again if it died. May be given up and
    /// called again.
    pub async fn start_or_wait(&mut self) -> Result<()> {
        if self.running.is_none() {
            let starting = self
                .starting
                .get_or_insert_with(|| tokio::spawn(start_backend(self.built.clone())));
            let started = starting.await;
            self.starting = None;
            let (running, notice) = started.context("the start was cut off")??;
            self.notice = notice;
            self.running = Some(running);
        }
        Ok(())
    }

    /// The running evcxr, if it runs.
    pub fn running(&mut self) -> Result<&mut Running> {
        self.running.as_mut().context("evcxr is not running")
    }
}

async fn start_backend(built: Built) -> Result<Started> {
    let ready = built.clone();
    let (place, notice) = tokio::task::spawn_blocking(move || {
        let mut notice = None;
        if let Some(source) = ready.changed_source() {
            let source = source.strip_prefix(&ready.root).unwrap_or(&source).to_owned();
            notice = Some(match ready.rebuild() {
                Ok(()) => format!("{} had changed; the support crate was built again.", source.display()),
                Err(error) => format!(
                    "{} has changed but does not compile, so this notebook runs on the last build.\n{error:#}",
                    source.display()
                ),
            });
        }
        anyhow::Ok((Place::prepare(&ready)?, notice))
    })
    .await??;
    let mut cells = SideChannel::open(&place)?;
    let backend = cells
        .answer_during(Backend::start(&place, Some(&place.channel())))
        .await?;
    let running = Running {
        place,
        backend,
        cells,
    };
    Ok((running, notice))
}
