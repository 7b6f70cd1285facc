//! Shorter metadata for the cells of a kernel, so that rustc compiles each of them faster.
//!
//! Cargo's folder `deps` holds the metadata of each crate twice, in the `.rmeta` file and in
//! the `.rlib`, and rustc opens both. A cell links neither, because all crates are in the
//! shared library. So a kernel keeps a folder with the `.rmeta` files alone.
//!
//! The larger part of the time goes into the lists of *shared generic instances*. A crate
//! compiled at level 0 lists the instances of generic functions that it has compiled, so that
//! crates above it need not compile them again. As soon as a cell uses one generic function,
//! rustc reads the lists of all crates: 270,000 names, two thirds of the time that a small cell
//! takes. The crates in [`UNSHARED`] have half of these names and hardly any that
//! a cell uses. In the kernel's copies of their metadata the list is cut to one entry. A cell
//! that needs one of the other instances compiles it itself, as rustc does for every instance
//! that no crate has.
//!
//! Most of the rest is the list of [`COLUMNS`], which a cell needs if it computes columns of its own:
//! without it such a cell may take a second longer. Most cells call functions and show what they give.
//! So there are two folders, and each cell has the one that suits it ([`for_cell`]).
//!
//! No stable option of rustc does this for one crate, and the format is private to rustc.
//! Therefore:
//!
//! 1. only files of a rustc whose format is known here are changed ([`KNOWN`]), and only where
//!    exactly one place in the file looks like the list and all numbers around it agree;
//! 2. when rustc crashes, or cannot load a crate, the cell is compiled again with cargo's own
//!    metadata ([`super::cargo_stand_in`]);
//! 3. with another rustc everything works as before, only slower. To support it, add its
//!    version to [`KNOWN`] and run the tests of the kernel; to do without all of this, empty
//!    [`UNSHARED`].

use anyhow::Result;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The versions of rustc that write the format described in [`Instances`], as their files
/// name them.
const KNOWN: [&[u8]; 1] = [b"rustc 1.95."];

/// The crates whose lists are cut for all cells: those with the longest ones, except polars_core and
/// polars_plan, whose instances cells with a group-by use.
const UNSHARED: [&str; 9] = [
    "exercises",
    "polars_compute",
    "polars_expr",
    "polars_io",
    "polars_mem_engine",
    "polars_ops",
    "polars_sql",
    "polars_time",
    "sqlparser",
];

/// The crate whose list is cut for cells that compute no columns: 92,000 names, of 133,000 that are
/// left.
const COLUMNS: &str = "polars_core";

/// Returns the folder of the shorter metadata, which lies beside the kept shared library in
/// `folder`.
pub fn folder(folder: &Path) -> PathBuf {
    folder.join("cell-metadata")
}

/// Returns the metadata in [`folder`] for a cell that computes columns of its own, or for one that
/// does not.
pub fn for_cell(folder: &Path, columns: bool) -> PathBuf {
    self::folder(folder).join(if columns { "columns" } else { "plain" })
}

/// Makes the folder `to` with the metadata of all crates in `deps`, for both kinds of cell. Most files
/// are hard links, so this takes little time and space. `own` are the crates of this project, which
/// the next build may overwrite in place: they are copied.
///
/// # Errors
/// If a file cannot be linked or copied, for example because `to` lies on another disk.
pub fn keep(deps: &Path, to: &Path, own: &[&str]) -> Result<()> {
    let (columns, plain) = (to.join("columns"), to.join("plain"));
    keep_for_columns(deps, &columns, own)?;
    fs::create_dir_all(&plain)?;
    for entry in fs::read_dir(&columns)?.flatten() {
        let target = plain.join(entry.file_name());
        if crate_of(&entry.file_name().to_string_lossy()) == Some(COLUMNS) {
            copy_unshared(&entry.path(), &target)?;
        } else {
            fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Returns the crate whose metadata a file has, by its name; `None` for another file.
fn crate_of(file: &str) -> Option<&str> {
    let name = file.strip_prefix("lib")?.strip_suffix(".rmeta")?;
    name.split('-').next()
}

/// Copies a file of metadata, with its list of instances cut.
fn copy_unshared(from: &Path, to: &Path) -> Result<()> {
    let mut bytes = fs::read(from)?;
    share_nothing(&mut bytes);
    Ok(fs::write(to, bytes)?)
}

/// Makes the folder for cells that compute columns.
fn keep_for_columns(deps: &Path, to: &Path, own: &[&str]) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(deps)?.flatten() {
        let name = entry.file_name();
        let Some(text) = name.to_str() else { continue };
        let target = to.join(&name);
        if let Some(krate) = crate_of(text) {
            if UNSHARED.contains(&krate) {
                copy_unshared(&entry.path(), &target)?;
            } else if own.contains(&krate) {
                fs::copy(entry.path(), target)?;
            } else {
                fs::hard_link(entry.path(), target)?;
            }
        } else if text.ends_with(".so") && text.contains('-') {
            // The metadata of a procedural macro is in its shared library.
            fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Returns whether rustc may have failed because of the shorter metadata: it crashed, or it
/// could not load a crate. An interrupt by the reader does not count.
pub fn refused(output: &Output) -> bool {
    let crashed = [libc::SIGABRT, libc::SIGBUS, libc::SIGSEGV];
    match output.status.code() {
        None => output
            .status
            .signal()
            .is_some_and(|it| crashed.contains(&it)),
        Some(1) => {
            let words = String::from_utf8_lossy(&output.stderr);
            ["E0460", "E0461", "E0462", "E0463", "E0464", "E0786"]
                .iter()
                .any(|code| words.contains(&format!(r#""code":"{code}""#)))
        }
        code => code == Some(101),
    }
}

/// Cuts the list of shared instances to its first entry. Returns false, and changes nothing,
/// where the list is not found with certainty.
fn share_nothing(bytes: &mut [u8]) -> bool {
    let Some(list) = Instances::find(bytes) else {
        return false;
    };
    // A number may have superfluous digits, so the new one is as long as the old one.
    let (last, others) = match bytes[list].split_last_mut() {
        Some(parts) => parts,
        None => return false,
    };
    for (at, byte) in others.iter_mut().enumerate() {
        *byte = if at == 0 { 0x81 } else { 0x80 };
    }
    *last = if others.is_empty() { 1 } else { 0 };
    true
}

/// The list of instances, in the part of the metadata called the crate's root, which ends the
/// file:
///
/// ```text
/// other symbols      count, distance    distances are from one thing to the next,
/// shared instances   count, distance    so each is the size of the thing before it
/// syntax contexts    width, length, distance
/// expansions         width, length, distance
/// their hashes       width, length, distance
/// ```
struct Instances;

impl Instances {
    /// Returns the bytes that hold the count of instances.
    fn find(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
        let version = bytes.get(17..)?;
        if !bytes.starts_with(b"rust\0\0\0\n") || !KNOWN.iter().any(|it| version.starts_with(it)) {
            return None;
        }
        let root = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
        let root = usize::try_from(root).ok().filter(|at| *at < bytes.len())?;
        let mut found = (root..bytes.len()).filter_map(|at| Instances::at(bytes, at));
        let list = found.next()?;
        // Where two places look alike, neither is touched.
        found.next().is_none().then_some(list)
    }

    /// Returns them if the count of the other symbols is at `at`.
    fn at(bytes: &[u8], mut at: usize) -> Option<std::ops::Range<usize>> {
        let mut number = || read_number(bytes, &mut at);
        let (others, _) = (number()?, number()?);
        let start = at;
        let instances = read_number(bytes, &mut at)?;
        let end = at;
        let mut number = || read_number(bytes, &mut at);
        let size_of_others = number()?;
        let contexts = number()?.checked_mul(number()?)?;
        let size_of_instances = number()?;
        let expansions = number()?.checked_mul(number()?)?;
        let (size_of_contexts, _width, _length) = (number()?, number()?, number()?);
        let size_of_expansions = number()?;
        // An instance takes about 30 bytes, another symbol about 8, and an entry of a table at
        // most 8.
        let plausible = |count: usize, size: usize, bytes: std::ops::Range<usize>| {
            count > 0 && bytes.contains(&(size / count))
        };
        (contexts > 0
            && size_of_contexts == contexts
            && size_of_expansions == expansions
            && instances > 1
            && plausible(others, size_of_others, 4..40)
            && plausible(instances, size_of_instances, 16..200))
        .then_some(start..end)
    }
}

/// Reads a number as rustc writes it: seven bits a byte, the lowest first.
fn read_number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..56).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of a crate's file with these numbers in its root.
    fn file(version: &str, numbers: &[usize]) -> Vec<u8> {
        let mut bytes = b"rust\0\0\0\n".to_vec();
        bytes.extend((17 + version.len() as u64).to_le_bytes());
        bytes.push(version.len() as u8);
        bytes.extend(version.as_bytes());
        for number in numbers {
            let mut rest = *number;
            while rest > 0x7f {
                bytes.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
        }
        bytes.extend(b"rust-end-file");
        bytes
    }

    /// Those of polars-time, with a few before and behind.
    const NUMBERS: [usize; 16] = [
        77, 166, 2031, 32073, 1312, 3, 1286, 1_060_762, 3, 1144, 3858, 3, 1144, 3432, 9, 9,
    ];

    #[test]
    fn only_the_count_of_instances_changes() {
        let before = file("rustc 1.95.0", &NUMBERS);
        let mut after = before.clone();
        assert!(share_nothing(&mut after));
        let changed: Vec<usize> = (0..before.len())
            .filter(|at| before[*at] != after[*at])
            .collect();
        let mut at = changed[0];
        assert_eq!(read_number(&before, &mut at.clone()), Some(32073));
        assert_eq!(read_number(&after, &mut at), Some(1));
        assert_eq!(changed.len(), 3);
        assert_eq!(read_number(&after, &mut at), Some(1312));
    }

    #[test]
    fn a_file_that_is_not_understood_stays_as_it_is() {
        let mut other_table = NUMBERS;
        other_table[10] += 1;
        for mut bytes in [
            file("rustc 1.96.0", &NUMBERS),
            file("rustc 1.95.0", &other_table),
            file("rustc 1.95.0", &[NUMBERS, NUMBERS].concat()),
            file("rustc 1.95.0", &NUMBERS[..9]),
            b"rust".to_vec(),
            Vec::new(),
        ] {
            let before = bytes.clone();
            assert!(!share_nothing(&mut bytes));
            assert_eq!(bytes, before);
        }
    }
}
