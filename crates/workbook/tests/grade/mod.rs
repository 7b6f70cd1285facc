//! `workbook grade` against submissions that are hostile, broken or only wrong.
//!
//! `attacks/` holds one solution cell a file. Its head says which verdict it must
//! get, once with the scan of names and once without: nothing may rest on the scan.

mod attacks;
mod command;
mod honest;
mod linked;
mod parts;
mod process;
mod together;
