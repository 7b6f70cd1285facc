//! A CRDT of any type, for maps whose values differ.
use super::{
    Crdt, CrdtError, GCounter, GSet, LwwRegister, MaxRegister, MvRegister, OrSet, PnCounter,
};
use lambda::batch::Sketch;
use serde::{Deserialize, Serialize};

/// One of several types. Those of different types do not merge.
///
/// Lattice: those of the types side by side, with no order between them, so it
/// is a lattice for each key of a [`Map`](super::Map) that keeps its type.
///
/// ```
/// use lambda_workbook::crdt::{Any, Crdt};
/// let mut count = Any::GCounter(Default::default());
/// let error = count.merge(&Any::GSet(Default::default())).unwrap_err();
/// assert!(error.to_string().starts_with("a G-counter cannot be merged with a G-set"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Any {
    GCounter(GCounter),
    PnCounter(PnCounter),
    Max(MaxRegister<i64>),
    Lww(LwwRegister<String>),
    Mv(MvRegister<String>),
    GSet(GSet<String>),
    OrSet(OrSet<String>),
    Sketch(Sketch),
}

impl Any {
    /// What it is called.
    pub fn kind(&self) -> &'static str {
        match self {
            Any::GCounter(_) => "G-counter",
            Any::PnCounter(_) => "PN-counter",
            Any::Max(_) => "max register",
            Any::Lww(_) => "last-write-wins register",
            Any::Mv(_) => "multi-value register",
            Any::GSet(_) => "G-set",
            Any::OrSet(_) => "OR-set",
            Any::Sketch(_) => "sketch",
        }
    }
}

impl Crdt for Any {
    /// As JSON.
    type Value = serde_json::Value;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        match (self, other) {
            (Any::GCounter(one), Any::GCounter(other)) => one.merge(other),
            (Any::PnCounter(one), Any::PnCounter(other)) => one.merge(other),
            (Any::Max(one), Any::Max(other)) => one.merge(other),
            (Any::Lww(one), Any::Lww(other)) => one.merge(other),
            (Any::Mv(one), Any::Mv(other)) => one.merge(other),
            (Any::GSet(one), Any::GSet(other)) => one.merge(other),
            (Any::OrSet(one), Any::OrSet(other)) => one.merge(other),
            (Any::Sketch(one), Any::Sketch(other)) => Crdt::merge(one, other),
            (one, other) => Err(CrdtError::Types {
                one: one.kind(),
                other: other.kind(),
            }),
        }
    }

    fn value(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            // Beyond 2^64 JSON has no whole numbers.
            Any::GCounter(state) => json!(state.value() as f64),
            Any::PnCounter(state) => json!(state.value() as f64),
            Any::Max(state) => json!(state.value()),
            Any::Lww(state) => json!(state.value()),
            Any::Mv(state) => json!(state.value()),
            Any::GSet(state) => json!(state.value()),
            Any::OrSet(state) => json!(state.value()),
            Any::Sketch(state) => json!(state.value()),
        }
    }
}
