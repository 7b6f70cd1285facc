//! Points and weights, from one file.
use anyhow::{Context, Result, bail};
use lambda_workbook::exercises::{self, Exercise, READERS_SEED};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The file, in the project.
pub const FILE: &str = "exercises/points.toml";

/// What one exercise is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    pub points: f64,
    /// Of cases that do not weigh 1.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
}

/// What every exercise is worth, by its id.
pub type Points = BTreeMap<String, Worth>;

/// Reads the project's file.
pub fn read(root: &Path) -> Result<Points> {
    let path = root.join(FILE);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("in {}", path.display()))
}

fn parse(text: &str) -> Result<Points> {
    let points: Points = toml::from_str(text)?;
    for (id, worth) in &points {
        let exercise = exercises::ALL.iter().find(|exercise| exercise.id == id);
        let Some(exercise) = exercise else {
            bail!("there is no exercise `{id}`")
        };
        let cases = (exercise.cases)(READERS_SEED);
        for (case, weight) in &worth.weights {
            if !cases.iter().any(|known| known.name == case) {
                bail!("`{id}` has no case `{case}`");
            }
            sane(*weight).with_context(|| format!("the weight of `{case}` in `{id}`"))?;
        }
        sane(worth.points).with_context(|| format!("the points of `{id}`"))?;
    }
    Ok(points)
}

fn sane(number: f64) -> Result<()> {
    if !number.is_finite() || number < 0.0 {
        bail!("{number} is no number of points");
    }
    Ok(())
}

/// What an exercise is worth; one that is not in the file is worth its cases.
pub fn of(points: &Points, exercise: &Exercise) -> Worth {
    points.get(exercise.id).cloned().unwrap_or_else(|| Worth {
        points: (exercise.cases)(READERS_SEED).len() as f64,
        weights: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let told = |text: &str| format!("{:#}", parse(text).unwrap_err());
        assert!(told("[9_nothing]\npoints = 1").contains("no exercise `9_nothing`"));
        assert!(
            told("[02_3_visits]\npoints = 1\nweights.nothing = 2").contains("no case `nothing`")
        );
        assert!(told("[02_3_visits]\npoints = -1").contains("-1 is no number of points"));
        assert!(told("[02_3_visits]\npoint = 1").contains("unknown field `point`"));
        let read = parse("[02_3_visits]\npoints = 4\nweights.empty = 0").unwrap();
        assert_eq!(read["02_3_visits"].weights["empty"], 0.0);
    }
}
