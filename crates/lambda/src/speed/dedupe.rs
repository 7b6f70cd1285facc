//! Streaming dedupe: a datum that comes twice counts once, if it comes again soon.
//!
//! To know every datum that ever came would need memory without bound. The
//! window has those at the last so many offsets of a partition. So a copy is
//! found exactly if its original is no more than that many offsets before it.
//! **What falls out**: a later copy counts twice, until the next batch run, which
//! dedupes over all data, has replaced the views.
//!
//! The window is a function of the log alone: after a crash it is read again
//! from the log, so it need not be stored, and cannot disagree with the views.
use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};

/// The last offsets of a partition.
///
/// ```
/// use lambda_workbook::speed::Window;
///
/// let mut window = Window::of(2);
/// let fresh: Vec<bool> = [7, 8, 7, 9, 9, 8].into_iter().map(|datum| window.is_new(datum)).collect();
/// // The last 8 comes four offsets after the first: it fell out, and counts again.
/// assert_eq!(fresh, [true, true, false, true, false, true]);
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    capacity: usize,
    order: VecDeque<u128>,
    /// How often each datum stands in the window.
    seen: HashMap<u128, u32, BuildHasherDefault<Low>>,
}

impl Window {
    /// Of so many offsets. Memory: about 64 bytes for each.
    pub fn of(capacity: usize) -> Self {
        Self {
            capacity,
            order: VecDeque::new(),
            seen: HashMap::default(),
        }
    }

    /// Offsets that it reaches back.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes the next offset's datum, by its identity; whether it is not a copy
    /// of one in the window.
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

/// The identity is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Low(u64);

impl Hasher for Low {
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
        /// Exactly: new if none of the last `capacity` offsets has it.
        #[test]
        fn a_copy_is_found_within_the_window_and_only_there(
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
