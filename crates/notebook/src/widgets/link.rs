//! The way to the front end, and back: the one place that knows the channel.
//!
//! Tests have a front end of their own for each thread: it notes what is
//! published, and is connected when they say so.
use crate::{Rich, channel, emit};
use serde_json::{Value, json};

pub(super) use crate::channel::panics::describe_last as describe_last_panic;
pub(super) use crate::channel::{CommEvent, current_cell, in_cell};
pub(super) use to_kernel::*;

/// Has what front ends say to widgets handled here. Called by every new widget,
/// for only on the thread of the cells is it heard.
pub(super) fn listen() {
    channel::on_comm(super::front_end::handle);
}

/// Publishes an output; one with an id can be updated.
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

    pub fn connected() -> bool {
        channel::connected()
    }

    pub fn publish(kind: &str, content: Value, metadata: Value, buffers: &[Vec<u8>]) -> bool {
        channel::publish(kind, content, metadata, buffers)
    }

    /// Prints a line above a picture that will not change.
    ///
    /// Printed, because stock evcxr makes one output of all that a cell shows,
    /// in which an HTML form of the line would hide the picture.
    pub fn print_for_good(text: &str) {
        println!("{text}");
    }

    /// Shows a picture that will not change.
    pub fn show_for_good(picture: &Rich) {
        emit::emit(picture);
    }

    /// Whether what a reader does is heard on this thread.
    pub fn on_cells_thread() -> bool {
        !connected() || channel::panics::on_cells_thread()
    }
}

#[cfg(test)]
mod to_kernel {
    use super::*;
    use std::cell::{Cell, RefCell};

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

    pub fn print_for_good(text: &str) {
        show_for_good(&Rich::text(text));
    }

    pub fn show_for_good(picture: &Rich) {
        SHOWN.with_borrow_mut(|shown| shown.push(picture.clone()));
    }

    /// What was shown for good since the last call.
    pub fn shown_for_good() -> Vec<Rich> {
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
