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
///
/// ```text
/// Starting -- ready --> Running -- exited --> Stopped
///    ^  |                                      ^  |
///    |  +--- cannot be started ----------------+  |
///    +------ asked for again ---------------------+
/// ```
pub struct Engine {
    built: Built,
    state: State,
}

/// Whether evcxr runs.
enum State {
    /// A task in the background starts evcxr.
    Starting(JoinHandle<Result<Started>>),
    /// evcxr runs.
    Running(Box<Evcxr>),
    /// evcxr has exited or could not be started, and no start is under way.
    Stopped,
}

impl State {
    /// Begins to start evcxr in the background and returns at once.
    fn start(built: &Built) -> State {
        State::Starting(tokio::spawn(start_backend(built.clone())))
    }
}

impl Engine {
    /// Begins to start evcxr in the background and returns at once.
    pub fn start(built: Built) -> Engine {
        let state = State::start(&built);
        Engine { built, state }
    }

    /// Waits until evcxr runs, and starts it again if it has exited. Returns a notice for
    /// the reader when a start has ended with one, for example that the support crate was
    /// built again.
    ///
    /// The future may be dropped before it is ready (it is "cancel safe"): the start goes
    /// on in the background, and the next call waits for it.
    ///
    /// # Errors
    /// Returns an error when the kernel's folder cannot be prepared or evcxr cannot be
    /// started. The next call tries again.
    pub async fn start_or_wait(&mut self) -> Result<Option<String>> {
        loop {
            match &mut self.state {
                State::Running(_) => return Ok(None),
                State::Stopped => self.state = State::start(&self.built),
                State::Starting(task) => {
                    let started = task.await;
                    self.state = State::Stopped;
                    let (evcxr, notice) = started
                        .context("the task that starts evcxr was cancelled or panicked")??;
                    self.state = State::Running(Box::new(evcxr));
                    return Ok(notice);
                }
            }
        }
    }

    /// Returns the running evcxr; `None` when it does not run.
    pub fn get(&self) -> Option<&Evcxr> {
        match &self.state {
            State::Running(evcxr) => Some(evcxr),
            State::Starting(_) | State::Stopped => None,
        }
    }

    /// Returns the running evcxr, to change it; `None` when it does not run.
    pub fn get_mut(&mut self) -> Option<&mut Evcxr> {
        match &mut self.state {
            State::Running(evcxr) => Some(evcxr),
            State::Starting(_) | State::Stopped => None,
        }
    }

    /// Returns the running evcxr.
    ///
    /// # Errors
    /// Returns an error when evcxr does not run.
    pub fn running(&mut self) -> Result<&mut Evcxr> {
        self.get_mut().context("evcxr is not running")
    }

    /// Returns the id of the cell process; `None` while there is none.
    pub fn cell_process_id(&self) -> Option<i32> {
        self.get()?.cells.pid
    }

    /// Notes that evcxr has exited.
    pub fn exited(&mut self) {
        if let State::Running(_) = self.state {
            self.state = State::Stopped;
        }
    }

    /// Stops evcxr and the cell process, if they run. A start that is under way is not
    /// waited for.
    pub async fn stop(self) {
        if let State::Running(evcxr) = self.state {
            evcxr.backend.stop().await;
        }
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
