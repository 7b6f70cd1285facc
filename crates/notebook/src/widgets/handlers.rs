//! The closures that run when a widget changes, and when they run.
//!
//! They belong to the thread that registered them, which in a notebook is the one
//! that runs the cells. A change that a handler makes waits in a queue until that
//! handler is done, so none is ever entered twice, whatever it changes; and a
//! handler that waits there already is not called twice, since it reads the
//! value when it runs.
use super::link;
use super::model::Model;
use super::panics::caught;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// How many handlers one event sets off at most: two that change each other's
/// widgets for ever must not take the notebook.
const LIMIT: usize = 1000;

/// What handlers wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An attribute has a new value.
    Change(&'static str),
    /// A button was pressed.
    Click,
}

/// What a handler does with the widget that changed.
pub(super) type Run = Box<dyn FnMut(&Arc<Model>)>;

struct Handler {
    number: u64,
    /// The cell that registered it, which a panic is traced to.
    cell: String,
    run: RefCell<Run>,
    stopped: Cell<bool>,
}

/// A handler that waits for its turn.
struct Waiting {
    event: Event,
    handler: Rc<Handler>,
    model: Arc<Model>,
}

/// What this thread's handlers watch, by the models' ids.
type Watched = HashMap<String, Vec<(Event, Rc<Handler>)>>;

#[derive(Default)]
struct Here {
    handlers: RefCell<Watched>,
    queue: RefCell<VecDeque<Waiting>>,
    running: Cell<bool>,
}

thread_local! {
    /// Leaked: what handlers hold must not be dropped while the process ends.
    static HERE: &'static Here = Box::leak(Box::default());
}

/// Changes made on other threads than their handlers', until those look here.
static ELSEWHERE: Mutex<Vec<(ThreadId, Arc<Model>, Event)>> = Mutex::new(Vec::new());

/// Runs `run` at these events, from now on. Returns the handler's number.
pub(super) fn on(watched: &[(&Arc<Model>, Event)], run: Run) -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    if !link::on_cells_thread() {
        eprintln!(
            "a handler was registered on a thread that never hears of changes: do it in the cell"
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

/// Ends one handler.
pub(super) fn stop(number: u64) {
    remove(|_, handler| handler.number == number);
}

/// Ends every handler of a model.
pub(super) fn forget(id: &str) {
    remove(|of, _| of == id);
}

fn remove(gone: impl Fn(&str, &Handler) -> bool) {
    let mut removed = Vec::new();
    HERE.with(|here| {
        // A running handler may hold this very list; it removes itself only once.
        let mut handlers = here.handlers.borrow_mut();
        handlers.retain(|id, list| {
            removed.extend(list.extract_if(.., |(_, handler)| gone(id, handler)));
            !list.is_empty()
        });
    });
    // Only now, outside: dropping a closure may drop widgets, which come here.
    removed
        .iter()
        .for_each(|(_, handler)| handler.stopped.set(true));
}

/// Calls the handlers of this event, or has them called after the one that runs.
pub(super) fn notify(model: &Arc<Model>, event: Event) {
    match model.home.get() {
        None => {}
        Some(home) if *home == thread::current().id() => {
            HERE.with(|here| here.enqueue(model, event));
            run_waiting();
        }
        Some(home) => {
            let mut elsewhere = ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner);
            elsewhere.push((*home, model.clone(), event));
        }
    }
}

/// Calls the handlers that wait, those for changes of other threads too.
///
/// A reader's interrupt ends them all.
pub(super) fn run_waiting() {
    HERE.with(|here| {
        if here.running.replace(true) {
            return;
        }
        here.fetch_from_elsewhere();
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
                Err(panicked) => model.trace(&panicked.told()),
            }
        }
        let left = here.queue.take();
        here.running.set(false);
        if let Some(interrupt) = interrupted {
            interrupt.go_on();
        }
        if let Some(Waiting { model, .. }) = left.front() {
            model.trace(&format!(
                "stopped after {LIMIT} changes: handlers keep changing each other's widgets"
            ));
        }
    });
}

impl Here {
    fn enqueue(&self, model: &Arc<Model>, event: Event) {
        let handlers = self.handlers.borrow();
        let mut queue = self.queue.borrow_mut();
        for (of, handler) in handlers.get(&model.id).into_iter().flatten() {
            let waits = |waiting: &Waiting| {
                waiting.event != Event::Click && Rc::ptr_eq(&waiting.handler, handler)
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

    fn fetch_from_elsewhere(&self) {
        let here = thread::current().id();
        let mut elsewhere = ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner);
        let mine: Vec<_> = elsewhere
            .extract_if(.., |(home, _, _)| *home == here)
            .collect();
        drop(elsewhere);
        for (_, model, event) in &mine {
            self.enqueue(model, *event);
        }
    }
}
