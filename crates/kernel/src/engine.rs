//! Starts evcxr in the background, and starts it again after it has exited.
//!
//! A session starts its engine when the notebook is opened, so that evcxr is usually
//! ready before the reader runs the first cell.

use super::backend::Backend;
use super::place::{Built, Place};
use super::side_channel::SideChannel;
use anyhow::{Context, Result};
use tokio::task::JoinHandle;

/// A running evcxr.
pub struct Evcxr {
    /// The private folder of this kernel.
    pub place: Place,
    /// The process `evcxr_jupyter`.
    pub backend: Backend,
    /// The connection to the cell process.
    pub cells: SideChannel,
}

/// A running evcxr, and a notice for the reader if there is one.
type Started = (Evcxr, Option<String>);

/// Owns evcxr, from its start in the background on.
pub struct Engine {
    built: Built,
    /// The task that starts evcxr; `None` when no start is under way.
    starting: Option<JoinHandle<Result<Started>>>,
    /// The running evcxr; `None` before it is ready and after it has exited.
    pub running: Option<Evcxr>,
    /// A notice about the last start, which the session prints before the output of the
    /// next cell; for example that the support crate was built again.
    pub notice: Option<String>,
}

impl Engine {
    /// Begins to start evcxr in the background and returns at once.
    pub fn start(built: Built) -> Engine {
        let starting = Some(tokio::spawn(start_backend(built.clone())));
        Engine {
            built,
            starting,
            running: None,
            notice: None,
        }
    }

    /// Waits until evcxr runs, and starts it again if it has exited.
    ///
    /// The future may be dropped before it is ready (it is "cancel safe"): the start goes
    /// on in the background, and the next call waits for it.
    ///
    /// # Errors
    /// Returns an error when the kernel's folder cannot be prepared or evcxr cannot be
    /// started. The next call tries again.
    pub async fn start_or_wait(&mut self) -> Result<()> {
        if self.running.is_none() {
            let starting = self
                .starting
                .get_or_insert_with(|| tokio::spawn(start_backend(self.built.clone())));
            let started = starting.await;
            self.starting = None;
            let (evcxr, notice) =
                started.context("the task that starts evcxr was cancelled or panicked")??;
            self.notice = notice;
            self.running = Some(evcxr);
        }
        Ok(())
    }

    /// Returns the running evcxr, or an error when it does not run.
    pub fn running(&mut self) -> Result<&mut Evcxr> {
        self.running.as_mut().context("evcxr is not running")
    }
}

/// Builds the support crate again if its sources have changed, prepares the kernel's
/// folder and starts evcxr in it.
async fn start_backend(built: Built) -> Result<Started> {
    // Build and prepare on a thread where blocking is allowed. A source that does not
    // compile is no error: the last build still works.
    let (place, notice) = tokio::task::spawn_blocking(move || {
        let mut notice = None;
        if let Some(source) = built.changed_source() {
            let source = source.strip_prefix(&built.root).unwrap_or(&source).to_owned();
            notice = Some(match built.rebuild() {
                Ok(()) => format!("{} had changed; the support crate was built again.", source.display()),
                Err(error) => format!(
                    "{} has changed but does not compile, so this notebook runs on the last build.\n{error:#}",
                    source.display()
                ),
            });
        }
        anyhow::Ok((Place::prepare(&built)?, notice))
    })
    .await??;

    // Open the side channel first: the cell process connects to it while evcxr starts.
    let mut cells = SideChannel::open(&place)?;
    let backend = cells
        .respond_during(Backend::start(&place, Some(&place.channel())))
        .await?;
    let evcxr = Evcxr {
        place,
        backend,
        cells,
    };
    Ok((evcxr, notice))
}
