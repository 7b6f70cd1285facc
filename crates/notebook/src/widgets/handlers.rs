//! Handlers, which are closures that run when a widget changes.
//!
//! A handler belongs to the thread that registered it, which in a notebook is the one that runs the
//! cells. If a handler changes a widget, the handlers of that change wait in a queue until it has
//! returned, so a handler is never called while it is running. A handler that is in the queue
//! already is not added again, because it reads the current value when it runs. Clicks are an
//! exception: each one is handled.
use super::link;
use super::model::Model;
use super::panics::caught;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// The largest number of handlers that run after one event. Without a limit, two handlers that
/// change each other's widgets could block the notebook for ever.
const LIMIT: usize = 1000;

/// An event for which handlers can be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WidgetEvent {
    /// An attribute has a new value.
    Change(&'static str),
    /// A button was clicked.
    Click,
}

/// The closure of a handler, which receives the model that has changed.
pub(super) type HandlerFn = Box<dyn FnMut(&Arc<Model>)>;

/// A registered handler.
struct Handler {
    number: u64,
    /// The cell that registered it, for the message of a panic.
    cell: String,
    run: RefCell<HandlerFn>,
    stopped: Cell<bool>,
}

/// A handler in the queue.
struct Waiting {
    event: WidgetEvent,
    handler: Rc<Handler>,
    model: Arc<Model>,
}

/// Handlers with their events, by the ids of models.
type Watched = HashMap<String, Vec<(WidgetEvent, Rc<Handler>)>>;

/// The handlers of a thread.
#[derive(Default)]
struct ThreadHandlers {
    handlers: RefCell<Watched>,
    queue: RefCell<VecDeque<Waiting>>,
    /// Whether a handler of this thread is running.
    running: Cell<bool>,
}

thread_local! {
    /// The handlers of this thread. They are leaked, so that what they capture is not dropped while
    /// the process ends.
    static HERE: &'static ThreadHandlers = Box::leak(Box::default());
}

/// Changes made by other threads than the one of their handlers, which fetches them before it runs
/// handlers: (thread of the handlers, model, event).
static FROM_OTHER_THREADS: Mutex<Vec<(ThreadId, Arc<Model>, WidgetEvent)>> = Mutex::new(Vec::new());

/// Registers a handler for some events of some models, and returns its number. On a thread that
/// does not run cells it only prints a message.
pub(super) fn on(watched: &[(&Arc<Model>, WidgetEvent)], run: HandlerFn) -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    if !link::on_cells_thread() {
        eprintln!(
            "the handler is ignored, because this thread receives no changes of widgets; register it in \
             the cell"
        );
        return number;
    }
    let handler = Rc::new(Handler {
        number,
        cell: link::current_cell(),
        run: RefCell::new(run),
        stopped: Cell::new(false),
    });
    HERE.with(|here| {
        let mut handlers = here.handlers.borrow_mut();
        for (model, event) in watched {
            model.home.get_or_init(|| thread::current().id());
            let list = handlers.entry(model.id.clone()).or_default();
            list.push((*event, handler.clone()));
        }
    });
    number
}

/// Removes a handler.
pub(super) fn stop(number: u64) {
    remove(|_, handler| handler.number == number);
}

/// Removes all handlers of a model.
pub(super) fn forget(id: &str) {
    remove(|of, _| of == id);
}

/// Removes the handlers for which `gone` returns true.
fn remove(gone: impl Fn(&str, &Handler) -> bool) {
    let mut removed = Vec::new();
    HERE.with(|here| {
        // A handler may be running, but it does not borrow the list while it runs.
        let mut handlers = here.handlers.borrow_mut();
        handlers.retain(|id, list| {
            removed.extend(list.extract_if(.., |(_, handler)| gone(id, handler)));
            !list.is_empty()
        });
    });
    // The handlers are dropped after the list is released, because dropping a closure may drop
    // widgets, which call this function again.
    removed
        .iter()
        .for_each(|(_, handler)| handler.stopped.set(true));
}

/// Calls the handlers of an event, or adds them to the queue if a handler is running. An event on
/// another thread than that of the handlers is stored until that thread runs handlers.
pub(super) fn notify(model: &Arc<Model>, event: WidgetEvent) {
    match model.home.get() {
        None => {}
        Some(home) if *home == thread::current().id() => {
            HERE.with(|here| here.enqueue(model, event));
            run_waiting();
        }
        Some(home) => {
            let mut elsewhere = FROM_OTHER_THREADS
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            elsewhere.push((*home, model.clone(), event));
        }
    }
}

/// Runs the handlers in the queue, including those for changes by other threads. Does nothing if a
/// handler of this thread is running. An interrupt by the reader empties the queue.
pub(super) fn run_waiting() {
    HERE.with(|here| {
        if here.running.replace(true) {
            return;
        }
        here.fetch_from_other_threads();
        let mut interrupted = None;
        for _ in 0..LIMIT {
            let next = here.queue.borrow_mut().pop_front();
            let Some(Waiting { handler, model, .. }) = next else {
                break;
            };
            if handler.stopped.get() {
                continue;
            }
            let run = || (handler.run.borrow_mut())(&model);
            match caught(|| link::in_cell(&handler.cell, run)) {
                Ok(()) => {}
                Err(panicked) if panicked.is_interrupt() => {
                    interrupted = Some(panicked);
                    break;
                }
                Err(panicked) => model.trace(&panicked.message()),
            }
        }
        let left = here.queue.take();
        here.running.set(false);
        if let Some(interrupt) = interrupted {
            interrupt.resume();
        }
        if let Some(Waiting { model, .. }) = left.front() {
            model.trace(&format!(
                "stopped after {LIMIT} handlers, which change each other's widgets without end; let one of \
                 them change its widget only if the value differs"
            ));
        }
    });
}

impl ThreadHandlers {
    /// Adds the handlers of an event to the queue.
    fn enqueue(&self, model: &Arc<Model>, event: WidgetEvent) {
        let handlers = self.handlers.borrow();
        let mut queue = self.queue.borrow_mut();
        for (of, handler) in handlers.get(&model.id).into_iter().flatten() {
            // A waiting handler of a change is not added again; a click always is.
            let waits = |waiting: &Waiting| {
                waiting.event != WidgetEvent::Click && Rc::ptr_eq(&waiting.handler, handler)
            };
            if *of == event && !queue.iter().any(waits) {
                queue.push_back(Waiting {
                    event,
                    handler: handler.clone(),
                    model: model.clone(),
                });
            }
        }
    }

    /// Adds the handlers for changes by other threads to the queue.
    fn fetch_from_other_threads(&self) {
        let here = thread::current().id();
        let mut elsewhere = FROM_OTHER_THREADS
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mine: Vec<_> = elsewhere
            .extract_if(.., |(home, _, _)| *home == here)
            .collect();
        drop(elsewhere);
        for (_, model, event) in &mine {
            self.enqueue(model, *event);
        }
    }
}
