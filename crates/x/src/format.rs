//! `cargo x fmt`: formats the workspace, and the sources that rustfmt does not find.
use crate::command::{cargo, program};
use crate::{Failure, Result, sources};
use std::path::Path;

/// Formats all sources; with `check` it changes none, prints what it would change, and
/// fails if there is any.
pub fn run(root: &Path, check: bool) -> Result {
    let check: &[&str] = if check { &["--check"] } else { &[] };
    let members = cargo(root, &[&["fmt"], check].concat()).run();

    let hidden = sources::hidden(root)?;
    let hidden: Vec<String> = hidden
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    let mut arguments = vec!["--edition", "2024"];
    arguments.extend(check);
    arguments.extend(hidden.iter().map(String::as_str));
    let others = program(root, "rustfmt", &arguments).run();

    // Both are run first, so that one call shows everything that differs.
    match (members, others) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(Failure::No(_)), _) | (_, Err(Failure::No(_))) => Err(Failure::No(
            "some sources are not formatted; `cargo x fmt` formats them".to_owned(),
        )),
        (failed @ Err(_), _) | (_, failed) => failed,
    }
}
