//! `cargo x picture`: the workspace as a picture, drawn from the Cargo manifests.
mod layout;
mod svg;

use crate::{Failure, Result, manifest};
use std::fs;
use std::path::Path;

const FILE: &str = "docs/images/workspace.svg";

/// Draws the picture.
pub fn write(root: &Path) -> Result {
    fs::write(root.join(FILE), drawn(root)?)
        .map_err(|error| Failure::Broken(format!("cannot write {FILE}: {error}")))
}

/// Fails unless the picture is the one of today's manifests.
pub fn check(root: &Path) -> Result {
    let drawn = drawn(root)?;
    if fs::read_to_string(root.join(FILE)).is_ok_and(|found| found == drawn) {
        return Ok(());
    }
    Err(Failure::No(format!(
        "{FILE} is not current; `cargo x picture` draws it"
    )))
}

fn drawn(root: &Path) -> Result<String> {
    let packages = manifest::packages(root)?;
    Ok(svg::draw(&packages, &layout::lay_out(&packages)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_picture_is_the_one_of_todays_manifests() {
        super::check(&crate::project()).unwrap();
    }
}
