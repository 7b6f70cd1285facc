//! What a session does at a moment, as a state machine.
//!
//! ```text
//!         execute_request                  the cell begins to run
//!     +---------------------> Executing -------------------------> Executing
//!     |                       (Compiling)                          (Running)
//!     |                           |                                    |
//!     |   <-- the cell ended -----+------------------------------------+
//!     |
//!   Idle  --- comm message ----> WidgetCall
//!     |   <------ handled -------+   |
//!     |                              | the cell process exits
//!     |   the cell process exits     v
//!     +------------------------> ProcessLost <--+
//!     ^                              |          | the new process
//!     |                     :restart |          | exits too
//!     |                              v          |
//!     +--- restarted ----------- Restarting ----+
//! ```
//!
//! - A shutdown request, SIGTERM and the end of the process that started the kernel end
//!   the session in every state. [`Stop::Shutdown`](super::Stop) then passes through the
//!   callers, and `Session::run` stops evcxr.
//! - A cell is `Compiling` from its request on. If evcxr is still starting, or has to
//!   be started again, the cell waits in that phase; see [`crate::engine`].
//! - When the cell process exits while a cell is executed, evcxr notices and starts a
//!   new process by itself, so the state remains `Executing`.
//! - When evcxr itself exits, the cell, the widget call or the restart ends. The next
//!   cell starts evcxr again.
//! - An interrupt does not end a state. It is noted in the phase of the cell or in the
//!   widget call, see [`Interrupt`]; in the other states it does nothing.
//! - Completions and the requests that are answered at once leave the state as it is.
//!
//! The transitions are the methods of [`State`]. They do no input or output: what must
//! be done is returned to the session.

use crate::failure::{Failure, Kept};
use crate::side_channel::Responder;
use crate::wire::Message;
use std::time::Duration;
use tokio::time::Instant;

/// How long an interrupted cell may take to stop before its process is killed.
const GRACE_PERIOD: Duration = Duration::from_millis(300);

/// How many bytes of the end of a cell's standard error are kept, to tell why its
/// process ended.
const STDERR_TAIL: usize = 2_000;

/// What a session does at a moment.
pub(super) enum State {
    /// The session waits for requests.
    Idle,
    /// A cell is executed.
    Executing(CurrentCell),
    /// The widgets handle a comm message of a front end.
    WidgetCall(WidgetCall),
    /// The cell process ended while no cell was executed. evcxr does not notice that, so
    /// it must be told to start a new process.
    ProcessLost,
    /// evcxr was told to start a new cell process.
    Restarting,
}

/// The cell that is being executed.
pub(super) struct CurrentCell {
    /// The `execute_request` of Jupyter.
    pub request: Message,
    /// The code as the reader wrote it.
    pub code: String,
    /// How far the execution has come; it decides how an interrupt stops the cell.
    phase: Phase,
    /// The errors reported so far.
    failures: Vec<Failure>,
    /// The last bytes that the cell printed to standard error. They tell why the cell
    /// process ended, for example by a stack overflow.
    stderr_tail: String,
    /// The responder of an `input` call that waits for the reader's answer; `None` while
    /// no call waits. The call may come from a thread that an earlier cell has started,
    /// so it may wait in either phase.
    input: Option<Responder>,
}

/// The phase of a cell's execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The cell has not begun to run: evcxr is starting, or rustc checks or compiles the
    /// cell. A cell that does not compile ends in this phase.
    Compiling {
        /// Whether the reader has interrupted the cell.
        interrupted: bool,
    },
    /// The compiled cell runs in the cell process.
    Running(Interrupt),
}

/// How far an interrupt of running code has come.
///
/// ```text
/// NotAsked -- interrupt --> Asked -- grace period over --> Killed
///                            ^ |                             |
///                            +-+--------- interrupt ---------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interrupt {
    /// The reader has not interrupted the code.
    NotAsked,
    /// The cell process was asked to stop the code.
    Asked {
        /// When the process is killed if the code has not stopped by then.
        kill_at: Instant,
    },
    /// The code did not stop in time, so evcxr was told to kill the process.
    Killed,
}

/// A comm message that the widgets are handling.
pub(super) struct WidgetCall {
    /// The message of the front end.
    request: Message,
    progress: Progress,
}

/// How far the widgets have come with a comm message.
enum Progress {
    /// They are handling it.
    Handling(Interrupt),
    /// They have handled it.
    Handled {
        /// Whether a handler was registered.
        found: bool,
    },
}

/// What an interrupt must stop.
#[derive(Debug)]
pub(super) enum Target {
    /// The compiler of the current cell.
    Compiler,
    /// The code that runs in the cell process. A cell that waits for the reader's input
    /// can only stop after a response to this call of `input`.
    CellProcess(Option<Responder>),
}

impl State {
    /// Begins the execution of a cell.
    pub fn begin_cell(&mut self, request: Message, code: String) {
        *self = State::Executing(CurrentCell {
            request,
            code,
            phase: Phase::Compiling { interrupted: false },
            failures: Vec::new(),
            stderr_tail: String::new(),
            input: None,
        });
    }

    /// Returns the cell that is executed; `None` in other states.
    pub fn cell(&self) -> Option<&CurrentCell> {
        match self {
            State::Executing(cell) => Some(cell),
            _ => None,
        }
    }

    /// Returns the cell that is executed, to change it; `None` in other states.
    pub fn cell_mut(&mut self) -> Option<&mut CurrentCell> {
        match self {
            State::Executing(cell) => Some(cell),
            _ => None,
        }
    }

    /// Ends the execution of the current cell and returns it; `None` in other states.
    pub fn end_cell(&mut self) -> Option<CurrentCell> {
        match std::mem::replace(self, State::Idle) {
            State::Executing(cell) => Some(cell),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Begins a widget call: the widgets are about to handle this comm message.
    pub fn begin_widget_call(&mut self, request: Message) {
        *self = State::WidgetCall(WidgetCall {
            request,
            progress: Progress::Handling(Interrupt::NotAsked),
        });
    }

    /// Notes that the widgets have handled the comm message. `found` tells whether a
    /// handler was registered.
    pub fn widget_call_handled(&mut self, found: bool) {
        if let State::WidgetCall(call) = self {
            call.progress = Progress::Handled { found };
        }
    }

    /// Returns whether the widgets are still handling a comm message.
    pub fn is_widget_call_open(&self) -> bool {
        let State::WidgetCall(call) = self else {
            return false;
        };
        matches!(call.progress, Progress::Handling(_))
    }

    /// Returns whether the comm message was handled and no handler was registered for it.
    pub fn widget_call_found_no_handler(&self) -> bool {
        let State::WidgetCall(call) = self else {
            return false;
        };
        matches!(call.progress, Progress::Handled { found: false })
    }

    /// Ends the widget call. A call whose process has exited has ended already.
    pub fn end_widget_call(&mut self) {
        if let State::WidgetCall(_) = self {
            *self = State::Idle;
        }
    }

    /// Notes that the cell process has exited. Returns false while a cell is executed:
    /// then evcxr reports the exit as the cell's error, and starts a new process itself.
    pub fn cell_process_exited(&mut self) -> bool {
        if let State::Executing(_) = self {
            return false;
        }
        *self = State::ProcessLost;
        true
    }

    /// Begins to restart the cell process if it was lost. Returns false otherwise.
    pub fn begin_restart(&mut self) -> bool {
        let lost = matches!(self, State::ProcessLost);
        if lost {
            *self = State::Restarting;
        }
        lost
    }

    /// Ends the restart of the cell process. A process that was lost meanwhile remains
    /// lost.
    pub fn end_restart(&mut self) {
        if let State::Restarting = self {
            *self = State::Idle;
        }
    }

    /// Notes an interrupt. Returns what must be stopped; `None` when nothing runs.
    pub fn interrupt(&mut self, now: Instant) -> Option<Target> {
        match self {
            State::Executing(cell) => Some(cell.interrupt(now)),
            State::WidgetCall(WidgetCall {
                progress: Progress::Handling(interrupt),
                ..
            }) => {
                *interrupt = Interrupt::asked(now);
                Some(Target::CellProcess(None))
            }
            _ => None,
        }
    }

    /// Returns when the cell process must be killed; `None` unless running code was
    /// interrupted and has not stopped.
    pub fn kill_at(&self) -> Option<Instant> {
        match self {
            State::Executing(CurrentCell {
                phase: Phase::Running(Interrupt::Asked { kill_at }),
                ..
            })
            | State::WidgetCall(WidgetCall {
                progress: Progress::Handling(Interrupt::Asked { kill_at }),
                ..
            }) => Some(*kill_at),
            _ => None,
        }
    }

    /// Notes that interrupted code did not stop in time and that its process is killed.
    pub fn kill(&mut self) {
        match self {
            State::Executing(CurrentCell {
                phase: Phase::Running(interrupt),
                ..
            })
            | State::WidgetCall(WidgetCall {
                progress: Progress::Handling(interrupt),
                ..
            }) => *interrupt = Interrupt::Killed,
            _ => {}
        }
    }

    /// Returns the request that is the parent of an iopub message of this kind: the
    /// request of the current cell, or for a comm message of a widget the front end's
    /// message that the widgets handle. Returns `None` when no such request is handled.
    pub fn parent(&self, kind: &str) -> Option<&Message> {
        match self {
            State::Executing(cell) => Some(&cell.request),
            State::WidgetCall(call) if kind.starts_with("comm_") => Some(&call.request),
            _ => None,
        }
    }
}

impl Interrupt {
    /// Creates an interrupt whose grace period begins now.
    fn asked(now: Instant) -> Interrupt {
        Interrupt::Asked {
            kill_at: now + GRACE_PERIOD,
        }
    }
}

impl CurrentCell {
    /// Notes that the compiled cell begins to run. Returns what must be stopped when an
    /// interrupt came during the compilation.
    pub fn begin_running(&mut self, now: Instant) -> Option<Target> {
        let interrupted = self.was_interrupted();
        self.phase = Phase::Running(Interrupt::NotAsked);
        interrupted.then(|| self.interrupt(now))
    }

    /// Notes an interrupt and returns what must be stopped.
    fn interrupt(&mut self, now: Instant) -> Target {
        match &mut self.phase {
            Phase::Compiling { interrupted } => {
                *interrupted = true;
                Target::Compiler
            }
            Phase::Running(interrupt) => {
                *interrupt = Interrupt::asked(now);
                Target::CellProcess(self.input.take())
            }
        }
    }

    /// Returns whether the reader has interrupted the cell.
    pub fn was_interrupted(&self) -> bool {
        match self.phase {
            Phase::Compiling { interrupted } => interrupted,
            Phase::Running(interrupt) => interrupt != Interrupt::NotAsked,
        }
    }

    /// Adds an error.
    pub fn add_failure(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    /// Takes the errors that were reported so far, joined into one; `None` when there are
    /// none. After an interrupt, an error that the interrupt itself caused becomes
    /// "Interrupted".
    pub fn take_failure(&mut self) -> Option<Failure> {
        let failure = Failure::join(std::mem::take(&mut self.failures))?;
        Some(match (self.was_interrupted(), self.phase) {
            (true, Phase::Compiling { .. }) => Failure::interrupted(Kept::Everything),
            (true, Phase::Running(_)) if failure.name == "CellProcessDied" => {
                Failure::interrupted(Kept::Items)
            }
            _ => failure,
        })
    }

    /// Appends text to the kept end of standard error and drops what is too much.
    pub fn keep_stderr_tail(&mut self, text: &str) {
        self.stderr_tail.push_str(text);
        if let Some(surplus) = self.stderr_tail.len().checked_sub(STDERR_TAIL) {
            let cut = (surplus..).find(|at| self.stderr_tail.is_char_boundary(*at));
            self.stderr_tail.drain(..cut.unwrap_or(surplus));
        }
    }

    /// Returns the end of what the cell printed to standard error.
    pub fn stderr_tail(&self) -> &str {
        &self.stderr_tail
    }

    /// Returns whether an `input` call waits for the reader's answer.
    pub fn waits_for_input(&self) -> bool {
        self.input.is_some()
    }

    /// Keeps the responder of an `input` call until the reader has answered.
    pub fn wait_for_input(&mut self, responder: Responder) {
        self.input = Some(responder);
    }

    /// Takes the responder of the `input` call that waits, if one waits.
    pub fn take_input(&mut self) -> Option<Responder> {
        self.input.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(kind: &str) -> Message {
        Message::request(kind, "session", json!({}))
    }

    fn executing() -> State {
        let mut state = State::Idle;
        state.begin_cell(request("execute_request"), "1 + 1".to_owned());
        state
    }

    fn running(now: Instant) -> State {
        let mut state = executing();
        assert!(state.cell_mut().unwrap().begin_running(now).is_none());
        state
    }

    fn widget_call() -> State {
        let mut state = State::Idle;
        state.begin_widget_call(request("comm_msg"));
        state
    }

    fn restarting() -> State {
        let mut state = State::ProcessLost;
        assert!(state.begin_restart());
        state
    }

    fn process_died() -> Failure {
        Failure::new("CellProcessDied", "it was killed")
    }

    #[test]
    fn an_interrupt_stops_nothing_when_no_code_runs() {
        for mut state in [State::Idle, State::ProcessLost, restarting()] {
            assert!(state.interrupt(Instant::now()).is_none());
            assert_eq!(state.kill_at(), None);
        }
    }

    #[test]
    fn an_interrupt_during_compilation_reaches_the_cell_when_it_begins_to_run() {
        let now = Instant::now();
        let mut state = executing();
        assert!(matches!(state.interrupt(now), Some(Target::Compiler)));
        assert_eq!(state.kill_at(), None, "rustc is killed at once");
        let target = state.cell_mut().unwrap().begin_running(now);
        assert!(matches!(target, Some(Target::CellProcess(None))));
        assert_eq!(state.kill_at(), Some(now + GRACE_PERIOD));
    }

    #[test]
    fn interrupted_code_is_killed_once_for_each_interrupt() {
        let now = Instant::now();
        for mut state in [running(now), widget_call()] {
            for time in [now, now + Duration::from_secs(1)] {
                let target = state.interrupt(time);
                assert!(matches!(target, Some(Target::CellProcess(None))));
                assert_eq!(state.kill_at(), Some(time + GRACE_PERIOD));
                state.kill();
                assert_eq!(state.kill_at(), None);
            }
        }
    }

    #[test]
    fn the_error_of_an_interrupted_cell_says_what_is_lost() {
        let now = Instant::now();
        let failure_after = |mut state: State, interrupt: bool| {
            if interrupt {
                state.interrupt(now);
            }
            let cell = state.cell_mut().unwrap();
            cell.add_failure(process_died());
            let failure = cell.take_failure().unwrap();
            (failure.name.clone(), failure.traceback.join(" "))
        };
        let (name, report) = failure_after(executing(), true);
        assert_eq!(name, "Interrupted");
        assert!(report.contains("nothing is lost"), "{report}");
        let (name, report) = failure_after(running(now), true);
        assert_eq!(name, "Interrupted");
        assert!(report.contains("Lost: all variables"), "{report}");
        let (name, _) = failure_after(running(now), false);
        assert_eq!(name, "CellProcessDied");
    }

    #[test]
    fn a_process_is_lost_unless_a_cell_is_executed() {
        for mut state in [State::Idle, widget_call(), restarting()] {
            assert!(state.cell_process_exited());
            state.end_widget_call();
            state.end_restart();
            assert!(matches!(state, State::ProcessLost), "it stays lost");
        }
        for mut state in [executing(), running(Instant::now())] {
            assert!(!state.cell_process_exited());
            assert!(state.cell().is_some());
            assert!(!state.begin_restart());
        }
    }

    #[test]
    fn a_restart_ends_in_idle() {
        let mut state = restarting();
        assert!(!state.begin_restart(), "one restart at a time");
        state.end_restart();
        assert!(matches!(state, State::Idle));
    }

    #[test]
    fn an_interrupt_takes_the_input_call_of_running_code() {
        let now = Instant::now();
        let (responder, _response) = Responder::pair();
        let mut state = running(now);
        state.cell_mut().unwrap().wait_for_input(responder);
        let target = state.interrupt(now);
        assert!(matches!(target, Some(Target::CellProcess(Some(_)))));
        assert!(!state.cell().unwrap().waits_for_input());
    }

    #[test]
    fn a_widget_call_ends_when_it_was_handled() {
        for found in [true, false] {
            let mut state = widget_call();
            assert!(state.is_widget_call_open());
            state.widget_call_handled(found);
            assert!(!state.is_widget_call_open());
            assert_eq!(state.widget_call_found_no_handler(), !found);
            state.end_widget_call();
            assert!(matches!(state, State::Idle));
        }
        let mut state = executing();
        state.widget_call_handled(true);
        assert!(state.cell().is_some(), "a late answer changes nothing");
    }

    #[test]
    fn messages_belong_to_the_request_that_is_handled() {
        let kind_of_parent =
            |state: &State, kind| state.parent(kind).map(|parent| parent.kind().to_owned());
        for kind in ["stream", "comm_msg"] {
            let parent = kind_of_parent(&executing(), kind);
            assert_eq!(parent.as_deref(), Some("execute_request"));
            assert_eq!(kind_of_parent(&State::Idle, kind), None);
        }
        let parent = kind_of_parent(&widget_call(), "comm_msg");
        assert_eq!(parent.as_deref(), Some("comm_msg"));
        assert_eq!(kind_of_parent(&widget_call(), "stream"), None);
    }

    #[test]
    fn the_kept_end_of_standard_error_is_bounded_and_starts_at_a_character() {
        let mut state = executing();
        let cell = state.cell_mut().unwrap();
        cell.keep_stderr_tail(&"é".repeat(STDERR_TAIL));
        cell.keep_stderr_tail("x");
        assert!(cell.stderr_tail().len() <= STDERR_TAIL);
        assert!(cell.stderr_tail().ends_with("éx"));
    }
}
