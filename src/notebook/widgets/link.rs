//! The way to the front end, and back: the one place that knows the channel.
//!
//! Tests have a front end of their own for each thread: it notes what is
//! published and is connected when they say so.
use crate::notebook::Rich;
use serde_json::Value;

pub(super) use to_kernel::*;

#[cfg(not(test))]
mod to_kernel {
    use super::*;

    /// What came from the front end for a comm.
    pub struct CommEvent {
        pub kind: String,
        pub content: Value,
        pub buffers: Vec<Vec<u8>>,
    }

    pub fn connected() -> bool {
        false
    }

    pub fn publish(_: &str, _: Value, _: Value, _: &[Vec<u8>]) -> bool {
        false
    }

    pub fn on_comm(_: fn(CommEvent)) {}

    /// Shows a picture that will not change below a text.
    ///
    /// The text is printed, because stock evcxr makes one output of all that a
    /// cell shows, in which HTML would hide the picture.
    pub fn show_for_good(text: &str, picture: Option<Rich>) {
        println!("{text}");
        if let Some(picture) = picture {
            crate::notebook::emit::emit(&picture);
        }
    }

    /// Whether changes that a reader makes are told on this thread.
    pub fn on_cells_thread() -> bool {
        // The main thread has the process's own number.
        let thread = std::fs::read_link("/proc/thread-self").unwrap_or_default();
        let process = std::process::id().to_string();
        !connected() || thread.ends_with(process)
    }
}

#[cfg(test)]
mod to_kernel {
    use super::*;
    use std::cell::{Cell, RefCell};

    pub struct CommEvent {
        pub kind: String,
        pub content: Value,
        pub buffers: Vec<Vec<u8>>,
    }

    /// A message as the front end would get it.
    #[derive(Clone, Debug)]
    pub struct Published {
        pub kind: String,
        pub content: Value,
        pub metadata: Value,
        pub buffers: Vec<Vec<u8>>,
    }

    thread_local! {
        static CONNECTED: Cell<bool> = const { Cell::new(false) };
        static CELLS: Cell<bool> = const { Cell::new(true) };
        static SHOWN: RefCell<Vec<(String, Option<Rich>)>> = const { RefCell::new(Vec::new()) };
        static PUBLISHED: RefCell<Vec<Published>> = const { RefCell::new(Vec::new()) };
    }

    pub fn connected() -> bool {
        CONNECTED.get()
    }

    pub fn publish(kind: &str, content: Value, metadata: Value, buffers: &[Vec<u8>]) -> bool {
        if connected() {
            PUBLISHED.with_borrow_mut(|published| {
                published.push(Published {
                    kind: kind.to_owned(),
                    content,
                    metadata,
                    buffers: buffers.to_vec(),
                });
            });
        }
        connected()
    }

    pub fn on_comm(_: fn(CommEvent)) {}

    pub fn show_for_good(text: &str, picture: Option<Rich>) {
        SHOWN.with_borrow_mut(|shown| shown.push((text.to_owned(), picture)));
    }

    /// What was shown for good since the last call.
    pub fn shown_for_good() -> Vec<(String, Option<Rich>)> {
        SHOWN.take()
    }

    pub fn on_cells_thread() -> bool {
        CELLS.get()
    }

    /// Makes this thread one that runs no cells.
    pub fn run_no_cells() {
        CELLS.set(false);
    }

    /// Gives this thread a front end.
    pub fn connect() {
        CONNECTED.set(true);
        PUBLISHED.take();
    }

    /// What was published since the last call.
    pub fn published() -> Vec<Published> {
        PUBLISHED.take()
    }
}
