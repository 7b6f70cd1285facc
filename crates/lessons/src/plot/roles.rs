//! What the colours mean in the pictures of the store. Each role has one colour, from the
//! palette of all figures.
use super::style::series;
use plotters::style::RGBColor;

/// What a query reads, and the path of the read head.
pub(super) fn read() -> RGBColor {
    series(1)
}

/// What is slow or wrong.
pub(super) fn wrong() -> RGBColor {
    series(4)
}

/// Things of the same kind that must be told apart, such as pages or versions. There are three.
pub(super) fn kind(n: usize) -> RGBColor {
    series([0, 2, 3][n % 3])
}
