//! The batch code, and a version of it with a bug.
use lambda::speed::Result;
use polars::prelude::IntoLazy;
use polars::prelude::{DataFrame, col};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which version of the batch code is deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Every page view counts.
    #[default]
    Right,
    /// "A cookie without an account is a robot": whoever is known by a cookie is left
    /// out. It runs, its types are right, its views are swapped in.
    WithoutCookies,
}

impl Code {
    /// What it makes of the page views, each of which has its person.
    pub fn apply(self, views: DataFrame) -> Result<DataFrame> {
        match self {
            Self::Right => Ok(views),
            Self::WithoutCookies => Ok(views.lazy().filter(col("cookie").is_null()).collect()?),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::WithoutCookies => "with a bug",
        })
    }
}
