//! The swap: new views replace the old ones at one instant.
