//! What a state keeps of a value, so that a batch that comes again does no harm.
//!
//! | kind | keeps | right when a batch comes again |
//! |---|---|---|
//! | [`NonTransactional`](Kind::NonTransactional) | the value | never: it is applied twice |
//! | [`Transactional`](Kind::Transactional) | the value and the id of the batch that made it | if it is the same batch |
//! | [`Opaque`](Kind::Opaque) | these, and the value before that batch | if it is another batch of that id, too |
//!
//! The rule needs two things: batches are applied in the order of their ids, and
//! value and id are stored in one atomic write.
//!
//! Source: *Big Data*, Marz and Warren (Manning), section 16.1; Trident's opaque
//! and transactional states.
use super::error::{MicroBatchError, Result};

/// How a state makes its updates idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    NonTransactional,
    Transactional,
    Opaque,
}

impl Kind {
    /// All three.
    pub const ALL: [Kind; 3] = [Kind::NonTransactional, Kind::Transactional, Kind::Opaque];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::NonTransactional => "non-transactional",
            Kind::Transactional => "transactional",
            Kind::Opaque => "opaque",
        }
    }
}

/// A value as it is stored: of which batch, and what was before that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredValue<V> {
    pub batch: u64,
    /// None where the batch removed it.
    pub value: Option<V>,
    /// Before `batch`.
    pub previous: Option<V>,
}

/// A value as it lies on the disk.
pub(super) type Bytes = StoredValue<Vec<u8>>;

/// What an update finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base<V> {
    /// Apply the batch to this value.
    Apply(Option<V>),
    /// This value has the batch already.
    Has(Option<V>),
}

impl Kind {
    /// The value to which a batch is to be applied.
    ///
    /// ```
    /// use lambda_workbook::microbatch::{Base, Kind, StoredValue};
    /// let apple = || Some(StoredValue { batch: 3, value: Some(15), previous: Some(9) });
    /// assert_eq!(Kind::Transactional.base(apple(), 4), Base::Apply(Some(15)));
    /// // Batch 3 comes again.
    /// assert_eq!(Kind::NonTransactional.base(apple(), 3), Base::Apply(Some(15)));
    /// assert_eq!(Kind::Transactional.base(apple(), 3), Base::Has(Some(15)));
    /// assert_eq!(Kind::Opaque.base(apple(), 3), Base::Apply(Some(9)));
    /// ```
    pub fn base<V>(self, stored: Option<StoredValue<V>>, batch: u64) -> Base<V> {
        match (self, stored) {
            (_, None) => Base::Apply(None),
            (Kind::Transactional, Some(stored)) if stored.batch == batch => Base::Has(stored.value),
            (Kind::Opaque, Some(stored)) if stored.batch == batch => Base::Apply(stored.previous),
            (_, Some(stored)) => Base::Apply(stored.value),
        }
    }
}

/// The bytes of a stored value: what its kind does not keep is left out.
pub(super) fn pack(kind: Kind, stored: &StoredValue<Vec<u8>>) -> Vec<u8> {
    let length = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
    let mut bytes = Vec::with_capacity(17 + length(&stored.value) + length(&stored.previous));
    bytes.push(u8::from(stored.value.is_some()) | u8::from(stored.previous.is_some()) << 1);
    if kind != Kind::NonTransactional {
        bytes.extend(stored.batch.to_le_bytes());
    }
    if kind == Kind::Opaque {
        bytes.extend((length(&stored.value) as u32).to_le_bytes());
    }
    bytes.extend(stored.value.iter().flatten());
    if kind == Kind::Opaque {
        bytes.extend(stored.previous.iter().flatten());
    }
    bytes
}

/// Reads them.
pub(super) fn unpack(kind: Kind, bytes: &[u8]) -> Result<StoredValue<Vec<u8>>> {
    let damaged = || MicroBatchError::Damaged {
        what: "a value of a state ends too early",
    };
    let (flags, mut rest) = bytes.split_first().ok_or_else(damaged)?;
    let mut batch = 0;
    if kind != Kind::NonTransactional {
        let (head, tail) = rest.split_first_chunk().ok_or_else(damaged)?;
        (batch, rest) = (u64::from_le_bytes(*head), tail);
    }
    let mut value = rest;
    let mut previous: &[u8] = &[];
    if kind == Kind::Opaque {
        let (head, tail) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = u32::from_le_bytes(*head) as usize;
        (value, previous) = tail.split_at_checked(length).ok_or_else(damaged)?;
    }
    Ok(StoredValue {
        batch,
        value: (flags & 1 != 0).then(|| value.to_vec()),
        previous: (kind == Kind::Opaque && flags & 2 != 0).then(|| previous.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_a_kind_keeps_comes_back(
            batch in any::<u64>(),
            value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
            previous in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        ) {
            for kind in Kind::ALL {
                let stored = StoredValue { batch, value: value.clone(), previous: previous.clone() };
                let back = unpack(kind, &pack(kind, &stored)).unwrap();
                prop_assert_eq!(&back.value, &stored.value);
                prop_assert_eq!(back.batch, if kind == Kind::NonTransactional { 0 } else { batch });
                let kept = if kind == Kind::Opaque { previous.clone() } else { None };
                prop_assert_eq!(back.previous, kept);
            }
        }
    }
}
