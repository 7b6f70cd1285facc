//! How the types of this crate look in a cell.
mod batch;
mod datum;
mod persons;
