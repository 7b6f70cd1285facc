//! The last value written, by the stamps of the writes.
use super::{Crdt, CrdtError, ReplicaId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a stamp's time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClockKind {
    /// Milliseconds of the machine's clock, which may be wrong.
    Wall,
    /// One more than the largest stamp seen, after Lamport.
    Logical,
}

impl fmt::Display for ClockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClockKind::Wall => "wall",
            ClockKind::Logical => "logical",
        })
    }
}

/// When and by whom a value was written. Of equal times the larger replica wins,
/// so that all replicas choose the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The clock's reading.
    pub time: u64,
    /// Who wrote.
    pub replica: ReplicaId,
    /// Which clock it was.
    pub clock: ClockKind,
}

impl Stamp {
    fn order(self) -> (u64, ReplicaId) {
        (self.time, self.replica)
    }
}

/// Last write wins.
///
/// Lattice: the order of the stamps, which is total, so the merge is a maximum
/// and one of two concurrent writes is gone. It converges: that is all it
/// promises.
///
/// ```
/// use lambda_workbook::crdt::{ClockKind, Crdt, LwwRegister, ReplicaId, Stamp};
/// let stamp = |time, id| Stamp { time, replica: ReplicaId(id), clock: ClockKind::Wall };
/// let mut sally = LwwRegister::default();
/// sally.write(stamp(1, 1), "New York")?;
/// sally.write(stamp(2, 1), "Tokyo")?;
/// assert_eq!(sally.value(), Some("Tokyo"));
/// # Ok::<(), lambda_workbook::crdt::CrdtError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LwwRegister<T>(Option<(Stamp, T)>);

impl<T> Default for LwwRegister<T> {
    fn default() -> Self {
        LwwRegister(None)
    }
}

impl<T: Clone + PartialEq> LwwRegister<T> {
    /// Writes a value; one with an older stamp changes nothing.
    ///
    /// # Errors
    /// Another clock, or another value with this very stamp.
    pub fn write(&mut self, stamp: Stamp, value: T) -> Result<(), CrdtError> {
        if let Some((last, kept)) = &self.0 {
            if last.clock != stamp.clock {
                let (one, other) = (last.clock, stamp.clock);
                return Err(CrdtError::Clocks { one, other });
            }
            if last.order() == stamp.order() && *kept != value {
                return Err(CrdtError::Clash {
                    replica: stamp.replica,
                    what: "one stamp, two values",
                });
            }
            if last.order() >= stamp.order() {
                return Ok(());
            }
        }
        self.0 = Some((stamp, value));
        Ok(())
    }

    /// The stamp of the value.
    pub fn stamp(&self) -> Option<Stamp> {
        self.0.as_ref().map(|(stamp, _)| *stamp)
    }
}

impl<T: Clone + PartialEq + fmt::Debug> Crdt for LwwRegister<T> {
    type Value = Option<T>;

    fn merge(&mut self, other: &Self) -> Result<(), CrdtError> {
        match &other.0 {
            Some((stamp, value)) => self.write(*stamp, value.clone()),
            None => Ok(()),
        }
    }

    fn value(&self) -> Option<T> {
        self.0.as_ref().map(|(_, value)| value.clone())
    }
}
