//! Identity resolution in the realtime views: by which name they know who viewed a page.
//!
//! An equiv says that two identifiers are one person. The batch layer reads all equivs before its
//! cut, and names each person by the smallest of the identifiers. The realtime views cannot take
//! back what a sketch holds, so they never use an equiv for page views that they have counted. But
//! they can use the equivs that were there before: those before the cut at which a generation
//! begins.
//!
//! 1. The names of a generation follow from its cut alone. So a record that is applied again, after
//!    a crash or by another process, has the same name again, and its visitor is already in the
//!    sketch.
//! 2. They are the names that the batch with this cut gives. So a person of both layers is one
//!    person when their sketches and visits are merged.
use super::error::Result;
use crate::datum::PersonId;
use std::sync::Arc;

/// Whether realtime views join the identifiers of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityResolution {
    /// By the equivs before the cut at which a generation begins. It costs a lookup for each page
    /// view. While a batch run works, visitors are written twice, with
    /// [expiry by cut](super::ByCut) too.
    #[default]
    AtCut,
    /// Not at all: each identifier counts as a person.
    None,
}

/// Where the persons of before a cut are known.
pub trait KnownPersons: Send + Sync {
    /// Returns the names of persons by the equivs before the cut of a batch. The batch itself need
    /// not have been computed.
    ///
    /// # Errors
    /// If what was known before the cut cannot be read.
    fn at_cut(&self, batch: u64, cut: &[u64]) -> Result<Arc<dyn PersonNames>>;
}

/// The names of persons.
pub trait PersonNames: Send + Sync {
    /// Returns the name of an identifier's person; `None` if the identifier is the name itself.
    ///
    /// # Errors
    /// If the name cannot be read.
    fn person(&self, id: &PersonId) -> Result<Option<PersonId>>;
}
