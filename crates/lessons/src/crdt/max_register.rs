//! The largest value that anybody wrote.
use super::{Crdt, CrdtError};
use serde::{Deserialize, Serialize};

/// Keeps the largest value written, such as the time of the last visit.
///
/// Lattice: the order of the values itself, with nothing below all of them.
///
/// ```
/// use lambda_workbook::crdt::{Crdt, MaxRegister};
/// let mut last_visit = MaxRegister::default();
/// last_visit.write(1_438_913_491);
/// last_visit.write(1_438_624_800); // comes late
/// assert_eq!(last_visit.value(), Some(1_438_913_491));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaxRegister<T>(Option<T>);

impl<T> Default for MaxRegister<T> {
    fn default() -> Self {
        MaxRegister(None)
    }
}

impl<T: Ord + Clone> MaxRegister<T> {
    /// Writes a value; a smaller one changes nothing.
    pub fn write(&mut self, value: T) {
        // None is below all.
        if self.0.as_ref() < Some(&value) {
            self.0 = Some(value);
        }
    }
}

impl<T: Ord + Clone + std::fmt::Debug> Crdt for MaxRegister<T> {
    type Value = Option<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        if let Some(value) = &other.0 {
            self.write(value.clone());
        }
        Ok(())
    }

    fn value(&self) -> Option<T> {
        self.0.clone()
    }
}
