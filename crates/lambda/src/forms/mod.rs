//! How the types of this crate are shown in a cell.
mod batch;
mod datum;
mod persons;
