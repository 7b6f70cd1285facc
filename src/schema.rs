//! The datum of the lesson, and the shapes every layer agrees on.
