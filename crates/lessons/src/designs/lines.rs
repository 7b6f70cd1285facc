//! Lines of code of each design, counted from the sources.
use super::outcome::Design;
use crate::systems::Result;
use crate::systems::error::io_at;
use polars::prelude::{DataFrame, df};
use std::fs;
use std::path::{Path, PathBuf};

/// The files and folders of this project that a design consists of, from the root of the project.
/// What all of them use (the rule of a datum, the log, the crate of sketches) is left out, and so
/// are libraries that others wrote.
fn sources(design: Design) -> (&'static [&'static str], &'static str) {
    match design {
        Design::Lambda => (
            &[
                "crates/lambda/src/layers.rs",
                "crates/lambda/src/query.rs",
                "crates/lambda/src/master.rs",
                "crates/lambda/src/built_batch.rs",
                "crates/lambda/src/engine",
                "crates/lambda/src/serving",
                "crates/lambda/src/speed/updater.rs",
                "crates/lambda/src/speed/delta.rs",
                "crates/lambda/src/speed/views.rs",
                "crates/lambda/src/speed/view_reader.rs",
                "crates/lambda/src/speed/views_since.rs",
                "crates/lambda/src/speed/dedupe.rs",
                "crates/lambda/src/speed/expiry.rs",
                "crates/lambda/src/speed/alternating.rs",
                "crates/lambda/src/versions.rs",
            ],
            "polars, fst, fjall",
        ),
        Design::Kappa => (
            &[
                "crates/lessons/src/systems/incremental.rs",
                "crates/lessons/src/designs/kappa.rs",
            ],
            "fjall",
        ),
        Design::OneStore | Design::RowByRow => (
            &[
                "crates/lessons/src/systems/incremental.rs",
                "crates/lessons/src/designs/one_store.rs",
            ],
            "fjall",
        ),
        Design::Lakehouse => (
            &[
                "crates/lessons/src/designs/lakehouse.rs",
                "rivals/lakehouse/src/main.rs",
            ],
            "deltalake-core, polars",
        ),
        Design::Maintained => (
            &[
                "crates/lessons/src/designs/maintained.rs",
                "rivals/dataflow/src/main.rs",
                "rivals/dataflow/src/views.rs",
            ],
            "differential-dataflow",
        ),
    }
}

/// The day on which the lines of [`SAMPLE`] were counted.
pub const LINES_TAKEN: &str = "2026-12-01";

/// Lines of code on that day, for a reader who runs no cell.
const SAMPLE: [(Design, i64); 5] = [
    (Design::Lambda, 9_933),
    (Design::Kappa, 414),
    (Design::OneStore, 376),
    (Design::Lakehouse, 641),
    (Design::Maintained, 340),
];

/// Returns the lines of a design in [`SAMPLE`]; `None` if it was not counted.
fn sample(design: Design) -> Option<i64> {
    let found = SAMPLE.into_iter().find(|(of, _)| *of == design);
    found.map(|(_, lines)| lines)
}

/// Counts lines that are neither blank nor comments, and not of tests.
fn count(path: &Path) -> Result<i64> {
    if path.is_dir() {
        let mut lines = 0;
        for entry in fs::read_dir(path).map_err(io_at("reading", path))? {
            lines += count(&entry.map_err(io_at("reading", path))?.path())?;
        }
        return Ok(lines);
    }
    let name = path.to_string_lossy();
    if !name.ends_with(".rs") || name.ends_with("_tests.rs") {
        return Ok(0);
    }
    let text = fs::read_to_string(path).map_err(io_at("reading", path))?;
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    Ok(code.lines().filter(is_code).count() as i64)
}

/// Returns the lines of code of some designs: `design`, `lines` (counted now), `lines of code` (counted on
/// [`LINES_TAKEN`]; null where it was not), `stands_on` (the libraries that do the most for it).
///
/// # Errors
/// If the sources are not there.
///
/// ```
/// use lambda_workbook::designs::{Design, lines_of_code};
/// let lines = lines_of_code(&Design::FIVE)?;
/// assert_eq!(lines.height(), 5);
/// assert!(lines.column("lines")?.i64()?.iter().flatten().all(|lines| lines > 100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lines_of_code(designs: &[Design]) -> Result<DataFrame> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut lines, mut libraries) = (Vec::new(), Vec::new());
    let samples: Vec<Option<i64>> = designs.iter().copied().map(sample).collect();
    for design in designs {
        let (files, stands_on) = sources(*design);
        let mut all = 0;
        for file in files {
            all += count(&root.join(file))?;
        }
        lines.push(all);
        libraries.push(stands_on);
    }
    Ok(df!(
        "design" => designs.iter().map(|design| design.name()).collect::<Vec<_>>(),
        "lines" => lines,
        "lines of code" => samples,
        "stands_on" => libraries,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_that_of_the_sources_or_little_older() {
        let lines = lines_of_code(&Design::FIVE).unwrap();
        let of = |column: &str| -> Vec<i64> {
            let column = lines.column(column).unwrap().i64().unwrap();
            column.into_no_null_iter().collect()
        };
        for ((now, then), design) in of("lines")
            .into_iter()
            .zip(of("lines of code"))
            .zip(Design::FIVE)
        {
            let off = (now - then).abs();
            assert!(
                off * 10 <= now,
                "{design:?}: {now} lines now and {then} in the sample; count SAMPLE again, and the \
                 figures in chapter 12"
            );
        }
    }
}
