//! Streaming deduplication: a datum that was sent twice is counted once, if the duplicate
//! arrives soon enough.
//!
//! Remembering every datum would need unbounded memory. The window remembers the data at the
//! last `capacity` offsets of a partition, so a duplicate is found exactly if an equal datum
//! is at one of these offsets. **A later duplicate is counted a second time**, until the next
//! batch run, which removes duplicates over all data, has replaced the views.
//!
//! The window depends only on the log. After a crash it is built by reading the log again,
//! so it is not stored and cannot disagree with the views. The log must therefore keep at
//! least `capacity` records before the offset at which the consumer continues; if it keeps
//! fewer, the window is shorter.
use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

/// The identities of the data at the last offsets of a partition.
///
/// ```
/// use lambda_workbook::speed::Window;
///
/// let mut window = Window::of(2);
/// let new: Vec<bool> = [7, 8, 7, 9, 9, 8].into_iter().map(|datum| window.is_new(datum)).collect();
/// // The last 8 is four offsets after the first one, outside the window: it counts as new.
/// assert_eq!(new, [true, true, false, true, false, true]);
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    capacity: usize,
    /// The identities in the order of the offsets, the oldest first.
    order: VecDeque<u128>,
    /// How many offsets of the window each identity has.
    seen: HashMap<u128, u32, BuildHasherDefault<IdentityHasher>>,
}

impl Window {
    /// Creates an empty window of `capacity` offsets. It needs about 64 bytes of memory for
    /// each offset.
    pub fn of(capacity: usize) -> Self {
        Self {
            capacity,
            order: VecDeque::new(),
            seen: HashMap::default(),
        }
    }

    /// Returns the number of offsets that the window remembers.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Moves the window to the next offset, whose datum has this identity. Returns true if no
    /// datum in the window had it, and false if it is a duplicate. A duplicate takes a place in
    /// the window as well.
    pub fn is_new(&mut self, identity: u128) -> bool {
        let new = !self.seen.contains_key(&identity);
        self.order.push_back(identity);
        *self.seen.entry(identity).or_default() += 1;
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
            && let Some(count) = self.seen.get_mut(&oldest)
        {
            *count -= 1;
            if *count == 0 {
                self.seen.remove(&oldest);
            }
        }
        new
    }
}

/// A hasher that returns the low 64 bits of its input, because an identity is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let tail = bytes.last_chunk().copied().unwrap_or_default();
        self.0 ^= u64::from_le_bytes(tail);
    }

    fn write_u128(&mut self, identity: u128) {
        self.0 = identity as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A datum is new exactly if none of the last `capacity` offsets has it.
        #[test]
        fn a_duplicate_is_found_within_the_window_and_only_there(
            items in prop::collection::vec(0u128..6, 0..60), capacity in 0usize..8,
        ) {
            let mut window = Window::of(capacity);
            for (at, item) in items.iter().enumerate() {
                let before = &items[at.saturating_sub(capacity)..at];
                prop_assert_eq!(window.is_new(*item), !before.contains(item));
                prop_assert!(window.order.len() <= capacity && window.seen.len() <= capacity);
            }
        }
    }
}
