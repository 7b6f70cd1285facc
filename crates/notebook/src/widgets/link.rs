//! The connection to the front end. Only this file uses the channel to the kernel.
//!
//! In tests, each thread has a front end of its own, which records what is published and is
//! connected when the test calls `connect`.
use crate::{Rich, channel, emit};
use serde_json::{Value, json};

pub(super) use crate::channel::panics::describe_last as describe_last_panic;
pub(super) use crate::channel::{CommEvent, current_cell, in_cell};
pub(super) use to_kernel::*;

/// Registers the function that handles messages from front ends. Every new widget calls this,
/// because it has an effect only on the thread that runs the cells.
pub(super) fn listen() {
    channel::on_comm(super::front_end::handle);
}

/// Publishes an output. With a display id it can be updated later.
pub(super) fn publish_output(kind: &str, rich: &Rich, display_id: Option<&str>) {
    let transient = match display_id {
        Some(id) => json!({"display_id": id}),
        None => json!({}),
    };
    let content = json!({"data": emit::bundle(rich), "metadata": {}, "transient": transient});
    publish(kind, content, json!({}), &[]);
}

#[cfg(not(test))]
mod to_kernel {
    use super::*;

    /// Returns true if a front end can receive messages.
    pub fn connected() -> bool {
        channel::connected()
    }

    /// Publishes a message of this type. Returns false if no front end is connected.
    pub fn publish(kind: &str, content: Value, metadata: Value, buffers: &[Vec<u8>]) -> bool {
        channel::publish(kind, content, metadata, buffers)
    }

    /// Prints a line above a result that will not change.
    ///
    /// It is printed and not shown, because plain evcxr combines all that a cell shows into one
    /// output, in which an HTML form of the line would hide the result.
    pub fn print_static(text: &str) {
        println!("{text}");
    }

    /// Shows a result that will not change.
    pub fn show_static(picture: &Rich) {
        emit::emit(picture);
    }

    /// Returns true if handlers can be registered on this thread.
    pub fn on_cells_thread() -> bool {
        !connected() || channel::panics::on_cells_thread()
    }
}

#[cfg(test)]
mod to_kernel {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A message as a front end would receive it.
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
        static SHOWN: RefCell<Vec<Rich>> = const { RefCell::new(Vec::new()) };
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

    pub fn print_static(text: &str) {
        show_static(&Rich::text(text));
    }

    pub fn show_static(picture: &Rich) {
        SHOWN.with_borrow_mut(|shown| shown.push(picture.clone()));
    }

    /// Returns what was shown with `print_static` and `show_static` since the last call.
    pub fn static_outputs() -> Vec<Rich> {
        SHOWN.take()
    }

    pub fn on_cells_thread() -> bool {
        CELLS.get()
    }

    /// Makes this thread one that does not run cells.
    pub fn run_no_cells() {
        CELLS.set(false);
    }

    /// Connects a front end to this thread.
    pub fn connect() {
        CONNECTED.set(true);
        PUBLISHED.take();
    }

    /// Returns what was published since the last call.
    pub fn published() -> Vec<Published> {
        PUBLISHED.take()
    }
}
